"""Just enough PostgreSQL for the sample application: TLS, one login, one statement at a time, a deadline.

Why speak to the database directly instead of by the RDS Data API: the Data API does not answer on a
secondary cluster, and the standby's health page has to be a real read of its replica. Why not psql or
a driver: nothing is installed at launch, so that new instances in an emergency need no package mirror.

The protocol is version 3.0 as the PostgreSQL manual describes it ("Frontend/Backend Protocol"), the
login SCRAM-SHA-256 (RFC 5802, RFC 7677) or MD5, whichever the server asks for.

Deliberately absent: plain connections, parameters of statements (ours hold nothing from outside),
pooling (every probe resolves and connects anew, as a new user would), and Python newer than 3.9,
which is what Amazon Linux 2023 brings.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
import time

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
PROTOCOL_3_0 = 196608
# Our answers are a few rows. More is not a database we know.
MESSAGE_BYTES_MAX = 1_048_576
# A server that asks for more work than this is not ours (its default is 4,096).
SCRAM_ITERATIONS_MAX = 100_000


class Trouble(Exception):
    """The database did not do what was asked; `code` is a word for the health page."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Refused(Trouble):
    """The server said no; `state` is its SQLSTATE."""

    def __init__(self, state: str, detail: str):
        super().__init__("refused_by_database", f"{state} {detail}")
        self.state = state


class Deadline:
    """One point in time for a whole probe, however many steps it takes."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def left(self) -> float:
        left = self.at - time.monotonic()
        if left <= 0:
            raise Trouble("too_slow", f"no answer within {self.seconds} s")
        return left


class Session:
    """One logged-in connection. Use it in a `with` statement."""

    def __init__(self, host: str, port: int, trust: ssl.SSLContext, deadline: Deadline):
        self.deadline = deadline
        self.sock = self._reach(host, port)
        try:
            self._secure(host, trust)
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def _reach(self, host: str, port: int) -> socket.socket:
        self.deadline.left()
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # The resolver knows no deadline.
            return socket.create_connection(addresses[0][4][:2], timeout=self.deadline.left())
        except socket.timeout as error:
            raise Trouble("too_slow", f"connecting to {host}: {error}") from error
        except OSError as error:
            raise Trouble("database_unreachable", f"{host}: {error}") from error

    def _secure(self, host: str, trust: ssl.SSLContext) -> None:
        self._send(SSL_REQUEST)
        if self._receive(1) != b"S":
            raise Trouble("database_without_tls", f"{host} does not speak TLS")
        self.sock.settimeout(self.deadline.left())
        try:
            self.sock = trust.wrap_socket(self.sock, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise Trouble("database_not_trusted", f"{host}: {error.verify_message}") from error
        except socket.timeout as error:
            raise Trouble("too_slow", f"TLS with {host}: {error}") from error
        except OSError as error:
            raise Trouble("database_unreachable", f"TLS with {host}: {error}") from error

    def log_in(self, user: str, password: str, database: str) -> None:
        """Ends when the server is ready for a statement."""
        # The server gives up on a statement as well, so that it does not pile up work for us.
        settings = {
            "user": user,
            "database": database,
            "application_name": "drd-sample",
            "client_encoding": "UTF8",
            "statement_timeout": str(int(self.deadline.seconds * 1000)),
        }
        pairs = b"".join(f"{key}\0{value}\0".encode() for key, value in settings.items())
        body = struct.pack("!i", PROTOCOL_3_0) + pairs + b"\0"
        self._send(struct.pack("!i", len(body) + 4) + body)
        scram = Scram(password)
        while True:
            kind, body = self._message()
            if kind == b"R":
                self._answer(body, user, password, scram)
            elif kind == b"Z":
                return

    def _answer(self, body: bytes, user: str, password: str, scram: Scram) -> None:
        (wanted,) = struct.unpack("!i", body[:4])
        if wanted == 5:
            inner = md5((password + user).encode())
            self._say(b"p", b"md5" + md5(inner + body[4:8]) + b"\0")
        elif wanted == 10:
            if b"SCRAM-SHA-256\0" not in body[4:]:
                raise Trouble("login_unknown", f"the server offers {body[4:]!r}")
            first = scram.first()
            self._say(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
        elif wanted == 11:
            self._say(b"p", scram.final(body[4:]))
        elif wanted == 12:
            scram.verify(body[4:])
        elif wanted != 0:
            raise Trouble("login_unknown", f"the server asks for login method {wanted}")

    def query(self, statement: str) -> list[list[str | None]]:
        """The rows of one statement, as text."""
        self._say(b"Q", statement.encode() + b"\0")
        rows: list[list[str | None]] = []
        refusal: Trouble | None = None
        while True:
            try:
                kind, body = self._message()
            except Refused as error:
                refusal = error
                continue
            if kind == b"D":
                rows.append(columns(body))
            elif kind == b"Z":
                if refusal:
                    raise refusal
                return rows

    def _message(self) -> tuple[bytes, bytes]:
        head = self._receive(5)
        (length,) = struct.unpack("!i", head[1:])
        if not 4 <= length <= MESSAGE_BYTES_MAX:
            raise Trouble("database_garbled", f"a message of {length} bytes")
        kind, body = head[:1], self._receive(length - 4)
        if kind == b"E":
            raise refusal_in(body)
        return kind, body

    def _say(self, kind: bytes, body: bytes) -> None:
        self._send(kind + struct.pack("!i", len(body) + 4) + body)

    def _send(self, data: bytes) -> None:
        self.sock.settimeout(self.deadline.left())
        try:
            self.sock.sendall(data)
        except socket.timeout as error:
            raise Trouble("too_slow", f"sending: {error}") from error
        except OSError as error:
            raise Trouble("database_unreachable", f"sending: {error}") from error

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            # Set anew each time: a server that sends a byte now and then must not outlast us.
            self.sock.settimeout(self.deadline.left())
            try:
                piece = self.sock.recv(size - len(data))
            except socket.timeout as error:
                raise Trouble("too_slow", f"receiving: {error}") from error
            except OSError as error:
                raise Trouble("database_unreachable", f"receiving: {error}") from error
            if not piece:
                raise Trouble("database_unreachable", "the server closed the connection")
            data += piece
        return data


def columns(body: bytes) -> list[str | None]:
    """The values of a DataRow message."""
    (count,) = struct.unpack("!h", body[:2])
    at, row = 2, []
    for _ in range(count):
        (length,) = struct.unpack("!i", body[at : at + 4])
        at += 4
        row.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return row


def refusal_in(body: bytes) -> Refused:
    """What an ErrorResponse message says."""
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return Refused(fields.get(b"C", "?????"), fields.get(b"M", "no reason given"))


def md5(data: bytes) -> bytes:
    """What the protocol wants, inside TLS; nothing rests on its strength."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


class Scram:
    """The client's half of SCRAM-SHA-256, without channel binding."""

    def __init__(self, password: str):
        self.password = password.encode()
        self.bare = "n=,r=" + secrets.token_urlsafe(18)
        self.signature = b""

    def first(self) -> bytes:
        return b"n,," + self.bare.encode()

    def final(self, challenge: bytes) -> bytes:
        said = attributes(challenge)
        nonce, salt, rounds = said.get("r", ""), said.get("s", ""), int(said.get("i", "0"))
        if not nonce.startswith(self.bare[5:]) or not 0 < rounds <= SCRAM_ITERATIONS_MAX:
            raise Trouble("login_unknown", "the server's SCRAM challenge is not an answer to ours")
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(salt), rounds)
        bare = "c=biws,r=" + nonce
        whole = ",".join((self.bare, challenge.decode(), bare)).encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        mask = hmac.digest(hashlib.sha256(key).digest(), whole, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, mask))
        self.signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256")
        return f"{bare},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, outcome: bytes) -> None:
        """A server that does not know the password cannot make this."""
        theirs = base64.b64decode(attributes(outcome).get("v", ""))
        if not self.signature or not hmac.compare_digest(theirs, self.signature):
            raise Trouble("database_not_trusted", "the server does not know the password")


def attributes(text: bytes) -> dict[str, str]:
    """`a=1,b=2` of SCRAM."""
    return {part[:1]: part[2:] for part in text.decode().split(",")}
