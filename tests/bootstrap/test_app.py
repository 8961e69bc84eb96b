"""The sample application, run as the process that an instance runs, against a database endpoint on loopback.

What a checker outside sees is all that is asserted here; which words the two pages use is what Route 53, the witness
and drd rely on. Deliberately absent: AWS. The AWS CLI is a script that reads a file.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_postgres import PASSWORD, USER, FakePostgres, Storage, certificate

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "bootstrap" / "app"
TRADING, WRITE, LIVE = "/health/trading", "/health/write", "/health/live"
SEARCH_STRING = b'"trading_data":"valid"'
ROUTE53_WAITS_S = 2.0


class Application:
    """One running process; `get` is what a checker does."""

    def __init__(self, folder: Path, writer: FakePostgres, reader: FakePostgres, ca: Path, env: dict):
        self.secret = folder / "secret.json"
        self.give(PASSWORD)
        cli = folder / "bin" / "aws"
        cli.parent.mkdir(exist_ok=True)
        cli.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/aws.log"\nexec cat "{self.secret}"\n')
        cli.chmod(0o755)
        self.env = {
            "PATH": f"{cli.parent}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_REGION": "eu-central-2",
            "DRD_SIDE": "standby",
            "DRD_SUFFIX": "t1",
            "LISTEN": "127.0.0.1:0",
            "DATABASE_WRITER": writer.address(),
            "DATABASE_READER": reader.address(),
            "DATABASE_NAME": "trading",
            "DATABASE_SECRET": "secret-aurora-t1",
            "DATABASE_CA": str(ca),
            **env,
        }
        command = [sys.executable, "-s", "-u", str(APP / "server.py")]
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, text=True)
        self.log: list[dict] = []
        self.port = self._next_line()["port"]
        self.reader = threading.Thread(target=self._read_on, daemon=True)
        self.reader.start()
        # The first thing it does is fetch the password.
        until(lambda: any(line["event"] == "secret_read" for line in self.log))

    def give(self, password: str) -> None:
        self.secret.write_text(json.dumps({"username": USER, "password": password}))

    def _next_line(self) -> dict:
        while True:
            self.log.append(json.loads(self.process.stdout.readline()))
            if self.log[-1]["event"] == "listening":
                return self.log[-1]

    def _read_on(self) -> None:
        for line in self.process.stdout:
            self.log.append(json.loads(line))

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def reason(self, path: str) -> tuple[int, str]:
        status, body = self.get(path)
        return status, json.loads(body).get("reason", "")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()


def until(true, seconds: float = 15.0):
    """The first truth that `true` tells within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if said := true():
            return said
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s")


class Bench:
    """A writer, a reader and what a test needs to start applications beside them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.ca, context = certificate(folder, "ours")
        self.storage = Storage().filled()
        self.writer = FakePostgres(context, self.storage)
        self.reader = FakePostgres(context, self.storage, replica=True)
        self.running: list[Application] = []

    def start(self, ca: Path | None = None, **env: str) -> Application:
        self.running.append(Application(self.folder, self.writer, self.reader, ca or self.ca, env))
        return self.running[-1]

    def as_standby(self) -> Application:
        """The writer endpoint of a replica is inactive."""
        self.writer.down()
        return self.start()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    for application in made.running:
        application.stop()
    made.writer.down()
    made.reader.down()


def test_a_row_that_was_read_makes_trading_data_valid_at_the_start_of_a_small_body(bench):
    status, body = bench.start().get(TRADING)
    assert status == 200
    assert body.startswith(b"{" + SEARCH_STRING) and len(body) < 500
    assert json.loads(body)["role"] == "writer"


def test_every_valid_answer_rests_on_a_read_of_the_quote(bench):
    application = bench.start()
    assert application.get(TRADING)[0] == 200
    assert any("FROM trading_quote" in said for said in bench.writer.statements)
    bench.storage.quotes.clear()
    status, why = until(lambda: (r := application.reason(TRADING))[0] == 503 and r)
    assert (status, why) == (503, "no_trading_data")


def test_tables_are_made_on_the_writer_when_absent(bench):
    bench.storage.tables.clear()
    bench.storage.quotes.clear()
    assert bench.start().get(TRADING)[0] == 200
    # Behind a lock and in one transaction: twenty instances may start at once.
    assert any(said.startswith("SELECT pg_advisory_xact_lock") and "CREATE" in said for said in bench.writer.statements)
    assert bench.storage.tables == {"trading_quote", "health_canary"}


def test_a_standby_answers_by_a_read_of_its_replica(bench):
    status, body = bench.as_standby().get(TRADING)
    assert status == 200 and SEARCH_STRING in body
    assert json.loads(body)["role"] == "replica"
    assert any("FROM trading_quote" in said for said in bench.reader.statements)


def test_a_writer_endpoint_that_hangs_does_not_keep_a_standby_from_its_replica(bench):
    bench.writer.mood = "hangs"
    application = bench.start()
    started = time.monotonic()
    status, body = application.get(TRADING)
    assert status == 200 and json.loads(body)["role"] == "replica"
    assert time.monotonic() - started < ROUTE53_WAITS_S


def test_a_replica_without_the_tables_is_not_valid_and_is_not_written_to(bench):
    bench.storage.tables.clear()
    assert bench.as_standby().get(TRADING)[0] == 503
    assert not re.search("CREATE|INSERT", "".join(bench.reader.statements))


def test_a_database_that_is_down_gives_503(bench):
    bench.reader.down()
    assert bench.as_standby().reason(TRADING) == (503, "database_unreachable")


def test_a_database_that_comes_back_is_valid_again(bench):
    application = bench.start()
    assert application.get(TRADING)[0] == 200
    bench.writer.down()
    until(lambda: application.get(TRADING)[0] == 503)
    bench.writer.up()
    until(lambda: application.get(TRADING)[0] == 200, 5.0)


def test_a_dead_writer_does_not_hide_behind_a_living_reader(bench):
    application = bench.start()
    assert application.get(TRADING)[0] == 200
    bench.writer.down()
    until(lambda: application.get(TRADING)[0] == 503)
    for _ in range(20):
        assert application.get(TRADING)[0] == 503
        time.sleep(0.1)


def test_a_promoted_standby_becomes_writer_without_a_restart(bench):
    application = bench.as_standby()
    assert json.loads(application.get(TRADING)[1])["role"] == "replica"
    assert application.get(WRITE)[0] == 503
    bench.writer.up()
    until(lambda: application.get(WRITE)[0] == 200, 5.0)
    assert json.loads(until(lambda: (r := application.get(TRADING))[0] == 200 and r)[1])["role"] == "writer"


def test_a_write_is_proven_by_reading_it_back(bench):
    status, body = bench.start().get(WRITE)
    assert status == 200 and json.loads(body)["write"] == "proven"
    assert len(bench.storage.canaries) == 1
    wrote = next(i for i, said in enumerate(bench.writer.statements) if "INSERT INTO health_canary" in said)
    assert any("SELECT nonce" in said for said in bench.writer.statements[wrote:])


def test_a_write_makes_its_table_when_absent(bench):
    bench.storage.tables.clear()
    assert bench.start().get(WRITE)[0] == 200


def test_each_proof_writes_anew(bench):
    application = bench.start()
    assert application.get(WRITE)[0] == 200
    before = dict(bench.storage.canaries)
    until(lambda: application.get(WRITE)[0] == 200 and bench.storage.canaries != before, 6.0)


def test_a_read_only_side_does_not_prove_a_write(bench):
    bench.writer.replica = True
    application = bench.start()
    assert application.reason(WRITE) == (503, "read_only")
    assert bench.storage.canaries == {}


def test_a_write_that_is_not_there_afterwards_gives_503(bench):
    bench.writer.loses_writes = True
    assert bench.start().reason(WRITE) == (503, "write_lost")


def test_a_canary_of_yesterday_does_not_pass_for_one_of_today(bench):
    application = bench.start()
    assert application.get(WRITE)[0] == 200
    bench.writer.loses_writes = True
    until(lambda: application.reason(WRITE) == (503, "write_lost"), 6.0)


@pytest.mark.parametrize("mood", ["hangs", "trickles"])
def test_a_database_that_dawdles_gives_503_before_route_53_gives_up(bench, mood):
    bench.writer.mood = bench.reader.mood = mood
    application = bench.start()
    for _ in range(3):
        started = time.monotonic()
        assert application.reason(TRADING) == (503, "too_slow")
        assert time.monotonic() - started < ROUTE53_WAITS_S
    # The probe itself gave up too, and left the database alone.
    until(lambda: any(line.get("reason", "").startswith("receiving") for line in application.log), 3.0)


def test_a_name_lookup_that_hangs_gives_503_before_route_53_gives_up(bench):
    (bench.folder / "sitecustomize.py").write_text(
        "import socket, time\nlook_up = socket.getaddrinfo\n"
        "socket.getaddrinfo = lambda *a, **k: (a[0] == 'localhost' and time.sleep(6), look_up(*a, **k))[1]\n"
    )
    application = bench.start(PYTHONPATH=str(bench.folder))
    for path, waits in ((TRADING, ROUTE53_WAITS_S), (WRITE, 3.5), (TRADING, ROUTE53_WAITS_S)):
        started = time.monotonic()
        assert application.reason(path) == (503, "too_slow")
        assert time.monotonic() - started < waits
    assert bench.writer.connections == 0


def test_a_slow_statement_gives_503_within_the_deadline(bench):
    bench.writer.delay = bench.reader.delay = 4.0
    application = bench.start()
    started = time.monotonic()
    assert application.reason(TRADING) == (503, "too_slow")
    assert time.monotonic() - started < ROUTE53_WAITS_S
    started = time.monotonic()
    assert application.reason(WRITE) == (503, "too_slow")
    assert time.monotonic() - started < 3.5


def test_a_database_that_babbles_gives_503_and_the_process_lives(bench):
    bench.writer.mood = bench.reader.mood = "babbles"
    application = bench.start()
    assert application.reason(TRADING) == (503, "database_garbled")
    assert application.reason(WRITE) == (503, "database_garbled")
    assert application.get(LIVE)[0] == 200 and application.process.poll() is None


def test_many_checkers_cost_the_database_few_connections(bench):
    application = bench.start()
    assert application.get(TRADING)[0] == 200
    before, started = bench.writer.connections, time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: application.get(TRADING)[0], range(400)))
    assert answers == [200] * 400
    assert bench.writer.connections - before <= 1 + (time.monotonic() - started) / 2


def test_many_checkers_of_a_hanging_database_share_one_probe(bench):
    bench.writer.mood = bench.reader.mood = "hangs"
    application = bench.start()
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: application.get(TRADING)[0], range(40)))
    assert answers == [503] * 40
    assert bench.writer.connections <= 2 and bench.reader.connections <= 2


def test_a_database_whose_certificate_is_not_trusted_never_sees_a_login(bench, tmp_path):
    stranger, _ = certificate(tmp_path, "stranger")
    application = bench.start(stranger)
    assert application.reason(TRADING) == (503, "database_not_trusted")
    assert application.reason(WRITE) == (503, "database_not_trusted")
    assert bench.writer.connections > 0 and bench.writer.logins == bench.reader.logins == 0


def test_a_database_without_tls_never_sees_a_login(bench):
    bench.writer.mood = bench.reader.mood = "plain"
    assert bench.start().reason(TRADING) == (503, "database_without_tls")
    assert bench.writer.logins == 0


def test_authorities_that_arrive_late_are_picked_up(bench):
    late = bench.folder / "late.pem"
    application = bench.start(late)
    assert application.reason(TRADING) == (503, "no_authorities_yet")
    assert application.get(LIVE)[0] == 200
    late.write_bytes(bench.ca.read_bytes())
    until(lambda: application.get(TRADING)[0] == 200, 5.0)


def test_a_rotated_password_is_fetched_when_the_old_one_is_refused(bench):
    application = bench.start()
    assert application.get(TRADING)[0] == 200
    bench.writer.password = bench.reader.password = "a new one"
    assert until(lambda: (r := application.reason(TRADING))[0] == 503 and r)[1] == "refused_by_database"
    application.give("a new one")
    until(lambda: application.get(TRADING)[0] == 200)


def test_the_secret_is_asked_for_by_name_in_the_own_region(bench):
    bench.start()
    asked = (bench.folder / "aws.log").read_text()
    assert "--secret-id secret-aurora-t1" in asked and "--region eu-central-2" in asked


def test_the_load_balancer_does_not_hear_of_the_database(bench):
    bench.reader.down()
    application = bench.as_standby()
    assert application.get(TRADING)[0] == 503
    assert application.get(LIVE)[0] == 200


def test_answers_tell_no_secrets_and_the_log_does_not_either(bench):
    bench.reader.down()
    application = bench.as_standby()
    told = b"".join(application.get(path)[1] for path in (TRADING, WRITE, LIVE, "/", "/nothing"))
    assert b"localhost" not in told and PASSWORD.encode() not in told and USER.encode() not in told
    assert PASSWORD not in json.dumps(application.log)


def test_a_failure_is_logged_once_with_its_cause_and_not_for_every_question(bench):
    bench.reader.down()
    application = bench.as_standby()
    for _ in range(30):
        application.get(TRADING)
        time.sleep(0.1)
    failures = [line for line in application.log if line["event"] == "check_failed"]
    assert {line["check"] for line in failures} == {"writer", "reader"} and len(failures) == 2
    assert all("refused" in line["reason"].lower() for line in failures)


def test_a_page_that_does_not_exist_is_not_found(bench):
    assert bench.start().get("/health/trading/more")[0] == 404


def test_a_missing_setting_is_named():
    done = subprocess.run([sys.executable, APP / "server.py"], env={}, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "LISTEN" in done.stderr
