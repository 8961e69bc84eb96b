"""The application of one side, as a client and as drd see it: a health page and a write check over HTTP.

The write check asks the emulator who the writer is, like a real application would find out from its database.
Deliberately absent: any knowledge of drd's decisions. `Reference` is a server of the observer's, outside both sides.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TRADING, WRITE = "/health/trading", "/health/write"


class Server:
    """A small HTTP server on one loopback port that it keeps for its whole life, also while it refuses."""

    def __init__(self):
        self.server: ThreadingHTTPServer | None = None
        self.port = 0
        self.listen()

    def listen(self) -> None:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Silence: the daemon's log is the one worth reading."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                """A client that gave up on a hanging page is not an error."""

        self.server = Quiet(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str) -> tuple[int, bytes]:
        raise NotImplementedError


class Reference(Server):
    """Something outside the failed region that answers as long as the observer itself is connected."""

    def answer(self, path: str) -> tuple[int, bytes]:
        return 403, b"who are you?"


class App(Server):
    """One side's application; `is_writer` tells whether its database accepts writes now."""

    def __init__(self, is_writer):
        self.is_writer = is_writer
        self.mood = "healthy"
        self.awake = threading.Event()
        self.awake.set()
        super().__init__()

    def healthy(self) -> None:
        self.mood = "healthy"
        self.awake.set()
        if self.server is None:
            self.listen()

    def wrong_data(self) -> None:
        """Answers 200, with data that nobody should trade on."""
        self.healthy()
        self.mood = "wrong"

    def refuse(self) -> None:
        """Nothing listens any more."""
        self.awake.set()
        self.close()

    def hang(self) -> None:
        """Accepts connections and never answers."""
        self.healthy()
        self.awake.clear()

    def answer(self, path: str) -> tuple[int, bytes]:
        self.awake.wait()
        if path == TRADING:
            valid = "valid" if self.mood == "healthy" else "stale"
            return 200, json.dumps({"trading_data": valid}, separators=(",", ":")).encode()
        if path == WRITE:
            return (200, b"written and read back") if self.is_writer() else (503, b"read only")
        return 404, b"no such page"
