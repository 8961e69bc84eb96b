"""A PostgreSQL endpoint for the sample application's tests: TLS, SCRAM-SHA-256, and the few statements it sends.

Written from the PostgreSQL manual and RFC 7677, without the application's own code, so that the two check each
other. Deliberately absent: SQL. A statement that it does not know is refused, which fails the test that sent it.
"""

import base64
import hashlib
import hmac
import re
import secrets
import socket
import ssl
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "drd_admin", "correct horse, battery"


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for localhost: the file to trust, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


class Storage:
    """What a writer and its replicas share."""

    def __init__(self):
        self.tables: set[str] = set()
        self.quotes: dict[str, str] = {}
        self.canaries: dict[str, str] = {}

    def filled(self) -> "Storage":
        self.tables = {"trading_quote", "health_canary"}
        self.quotes = {"DRD": "100"}
        return self


class Sqlstate(Exception):
    """A refusal of the server's."""


class FakePostgres:
    """One endpoint on loopback with a test's levers; it keeps its port while nothing listens."""

    def __init__(self, context: ssl.SSLContext, storage: Storage, replica: bool = False):
        self.context, self.storage, self.replica = context, storage, replica
        self.password = PASSWORD
        self.delay = 0.0
        self.mood = "answers"  # answers | hangs | trickles | babbles | plain
        self.loses_writes = False
        self.connections, self.logins, self.statements = 0, 0, []
        self.listener: socket.socket | None = None
        self.port = 0
        self.up()

    def up(self) -> None:
        if self.listener:
            return
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def down(self) -> None:
        if self.listener:
            # A shutdown wakes the accept; a close alone would leave it, and the port, alive.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def address(self) -> str:
        return f"localhost:{self.port}"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            client.settimeout(10)
            self._talk(client)
        except (OSError, EOFError, struct.error):
            pass
        finally:
            client.close()

    def _talk(self, client: socket.socket) -> None:
        if self.mood == "hangs":
            client.recv(8)
            time.sleep(10)
            return
        assert exactly(client, 8) == struct.pack("!ii", 8, 80877103), "no SSLRequest"
        if self.mood == "plain":
            client.sendall(b"N")
            assert client.recv(1) == b"", "spoke on without TLS"
            return
        client.sendall(b"S")
        with self.context.wrap_socket(client, server_side=True) as tls:
            (length,) = struct.unpack("!i", exactly(tls, 4))
            exactly(tls, length - 4)
            self.logins += 1
            if self.mood == "babbles":
                tls.sendall(b"\x7f" * 4096)
                return
            if self.mood == "trickles":
                for byte in b"R" + struct.pack("!ii", 8, 0) * 20:
                    tls.sendall(bytes([byte]))
                    time.sleep(0.3)
                return
            if not self._scram(tls):
                return
            self._statements(tls)

    def _scram(self, tls: ssl.SSLSocket) -> bool:
        say(tls, b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0")
        bare = hear(tls, b"p").split(b"n,,", 1)[1]
        salt, nonce = secrets.token_bytes(16), bare.split(b"r=")[1] + secrets.token_hex(8).encode()
        first = b"r=" + nonce + b",s=" + base64.b64encode(salt) + b",i=4096"
        say(tls, b"R", struct.pack("!i", 11) + first)
        final = hear(tls, b"p")
        unproved, proof = final.rsplit(b",p=", 1)
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), salt, 4096)
        key = hmac.digest(salted, b"Client Key", "sha256")
        whole = bare + b"," + first + b"," + unproved
        signature = hmac.digest(hashlib.sha256(key).digest(), whole, "sha256")
        claimed = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature, strict=True))
        if claimed != key:
            refuse(tls, "28P01", "password authentication failed")
            return False
        mine = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256")
        say(tls, b"R", struct.pack("!i", 12) + b"v=" + base64.b64encode(mine))
        say(tls, b"R", struct.pack("!i", 0))
        say(tls, b"S", b"server_version\x0016.4\0")
        say(tls, b"K", struct.pack("!ii", 1, 2))
        say(tls, b"Z", b"I")
        return True

    def _statements(self, tls: ssl.SSLSocket) -> None:
        while True:
            statement = hear(tls, b"Q").rstrip(b"\0").decode()
            self.statements.append(statement)
            time.sleep(self.delay)
            try:
                rows = [row for part in statement.split("; ") for row in self._run(part)]
            except Sqlstate as refusal:
                refuse(tls, str(refusal), statement)
            else:
                for row in rows:
                    values = b"".join(struct.pack("!i", len(v)) + v.encode() for v in row)
                    say(tls, b"D", struct.pack("!h", len(row)) + values)
                say(tls, b"C", b"DONE\0")
            say(tls, b"Z", b"I")

    def _run(self, text: str) -> list[list[str]]:
        store = self.storage
        if "pg_is_in_recovery" in text:
            return [["t", "on"]] if self.replica else [["f", "off"]]
        if text == "SELECT pg_advisory_xact_lock(7077)":
            return [[""]]
        table = re.search(r"trading_quote|health_canary", text)[0]
        if not text.startswith("SELECT") and self.replica:
            raise Sqlstate("25006")
        if text.startswith("CREATE TABLE IF NOT EXISTS"):
            store.tables.add(table)
            return []
        if table not in store.tables:
            raise Sqlstate("42P01")
        if text.startswith("INSERT INTO trading_quote"):
            store.quotes.setdefault("DRD", "100")
            return []
        if text.startswith("SELECT price FROM trading_quote"):
            return [[price] for price in store.quotes.values()]
        if text.startswith("DELETE FROM health_canary"):
            return []
        if written := re.match(r"INSERT INTO health_canary VALUES \('(.+?)', '(.+?)', now", text):
            if not self.loses_writes:
                store.canaries[written[1]] = written[2]
            return []
        if asked := re.match(r"SELECT nonce FROM health_canary WHERE instance = '(.+)'", text):
            return [[store.canaries[asked[1]]]] if asked[1] in store.canaries else []
        raise Sqlstate("42601")


def exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def hear(sock: socket.socket, kind: bytes) -> bytes:
    head = exactly(sock, 5)
    assert head[:1] == kind, f"expected {kind!r}, got {head[:1]!r}"
    return exactly(sock, struct.unpack("!i", head[1:])[0] - 4)


def say(sock: socket.socket, kind: bytes, body: bytes) -> None:
    sock.sendall(kind + struct.pack("!i", len(body) + 4) + body)


def refuse(sock: socket.socket, state: str, text: str) -> None:
    say(sock, b"E", f"SERROR\0C{state}\0M{text}\0\0".encode())
