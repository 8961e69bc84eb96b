"""A root directory with what deploy/Dockerfile copies and its base has, and drd in it as ECS would start it.

The task comes from deploy/ecs: command, environment, user, health check, what may be written to. Deliberately absent:
an image. Library by library the base is this machine's own Debian (test_image.py compares the names).
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import dockerfile
import ecs
from daemon import binary
from pair import LEDGER, Seat
from resources import STANDBY
from tools import need
from world import HERE as WIRE
from world import Process, eventually, free_port

ENTER = Path(__file__).with_name("enter.py")
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
TASK = ecs.written("task-definition.json")
(DRD,) = TASK["containerDefinitions"]
USER = int(DRD["user"].split(":")[0])
LEASE, RENEW = 6, 2
assert WIRE.name == "wire"


def libraries() -> list[Path]:
    """What the dynamic linker loads, by the paths at which it looks."""
    listing = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
    words = (word for line in listing.splitlines() for word in line.split() if word.startswith("/"))
    # The resolver's modules are loaded by glibc when a name is asked for; they come with it.
    folder = next(Path("/lib").rglob("libc.so.6")).parent
    return [*map(Path, words), *(folder / name for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"))]


def build(root: Path, with_certificates: bool = True) -> int:
    """Fills the root; gives its size in bytes."""
    _, image = dockerfile.read()
    made = {"/out/usr/local/bin/drd": binary(), "/out/var/lib/drd": None}
    for _, (source,), destination in image.copies():
        if made[source]:
            place(root, made[source], destination)
        else:
            (root / destination.lstrip("/")).mkdir(parents=True)
    for library in libraries():
        place(root, library, str(library))
    if with_certificates:
        place(root, BUNDLE, str(BUNDLE))
    for folder in ("proc", "dev", "tmp", "etc"):
        (root / folder).mkdir(exist_ok=True)
    for device in ("null", "zero", "random", "urandom"):
        (root / "dev" / device).touch()
    for name, text in {"passwd": f"nonroot:x:{USER}:{USER}:nonroot:/home/nonroot:/sbin/nologin\n",
                       "group": f"nonroot:x:{USER}:\n", "nsswitch.conf": "hosts: files dns\n",
                       "hosts": "127.0.0.1 localhost\n", "resolv.conf": "nameserver 127.0.0.1\n"}.items():
        (root / "etc" / name).write_text(text)
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def place(root: Path, source: Path, destination: str) -> None:
    target = root / destination.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(Path(source).resolve(), target)


class Task(Seat):
    """One task of deploy/ecs on the wire tests' estate, its configuration in the standby's bucket."""

    def __init__(self, estate, table: str, state: bool = True, with_certificates: bool = True):
        super().__init__(estate, "first", table)
        self.unshare, self.nsenter = need("unshare", "util-linux"), need("nsenter", "util-linux")
        self.root, self.state = estate.scratch / "root", estate.scratch / "state"
        self.bytes = build(self.root, with_certificates)
        self.state.mkdir()
        os.chown(self.state, USER, USER)
        self.kept = str(self.state) if state else ""
        hand_over(estate, self.config.read_text(), table)
        self.listen = f"127.0.0.1:{free_port()}"
        said = {e["name"]: e["value"] for e in DRD["environment"]} | {"DRD_HTTP__LISTEN": self.listen}
        self.env |= said
        del self.env["HOME"]

    def command(self) -> list[str]:
        words = [self.estate.suffix if word == ecs.SUFFIX else word for word in DRD["command"]]
        entry = dockerfile.listed(dockerfile.read()[1].only("ENTRYPOINT"))
        return [*entry, *words]

    def start(self, until_armed: bool = True) -> None:
        enter = [sys.executable, str(ENTER), str(self.root), self.kept, str(USER), "--", *self.command()]
        own = [self.unshare, "--mount", "--pid", "--fork"]
        self.process = Process([*own, *enter], self.log, self.env)
        if until_armed:
            self.estate.witness("primary", "healthy")
            self.estate.witness("standby", "healthy")
            eventually("the task is armed", self._armed, 60)

    def pid(self) -> int:
        """drd's own, as this machine numbers it; it is number 1 of its own world."""
        outer = self.process.child.pid
        children = Path(f"/proc/{outer}/task/{outer}/children")
        return int(eventually("the namespaces are made", lambda: children.read_text().split(), 5)[0])

    def health(self) -> subprocess.CompletedProcess:
        """The task's health check, run where a runtime runs it: in the container."""
        kind, *command = DRD["healthCheck"]["command"]
        assert kind == "CMD"
        inside = [self.nsenter, "--target", str(self.pid()), "--mount", "--pid", "--root", "--setuid", str(USER),
                  "--setgid", str(USER)]
        env = {key: value for key, value in self.env.items() if key != "PATH"}
        return subprocess.run([*inside, *command], env=env, capture_output=True, text=True,
                              timeout=DRD["healthCheck"]["timeout"])

    def ask_to_stop(self) -> int:
        """SIGTERM to drd itself, and its exit code by way of `unshare`."""
        os.kill(self.pid(), signal.SIGTERM)
        return self.process.child.wait(DRD["stopTimeout"])

    def close(self) -> None:
        """drd itself is killed: what its parent's death would have sent it is forgotten when it becomes nobody."""
        if self.process and self.process.running():
            os.kill(self.pid(), signal.SIGKILL)
            self.process.child.wait(10)


def hand_over(estate, text: str, table: str) -> None:
    """As bootstrap does: the file in the standby's configuration bucket, with nothing of this machine in it."""
    identity = estate.scratch / "identity-first"
    usual = LEDGER.format(table=table, lease=LEASE, renew=RENEW, identity="/var/lib/drd/identity")
    ours = LEDGER.format(table=table, lease=LEASE, renew=RENEW, identity=identity)
    assert ours in text
    bucket = f"bucket-config-standby-{estate.suffix}"
    estate.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": STANDBY})
    estate.s3.put_object(Bucket=bucket, Key="drd.toml", Body=text.replace(ours, usual).encode())
