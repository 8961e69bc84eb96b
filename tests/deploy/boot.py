"""Becomes systemd as PID 1 of name spaces of its own, on a root directory in memory that shares only /usr with the host.

    unshare --cgroup --mount --pid --uts --ipc --fork python3 boot.py ROOT BINARY ETC

ETC is copied over /etc. What is the whole kernel's cannot be changed from inside: /sys and /proc/sys are read-only, of
the devices there are five harmless ones, and units that a distribution would start are not there. Deliberately absent:
a network of its own (the tests' servers are on the loopback) and the host's control groups, but for one of its own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

DEVICES = ("null", "zero", "full", "random", "urandom")
FOLDERS = ("usr", "etc", "var/lib/systemd", "var/log", "var/tmp", "run", "tmp", "proc", "sys", "dev", "root", "home", "old")
# Of the host's /etc: who there is, and whom to trust.
KEPT = ("passwd", "group", "nsswitch.conf")


def mount(*words: str) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def system(root: Path, binary: str) -> None:
    """The host's /usr, with drd in it and without what a distribution starts by itself."""
    layers = root / "layers"
    for name in ("upper", "work"):
        (layers / name).mkdir(parents=True)
    mount("-t", "overlay", "-o", f"lowerdir=/usr,upperdir={layers}/upper,workdir={layers}/work", "overlay", root / "usr")
    for wanted in [*(root / "usr/lib/systemd/system").glob("*.wants"), root / "usr/lib/systemd/system-generators"]:
        shutil.rmtree(wanted)
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        host = Path("/", name)
        if host.is_symlink():
            (root / name).symlink_to(os.readlink(host))
        elif host.is_dir():
            (root / name).mkdir()
            mount("--bind", "-o", "ro", host, root / name)
    (root / "usr/bin/drd").touch()
    mount("--bind", binary, root / "usr/bin/drd")


def interfaces(root: Path) -> None:
    mount("-t", "proc", "proc", root / "proc")
    mount("--bind", root / "proc/sys", root / "proc/sys")
    mount("-o", "remount,bind,ro", root / "proc/sys")
    mount("-t", "sysfs", "-o", "ro", "sysfs", root / "sys")
    mount("-t", "cgroup2", "cgroup2", root / "sys/fs/cgroup")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root / "dev")
    for device in DEVICES:
        (root / "dev" / device).touch()
        mount("--bind", f"/dev/{device}", root / "dev" / device)
    for name in ("pts", "shm", "mqueue"):
        (root / "dev" / name).mkdir()
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", root / "dev/pts")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root / "run")


def configuration(root: Path, etc: str) -> None:
    for name in KEPT:
        shutil.copy(Path("/etc", name), root / "etc")
    shutil.copytree("/etc/ssl/certs", root / "etc/ssl/certs")
    shutil.copytree(etc, root / "etc", dirs_exist_ok=True)
    (root / "etc/machine-id").touch()
    (root / "var/run").symlink_to("/run")


def main(place: str, binary: str, etc: str) -> None:
    root = Path(place)
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    system(root, binary)
    interfaces(root)
    configuration(root, etc)
    os.chdir(root)
    subprocess.run(["pivot_root", ".", "old"], check=True)
    os.chroot(".")
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/old"], check=True)
    # As on a host, where systemd does it: a unit's credentials are mounted by a helper with a name space of its own.
    mount("--make-rshared", "/")
    subprocess.run(["hostname", "drd-test"], check=True)
    environment = {"container": "drd-test", "PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "SYSTEMD_LOG_TARGET": "journal"}
    program = "/lib/systemd/systemd"
    os.execve(program, [program, "--unit=test.target", "--show-status=no"], environment)


if __name__ == "__main__":
    main(*sys.argv[1:4])
