"""The witness: looks at both sides' endpoints from a third region every 10 s and tells drd's queue what it sees.

One run a minute with six rounds. Each round asks both endpoints and the witness's own references at the same time. An
endpoint is healthy when it answers 200 and its body holds the mark of valid trading data. When it is not, and none of
the references answers either, the witness itself is cut off: it says unknown, never unhealthy.

Sent are changes of a verdict, and every verdict once a run, so that silence means a silent witness. The newest verdict
of each side is also kept in a table, on each change and every 30 s, for when a message is lost. Deliberately absent:
any opinion on what to do (drd weighs), certificates' validity (as Route 53's checkers: an expired certificate is no
outage of a region), following redirects, and anything outside boto3 and the standard library.
"""

import http.client
import json
import os
import ssl
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timezone
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

ROUNDS = 6
EVERY_SECONDS = 10.0
# A verdict counts for 90 s (DESIGN section 4, rule 1): two may be lost.
STORE_EVERY_SECONDS = 30.0
# What Route 53's checkers allow a connection, and then as much again for the answer.
CONNECT_SECONDS = 4.0
ROUND_SECONDS = 8.0
# What Route 53 searches for its own string: the mark stands at the start of a small body.
BODY_BYTES_MAX = 5_120
MARK = b'"trading_data":"valid"'
DEADLINES = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})
# One try: the next round keeps a newer verdict.
STORE_DEADLINES = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})
# A round and its messages; with less time left the run ends instead of being cut off.
RESERVE_MILLIS = 10_000

clients = {}
# When each side was last seen well: known from one run to the next as long as the runtime keeps the process.
good_at = {}


def say(level, event, **more):
    """One JSON object on one line: CloudWatch Logs Insights finds its fields."""
    print(json.dumps({"level": level, "event": event, **more}, default=str), flush=True)


def stamp(seconds, timespec="milliseconds"):
    """RFC 3339."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec=timespec).replace("+00:00", "Z")


def get(url, timeout=CONNECT_SECONDS):
    """One GET: the status and the first bytes of the body. One that drips is given up after ROUND_SECONDS."""
    deadline = time.monotonic() + ROUND_SECONDS
    parts = urlsplit(url)
    if parts.scheme == "https":
        unverified = ssl.create_default_context()
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        line = http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=unverified)
    else:
        line = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("GET", path, headers={"User-Agent": "drd-witness/1", "Accept": "application/json"})
        answer = line.getresponse()
        body = b""
        while len(body) < BODY_BYTES_MAX and (chunk := answer.read1(BODY_BYTES_MAX - len(body))):
            body += chunk
            if time.monotonic() > deadline:
                raise TimeoutError(f"no whole answer within {ROUND_SECONDS:.0f} s")
        return answer.status, body
    finally:
        line.close()


def endpoint(url):
    """Whether the endpoint serves valid trading data, and the reason."""
    try:
        status, body = get(url)
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"
    if status != 200:
        return False, f"status {status}"
    # JSON may have white space around its colons.
    if MARK not in b"".join(body.split()):
        return False, "status 200 without valid trading data"
    return True, "status 200 with valid trading data"


def reference(url):
    """Whether anything at all answers there."""
    try:
        return get(url)[0] > 0
    except Exception:
        return False


def seen(side, verdict, why, observed_at):
    """What a look found. With it, when the side was last seen well: the report of a change may be lost, and the next
    one is no news of when it came about."""
    known = {"good_at": stamp(good_at[side])} if side in good_at else {}
    return {"verdict": verdict, "observed_at": stamp(observed_at), "reason": why[:300], **known}


class Witness:
    """One run."""

    def __init__(self, env, now=time.time):
        self.env, self.now = env, now
        self.sides = {"primary": env["PRIMARY_ENDPOINT"], "standby": env["STANDBY_ENDPOINT"]}
        self.references = [url for url in env["REFERENCES"].split(",") if url]
        # The verdict that the queue has from this run; nothing is remembered from the run before.
        self.told = {}
        # What the table has from this run, and when it was observed.
        self.stored = {}
        self.sent = self.lost = 0
        # One for every look of the run: a name lookup that hangs must not hold up the next round.
        self.pool = ThreadPoolExecutor(max_workers=ROUNDS * (2 + len(self.references)))

    def look(self):
        """One round: (side, verdict, reason) of each side."""
        seen = {side: self.pool.submit(endpoint, url) for side, url in self.sides.items()}
        far = [self.pool.submit(reference, url) for url in self.references]
        wait([*seen.values(), *far], timeout=ROUND_SECONDS)
        connected = any(f.done() and f.result() for f in far)
        verdicts = []
        for side, future in seen.items():
            good, why = future.result() if future.done() else (False, f"no whole answer within {ROUND_SECONDS:.0f} s")
            if good:
                verdicts.append((side, "healthy", why))
            elif connected:
                verdicts.append((side, "unhealthy", why))
            else:
                verdicts.append((side, "unknown", f"the witness's own references do not answer either; {why}"))
        return verdicts

    def round(self):
        """Looks, and sends what is new."""
        observed_at = self.now()
        verdicts = self.look()
        good_at.update({side: observed_at for side, verdict, _ in verdicts if verdict == "healthy"})
        for side, verdict, why in verdicts:
            if self.told.get(side) == verdict:
                continue
            level = "info" if verdict == "healthy" else "warning"
            say(level, "verdict", side=side, verdict=verdict, reason=why, suffix=self.env["SUFFIX"])
            if self.send(self.envelope(side, verdict, why, observed_at)):
                self.told[side] = verdict
        for side, verdict, why in verdicts:
            self.store(side, verdict, why, observed_at)

    def store(self, side, verdict, why, observed_at):
        """Keeps the newest verdict of a side. A run that is late never overwrites what a newer one has seen."""
        before, at = self.stored.get(side, (None, 0.0))
        if before == verdict and observed_at - at < STORE_EVERY_SECONDS:
            return
        item = {"side": side, **seen(side, verdict, why, observed_at)}
        try:
            client("dynamodb", self.env["QUEUE_REGION"], STORE_DEADLINES).put_item(
                TableName=self.env["VERDICT_TABLE"], Item={name: {"S": text} for name, text in item.items()},
                ConditionExpression="attribute_not_exists(side) OR observed_at < :at",
                ExpressionAttributeValues={":at": {"S": item["observed_at"]}})
        except Exception as error:
            if "ConditionalCheckFailed" not in type(error).__name__:
                say("error", "verdict_not_kept", cause=f"{type(error).__name__}: {error}", suffix=self.env["SUFFIX"])
                return
        self.stored[side] = (verdict, observed_at)

    def envelope(self, side, verdict, why, observed_at):
        """What EventBridge would have made of it: drd reads one shape."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Endpoint Verdict",
            "source": "drd.witness",
            "account": self.env["ACCOUNT"],
            "time": stamp(self.now(), "seconds"),
            "region": self.env["AWS_REGION"],
            "resources": [],
            "detail": {"side": side, **seen(side, verdict, why, observed_at), "suffix": self.env["SUFFIX"]},
        }

    def send(self, envelope):
        """Straight to the queue: no bus of a third party in between. What was lost is sent again next round."""
        try:
            client("sqs", self.env["QUEUE_REGION"]).send_message(QueueUrl=self.env["QUEUE_URL"],
                                                                 MessageBody=json.dumps(envelope))
            self.sent += 1
            return True
        except Exception as error:
            self.lost += 1
            say("error", "verdict_not_sent", cause=f"{type(error).__name__}: {error}", suffix=self.env["SUFFIX"],
                detail=envelope["detail"])
            return False


def client(service, region, deadlines=DEADLINES):
    """A client of the queue's region, which is not the witness's."""
    if service not in clients:
        clients[service] = boto3.client(service, region_name=region, config=deadlines)
    return clients[service]


def handler(event, context, env=os.environ, now=time.time, sleep=time.sleep):
    """ROUNDS looks, EVERY_SECONDS apart. The clock is handed in: tests do not wait."""
    witness = Witness(env, now)
    start = now()
    for number in range(ROUNDS):
        pause = start + number * EVERY_SECONDS - now()
        if number and context.get_remaining_time_in_millis() - max(0.0, pause) * 1000 < RESERVE_MILLIS:
            say("error", "cut_short", cause=f"no time left for round {number + 1}", suffix=env["SUFFIX"])
            break
        if pause > 0:
            sleep(pause)
        witness.round()
    witness.pool.shutdown(wait=False, cancel_futures=True)
    if witness.sent == 0:
        raise RuntimeError("no verdict reached the queue: see the errors above")
    return {"sent": witness.sent, "lost": witness.lost}
