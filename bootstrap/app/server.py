"""The sample application: a stand-in for the trading platform that drd protects, with two honest pages.

  GET /health/trading   200 and {"trading_data":"valid",...} only after a row was read from the database just now.
  GET /health/write     200 only after a row was written, committed and read back just now.
  GET /health/live      200 while this process answers; for the load balancer, which must not kill instances
                        because of a database.

How it reads the database: TLS to PostgreSQL, certificate and name verified, by postgres.py beside this file.
The RDS Data API would need no driver either, but it does not answer on a secondary cluster, and there the
standby's page has to be a real read of the replica. The password comes from Secrets Manager (replicated to both
regions under one name) by the AWS CLI that the image brings.

Which endpoint speaks for trading data. The writer endpoint of a replica is inactive, so a side without a writer is
read by its reader endpoint. But a side that had a writer within WRITER_MEMORY_S is not valid by its readers alone:
a dead writer must not hide behind living readers while drd decides (that takes 90 s).

What keeps health checkers from loading the database: one probe of a kind at a time, its outcome kept for a moment,
and everybody who asks meanwhile gets the same answer. A probe has one deadline from name lookup to last row; Route
53 wants its status 2 s after it connected.

Deliberately absent: anything to trade with, request logs (checkers ask several times a second; changes of mind are
logged), secrets or host names in answers (the pages are public), and Python newer than 3.9.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from postgres import Deadline, Refused, Session, Trouble

READ_DEADLINE_S, WRITE_DEADLINE_S = 1.5, 3.0
KEEP_GOOD_S, KEEP_BAD_S = 2.0, 1.0
WRITER_MEMORY_S = 300.0
SECRET_TIMEOUT_S, SECRET_RETRY_S = 15.0, 3.0
LOG_AGAIN_S = 30.0
REQUEST_TIMEOUT_S = 5.0

NO_SUCH_TABLE, BAD_LOGINS = "42P01", ("28P01", "28000")
# Sent as one statement, so one transaction: instances that start together must not create side by side.
CREATE = (
    "SELECT pg_advisory_xact_lock(7077)",
    "CREATE TABLE IF NOT EXISTS trading_quote "
    "(symbol text PRIMARY KEY, price numeric NOT NULL, quoted_at timestamptz NOT NULL DEFAULT now())",
    "CREATE TABLE IF NOT EXISTS health_canary "
    "(instance text PRIMARY KEY, nonce text NOT NULL, written_at timestamptz NOT NULL)",
    "INSERT INTO trading_quote (symbol, price) VALUES ('DRD', 100) ON CONFLICT DO NOTHING",
)
READ = "SELECT price FROM trading_quote WHERE symbol = 'DRD' AND price > 0"

logged_at: dict[str, float] = {}
log_lock = threading.Lock()


def log(level: str, event: str, **fields: object) -> None:
    """One JSON object a line; journald adds what it knows. The same trouble is told once in a while."""
    key, now = f"{event} {fields.get('check')} {fields.get('code')}", time.monotonic()
    with log_lock:
        if level != "info" and now - logged_at.get(key, -LOG_AGAIN_S) < LOG_AGAIN_S:
            return
        logged_at[key] = now
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        print(json.dumps({"time": stamp, "level": level, "event": event, **fields}), flush=True)


class Settings:
    """What the launch template wrote into the environment."""

    def __init__(self, env: dict[str, str]):
        self.listen = address(env["LISTEN"])
        self.writer = address(env["DATABASE_WRITER"])
        self.reader = address(env["DATABASE_READER"])
        self.database = env["DATABASE_NAME"]
        self.secret, self.region = env["DATABASE_SECRET"], env["AWS_REGION"]
        self.ca = env["DATABASE_CA"]
        self.side = env["DRD_SIDE"]
        # It becomes part of a statement.
        self.instance = re.sub(r"[^a-z0-9.-]", "-", socket.gethostname().lower())


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


class Secret:
    """The login, fetched beside the requests and again when the database refuses it (a rotation)."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.login: tuple[str, str] | None = None
        self.wanted = threading.Event()
        self.wanted.set()
        threading.Thread(target=self._keep, name="secret", daemon=True).start()

    def current(self) -> tuple[str, str]:
        if self.login is None:
            raise Trouble("no_credentials_yet", "the database secret was not read yet")
        return self.login

    def refused(self) -> None:
        self.wanted.set()

    def _keep(self) -> None:
        while True:
            self.wanted.wait()
            try:
                self.login = self._fetch()
                self.wanted.clear()
                log("info", "secret_read", secret=self.settings.secret)
            except Exception as error:  # whatever it was, the next try may be better
                log("error", "secret_not_read", secret=self.settings.secret, reason=str(error)[:300])
            time.sleep(SECRET_RETRY_S)

    def _fetch(self) -> tuple[str, str]:
        command = ["aws", "secretsmanager", "get-secret-value", "--region", self.settings.region]
        command += ["--secret-id", self.settings.secret, "--query", "SecretString", "--output", "text"]
        done = subprocess.run(command, capture_output=True, timeout=SECRET_TIMEOUT_S, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip() or f"aws ended with {done.returncode}")
        secret = json.loads(done.stdout)
        return secret["username"], secret["password"]


class Database:
    """What the two pages want to know from the database."""

    def __init__(self, settings: Settings, secret: Secret):
        self.settings, self.secret = settings, secret
        self.writer_seen_at = -WRITER_MEMORY_S

    def _open(self, where: tuple[str, int], deadline: Deadline) -> Session:
        user, password = self.secret.current()
        try:
            trust = ssl.create_default_context(cafile=self.settings.ca)
        except OSError as error:
            raise Trouble("no_authorities_yet", f"{self.settings.ca}: {error}") from error
        trust.minimum_version = ssl.TLSVersion.TLSv1_2
        session = Session(where[0], where[1], trust, deadline)
        try:
            session.log_in(user, password, self.settings.database)
        except BaseException as error:
            session.sock.close()
            if isinstance(error, Refused) and error.state in BAD_LOGINS:
                self.secret.refused()
            raise
        return session

    def read(self, where: tuple[str, int], deadline: Deadline) -> dict[str, object]:
        with self._open(where, deadline) as session:
            writes = is_writer(session)
            if writes:
                self.writer_seen_at = time.monotonic()
            # A replica gets its tables from the writer.
            rows = session.query(READ) if not writes else with_tables(session, READ)
        if not rows:
            raise Trouble("no_trading_data", "the quote is missing or not a price")
        return {"role": "writer" if writes else "replica"}

    def write(self, deadline: Deadline) -> dict[str, object]:
        nonce, instance = secrets.token_hex(8), self.settings.instance
        with self._open(self.settings.writer, deadline) as session:
            if not is_writer(session):
                raise Trouble("read_only", "this side's database is a replica")
            self.writer_seen_at = time.monotonic()
            # Each statement commits by itself. A row of an instance that is gone goes after a day.
            with_tables(session, "DELETE FROM health_canary WHERE written_at < now() - interval '1 day'")
            session.query(
                f"INSERT INTO health_canary VALUES ('{instance}', '{nonce}', now()) ON CONFLICT (instance) "
                "DO UPDATE SET nonce = excluded.nonce, written_at = excluded.written_at"
            )
            rows = session.query(f"SELECT nonce FROM health_canary WHERE instance = '{instance}'")
        if rows != [[nonce]]:
            raise Trouble("write_lost", f"wrote {nonce}, read {rows}")
        return {"role": "writer"}

    def had_writer(self) -> bool:
        return time.monotonic() - self.writer_seen_at < WRITER_MEMORY_S


def is_writer(session: Session) -> bool:
    rows = session.query("SELECT pg_is_in_recovery(), current_setting('transaction_read_only')")
    return rows == [["f", "off"]]


def with_tables(session: Session, statement: str) -> list[list[str | None]]:
    """The statement's rows; the tables are made when it misses them."""
    try:
        return session.query(statement)
    except Refused as error:
        if error.state != NO_SUCH_TABLE:
            raise
    session.query("; ".join(CREATE))
    log("info", "tables_created")
    return session.query(statement)


class Outcome:
    """What a probe found; `found` is None when it failed, and then `code` is why."""

    def __init__(self, found: dict[str, object] | None, code: str = "", detail: str = ""):
        self.found, self.code, self.detail = found, code, detail
        self.at = time.monotonic()

    def fresh(self) -> bool:
        return time.monotonic() - self.at < (KEEP_BAD_S if self.found is None else KEEP_GOOD_S)


class Check:
    """One kind of probe, at most one under way; whoever asks meanwhile shares its outcome."""

    def __init__(self, name: str, seconds: float, probe):
        self.name, self.seconds, self.probe = name, seconds, probe
        self.lock = threading.Lock()
        self.last: Outcome | None = None
        self.flight: threading.Event | None = None
        self.flown_at = 0.0

    def ask(self) -> Outcome:
        with self.lock:
            if self.last and self.last.fresh():
                return self.last
            if self.flight is None:
                self.flight, self.flown_at = threading.Event(), time.monotonic()
                threading.Thread(target=self._fly, args=(self.flight,), daemon=True).start()
            flight, left = self.flight, self.flown_at + self.seconds - time.monotonic()
        # A name lookup can outlast every deadline; whoever asks does not wait for it.
        if flight.wait(max(left, 0.0) + 0.1) and self.last:
            return self.last
        return Outcome(None, "too_slow", f"no answer within {self.seconds} s")

    def _fly(self, flight: threading.Event) -> None:
        try:
            outcome = Outcome(self.probe(Deadline(self.seconds)))
        except Trouble as error:
            outcome = Outcome(None, error.code, error.detail)
        except Exception as error:  # a health page never fails to say so
            outcome = Outcome(None, "internal", f"{type(error).__name__}: {error}")
        with self.lock:
            before, self.last, self.flight = self.last, outcome, None
        flight.set()
        if outcome.found is None:
            log("error", "check_failed", check=self.name, code=outcome.code, reason=outcome.detail[:300])
        elif before is None or before.found is None:
            log("info", "check_passed", check=self.name, **outcome.found)


class Application:
    """The pages."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.database = database = Database(settings, Secret(settings))
        self.writer = Check("writer", READ_DEADLINE_S, lambda by: database.read(settings.writer, by))
        self.reader = Check("reader", READ_DEADLINE_S, lambda by: database.read(settings.reader, by))
        self.write = Check("write", WRITE_DEADLINE_S, database.write)

    def page(self, path: str) -> tuple[int, dict[str, object]]:
        if path == "/health/trading":
            return self.answer("trading_data", "valid", self.trading())
        if path == "/health/write":
            return self.answer("write", "proven", self.write.ask())
        if path in ("/", "/health/live"):
            return 200, {"application": "alive", "side": self.settings.side}
        return 404, {"error": "no such page"}

    def trading(self) -> Outcome:
        if self.database.had_writer():
            return self.writer.ask()
        # Which of the two answers is not known yet, so both are asked at once.
        replica: list[Outcome] = []
        beside = threading.Thread(target=lambda: replica.append(self.reader.ask()), daemon=True)
        beside.start()
        direct = self.writer.ask()
        if direct.found is not None:
            return direct
        beside.join(READ_DEADLINE_S + 0.2)
        return replica[0] if replica else direct

    def answer(self, key: str, good: str, outcome: Outcome) -> tuple[int, dict[str, object]]:
        side = self.settings.side
        if outcome.found is None:
            return 503, {key: "unavailable", "side": side, "reason": outcome.code}
        age = round((time.monotonic() - outcome.at) * 1000)
        # Checkers look for the first pair: it stays first, and without blanks.
        return 200, {key: good, "side": side, **outcome.found, "age_ms": age}


class Handler(BaseHTTPRequestHandler):
    """Turns pages into HTTP; nothing a client sends can make it raise."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "drd-sample", ""
    timeout = REQUEST_TIMEOUT_S
    application: Application

    def do_GET(self) -> None:
        try:
            status, body = self.application.page(self.path.partition("?")[0])
        except Exception as error:
            log("error", "page_failed", code=type(error).__name__, reason=str(error)[:300])
            status, body = 503, {"error": "internal"}
        text = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Changes of mind are logged, requests are not."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that went away is not an error of ours."""


def main() -> int:
    try:
        settings = Settings(dict(os.environ))
    except (KeyError, ValueError) as error:
        print(f"server.py: a setting is missing or wrong: {error}; see the launch template", file=sys.stderr)
        return 2
    Handler.application = Application(settings)
    server = Server(settings.listen, Handler)
    log("info", "listening", port=server.server_address[1], side=settings.side)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
