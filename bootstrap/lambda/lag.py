"""Samples Aurora's replication lag and says what it saw: two samples a run, 30 s apart, one run a minute.

One copy runs on each side, so that losing either region leaves one that speaks. Each looks up the writer as it is
now (DescribeGlobalClusters in its own region), asks the writer through the RDS Data API, and tells the CloudWatch of
the receiving side and of its own, and drd's queue by way of the bus in the standby region. Some regions have no Data
API (eu-central-2 has none): a writer there is judged by what Aurora itself publishes, once a minute and minutes late.

A call that fails is logged with its cause and counted; the run goes on and returns normally. Only a run whose every
word was lost raises: then nobody would know. Deliberately absent: retries (the next sample is 30 s away), a VPC,
anything outside boto3 and the standard library, and an event about what was read from CloudWatch: the daemon reads
that itself, and the same reading must not look like two.
"""

import json
import os
import time
from datetime import datetime, timezone

import boto3
from botocore.config import Config

SAMPLES = 2
EVERY_SECONDS = 30.0
# A sample whose calculation is older says what was, not what is; drd believes one of 120 s (lag_fresh).
AGE_SECONDS_MAX = 120.0
# Aurora's own points carry the start of their minute and arrive a minute or two after its end.
POINT_SECONDS_MAX = 240.0
# One call: at most 3 s for the connection and 5 s for the answer, never repeated.
DEADLINES = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
# What one call may need at most. With less time left none is begun: a run that is cut off could not say why.
RESERVE_MILLIS = 9_000
# A year: more is a wrong unit.
LAG_MILLIS_MAX = 3.2e10
# What the Data API says when the database is the reason. Anything else (permissions, secrets, throttling) says
# nothing about the database: unknown is not down.
DATABASE_DOWN = {"DatabaseUnavailableException", "DatabaseErrorException", "StatementTimeoutException",
                 "BadRequestException", "ReadTimeoutError"}
# Where Aurora has not calculated the lag of user transactions (-1) the lag of the log as a whole stands in.
SQL = (
    "SELECT CAST(CASE WHEN rpo_lag_in_msec < 0 THEN durability_lag_in_msec ELSE rpo_lag_in_msec END AS bigint) AS lag_msec,"
    " CAST(EXTRACT(EPOCH FROM clock_timestamp() - last_lag_calculation_time) * 1000 AS bigint) AS age_msec"
    " FROM aurora_global_db_status() WHERE aws_region = :region"
)

clients = {}
# The last writer seen and the secrets' ARNs: a warm copy goes on when the lookup fails.
remembered = {}


class Settings:
    """What the template hands over."""

    def __init__(self, env):
        self.suffix = env["SUFFIX"]
        self.role = env["ROLE"]
        self.regions = {"primary": env["PRIMARY_REGION"], "standby": env["STANDBY_REGION"]}
        self.global_cluster = env["GLOBAL_CLUSTER"]
        self.database = env["DATABASE"]
        self.secret = env["SECRET"]
        self.bus = env["BUS"]
        # The regions that have the Data API.
        offered = {"primary": env["PRIMARY_DATA_API"], "standby": env["STANDBY_DATA_API"]}
        self.data_api = {region for side, region in self.regions.items() if offered[side] == "yes"}
        self.own = self.regions[self.role]
        self.peer = self.regions["standby" if self.role == "primary" else "primary"]


def client(service, region):
    """One client for each service and region, kept while the copy is warm."""
    if (service, region) not in clients:
        clients[service, region] = boto3.client(service, region_name=region, config=DEADLINES)
    return clients[service, region]


def say(level, event, **more):
    """One JSON object on one line: CloudWatch Logs Insights finds its fields."""
    print(json.dumps({"level": level, "event": event, **more}, default=str), flush=True)


class Failed(Exception):
    """A step that failed: the cause in words, and as AWS or Python calls it."""

    def __init__(self, words, kind=""):
        super().__init__(words)
        self.kind = kind


class Run:
    """One run: what it saw, what failed, and who answered."""

    def __init__(self, settings, left, now=time.time):
        self.settings, self.left, self.now = settings, left, now
        self.errors = self.errors_told = 0
        self.samples = 0
        self.told = 0
        # Regions that gave no answer at all in this sample: each takes the time of one call, not of all.
        self.dead = set()
        self.peer_answered = None
        self.writer_answered = None

    def call(self, service, region, operation, **arguments):
        """One call with its deadline. An error that AWS worded is an answer: the region is there."""
        if region in self.dead:
            raise Failed(f"{region} gave no answer just now: {service} {operation} was not tried")
        if self.left() < RESERVE_MILLIS:
            raise Failed(f"no time left for {service} {operation} in {region}")
        try:
            answer = getattr(client(service, region), operation)(**arguments)
        except Exception as error:
            response = getattr(error, "response", None)
            # The Data API is as silent as the database behind it; the region may be well.
            if response is None and service != "rds-data":
                self.dead.add(region)
            self.heard(region, response is not None)
            kind = response["Error"]["Code"] if response else type(error).__name__
            raise Failed(f"{service} {operation} in {region}: {type(error).__name__}: {error}", kind) from error
        self.heard(region, True)
        return answer

    def heard(self, region, answered):
        if region == self.settings.peer:
            self.peer_answered = bool(self.peer_answered) or answered

    def failed(self, step, error):
        self.errors += 1
        say("error", step, cause=str(error), suffix=self.settings.suffix)

    def members(self):
        """The writer's ARN and the receivers' ARNs, as the global cluster has them now."""
        settings = self.settings
        try:
            answer = self.call("rds", settings.own, "describe_global_clusters",
                               GlobalClusterIdentifier=settings.global_cluster)
            members = answer["GlobalClusters"][0]["GlobalClusterMembers"]
            writers = [m["DBClusterArn"] for m in members if m.get("IsWriter")]
            if len(writers) != 1:
                raise Failed(f"{settings.global_cluster} has {len(writers)} writers")
            remembered["members"] = writers[0], [m["DBClusterArn"] for m in members if not m.get("IsWriter")]
        except (Failed, IndexError, KeyError) as error:
            self.failed("writer_unknown", error)
        if "members" not in remembered:
            raise Failed("no writer is known, and none was seen before")
        return remembered["members"]

    def secret(self, region):
        """The secret's full ARN in the writer's region: its last six characters are AWS's own."""
        if region not in remembered:
            found = self.call("secretsmanager", region, "describe_secret", SecretId=self.settings.secret)
            remembered[region] = found["ARN"]
        return remembered[region]

    def rows(self, writer, region):
        """The status rows about the receiving region, read from the writer."""
        at = region_of(writer)
        try:
            answer = self.call("rds-data", at, "execute_statement", resourceArn=writer, secretArn=self.secret(at),
                               database=self.settings.database, sql=SQL, formatRecordsAs="JSON",
                               parameters=[{"name": "region", "value": {"stringValue": region}}])
        except Failed as error:
            if error.kind in DATABASE_DOWN:
                self.wrote(at, False)
            raise
        self.wrote(at, True)
        return json.loads(answer.get("formattedRecords") or "[]")

    def wrote(self, region, answered):
        """The writer's own region alone says whether the writer answers: it is the `inside` of that side."""
        if region == self.settings.own:
            self.writer_answered = answered

    def sample(self):
        """One sample of each receiver's lag, told to everybody who needs it."""
        self.dead, self.peer_answered, self.writer_answered = set(), None, None
        before = self.samples
        try:
            writer, receivers = self.members()
            for receiver in receivers:
                self.sample_of(writer, receiver)
        except Exception as error:  # whatever it is, the counters and the other sample go on
            self.failed("no_sample", error)
        if not self.peer_answered:
            self.ask_peer()
        self.tell_health(self.samples - before)

    def sample_of(self, writer, receiver):
        asked = region_of(writer) in self.settings.data_api
        lag, taken_at = self.from_writer(writer, receiver) if asked else self.from_aurora(writer, receiver)
        self.samples += 1
        say("info", "sample", lag_millis=lag, taken_at=stamp(taken_at), writer=writer, receiver=receiver)
        self.publish(receiver, lag, taken_at)
        if asked:
            self.emit(lag, taken_at)

    def from_writer(self, writer, receiver):
        """The lag in milliseconds and when it was calculated, by the writer's own words."""
        asked_at = self.now()
        rows = self.rows(writer, region_of(receiver))
        if not rows:
            raise Failed(f"{writer} has no replication status for {region_of(receiver)}")
        lag, age = rows[0].get("lag_msec"), rows[0].get("age_msec")
        if lag is None or age is None or not 0 <= lag <= LAG_MILLIS_MAX:
            raise Failed(f"{writer} says lag {lag} ms, calculated {age} ms ago, about {receiver}")
        # By the database's own clock: two clocks that differ must not make a sample younger.
        age = max(0.0, age / 1000)
        if age > AGE_SECONDS_MAX:
            raise Failed(f"{writer} calculated the lag of {receiver} {age:.0f} s ago: it no longer replicates")
        return lag, asked_at - age

    def from_aurora(self, writer, receiver):
        """The same as Aurora publishes it, in the receiver's region alone."""
        if region_of(writer) == self.settings.own:
            # A metric of the writer's role is there as long as there is a running writer.
            running = self.point(region_of(writer), "EngineUptime", cluster_of(writer), Role="WRITER")
            self.writer_answered = running is not None
        point = self.point(region_of(receiver), "AuroraGlobalDBRPOLag", cluster_of(receiver))
        if point is None or not 0 <= point[0] <= LAG_MILLIS_MAX:
            raise Failed(f"CloudWatch in {region_of(receiver)} has no recent lag of {receiver}: {point}")
        return point

    def point(self, region, name, cluster, **more):
        """The newest point of one of Aurora's metrics and its time; None when there is no recent one."""
        now = self.now()
        dimensions = [{"Name": k, "Value": v} for k, v in {"DBClusterIdentifier": cluster, **more}.items()]
        metric = {"Namespace": "AWS/RDS", "MetricName": name, "Dimensions": dimensions}
        query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
        answer = self.call("cloudwatch", region, "get_metric_data", MetricDataQueries=[query], StartTime=at(now - 600),
                           EndTime=at(now), ScanBy="TimestampDescending")
        found = answer["MetricDataResults"][0] if answer.get("MetricDataResults") else {"Timestamps": [], "Values": []}
        points = [(v, t.timestamp()) for t, v in zip(found["Timestamps"], found["Values"])]
        return max(((v, t) for v, t in points if now - t <= POINT_SECONDS_MAX), key=lambda p: p[1], default=None)

    def publish(self, receiver, lag, taken_at):
        data = {"MetricName": "ReplicationLagMs", "Value": float(lag), "Unit": "Milliseconds",
                "Timestamp": at(taken_at), "StorageResolution": 1,
                "Dimensions": [{"Name": "DBClusterIdentifier", "Value": cluster_of(receiver)}]}
        for region in sorted({region_of(receiver), self.settings.own}):
            self.put_metrics("lag_not_published", region, [data])

    def emit(self, lag, taken_at):
        settings = self.settings
        detail = {"lag_seconds": lag / 1000, "taken_at": stamp(taken_at), "suffix": settings.suffix}
        entry = {"Source": "drd.lag", "DetailType": "Replication Lag", "EventBusName": settings.bus,
                 "Detail": json.dumps(detail)}
        try:
            answer = self.call("events", settings.regions["standby"], "put_events", Entries=[entry])
            if answer.get("FailedEntryCount"):
                refused = answer["Entries"][0]
                raise Failed(f"{settings.bus} refused it: {refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")
            self.told += 1
        except Failed as error:
            self.failed("event_not_sent", error)

    def ask_peer(self):
        """Nobody in the peer's region was heard so far: does it answer at all?"""
        try:
            self.call("rds", self.settings.peer, "describe_global_clusters",
                      GlobalClusterIdentifier=self.settings.global_cluster)
        except Failed as error:
            self.failed("peer_silent", error)

    def tell_health(self, samples):
        """What the alarms of this side watch, by its own CloudWatch alone."""
        settings = self.settings
        where = [{"Name": "Suffix", "Value": settings.suffix}]
        cluster = [{"Name": "DBClusterIdentifier", "Value": f"aurora-{settings.role}-{settings.suffix}"}]
        data = [("LagSamples", samples, where), ("PeerAnswers", int(bool(self.peer_answered)), where)]
        if self.writer_answered is not None:
            data.append(("WriterAnswers", int(self.writer_answered), cluster))
        errors, self.errors_told = self.errors - self.errors_told, self.errors
        data.append(("LagErrors", errors, where))
        now = at(self.now())
        self.put_metrics("health_not_published", settings.own, [
            {"MetricName": name, "Value": float(value), "Unit": "Count", "Timestamp": now, "StorageResolution": 1,
             "Dimensions": dimensions} for name, value, dimensions in data])

    def put_metrics(self, step, region, data):
        try:
            self.call("cloudwatch", region, "put_metric_data", Namespace="DRD", MetricData=data)
            self.told += 1
        except Failed as error:
            self.failed(step, error)


def region_of(arn):
    return arn.split(":")[3]


def cluster_of(arn):
    return arn.rsplit(":", 1)[-1]


def at(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


def stamp(seconds):
    """RFC 3339 with milliseconds."""
    return at(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def handler(event, context, env=os.environ, now=time.time, sleep=time.sleep):
    """Two samples, EVERY_SECONDS apart. The clock is handed in: tests do not wait."""
    left = context.get_remaining_time_in_millis
    run = Run(Settings(env), left, now)
    start = now()
    for number in range(SAMPLES):
        wait = start + number * EVERY_SECONDS - now()
        if wait > 0:
            if left() - wait * 1000 < RESERVE_MILLIS:
                say("error", "cut_short", cause=f"no time left for sample {number + 1}", suffix=run.settings.suffix)
                break
            sleep(wait)
        run.sample()
    if run.told == 0:
        raise RuntimeError("nothing could be told to anybody: see the errors above")
    return {"samples": run.samples, "errors": run.errors}
