"""The estate that bootstrap built, played for its daemon: applications, DNS, lag, and what its sensors say.

The AWS side is what the templates made, and alarms travel over its own rules and buses. What no emulator has is the
wire tests' own: applications on loopback, an answerer for the record, shorter timers. They reach drd as DRD_
variables, so that the file it reads is the one bootstrap wrote. Deliberately absent: a second estate (one a test).
"""

import itertools
import tomllib

import events
from account import WITNESS
from app import TRADING, WRITE, App, Reference
from binary import Drd
from daemon import ARMS_WITHIN, Daemon, binary
from dns import Answerer
from estate import Estate
from faults import Faults
from resources import ADDRESS, GLOBAL, REGION, STANDBY
from world import Process, environment, eventually, free_port

TIMERS = {
    "POLICY__HOLD_DOWN": "6s", "POLICY__HOLD_DOWN_FOR__DATABASE_DOWN": "8s",
    "POLICY__LAG_PERIOD": "2s", "POLICY__LAG_DELIVERY": "2s", "POLICY__LAG_READ_DELIVERY": "4s", "OBSERVE__ARMED": "2s",
    "OBSERVE__ACTING": "500ms", "OBSERVE__PROBE": "1s", "OBSERVE__PROBE_TIMEOUT": "1s", "OBSERVE__READINESS": "5s",
    "OBSERVE__HEARTBEAT": "3s", "OBSERVE__CALL_TIMEOUT": "2s",
}


class Built(Estate):
    """What a test of the wire can do to an estate and read of it, on the one that bootstrap built."""

    def __init__(self, drd: Drd):
        self.world, self.scratch = drd.account.world, drd.folder
        self.account, self.suffix = drd.account.identity, drd.suffix
        self.faults = Faults(self.world.proxy, self.account)
        self.rds = {side: self._client("rds", region) for side, region in REGION.items()}
        self.asg = {side: self._client("autoscaling", region) for side, region in REGION.items()}
        self.sqs, self.s3 = self._client("sqs", STANDBY), self._client("s3", STANDBY)
        self.watch = self._client("cloudwatch", GLOBAL)
        self.read(tomllib.loads((drd.state.parent / f"{drd.suffix}.toml").read_text()))
        self.dead_url = self.sqs.get_queue_url(QueueName=f"queue-dead-{self.suffix}")["QueueUrl"]
        self.apps = {side: App(lambda side=side: self.writers() == [side]) for side in REGION}
        self.reference = Reference()
        self.dns = Answerer(self.record, ADDRESS["primary"], ADDRESS["standby"], self.latched)
        self.listen, self.ledger = f"127.0.0.1:{free_port()}", self.scratch / "ledger.jsonl"
        self._replicate()

    def read(self, config: dict) -> None:
        self.global_cluster = config["database"]["global_cluster"]
        self.record, latch = config["dns"]["record"], config["dns"]["latch"]
        self.bucket, self.queue_url = latch["bucket"], config["intake"]["queue_url"]
        self.arns = {s["side"]: s["alarm_arn"] for s in config["sensors"] if s["vantage"] == "route53"}

    def alarm_arn(self, side: str) -> str:
        return self.arns[side]

    def alarm(self, side: str, value: str, **_how) -> None:
        """By way of CloudWatch itself: us-east-1, its rule, the standby's bus, the queue."""
        name = self.alarm_arn(side).rsplit(":", 1)[1]
        self.watch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="what the test says")

    def witness(self, side: str, verdict: str, reason: str = "what the test says") -> None:
        """Straight to the queue, as the witness's function sends it."""
        self.send(events.delivered(events.verdict(side, verdict, reason), self.account, WITNESS))

    def variables(self) -> dict[str, str]:
        """What stands in for the world outside AWS, and timers short enough for a test."""
        said = dict(TIMERS)
        for side, (key, value) in itertools.product(REGION, (
                ("ENDPOINT", TRADING), ("WRITE_CHECK", WRITE), ("TRAFFIC_TARGET", None))):
            said[f"SIDES__{side.upper()}__{key}"] = self.apps[side].url(value) if value else ADDRESS[side]
        said |= {"DNS__RESOLVERS": f"127.0.0.1:{self.dns.port}", "OBSERVER__REFERENCES": self.reference.url(),
                 "LEDGER__KIND": "file", "LEDGER__PATH": str(self.ledger), "HTTP__LISTEN": self.listen}
        return {f"DRD_{key}": value for key, value in said.items()}


class Watcher(Daemon):
    """`drd run --suffix`: it finds the configuration that bootstrap wrote by itself."""

    def __init__(self, estate: Built):
        self.estate, self.log, self.process = estate, estate.scratch / "drd.log", None
        self.env = environment(estate.account, estate.world.proxy) | {
            "HOME": str(estate.scratch), "NO_COLOR": "1"} | estate.variables()

    def start(self, until_armed: bool = True) -> None:
        command = ["env", "-C", str(self.estate.scratch), str(binary()), "run", "--suffix", self.estate.suffix]
        self.process = Process(command, self.log, self.env)
        if until_armed:
            for side in REGION:
                self.estate.witness(side, "healthy")
            eventually("the daemon is armed", self._armed, ARMS_WITHIN)
