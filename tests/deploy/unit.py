"""What deploy/systemd/drd.service says, read from the file itself so that no test can drift from it.

Deliberately absent: an opinion. systemd-analyze and the tests have those.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

from tools import need

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd/drd.service"
CATALOGUE = DEPLOY / "systemd/drd.catalog"
BINARY = "/usr/bin/drd"
SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


@cache
def settings() -> dict[str, list[str]]:
    """Every key with all its values, in order; an empty value starts a list anew, as systemd reads it."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def says(key: str) -> str:
    """The one value of a key that is said once."""
    (value,) = settings()[key]
    return value


def seconds(key: str) -> float:
    """Of a time without a unit, which systemd counts in seconds."""
    return float(says(key))


def size(key: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([KMG]?)", says(key)).groups()
    return int(number) * SIZES[unit]


@cache
def members(group: str) -> frozenset[str]:
    """The system calls of a set, sets inside it included."""
    command = [need("systemd-analyze", "apt-get install systemd"), "syscall-filter", group]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    calls = set()
    for word in (line.strip() for line in listing.splitlines()[1:]):
        if word.startswith("@"):
            calls |= members(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return frozenset(calls)


def allowed_calls() -> frozenset[str]:
    """SystemCallFilter as systemd reads it: the first line allows, one with ~ takes away again; later lines count."""
    allowed: set[str] = set()
    for line in settings()["SystemCallFilter"]:
        for word in line.removeprefix("~").split():
            calls = members(word) if word.startswith("@") else {word}
            allowed = allowed - calls if line.startswith("~") else allowed | calls
    return frozenset(allowed)
