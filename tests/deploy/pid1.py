"""A machine for one test: the host's real systemd as PID 1 of its own name spaces, the real journald, the unit as it is.

Deliberately absent: anything outside those name spaces, but for one control group, which goes with the machine.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import unit
from daemon import ARMS_WITHIN, Daemon, binary
from tools import need
from world import Process, eventually

BOOT = Path(__file__).with_name("boot.py")
SYSTEMD = Path("/lib/systemd/systemd")
STARTS = """[Unit]
Description=What the test needs before it starts drd
DefaultDependencies=no
Requires=systemd-journald.service
After=systemd-journald.service
"""
# Kept in memory, and nothing of the host's kernel: neither its log nor its audit.
JOURNAL = "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=\n"
HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


def possible() -> None:
    """Skips, or fails in CI, where a machine cannot be made."""
    need("unshare", "apt-get install util-linux"), need("nsenter", "apt-get install util-linux")
    why = None
    if not SYSTEMD.exists():
        why = "systemd is missing: apt-get install systemd"
    elif os.geteuid() != 0 or not groups():
        why = "only root, on a kernel with cgroup2 mounted, can start a systemd in name spaces of its own"
    if why:
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


def groups() -> Path | None:
    """This process's own place in the cgroup2 tree."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    roots = [words[1] for words in mounts if words[2] == "cgroup2"]
    own = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    return Path(roots[0] + own[0]) if roots and own else None


class Machine:
    def __init__(self, scratch: Path, etc: dict[str, str]):
        self.scratch = scratch
        self.root, self.etc = scratch / "root", scratch / "etc"
        self.root.mkdir()
        files = etc | {"systemd/system/test.target": STARTS, "systemd/journald.conf": JOURNAL, "hosts": HOSTS}
        for name, text in files.items():
            path = self.etc / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copy(unit.UNIT, self.etc / "systemd/system/drd.service")
        own = ["unshare", "--cgroup", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        boot = [*own, sys.executable, str(BOOT), str(self.root), str(binary()), str(self.etc)]
        self.group = groups() / f"drd-test-{os.getpid()}-{scratch.name[:20]}"
        self.group.mkdir()
        # A shell that moves itself into the group before anything else is started.
        into = ["sh", "-c", f'echo $$ > {self.group}/cgroup.procs && exec "$@"', "sh"]
        self.process = Process([*into, *boot], scratch / "machine.log", {"PATH": os.environ["PATH"]})
        try:
            eventually("systemd runs and has a journal", self._is_up, 30)
        except AssertionError:
            self.close()
            raise

    def _is_up(self) -> bool:
        assert self.process.running(), self.process.tail()
        return self.systemctl("is-active", "test.target").stdout.strip() == "active"

    def pid(self) -> int | None:
        """systemd's, as the host numbers it."""
        outer = self.process.child.pid
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        return int(children[0]) if children else None

    def path(self, inside: str) -> Path:
        """A file of the machine, from outside."""
        return Path(f"/proc/{self.pid()}/root") / inside.lstrip("/")

    def run(self, *words: str) -> subprocess.CompletedProcess:
        enter = ["nsenter", f"--target={self.pid()}", "--all", "--", *words]
        return subprocess.run(enter, capture_output=True, text=True, timeout=90, env={"PATH": "/usr/bin:/bin"})

    def systemctl(self, *words: str) -> subprocess.CompletedProcess:
        return self.run("systemctl", "--no-pager", *words)

    def property(self, name: str) -> str:
        return self.systemctl("show", "drd.service", "--value", f"--property={name}").stdout.strip()

    def journal(self, *matches: str) -> list[dict]:
        listing = self.run("journalctl", "--no-pager", "--output=json", *matches).stdout
        return [json.loads(line) for line in listing.splitlines()]

    def close(self) -> None:
        """PID 1 dies, and with it everything in its name space; then its groups are empty."""
        self.process.child.kill()
        self.process.child.wait(10)
        eventually("its processes are gone", lambda: not self._living(), 20)
        for folder in sorted(self.group.rglob("*"), reverse=True):
            if folder.is_dir():
                folder.rmdir()
        self.group.rmdir()

    def _living(self) -> bool:
        return "populated 1" in (self.group / "cgroup.events").read_text()


class Hosted(Daemon):
    """The daemon as the unit runs it: its configuration and credentials where the unit looks for them."""

    def __init__(self, estate):
        super().__init__(estate)
        text = self.config.read_text().replace(str(estate.ledger), "/var/lib/drd/ledger.jsonl")
        # A name with two addresses, as AWS's have: looking it up must need nothing that the unit forbids.
        named = text.replace(estate.reference.url(), estate.reference.url().replace("127.0.0.1", "localhost"))
        assert named != text
        env = "".join(f"{key}={value}\n" for key, value in self.env.items() if key.startswith(("AWS_", "NO_PROXY")))
        self.machine = Machine(estate.scratch, {"drd/drd.toml": named, "drd/drd.env": env})
        estate.ledger = self.machine.path("/var/lib/private/drd/ledger.jsonl")

    def start(self, until_armed: bool = True) -> None:
        started = self.machine.systemctl("start", "drd.service")
        assert started.returncode == 0, self.tail()
        if until_armed:
            self.estate.witness("primary", "healthy")
            self.estate.witness("standby", "healthy")
            eventually("the daemon is armed", lambda: self.status().get("armed"), ARMS_WITHIN)

    def running_or_killed(self) -> bool:
        """Systemd is asked, where a test asks."""
        return True

    def main_pid(self) -> int:
        """As the host numbers it: found by its number inside."""
        inside = self.machine.property("MainPID")
        for path in Path("/proc").glob("[0-9]*/status"):
            try:
                numbers = next(line.split()[1:] for line in path.read_text().splitlines() if line.startswith("NSpid:"))
            except OSError:
                continue
            if len(numbers) >= 2 and numbers[1] == inside and self._is_drd(path.parent):
                return int(numbers[0])
        raise AssertionError(f"no process with the number {inside} inside")

    def _is_drd(self, process: Path) -> bool:
        ours = self.machine.group.name in (process / "cgroup").read_text()
        return ours and (process / "comm").read_text().strip() == "drd"

    def kill(self, signal: str = "KILL") -> None:
        self.machine.systemctl("kill", f"--signal={signal}", "drd.service")

    def close(self) -> None:
        self.machine.close()

    def tail(self) -> str:
        status = self.machine.systemctl("status", "drd.service", "--lines=0").stdout
        return status + self.machine.run("journalctl", "--no-pager", "--unit=drd", "--lines=40").stdout
