"""Runs one command where it can write to nothing but one folder, as the unit's ProtectSystem=strict has it.

    unshare --mount python3 confine.py PLACE BINARY CONFIG STATE TRACE -- COMMAND...

Inside, PLACE holds drd, drd.toml and state/; TRACE stays writable for strace, which is no part of what is judged.
Deliberately absent: everything that another program does as well (setpriv, prlimit, strace).
"""

import os
import subprocess
import sys
from pathlib import Path

# What systemd leaves alone too: file systems that are no files.
INTERFACES = ("/proc", "/sys", "/dev")


def mount(*words: str, must: bool = True) -> None:
    subprocess.run(["mount", *words], check=must, stderr=None if must else subprocess.DEVNULL)


def bind(source: str, target: Path) -> None:
    if Path(source).is_dir():
        target.mkdir()
    else:
        target.touch()
    mount("--bind", source, str(target))


def furnish(place: str, binary: str, config: str, state: str, trace: str) -> None:
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", place)
    for source, name in ((binary, "drd"), (config, "drd.toml"), (state, "state")):
        bind(source, Path(place) / name)
    mount("--bind", trace, trace)
    writable = {f"{place}/state", trace}
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in points:
        if point not in writable and not point.startswith(INTERFACES):
            # A mount that another one hides cannot be named any more; it cannot be written to either.
            mount("-o", "remount,bind,ro", point, must=False)


if __name__ == "__main__":
    *given, separator = sys.argv[1:7]
    assert separator == "--"
    furnish(*given)
    os.execvp(sys.argv[7], sys.argv[7:])
