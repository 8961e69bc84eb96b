"""The real drd binary as a child process, and what it tells the world: its log, ledger, status and metrics.

Deliberately absent: knowledge of how it decides. A test reads the public interfaces only.
"""

import json
import os
import re
import signal
import subprocess
import urllib.request
from datetime import datetime
from pathlib import Path

from config import seconds, write_config
from estate import Estate
from world import HERE, Process, environment, eventually, loopback

ARMS_WITHIN = seconds(40, 180)
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="([^"]*)"')


def binary() -> Path:
    path = Path(os.environ.get("DRD_BIN") or HERE.parents[1] / "target/release/drd")
    if not path.is_file():
        raise FileNotFoundError(f"no drd binary at {path}: build it (cargo build --release), or set DRD_BIN")
    return path.resolve()


def parse_metrics(page: str):
    """A reader of one scrape: the sum over the series that carry the labels; None when there is none."""
    found = [m for m in map(SAMPLE.match, page.splitlines()) if m]
    series = [(m[1], dict(LABEL.findall(m[2] or "")), float(m[3])) for m in found]

    def read(name: str, **labels: str) -> float | None:
        values = [value for known, has, value in series if known == name and labels.items() <= has.items()]
        return sum(values) if values else None

    return read


class Daemon:
    """One `drd run` on one estate; it can be killed and started again on the same configuration."""

    def __init__(self, estate: Estate):
        self.estate = estate
        self.config = write_config(estate)
        self.log = estate.scratch / "drd.log"
        self.env = environment(estate.account, estate.world.proxy) | {"HOME": str(estate.scratch), "NO_COLOR": "1"}
        self.process: Process | None = None

    # --- life -----------------------------------------------------------------------------------------------

    def start(self, until_armed: bool = True) -> None:
        self.process = Process([str(binary()), "run", "--config", str(self.config)], self.log, self.env)
        if until_armed:
            self.estate.witness("primary", "healthy")
            self.estate.witness("standby", "healthy")
            eventually("the daemon is armed", self._armed, ARMS_WITHIN)

    def running_or_killed(self) -> bool:
        return self.process.child.poll() in (None, -signal.SIGKILL)

    def _armed(self) -> bool:
        assert self.process.running(), f"drd exited with {self.process.child.returncode}"
        return bool(self.status().get("armed"))

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """Another drd command, with the daemon's environment."""
        return subprocess.run([str(binary()), *words], env=self.env, capture_output=True, text=True, timeout=20)

    def kill(self) -> None:
        self.process.child.send_signal(signal.SIGKILL)
        self.process.child.wait(10)

    def terminate(self) -> int:
        """The exit code of a graceful stop; a daemon that has to be killed gives -9."""
        return self.process.stop(within=8)

    def close(self) -> None:
        """Every ledger that a test leaves conforms to what must hold in every ledger."""
        if self.process and self.process.running():
            self.terminate()
        if self.estate.ledger.exists():
            self.conforms(self.estate.ledger)

    def conforms(self, ledger: Path) -> None:
        checked = self.run("replay", "--conform", str(ledger))
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def tail(self) -> str:
        return self.process.tail() if self.process else "(never started)"

    # --- what it says ---------------------------------------------------------------------------------------

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(loopback(f"http://{self.estate.listen}{path}"), timeout=5) as reply:
            return reply.read().decode()

    def status(self) -> dict:
        """Its status page; empty while nothing listens yet."""
        try:
            return json.loads(self._get("/api/v1/status"))
        except OSError:
            return {}

    def metric(self, name: str, **labels: str) -> float | None:
        return parse_metrics(self._get("/metrics"))(name, **labels)

    def ledger(self) -> list[dict]:
        """Every whole line; a line being written has no end yet."""
        if not self.estate.ledger.exists():
            return []
        text = self.estate.ledger.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def decided(self) -> list[dict]:
        return [line for line in self.ledger() if line["kind"] == "decided"]

    def path(self) -> list[str]:
        """The states it went through, from the first, without repeating one it stayed in."""
        went = []
        for line in self.decided():
            for state in (line["decision"]["from"], line["decision"]["to"]):
                if not went or went[-1] != state:
                    went.append(state)
        return went

    def commands(self, name: str) -> list[dict]:
        return [c for line in self.decided() for c in line["decision"]["commands"] if c["command"] == name]

    def entered(self, state: str) -> float:
        """When it first decided to go there, in seconds since 1970."""
        line = next(x for x in self.decided() if x["decision"]["to"] == state and x["decision"]["from"] != state)
        return datetime.fromisoformat(line["at"]).timestamp()

    def state(self) -> str | None:
        """The newest state it decided on; a daemon that is gone will never reach another, so that is an error."""
        assert self.running_or_killed(), f"drd exited with {self.process.child.returncode}"
        return self.path()[-1] if self.path() else None

    def story(self) -> str:
        """The ledger as it stands, whatever is in it."""
        return self.estate.ledger.read_text() if self.estate.ledger.exists() else "(no ledger)"
