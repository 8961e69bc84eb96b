"""One estate for one test: both regions in an account of its own, two applications, DNS, and a test's levers.

resources.py makes the AWS side, config.py the daemon's configuration. Deliberately absent: a witness and alarms
that watch by themselves; a test says what they saw.
"""

import itertools
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import events
from app import App, Reference
from botocore.exceptions import ClientError
from dns import Answerer
from faults import Faults
from resources import ADDRESS, GLOBAL, LATCH_KEY, PRIMARY, REGION, STANDBY, build
from world import World

LAG_EVERY_SECONDS = 1.0
LAGS = (("AWS/RDS", "AuroraGlobalDBRPOLag", {}), ("DRD", "ReplicationLagMs", {"StorageResolution": 1}))
accounts = itertools.count(210_000_000_001)


class Estate:
    """Everything drd.toml names; what a test can do to it; what is true of it now."""

    def __init__(self, world: World, scratch: Path):
        self.world, self.scratch = world, scratch
        self.account = str(next(accounts))
        self.suffix = f"w{self.account[-6:]}"
        self.faults = Faults(world.proxy, self.account)
        self.rds = {side: self._client("rds", region) for side, region in REGION.items()}
        self.asg = {side: self._client("autoscaling", region) for side, region in REGION.items()}
        self.sqs, self.s3 = self._client("sqs", STANDBY), self._client("s3", STANDBY)
        self.bus = self._client("events", STANDBY)
        self.route53 = self._client("route53", GLOBAL)
        self.global_cluster = f"global-aurora-{self.suffix}"
        self.bucket = f"bucket-latch-standby-{self.suffix}"
        self.record = f"api.{self.suffix}.example.com."
        build(self)
        self.apps = {side: App(lambda side=side: self.writers() == [side]) for side in REGION}
        self.reference = Reference()
        self.dns = Answerer(self.record, ADDRESS["primary"], ADDRESS["standby"], self.latched)
        self._replicate()

    def _client(self, service: str, region: str):
        return self.world.client(service, self.account, region)

    def name(self, kind: str, side: str) -> str:
        return f"{kind}-{side}-{self.suffix}"

    def cluster_arn(self, side: str) -> str:
        return f"arn:aws:rds:{REGION[side]}:{self.account}:cluster:{self.name('aurora', side)}"

    def alarm_arn(self, side: str) -> str:
        return f"arn:aws:cloudwatch:{GLOBAL}:{self.account}:alarm:{self.name('alarm-health', side)}"

    def _replicate(self) -> None:
        """From here on lag is sampled, by the region of the side that follows."""
        self.metrics = {side: self._client("cloudwatch", region) for side, region in REGION.items()}
        self.secondary = "standby"
        self.replicating, self.closing = threading.Event(), threading.Event()
        self.replicating.set()
        self.sampler = threading.Thread(target=self._sample_lag, daemon=True)
        self.sampler.start()

    def _sample_lag(self) -> None:
        """AWS: lag is reported only by the region of the current secondary, under the secondary's identifier."""
        while True:
            dimension = [{"Name": "DBClusterIdentifier", "Value": self.name("aurora", self.secondary)}]
            if self.replicating.is_set():
                for namespace, metric, resolution in LAGS:
                    sample = {"MetricName": metric, "Dimensions": dimension, "Timestamp": datetime.now(UTC) - timedelta(seconds=self.world.behind),
                              "Value": 350.0, "Unit": "Milliseconds"}
                    self.metrics[self.secondary].put_metric_data(Namespace=namespace, MetricData=[sample | resolution])
            if self.closing.wait(LAG_EVERY_SECONDS):
                return

    def close(self) -> None:
        self.faults.clear()
        self.closing.set()
        self.sampler.join(5)
        self.dns.close()
        for server in (*self.apps.values(), self.reference):
            server.close()

    # --- levers ---------------------------------------------------------------------------------------------

    def region_goes_dark(self, how: str = "hang") -> None:
        """The primary region is gone: its AWS endpoints, its application and its side of the replication."""
        self.replicating.clear()
        self.faults.dark_region(PRIMARY, how)
        app = self.apps["primary"]
        app.hang() if how == "hang" else app.refuse()

    def database_fails(self, side: str) -> None:
        """The cluster is there without an instance; its application answers nobody, its replication stops."""
        self.replicating.clear()
        self.rds[side].delete_db_instance(DBInstanceIdentifier=f"{self.name('aurora', side)}-0", SkipFinalSnapshot=True)
        self.apps[side].refuse()

    def put(self, entry: dict) -> None:
        """By way of the bus, so that account, region and id are the emulator's own."""
        answer = self.bus.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)

    def alarm(self, side: str, value: str, **how) -> None:
        how["age"] = how.get("age", 0) + self.world.behind
        self.send(events.alarm(self.alarm_arn(side), value, **how))

    def witness(self, side: str, verdict: str, reason: str = "what the test says") -> None:
        self.put(events.verdict(side, verdict, reason, age=self.world.behind))

    # --- what is true now -----------------------------------------------------------------------------------

    def members(self) -> dict[str, dict]:
        """The global cluster's members by side, asked in the standby's region."""
        known = self.rds["standby"].describe_global_clusters(GlobalClusterIdentifier=self.global_cluster)
        by_arn = {m["DBClusterArn"]: m for m in known["GlobalClusters"][0]["GlobalClusterMembers"]}
        return {side: by_arn[self.cluster_arn(side)] for side in REGION}

    def writers(self) -> list[str]:
        return [side for side, member in self.members().items() if member["IsWriter"]]

    def group(self, side: str) -> dict:
        found = self.asg[side].describe_auto_scaling_groups(AutoScalingGroupNames=[self.name("asg", side)])
        return found["AutoScalingGroups"][0]

    def latched(self) -> bool:
        try:
            self.s3.head_object(Bucket=self.bucket, Key=LATCH_KEY)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def depth(self, url: str) -> tuple[int, int]:
        """Messages visible and in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def mutating(self) -> list:
        return self.world.audit.mutating(self.account)

    def calls(self, action: str) -> list:
        return self.world.audit.calls(self.account, action)
