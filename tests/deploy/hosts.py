"""The wire tests' world and estate as fixtures, and what stands in for a host's own services: a manager, a journal.

Deliberately absent: a systemd (pid1.py starts a real one).
"""

import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from daemon import Daemon, binary
from estate import Estate
from pair import Pair
from tools import need
from world import Process, World, eventually


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.stop()


@pytest.fixture
def estate(world, tmp_path):
    made = Estate(world, tmp_path)
    yield made
    made.close()


class Manager:
    """A service manager that only listens: every message with the moment at which it came."""

    def __init__(self, address: str):
        self.address = address
        self.heard: list[tuple[float, dict[str, str]]] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        while text := self.socket.recv(4096).decode():
            words = dict(line.split("=", 1) for line in text.splitlines())
            self.heard.append((time.monotonic(), words))

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(b"", self.socket.getsockname())
        self.listener.join(5)
        self.socket.close()

    def times(self, word: str, value: str = "1") -> list[float]:
        """When it was said."""
        return [at for at, words in list(self.heard) if words.get(word) == value]

    def status(self) -> str | None:
        """The newest one."""
        said = [words["STATUS"] for _, words in list(self.heard) if "STATUS" in words]
        return said[-1] if said else None

    def is_ready(self) -> bool:
        return bool(self.times("READY"))

    def gaps(self, since: float, until: float) -> list[float]:
        """The pauses between signs of life in a window, its ends included."""
        fed = [at for at in self.times("WATCHDOG") if since <= at <= until]
        return [later - earlier for earlier, later in zip([since, *fed], [*fed, until], strict=True)]


def watched(manager: Manager, period: float | None = None) -> dict[str, str]:
    """What systemd puts into a service's environment."""
    watchdog = {"WATCHDOG_USEC": str(int(period * 1e6))} if period else {}
    return {"NOTIFY_SOCKET": manager.address} | watchdog


@pytest.fixture
def manager(tmp_path):
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


@pytest.fixture
def daemon(estate, request):
    """One that was not started yet."""
    made = request.node.drd = Daemon(estate)
    yield made
    made.close()


@pytest.fixture
def pair(estate, request):
    made = Pair(estate)
    request.node.drd = made.first
    yield made
    made.close()


class Traced(Daemon):
    """A daemon under strace from its first instruction on; a trace is read thread by thread in one list."""

    def __init__(self, estate, *options: str):
        super().__init__(estate)
        self.strace, self.options = need("strace", "apt-get install strace"), options
        self.trace = estate.scratch / "strace"
        self.program, self.given = str(binary()), str(self.config)
        self.before: list[str] = []
        self.between: list[str] = []

    def start(self, until_armed: bool = True) -> None:
        tracing = [self.strace, "-f", "-qq", "-o", str(self.trace), *self.options]
        command = [*self.before, *tracing, *self.between, self.program, "run", "--config", self.given]
        self.process = Process(command, self.log, self.env)
        if until_armed:
            self.estate.witness("primary", "healthy")
            self.estate.witness("standby", "healthy")
            eventually("the daemon is armed", self._armed, 90)

    def calls(self) -> list[str]:
        """From where drd itself begins: what runs before it is no part of it."""
        lines = self.trace.read_text(errors="replace").splitlines()
        begins = next(at for at, line in enumerate(lines) if f'execve("{self.program}"' in line)
        return [re.sub(r"^\d+ +", "", line) for line in lines[begins + 1:]]

    def pid(self) -> int:
        """drd's own: the only child of strace, which all that comes before it has become."""
        strace = self.process.child.pid
        (child,) = Path(f"/proc/{strace}/task/{strace}/children").read_text().split()
        return int(child)

    def terminate(self) -> int:
        """SIGTERM to drd itself: strace passes its exit code on."""
        os.kill(self.pid(), signal.SIGTERM)
        return self.process.child.wait(30)
