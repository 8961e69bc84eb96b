"""What may stall a daemon from outside: a log that is not read, a disk that hangs, HTTP clients that do not read.

Each starts the daemon in its own way, strikes on `begin` and goes away on `end`. Deliberately absent: AWS's faults
(faults.py) and what is expected of the daemon (test_never_blocked.py).
"""

import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

import pytest
from world import Process

# Of the AWS SDK alone: far more lines than the daemon's queue of 2,048 holds, within a second or two.
CHATTER = "info,aws_smithy_runtime=trace,aws_config=trace,hyper_util=trace,drd=trace"
POLL_SECONDS = 0.05


def need_root(what: str) -> None:
    """Mounting needs root: skipped elsewhere, an error in CI."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        words = f"{what} needs root and unshare (util-linux)"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)


class Started(Process):
    """A child whose stderr is not the log file itself."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str], stderr):
        self.log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=stderr)


class Reader:
    """A thread that reads what the daemon logs, into a file, until `stop`."""

    def __init__(self, source, read, log: Path):
        self.source, self.read, self.log = source, read, log
        self.thread: threading.Thread | None = None
        self.resume()

    def resume(self) -> None:
        self.stop()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self.log.open("ab", buffering=0) as out:
            while not self.stopping.is_set():
                if select.select([self.source], [], [], POLL_SECONDS)[0]:
                    out.write(self.read())

    def stop(self) -> None:
        if self.thread:
            self.stopping.set()
            self.thread.join()
            self.thread = None


class UnreadPipe:
    """stderr is a pipe; after `begin` it is full and nothing reads it."""

    env = {"DRD_LOG": CHATTER}
    drops_lines = True

    def __init__(self, daemon):
        self.daemon = daemon
        self.reading, self.writing = os.pipe()
        self.reader = Reader(self.reading, lambda: os.read(self.reading, 65536), daemon.log)

    def start(self, command: list[str]) -> Process:
        return Started(command, self.daemon.log, self.daemon.env | self.env, self.writing)

    def begin(self) -> None:
        self.reader.stop()
        # Opened anew: O_NONBLOCK on the daemon's own description would be the daemon's too.
        own = os.open(f"/proc/self/fd/{self.writing}", os.O_WRONLY | os.O_NONBLOCK)
        for piece in (b"\n" * 4096, b"\n"):
            try:
                while True:
                    os.write(own, piece)
            except BlockingIOError:
                pass
        os.close(own)

    def end(self) -> None:
        self.reader.resume()

    def log_text(self) -> str:
        return self.daemon.log.read_text(errors="replace")

    def close(self) -> None:
        self.reader.stop()
        os.close(self.reading)
        os.close(self.writing)


class HungJournal:
    """stderr is the journal's; after `begin` its socket is full and nothing reads it.

    The daemon has a mount namespace of its own, in which the socket's folder is one of the test's.
    """

    env = {"DRD_LOG": CHATTER}
    drops_lines = True
    MOUNTS = ('mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && '
              'mount --bind "$0" /run/systemd/journal && exec "$@"')

    def __init__(self, daemon):
        need_root("a journal of the test's own")
        self.daemon = daemon
        # Short: a socket's path has 108 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="drd-"))
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.folder / "socket"))
        self.datagrams = daemon.estate.scratch / "journal.bin"
        self.reader = Reader(self.socket, lambda: self.socket.recv(1 << 18), self.datagrams)

    def start(self, command: list[str]) -> Process:
        self.daemon.log.touch()
        known = self.daemon.log.stat()
        stream = {"JOURNAL_STREAM": f"{known.st_dev}:{known.st_ino}"}
        own = ["unshare", "--mount", "sh", "-c", self.MOUNTS, str(self.folder), *command]
        with self.daemon.log.open("ab") as stderr:
            return Started(own, self.daemon.log, self.daemon.env | self.env | stream, stderr)

    def begin(self) -> None:
        self.reader.stop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            try:
                while True:
                    other.sendto(b"MESSAGE=full\n", str(self.folder / "socket"))
            except BlockingIOError:
                pass

    def end(self) -> None:
        self.reader.resume()

    def log_text(self) -> str:
        return self.datagrams.read_bytes().decode(errors="replace")

    def close(self) -> None:
        self.reader.stop()
        self.socket.close()
        shutil.rmtree(self.folder)


class NeverReading:
    """HTTP clients that ask for the largest page and never read it, or never end their request; always new ones."""

    env: dict[str, str] = {}
    drops_lines = False
    CLIENTS = 600  # at one in 10 ms each stays for 6 s: longer than any deadline of the daemon (4 s)
    EVERY_SECONDS = 0.01
    RECEIVE_BYTES = 1024  # what the kernel buffers for such a client: less than one page of metrics
    REQUESTS = (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /metrics HTTP/1.1\r\n")

    def __init__(self, daemon):
        self.daemon = daemon
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self, command: list[str]) -> Process:
        return Process(command, self.daemon.log, self.daemon.env)

    def begin(self) -> None:
        self.thread.start()

    def _run(self) -> None:
        host, port = self.daemon.estate.listen.split(":")
        held: deque[socket.socket] = deque()
        for count in range(1_000_000):
            if self.stopping.wait(self.EVERY_SECONDS):
                break
            held.append(self._client((host, int(port)), self.REQUESTS[count % 2]))
            if len(held) > self.CLIENTS:
                held.popleft().close()
        for client in held:
            client.close()

    def _client(self, address: tuple[str, int], request: bytes) -> socket.socket:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.RECEIVE_BYTES)
        client.settimeout(0.2)
        try:
            client.connect(address)
            client.sendall(request)
        except OSError:
            pass  # The daemon may end any of them.
        return client

    def end(self) -> None:
        self.stopping.set()
        self.thread.join(5)

    def close(self) -> None:
        if self.thread.is_alive():
            self.end()


SHIM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* While the file HANG_WHILE is there, synchronising a file whose path begins with HANG_FILE hangs, for HANG_SECONDS at
   most; when that began is the time of HANG_SEEN. */
static void hang(int fd) {
  const char *file = getenv("HANG_FILE"), *trigger = getenv("HANG_WHILE"), *seen = getenv("HANG_SEEN");
  int tenths = 10 * atoi(getenv("HANG_SECONDS"));
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return;
  path[length] = 0;
  if (strncmp(path, file, strlen(file)) != 0 || access(trigger, F_OK) != 0) return;
  close(open(seen, O_CREAT | O_EXCL | O_WRONLY, 0600));
  for (; tenths > 0 && access(trigger, F_OK) == 0; tenths--) usleep(100000);
}

int fsync(int fd) { hang(fd); return syscall(SYS_fsync, fd); }
int fdatasync(int fd) { hang(fd); return syscall(SYS_fdatasync, fd); }
"""


class HungDisk:
    """After `begin`, fsync of the ledger hangs for `seconds`, or until `end`: the kernel's own behaviour on a dead
    volume, brought about in the C library."""

    def __init__(self, daemon, seconds: int):
        self.daemon, scratch = daemon, daemon.estate.scratch
        self.trigger, self.seen = scratch / "hang", scratch / "hang-seen"
        source, library = scratch / "hang.c", scratch / "hang.so"
        source.write_text(SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.env = {"LD_PRELOAD": str(library), "HANG_FILE": str(daemon.estate.ledger.resolve()),
                    "HANG_WHILE": str(self.trigger), "HANG_SEEN": str(self.seen), "HANG_SECONDS": str(seconds)}

    def start(self, command: list[str]) -> Process:
        return Process(command, self.daemon.log, self.daemon.env | self.env)

    def begin(self) -> None:
        self.trigger.touch()

    def began(self) -> float:
        """When the first fsync hung, in seconds since 1970; 0 while none has."""
        return self.seen.stat().st_mtime if self.seen.exists() else 0

    def end(self) -> None:
        self.trigger.unlink(missing_ok=True)

    def close(self) -> None:
        self.end()


class Watch:
    """Asks /healthz all the time, and keeps how long each answer took; an answer that is none counts as `limit`."""

    def __init__(self, listen: str, limit: float, every: float = 0.2):
        self.listen, self.limit, self.every = listen, limit, every
        self.took: list[float] = []
        self.failed: list[str] = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.stopping.wait(self.every):
            begun = time.monotonic()
            answer = self._ask()
            self.took.append(time.monotonic() - begun)
            if not answer.startswith("HTTP/1.1 200 "):
                self.failed.append(answer[:60] or "no answer")

    def _ask(self) -> str:
        host, port = self.listen.split(":")
        try:
            with socket.create_connection((host, int(port)), self.limit) as client:
                client.settimeout(self.limit)
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                return client.recv(4096).decode()
        except OSError as error:
            return f"{type(error).__name__}: {error}"

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(5)
