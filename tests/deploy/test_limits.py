"""A whole failover by the real binary under the unit's limits, with every system call on record.

Deliberately absent: name spaces, a filter that bites and systemd's own reading of the unit (test_pid1.py).
"""

import os
import re
from pathlib import Path

import limits
import pytest
import unit
from hosts import Manager, estate, watched, world  # noqa: F401  (fixtures)
from limits import Confined
from test_failover import region_lost, serves_from_the_standby
from world import eventually

WRITABLE = re.compile(r'"(/mnt/state/|/dev/null")')
WATCHDOG_SECONDS = unit.seconds("WatchdogSec")


@pytest.fixture
def confined(estate, request):
    if os.geteuid() != 0:
        words = "the limits can only be applied by root (unshare, setpriv)"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    made = request.node.drd = Confined(estate)
    yield made
    made.close()


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}


def test_a_failover_needs_nothing_that_the_unit_forbids(estate, confined):
    manager = Manager(f"@drd-{estate.suffix}")
    confined.env |= watched(manager, WATCHDOG_SECONDS)
    try:
        confined.start()
        region_lost(estate)
        serves_from_the_standby(estate, confined)
        assert confined.metric("drd_active_side", side="standby") == 1
        now = status_of(confined.pid())
        assert confined.terminate() == 0, confined.tail()
    finally:
        manager.close()
    assert manager.is_ready() and manager.times("WATCHDOG") and manager.times("STOPPING")
    was_confined(now)
    asked_for_nothing_forbidden(confined.calls())


def was_confined(now: dict[str, str]) -> None:
    """The limits were on: without them the trace would prove less."""
    assert now["Uid"].split() == [str(limits.USER)] * 4 and now["NoNewPrivs"] == "1"
    assert {now[key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert int(now["VmHWM"].split()[0]) * 1024 < unit.size("MemoryMax") / 4, now["VmHWM"]


def asked_for_nothing_forbidden(trace: list[str]) -> None:
    calls = limits.called(trace)
    assert {"execve", "mount"}.isdisjoint(calls) and {"fdatasync", "sendto", "epoll_wait"} <= calls, calls
    print(f"{len(calls)} different system calls in {len(trace)} lines: {' '.join(sorted(calls))}")
    assert calls <= unit.allowed_calls(), f"refused by the unit: {calls - unit.allowed_calls()}"
    assert limits.families(trace) <= set(unit.says("RestrictAddressFamilies").split()), limits.families(trace)
    assert unit.says("MemoryDenyWriteExecute") == "yes" and limits.writable_code(trace) == []
    assert limits.threads(trace) < int(unit.says("TasksMax"))
    written = [line for line in trace if line.startswith("openat(") and ("O_WRONLY" in line or "O_RDWR" in line)]
    assert written and all(WRITABLE.search(line) for line in written), written


def test_a_ledger_outside_the_state_directory_cannot_be_written(estate, confined):
    """Breaks the rule on purpose: the ledger lies where only the unit's own directory may be written."""
    confined.config.write_text(confined.config.read_text().replace("/mnt/state/ledger", f"{estate.scratch}/ledger"))
    confined.start(until_armed=False)
    assert confined.process.child.wait(30) == 1, confined.tail()
    assert "Permission denied" in confined.tail() or "Read-only file system" in confined.tail(), confined.tail()


TRACE = ['openat(AT_FDCWD, "/etc/hosts", O_RDONLY) = 3', "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 4",
         "mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE, -1, 0) = 0x7f", "<... read resumed>) = 1",
         "mprotect(0x7f, 4096, PROT_READ|PROT_EXEC) = 0", "+++ exited with 0 +++", "ptrace(PTRACE_TRACEME) = 0",
         "clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 12"]


def test_the_readers_of_a_trace_see_what_the_unit_forbids():
    assert limits.called(TRACE) - unit.allowed_calls() == {"ptrace"}
    assert limits.families(TRACE) == {"AF_NETLINK"}
    assert len(limits.writable_code(TRACE)) == 2
    assert limits.threads(TRACE) == 2


def test_the_filter_is_read_as_systemd_reads_it():
    allowed = unit.allowed_calls()
    assert {"read", "openat", "clone3", "sendto", "prlimit64"} <= allowed
    assert {"mount", "ptrace", "chown", "setuid", "reboot", "sched_setscheduler", "bpf"}.isdisjoint(allowed)


def test_the_ledger_belongs_to_nobody_in_particular(estate, confined):
    confined.start(until_armed=False)
    eventually("it has a ledger", estate.ledger.exists, 30)
    assert estate.ledger.stat().st_uid == limits.USER
