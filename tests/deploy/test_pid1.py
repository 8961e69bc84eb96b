"""The unit under a real systemd and a real journald, the daemon against the emulator.

Deliberately absent: limits of memory and tasks; the name space has no controllers to enforce them with.
"""

import json
import subprocess
import time
from pathlib import Path

import pid1
import pytest
import unit
from hosts import estate, world  # noqa: F401  (fixtures)
from pid1 import Hosted
from test_failover import PATH, region_lost, serves_from_the_standby
from world import eventually, throughout

RESTARTS_WITHIN = unit.seconds("RestartSec") + 10
# /tmp and /var/tmp are its own.
WRITABLE = {"/var/lib/private/drd", "/run/drd", "/tmp", "/var/tmp"}
SYSCALL_FILTER = "2"  # proc(5): SECCOMP_MODE_FILTER


@pytest.fixture
def hosted(estate, request):
    pid1.possible()
    made = request.node.drd = Hosted(estate)
    yield made
    made.close()


def test_a_failover_runs_under_the_unit_and_the_journal_tells_it(estate, hosted):
    hosted.start()
    assert hosted.machine.property("StatusText") == "armed; watching, primary serves"
    region_lost(estate)
    serves_from_the_standby(estate, hosted)
    hosted_as_the_unit_says(hosted)
    assert hosted.metric("process_resident_memory_bytes") and hosted.metric("process_start_time_seconds")
    the_journal_tells_it(hosted.machine)
    began = time.monotonic()
    assert hosted.machine.systemctl("stop", "drd.service").returncode == 0
    assert time.monotonic() - began < unit.seconds("TimeoutStopSec")
    ended = [hosted.machine.property(name) for name in ("ActiveState", "Result", "ExecMainStatus", "NRestarts")]
    assert ended == ["inactive", "success", "0", "0"], hosted.tail()


def hosted_as_the_unit_says(hosted) -> None:
    """What the kernel itself says of the process."""
    pid = hosted.main_pid()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    now = {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}
    assert int(now["Uid"].split()[0]) >= 61184 and now["NoNewPrivs"] == "1" and now["Seccomp"] == SYSCALL_FILTER
    assert {now[key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert writable_to(hosted.main_pid(), now["Uid"].split()[0]) == WRITABLE
    assert f"Max open files            {unit.says('LimitNOFILE')} " in Path(f"/proc/{pid}/limits").read_text()


def writable_to(pid: int, uid: str) -> set[str]:
    """Folders, and files outside them, that the daemon's own user may write to where the daemon is."""
    inside = ["nsenter", f"--target={pid}", "--mount", f"--setuid={uid}", f"--setgid={uid}", "--"]
    seek = ["find", "/", "-path", "/proc", "-prune", "-o", "(", "-type", "d", "-o", "-type", "f", ")", "-writable",
            "-print", "-prune"]
    found = subprocess.run([*inside, *seek], capture_output=True, text=True, timeout=60)
    return set(found.stdout.split())


def the_journal_tells_it(machine) -> None:
    run = machine.journal("DRD_RUN=1")
    changes = [line for line in run if line["MESSAGE"] == "state changed"]
    assert [line["DRD_STATE"] for line in changes] == PATH[1:], changes
    assert changes[-1]["DRD_SIDE"] == "standby" and changes[0]["DRD_SIDE"] == "primary"
    assert all(line["BECAUSE"] and line["_SYSTEMD_UNIT"] == "drd.service" for line in changes)
    assert {line["SYSLOG_IDENTIFIER"] for line in run} == {"drd"}
    commands = [line["COMMAND"] for line in run if line["MESSAGE"] == "performing"]
    assert "promote" in commands and "redirect" in commands
    (entered,) = machine.journal(f"MESSAGE_ID={identity('The failover is done; the service is exposed')}")
    assert entered["DRD_STATE"] == "exposed" and entered["PRIORITY"] == "6"
    assert machine.journal(f"MESSAGE_ID={identity('drd is armed')}")
    assert {line["PRIORITY"] for line in machine.journal(f"MESSAGE_ID={identity('drd is NOT armed')}")} == {"4"}
    machine.path("/usr/lib/systemd/catalog/drd.catalog").write_text(unit.CATALOGUE.read_text())
    machine.run("journalctl", "--update-catalog")
    explained = machine.run("journalctl", "--no-pager", "--catalog", f"MESSAGE_ID={entered['MESSAGE_ID']}").stdout
    assert "Run 1. standby serves, and there is no standby behind it" in explained, explained


def identity(subject: str) -> str:
    """The id under which the catalogue explains it."""
    entries = unit.CATALOGUE.read_text().split("\n-- ")[1:]
    (found,) = [entry[:32] for entry in entries if f"\nSubject: {subject}\n" in entry]
    return found


def test_a_daemon_that_is_killed_or_ends_by_itself_is_started_again_and_keeps_its_ledger(hosted):
    hosted.start()
    before = hosted.ledger()
    for count, signal in enumerate(("KILL", "TERM"), start=1):
        hosted.kill(signal)
        eventually(f"systemd started it again after {signal}",
                   lambda count=count: (hosted.machine.property("NRestarts"), hosted.machine.property("ActiveState"))
                   == (str(count), "active"), RESTARTS_WITHIN)
    eventually("it answers", hosted.status, 10)
    assert hosted.ledger()[:len(before)] == before


def test_an_operator_s_number_is_in_the_ledger_and_a_stranger_is_kept_out(hosted):
    """Not with PrivateUsers=yes: it hides who is on the other end of the socket."""
    path = hosted.machine.path("/etc/drd/drd.toml")
    path.write_text(path.read_text() + '\n[operator]\nsocket = "/run/drd/drd.sock"\n')
    hosted.start()
    pause = ("/usr/bin/drd", "pause", "--for", "10m", "--reason", "CHG-4711")
    stranger = hosted.machine.run("setpriv", "--reuid=4711", "--regid=4711", "--clear-groups", "--", *pause)
    assert stranger.returncode == 7 and "nothing was changed" in stranger.stderr, stranger
    assert "ordered" not in json.dumps(hosted.ledger())
    done = hosted.machine.run(*pause)
    assert done.returncode == 0 and done.stdout.startswith("paused for 600 s"), done
    (order,) = [line["event"] for line in hosted.ledger() if line.get("event", {}).get("event") == "ordered"]
    assert order["by"]["who"].startswith("uid 0") and order["by"]["why"] == "CHG-4711", order
    assert hosted.status()["paused"]
    assert hosted.machine.run("/usr/bin/drd", "resume").returncode == 0
    assert not hosted.status()["paused"]


def test_a_daemon_that_stands_still_is_killed_by_the_watchdog_and_started_again(hosted):
    hosted.start()
    hosted.kill("STOP")
    began = time.monotonic()
    eventually("systemd killed it", lambda: hosted.machine.property("NRestarts") == "1",
               unit.seconds("WatchdogSec") + RESTARTS_WITHIN, every=0.5)
    assert time.monotonic() - began > unit.seconds("WatchdogSec") / 2
    eventually("it answers", hosted.status, 10)
    lines = [line["MESSAGE"] for line in hosted.machine.journal("UNIT=drd.service")]
    assert any("Watchdog timeout" in line for line in lines), lines


def test_a_configuration_that_cannot_work_is_said_once_and_not_tried_again(hosted):
    path = hosted.machine.path("/etc/drd/drd.toml")
    path.write_text(path.read_text().replace("quorum = 2", "quorom = 2"))
    assert hosted.machine.systemctl("start", "drd.service").returncode != 0
    throughout("systemd leaves it", lambda: hosted.machine.property("ActiveState") == "failed",
               3 * unit.seconds("RestartSec"))
    assert [hosted.machine.property(name) for name in ("NRestarts", "ExecMainStatus")] == ["0", "2"]
    said = [line for line in hosted.machine.journal("_SYSTEMD_UNIT=drd.service") if "quorom" in str(line["MESSAGE"])]
    assert said and {line["PRIORITY"] for line in said} == {"3"}, "errors that end the process are errors in the journal"


def test_credentials_may_come_from_a_credential_of_the_unit(hosted):
    """The way that the unit's head describes."""
    env = hosted.machine.path("/etc/drd/drd.env")
    lines = env.read_text().splitlines()
    found = dict(line.split("=", 1) for line in lines)
    env.write_text("".join(f"{line}\n" for line in lines if not line.startswith(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE"))))
    secret = hosted.machine.path("/etc/drd/aws-credentials")
    secret.write_text(f"[default]\naws_access_key_id = {found['AWS_ACCESS_KEY_ID']}\n"
                      f"aws_secret_access_key = {found['AWS_SECRET_ACCESS_KEY']}\n")
    secret.chmod(0o600)
    folder = hosted.machine.path("/etc/systemd/system/drd.service.d")
    folder.mkdir()
    head = unit.UNIT.read_text().split("[Unit]")[0]
    said = [line.lstrip("# ").split("  ")[-1].strip() for line in head.splitlines() if "LoadCredential" in line
            or "AWS_SHARED" in line]
    (folder / "credentials.conf").write_text("[Service]\n" + "\n".join(said) + "\n")
    hosted.machine.systemctl("daemon-reload")
    hosted.start()
