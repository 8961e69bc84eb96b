"""The world outside the daemon: the emulator, the fault proxy before it, and clients that cannot leave the machine.

Two processes on free loopback ports, started and stopped by their own handles. Deliberately absent: AWS. Every
address is checked to be loopback, no proxy variable or profile of the caller's is inherited, and the credentials
are made up (a 12-digit access key is its own account in the emulator, which keeps tests apart).
"""

import ipaddress
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import botocore.config
import botocore.session
from audit import HARNESS, Audit

HERE = Path(__file__).parent
NOBODY = "000000000000"
WARMING = {"sqs": "list_queues", "rds": "describe_global_clusters", "autoscaling": "describe_auto_scaling_groups",
           "s3": "list_buckets", "cloudwatch": "list_metrics", "dynamodb": "list_tables",
           "route53": "list_hosted_zones", "events": "list_rules"}
PROMOTE_SECONDS = 4.0
LAUNCH_SECONDS = 2.0
STARTS_WITHIN = 60.0


class NotLoopback(Exception):
    """An address outside this machine: a test must never reach it."""


def loopback(url: str) -> str:
    """The address itself when it cannot leave the machine; otherwise an error. Names are refused: only literals."""
    host = urlsplit(url).hostname if "//" in url else url.rsplit(":", 1)[0]
    try:
        inside = ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise NotLoopback(f"{url!r} is not a loopback address")
    return url


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what: str, condition, within: float, every: float = 0.1):
    """Waits for a condition to give something true and returns that; says what was awaited when it never did."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}; last seen {value!r}")
        time.sleep(every)


def throughout(what: str, condition, during: float, every: float = 0.2) -> None:
    """Holds a condition for a whole window: the form of "nothing happens", which no event can announce."""
    end = time.monotonic() + during
    while time.monotonic() < end:
        assert condition(), f"no longer true: {what}"
        time.sleep(every)


def environment(account: str, endpoint: str) -> dict[str, str]:
    """All a child process gets: fixed fake credentials, one loopback endpoint, nothing of the caller's AWS set-up."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": loopback(endpoint),
        "AWS_REGION": "eu-central-2",
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "*",
    }


class Process:
    """A child with its output in a file; stopped by its own handle and by nothing else."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str], stdin=subprocess.DEVNULL):
        self.log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(command, env=env, stdin=stdin, stdout=out, stderr=out)

    def running(self) -> bool:
        return self.child.poll() is None

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, within: float = 10.0) -> int:
        self.child.terminate()
        try:
            return self.child.wait(within)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait(within)


class Helper(Process):
    """A program of the harness: it ends when its standard input does, so it never outlives the tests."""

    def __init__(self, program: str, words: list[str], log: Path, env: dict[str, str]):
        super().__init__([sys.executable, str(HERE / program), *words], log, env, stdin=subprocess.PIPE)

    def stop(self, within: float = 10.0) -> int:
        self.child.stdin.close()
        return self.child.wait(within)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(loopback(url), timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False


class World:
    """One emulator and one fault proxy, shared by the tests of a session."""

    def __init__(self, scratch: Path, **settings: str):
        self.settings = settings
        # By how much the emulator's clock is behind this host's, in seconds.
        self.behind = 0.0
        self.emulator = f"http://127.0.0.1:{free_port()}"
        self.proxy = f"http://127.0.0.1:{free_port()}"
        self.audit = Audit(scratch / "audit.jsonl")
        self.audit.path.touch()
        self.session = botocore.session.get_session()
        self.processes = [self._start_emulator(scratch), self._start_proxy(scratch)]
        for url, process in zip((f"{self.emulator}/_ministack/health", f"{self.proxy}/_microburst/health"),
                                self.processes, strict=True):
            try:
                eventually(f"{url} answers", lambda url=url: answers(url), STARTS_WITHIN)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{process.tail()}") from None
        self._warm()

    def _start_emulator(self, scratch: Path) -> Helper:
        env = environment(NOBODY, self.emulator) | {
            "GATEWAY_PORT": str(urlsplit(self.emulator).port), "BIND_HOST": "127.0.0.1", "TMPDIR": str(scratch),
            "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "S3_DATA_DIR": str(scratch / "s3"),
            "DOCKER_HOST": f"unix://{scratch}/no-docker", "LOG_LEVEL": "WARNING",
            "WIRE_AUDIT": str(self.audit.path), "WIRE_PROMOTE": str(PROMOTE_SECONDS),
            "WIRE_LAUNCH": str(LAUNCH_SECONDS), **self.settings,
        }
        return Helper("plugin.py", [], scratch / "emulator.log", env)

    def _start_proxy(self, scratch: Path) -> Helper:
        words = ["--upstream", self.emulator, "--host", "127.0.0.1", "--port", str(urlsplit(self.proxy).port),
                 "--no-resign"]
        return Helper("proxy.py", words, scratch / "proxy.log", environment(NOBODY, self.emulator))

    def _warm(self) -> None:
        """The proxy reads a service's model at its first request, for seconds on a busy machine: not in a test."""
        for service, reading in WARMING.items():
            getattr(self.client(service, NOBODY, "eu-central-2", through_proxy=True), reading)()

    def client(self, service: str, account: str, region: str, through_proxy: bool = False, wait: float = 30):
        """A boto client as the harness uses it: straight to the emulator, marked so that the audit can tell it."""
        config = botocore.config.Config(
            user_agent_extra=HARNESS, proxies={}, retries={"total_max_attempts": 1}, connect_timeout=5,
            read_timeout=wait, s3={"addressing_style": "path"})
        return self.session.create_client(
            service, region_name=region, endpoint_url=loopback(self.proxy if through_proxy else self.emulator),
            aws_access_key_id=account, aws_secret_access_key="not-a-secret", config=config)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()
