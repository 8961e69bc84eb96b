"""Runs one command in a root directory as a container's runtime would: read-only, as nobody, without capabilities.

    unshare --mount --pid --fork python3 enter.py ROOT STATE UID -- COMMAND...

The namespaces are the caller's (`unshare`, `nsenter`). What a runtime brings is brought: /proc, four devices, name
resolution. Deliberately absent: a network of its own (the tests' servers are on the loopback) and limits.
"""

import ctypes
import os
import subprocess
import sys

DEVICES = ("null", "zero", "random", "urandom")
NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS, linux/prctl.h


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def furnish(root: str, state: str) -> None:
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    for device in DEVICES:
        mount("--bind", f"/dev/{device}", f"{root}/dev/{device}")
    mount("-t", "proc", "-o", "nosuid,nodev,noexec", "proc", f"{root}/proc")
    if state:
        mount("--bind", state, f"{root}/var/lib/drd")
    mount("-o", "remount,bind,ro,nosuid", root, root)


def main(root: str, state: str, user: int, command: list[str]) -> None:
    furnish(root, state)
    os.chroot(root)
    os.chdir("/var/lib/drd")
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError("no_new_privs")
    os.execv(command[0], command)


if __name__ == "__main__":
    where, kept, number, _, *words = sys.argv[1:]
    main(where, kept, int(number), words)
