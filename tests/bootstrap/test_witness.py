"""The witness, its real source run as the Lambda runtime does, against servers on loopback and a queue made of a list.

Deliberately absent: real waiting between rounds (the clock is handed in), and TLS with a real certificate.
"""

import json
import ssl
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import functions
import pytest
from functions import ACCOUNT, Aws, Clock, Context, lines

VALID = '{"trading_data":"valid"}'
QUEUE = "https://sqs.eu-central-2.amazonaws.com/123456789012/queue-events-shop1"


class Server:
    """One place on loopback that answers as it is told; a change can be planned for a number of requests."""

    def __init__(self, status=200, body=VALID, script=()):
        self.status, self.body, self.script, self.seen = status, body, list(script), []
        self.slow = threading.Event()
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                place.seen.append(self.path)
                status, body = place.script.pop(0) if place.script else (place.status, place.body)
                if body == "drip":
                    return self.drip()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def drip(self):
                self.send_response(200)
                self.end_headers()
                while not place.slow.wait(0.05):
                    try:
                        self.wfile.write(b" ")
                    except OSError:
                        return

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.scheme = "http"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path="/health/trading"):
        return f"{self.scheme}://127.0.0.1:{self.http.server_port}{path}"

    def close(self):
        self.slow.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def serve():
    servers = []

    def start(*arguments, **more):
        servers.append(Server(*arguments, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def nobody():
    """A URL where nothing listens."""
    server = Server()
    url = server.url()
    server.close()
    return url


def environment(primary, standby, *references):
    function = functions.template("witness")["Resources"]["Function"]["Properties"]
    parameters = {"Suffix": "shop1", "AWS::AccountId": ACCOUNT, "PrimaryEndpoint": primary, "StandbyEndpoint": standby,
                  "QueueUrl": QUEUE, "StandbyRegion": "eu-central-2", "References": list(references)}
    return {"AWS_REGION": "eu-west-1", **functions.resolved(function["Environment"]["Variables"], parameters)}


def run(env, clock=None, aws=None, module=None, seconds=80):
    """One run: what the function returned, and the messages in order."""
    clock, aws = clock or Clock(), aws or Aws()
    module = module or functions.load("witness")
    with aws.patched():
        answer = module.handler({}, Context(clock, seconds), env=env, now=clock.now, sleep=clock.sleep)
    return answer, [json.loads(a["MessageBody"]) for a in aws.made("SendMessage")]


def said(messages, side=None):
    return [m["detail"]["verdict"] for m in messages if side in (None, m["detail"]["side"])]


def test_six_rounds_ten_seconds_apart_look_at_both_sides(serve):
    primary, standby, reference, clock = serve(), serve(), serve(404), Clock()
    run(environment(primary.url(), standby.url(), reference.url("/")), clock)
    assert primary.seen == standby.seen == ["/health/trading"] * 6
    assert clock.slept == [10.0] * 5


def test_a_verdict_that_stands_is_said_once_a_run(serve):
    primary, standby, reference = serve(), serve(503), serve()
    answer, messages = run(environment(primary.url(), standby.url(), reference.url()))
    assert answer == {"sent": 2, "lost": 0}
    assert said(messages, "primary") == ["healthy"] and said(messages, "standby") == ["unhealthy"]


def test_every_run_repeats_what_stands_so_that_silence_means_a_silent_witness(serve):
    primary, standby, reference = serve(), serve(), serve()
    env = environment(primary.url(), standby.url(), reference.url())
    module, clock, aws = functions.load("witness"), Clock(), Aws()
    for minute in range(3):
        clock.at = 1_772_366_400 + 60 * minute
        _, messages = run(env, clock, aws, module)
    stamps = [m["detail"]["observed_at"] for m in messages]
    assert stamps == [f"2026-03-01T12:0{minute}:00.000Z" for minute in (0, 0, 1, 1, 2, 2)]


def test_a_change_is_said_in_the_round_that_sees_it(serve):
    primary = serve(script=[(200, VALID)] * 2 + [(500, "broken")] * 2)
    standby, reference = serve(), serve()
    _, messages = run(environment(primary.url(), standby.url(), reference.url()))
    assert said(messages, "primary") == ["healthy", "unhealthy", "healthy"]
    at = [m["detail"]["observed_at"][17:19] for m in messages if m["detail"]["side"] == "primary"]
    assert at == ["00", "20", "40"]


def test_a_verdict_carries_when_the_side_was_last_seen_well_also_from_the_run_before(serve):
    """The report of a change may be lost, and the next one is no news of when it came about."""
    primary = serve(script=[(200, VALID)] * 2 + [(500, "broken")] * 20)
    standby, reference = serve(status=500), serve()
    env = environment(primary.url(), standby.url(), reference.url())
    module, clock, aws = functions.load("witness"), Clock(), Aws()
    for minute in range(2):
        clock.at = 1_772_366_400 + 60 * minute
        _, messages = run(env, clock, aws, module)
    well = [m["detail"].get("good_at") for m in messages if m["detail"]["side"] == "primary"]
    assert well == ["2026-03-01T12:00:00.000Z"] + ["2026-03-01T12:00:10.000Z"] * 2
    assert not any("good_at" in m["detail"] for m in messages if m["detail"]["side"] == "standby"), "it never was"
    kept_at = {a["Item"]["side"]["S"]: a["Item"].get("good_at", {}).get("S") for a in aws.made("PutItem", "eu-central-2")}
    assert kept_at == {"primary": "2026-03-01T12:00:10.000Z", "standby": None}


@pytest.mark.parametrize("status, body, reason", [
    (200, '{"trading_data":"stale"}', "without valid trading data"),
    (200, "", "without valid trading data"),
    (503, VALID, "status 503"),
    (302, VALID, "status 302"),
])
def test_only_a_200_with_valid_trading_data_is_healthy(serve, status, body, reason):
    primary, standby, reference = serve(status, body), serve(200, '{ "trading_data" : "valid", "lag": 3 }'), serve()
    _, messages = run(environment(primary.url(), standby.url(), reference.url()))
    assert said(messages, "primary") == ["unhealthy"]
    assert reason in messages[0]["detail"]["reason"]
    assert said(messages, "standby") == ["healthy"], "white space is no difference"


def test_an_endpoint_that_nobody_listens_on_is_unhealthy_while_a_reference_answers(serve):
    standby, reference = serve(), serve(403)
    _, messages = run(environment(nobody(), standby.url(), nobody(), reference.url("/")))
    assert said(messages, "primary") == ["unhealthy"]
    assert "ConnectionRefusedError" in messages[0]["detail"]["reason"]


def test_a_witness_that_is_cut_off_says_unknown_and_never_unhealthy():
    _, messages = run(environment(nobody(), nobody(), nobody(), nobody()))
    assert said(messages) == ["unknown", "unknown"]
    assert "own references" in messages[0]["detail"]["reason"]


def test_an_endpoint_that_answers_is_healthy_even_when_no_reference_does(serve):
    primary = serve()
    _, messages = run(environment(primary.url(), nobody(), nobody()))
    assert said(messages, "primary") == ["healthy"] and said(messages, "standby") == ["unknown"]


def test_a_witness_without_references_never_accuses(serve):
    _, messages = run(environment(nobody(), nobody()))
    assert said(messages) == ["unknown", "unknown"]


def test_a_body_that_never_ends_is_unhealthy_and_does_not_hold_up_the_rounds(serve):
    primary, standby, reference = serve(body="drip"), serve(), serve()
    module = functions.load("witness")
    with mock.patch.multiple(module, ROUND_SECONDS=0.4, CONNECT_SECONDS=0.3):
        began = time.monotonic()
        _, messages = run(environment(primary.url(), standby.url(), reference.url()), module=module)
    assert said(messages, "primary") == ["unhealthy"] and said(messages, "standby") == ["healthy"]
    assert "no whole answer" in messages[0]["detail"]["reason"]
    assert time.monotonic() - began < 6


def test_a_certificate_that_nobody_signed_is_no_outage(serve, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=elsewhere",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = serve()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.scheme = "https"
    assert functions.load("witness").endpoint(server.url())[0] is True


def test_drd_reads_the_message_that_is_sent(serve):
    """The same file is read by drd's own parser in tests/intake.rs."""
    fixture = json.loads((functions.FIXTURES / "witness-from-the-function.json").read_text())
    primary, standby, reference = serve(503), serve(), serve()
    aws, clock = Aws(), Clock(1_772_366_399.25)
    with mock.patch.object(uuid, "uuid4", lambda: uuid.UUID(fixture["id"])):
        _, messages = run(environment(primary.url(), standby.url(), reference.url()), clock, aws)
    assert messages[0] == fixture
    name, region, arguments = aws.calls[0]
    assert (name, region, arguments["QueueUrl"]) == ("sqs:SendMessage", "eu-central-2", QUEUE)


def test_a_message_that_was_lost_is_sent_again_in_the_next_round(serve, capsys):
    primary, standby, reference = serve(), serve(), serve()
    aws, refused = Aws(), []

    def send(region, arguments):
        if len(refused) < 2:
            refused.append(arguments)
            raise functions.denied("SendMessage", "KmsThrottled", "slow down")
        return {"MessageId": "m"}

    aws.answers["SendMessage"] = send
    answer, _ = run(environment(primary.url(), standby.url(), reference.url()), aws=aws)
    assert answer == {"sent": 2, "lost": 2}
    errors = [line for line in lines(capsys.readouterr().out) if line["level"] == "error"]
    assert len(errors) == 2 and "KmsThrottled" in errors[0]["cause"]


def test_a_run_whose_every_message_was_lost_fails_aloud(serve):
    primary, standby, reference = serve(), serve(), serve()
    aws = Aws()
    aws.dead = {"eu-central-2"}
    with pytest.raises(RuntimeError, match="no verdict reached the queue"):
        run(environment(primary.url(), standby.url(), reference.url()), aws=aws)


def kept(aws):
    """What was put into the table: side, verdict and the seconds of its date, in order."""
    items = [a["Item"] for a in aws.made("PutItem", "eu-central-2")]
    return [(i["side"]["S"], i["verdict"]["S"], i["observed_at"]["S"][17:19]) for i in items]


def test_the_newest_verdict_is_kept_on_each_change_and_every_30_s(serve):
    primary = serve(script=[(200, VALID), (500, "broken"), (500, "broken")])
    standby, reference, aws = serve(), serve(), Aws()
    run(environment(primary.url(), standby.url(), reference.url()), aws=aws)
    assert [k[1:] for k in kept(aws) if k[0] == "primary"] == [("healthy", "00"), ("unhealthy", "10"), ("healthy", "30")]
    assert [k[1:] for k in kept(aws) if k[0] == "standby"] == [("healthy", "00"), ("healthy", "30")]
    put = aws.made("PutItem")[0]
    assert put["TableName"] == "table-verdicts-shop1"
    assert put["ConditionExpression"] == "attribute_not_exists(side) OR observed_at < :at", "a late run overwrites nothing"


def test_a_verdict_that_the_table_refuses_is_sent_all_the_same_and_kept_in_the_next_round(serve, capsys):
    primary, standby, reference, aws, refused = serve(), serve(), serve(), Aws(), []

    def put(region, arguments):
        if len(refused) < 2:
            refused.append(arguments)
            raise functions.denied("PutItem", "ProvisionedThroughputExceededException", "slow down")
        return {}

    aws.answers["PutItem"] = put
    answer, _ = run(environment(primary.url(), standby.url(), reference.url()), aws=aws)
    assert answer == {"sent": 2, "lost": 0}
    assert ("primary", "healthy", "10") in kept(aws)
    errors = [line for line in lines(capsys.readouterr().out) if line["level"] == "error"]
    assert [line["event"] for line in errors] == ["verdict_not_kept"] * 2


def test_what_a_newer_run_has_kept_is_not_asked_again_and_no_error(serve, capsys):
    primary, standby, reference, aws = serve(), serve(), serve(), Aws()
    newer = type("ConditionalCheckFailedException", (Exception,), {})

    def put(region, arguments):
        raise newer("the conditional request failed")

    aws.answers["PutItem"] = put
    run(environment(primary.url(), standby.url(), reference.url()), aws=aws)
    assert len(aws.made("PutItem")) == 4, "each side at its first round and 30 s later"
    assert not [line for line in lines(capsys.readouterr().out) if line["level"] == "error"]


def test_a_round_that_does_not_fit_is_not_begun(serve):
    primary, standby, reference = serve(), serve(), serve()
    run(environment(primary.url(), standby.url(), reference.url()), seconds=45)
    assert len(primary.seen) == 4


def test_the_template_gives_the_witness_the_time_that_six_rounds_need():
    module = functions.load("witness")
    properties = functions.template("witness")["Resources"]["Function"]["Properties"]
    last_begins = (module.ROUNDS - 1) * module.EVERY_SECONDS
    tries = module.DEADLINES.retries["total_max_attempts"]
    one_send = tries * (module.DEADLINES.connect_timeout + module.DEADLINES.read_timeout)
    assert properties["Timeout"] >= last_begins + module.RESERVE_MILLIS / 1000
    one_store = module.STORE_DEADLINES.connect_timeout + module.STORE_DEADLINES.read_timeout
    assert properties["Timeout"] >= last_begins + module.ROUND_SECONDS + one_send + one_store
    # Nothing reserves concurrency, so this alone keeps a third run from beginning.
    assert properties["Timeout"] < 2 * 60


def test_the_role_allows_what_the_function_calls_and_nothing_else(serve):
    primary, aws = serve(), Aws()
    run(environment(primary.url(), primary.url(), primary.url()), aws=aws)
    by_aws = {
        "kms:Decrypt": "the function's environment is under the witness's key",
        "logs:CreateLogStream": "the runtime writes the log",
        "logs:PutLogEvents": "the runtime writes the log",
    }
    allowed = functions.actions_of(functions.template("witness")["Resources"]["Role"])
    assert allowed == {name for name, _, _ in aws.calls} | set(by_aws)
