"""drd under what of its unit can be applied without a systemd, and a reader of what it then asked the kernel for.

The limits come from the unit file. Deliberately absent: a system call filter that bites; the list is compared with a
trace instead, so that a call which would be refused is seen even where drd could live without it.
"""

import os
import re
import sys
from pathlib import Path

import unit
from daemon import binary
from hosts import Traced
from tools import need

CONFINE = Path(__file__).with_name("confine.py")
PLACE = Path("/mnt")
USER = 61184  # the first that systemd gives to DynamicUser
CALL = re.compile(r"(\w+)\(")
FAMILY = re.compile(r"socket(?:pair)?\((AF_\w+)")
WRITABLE_CODE = re.compile(r"mmap\([^)]*PROT_WRITE[^)]*PROT_EXEC|(?:pkey_)?mprotect\([^)]*PROT_EXEC|shmat\([^)]*SHM_EXEC")
THREAD = re.compile(r"clone3?\(.*CLONE_THREAD.* = \d+$")


class Confined(Traced):
    """As nobody, without capabilities, on a read-only file system, with the unit's limits on resources."""

    def __init__(self, estate):
        super().__init__(estate)
        state, kept = estate.scratch / "state", estate.scratch / "kept"
        for folder in (state, kept):
            folder.mkdir()
        os.chown(state, USER, USER)
        self.config.write_text(self.config.read_text().replace(str(estate.ledger), str(PLACE / "state/ledger.jsonl")))
        estate.ledger, self.trace = state / "ledger.jsonl", kept / "strace"
        places = [PLACE, binary(), self.config, state, kept]
        own = [need("unshare", "apt-get install util-linux"), "--mount", sys.executable, str(CONFINE)]
        self.before = [*own, *map(str, places), "--"]
        self.between = [*resources(), *nobody()]
        self.program, self.given = str(PLACE / "drd"), str(PLACE / "drd.toml")


def resources() -> list[str]:
    return [need("prlimit", "apt-get install util-linux"), f"--nofile={unit.says('LimitNOFILE')}",
            f"--core={unit.says('LimitCORE')}"]


def nobody() -> list[str]:
    words = ["--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
    if unit.says("NoNewPrivileges") == "yes":
        words.append("--no-new-privs")
    assert unit.says("CapabilityBoundingSet") == unit.says("AmbientCapabilities") == "", "none is what is applied here"
    none = ["--bounding-set", "-all", "--inh-caps", "-all", "--ambient-caps", "-all"]
    return [need("setpriv", "apt-get install util-linux"), *words, *none]


def called(trace: list[str]) -> set[str]:
    return {match[1] for line in trace if (match := CALL.match(line))}


def families(trace: list[str]) -> set[str]:
    return {match[1] for line in trace if (match := FAMILY.match(line))}


def writable_code(trace: list[str]) -> list[str]:
    return [line for line in trace if WRITABLE_CODE.match(line)]


def threads(trace: list[str]) -> int:
    """Ever started: more than live at once."""
    return 1 + sum(bool(THREAD.match(line)) for line in trace)
