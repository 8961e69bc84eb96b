"""Nothing that hangs beside the daemon stops its loop: it answers, counts, pages, and fails over in time.

The log's reader, the disk and the HTTP clients hang (stalls.py), the queue is full of junk (junk.py). Deliberately
absent: AWS endpoints that hang (test_under_fire.py, test_failover.py).
"""

import time

import pytest
from daemon import Daemon, binary
from estate import Estate
from events import alarm
from junk import JunkQueue
from pages import Pages
from resources import STANDBY
from stalls import HungDisk, HungJournal, NeverReading, UnreadPipe, Watch
from test_failover import RECOVERS_WITHIN, promotions, region_lost, serves_from_the_standby
from test_health import health
from world import eventually, throughout

ANSWERS_WITHIN = 1.0  # /healthz; a container's check gives it 2 s, systemd's watchdog 15 s
LATER_AT_MOST = 2.0  # a failover beside a stall, compared with one of the same moment without
# The ledger's deadline of 2 s (half of what one attempt at the lease may take), and 1 s to page.
LEDGER_PAGES_WITHIN = 2.0 + 1.0
DISK_HANGS_SECONDS = 60  # what a volume took to come back in reports of EBS outages; the daemon may not wait for it
JUNK, CALL_SECONDS = 20_000, 0.010  # what one runaway sender leaves in a minute; a call to SQS within a region
JUNK_DELAYS_AT_MOST = 5.0
RECOVERS_LOG_WITHIN = 20.0  # a queue of 1 MiB, written to a reader in Python, and the report behind it


class Stalled(Daemon):
    """A daemon beside something that can be made to hang."""

    def __init__(self, estate, stall, *words):
        super().__init__(estate)
        self.stall = stall(self, *words)

    def start(self, until_armed: bool = True) -> None:
        self.process = self.stall.start([str(binary()), "run", "--config", str(self.config)])
        if until_armed:
            self.arm()

    def arm(self) -> None:
        for side in ("primary", "standby"):
            self.estate.witness(side, "healthy")
        eventually("the daemon is armed", self._armed, 40)

    def close(self) -> None:
        """The output is read again first: a daemon that waits for a reader would not end."""
        self.stall.end()
        super().close()
        self.stall.close()


@pytest.fixture
def stalled(estate, request):
    """Makes the daemon of this test; it goes away with it."""
    made = []

    def make(stall, *words) -> Stalled:
        made.append(Stalled(estate, stall, *words))
        request.node.drd = made[-1]
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def calm(world, tmp_path):
    """The same estate and daemon without any trouble, at the same time: a busy machine delays both."""
    scratch = tmp_path / "calm"
    scratch.mkdir()
    estate = Estate(world, scratch)
    daemon = Daemon(estate)
    yield daemon
    daemon.close()
    estate.close()


def lost(estate) -> float:
    at = time.time()
    region_lost(estate)
    return at


def assert_answered(watch: Watch) -> None:
    watch.stop()
    slowest = max(watch.took, default=0)
    assert len(watch.took) > 10 and not watch.failed, f"{len(watch.failed)} of {len(watch.took)}: {watch.failed[:3]}"
    assert slowest < ANSWERS_WITHIN, f"/healthz took {slowest:.2f} s"


def took(daemon, since: float) -> tuple[float, float]:
    """Seconds until the promotion was asked for, by the emulator's own record, and until the service was exposed."""
    return daemon.estate.calls("FailoverGlobalCluster")[0].at - since, daemon.entered("exposed") - since


@pytest.mark.parametrize("stall", [UnreadPipe, HungJournal, NeverReading])
def test_a_failover_is_in_time_while_nothing_reads(estate, stalled, calm, stall):
    daemon, pages = stalled(stall), Pages(estate)
    calm.env |= daemon.stall.env
    for each in (calm, daemon):
        each.start(until_armed=False)
    daemon.arm()
    calm.estate.witness("primary", "healthy"), calm.estate.witness("standby", "healthy")
    eventually("the other daemon is armed", calm._armed, 40)
    daemon.stall.begin()
    watch = Watch(estate.listen, ANSWERS_WITHIN)
    since_calm, since = lost(calm.estate), lost(estate)
    serves_from_the_standby(calm.estate, calm)
    try:
        serves_from_the_standby(estate, daemon)
    finally:
        watch.stop()
        print(f"/healthz: {len(watch.took)} asked, {len(watch.failed)} failed, slowest {max(watch.took):.3f} s")
    compared = list(zip(took(daemon, since), took(calm, since_calm), strict=True))
    print(f"promotion asked and exposed after, beside it and without: {compared}")
    assert_answered(watch)
    assert all(beside - without <= LATER_AT_MOST for beside, without in compared), compared
    assert health(daemon)[0] == 0
    assert eventually("a page was sent", pages.read, 5)
    if stall.drops_lines:
        lines_are_counted_and_reported(daemon)


def lines_are_counted_and_reported(daemon) -> None:
    """Counted while nothing reads, and reported in the log itself once something does."""
    assert daemon.metric("drd_log_lines_dropped_total", reason="queue_full") > 0
    daemon.stall.end()
    eventually("the log reports what is missing",
               lambda: "log lines were dropped" in daemon.stall.log_text(), RECOVERS_LOG_WITHIN)


@pytest.mark.parametrize("stall", [UnreadPipe, HungJournal])
def test_a_daemon_whose_log_nothing_reads_starts_and_arms_itself_and_stops(stalled, stall):
    daemon = stalled(stall)
    daemon.stall.begin()
    daemon.start()
    begun = time.monotonic()
    assert daemon.terminate() == 0
    assert time.monotonic() - begun < 5, "the last lines are not waited for"


def test_a_disk_that_hangs_is_a_ledger_that_refuses(estate, stalled):
    daemon, pages = stalled(HungDisk, DISK_HANGS_SECONDS), Pages(estate)
    daemon.start()
    already = len(pages.read())
    daemon.stall.begin()
    watch = Watch(estate.listen, ANSWERS_WITHIN)
    region_lost(estate)
    began = eventually("an fsync of the ledger hangs", daemon.stall.began, 10, every=0.02)
    try:
        eventually("a page was sent", lambda: len(pages.read()) > already,
                   max(0.1, began + LEDGER_PAGES_WITHIN - time.time()), every=0.05)
        assert daemon.status()["state"] == "held"
        assert (daemon.metric("drd_ledger_appends_failed_total") or 0) >= 1
        throughout("nothing acts", lambda: not estate.mutating(), began + DISK_HANGS_SECONDS - time.time(), every=1)
    finally:
        watch.stop()
        print(f"/healthz: {len(watch.took)} asked, {len(watch.failed)} failed, slowest {max(watch.took):.3f} s")
    assert_answered(watch)
    daemon.stall.end()
    # What was not durable was not deleted, but may be with the dead letters by now: both senders repeat themselves.
    estate.alarm("primary", "ALARM")
    estate.witness("primary", "unhealthy", "connection timed out")
    eventually("drd is exposed", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert promotions(estate) == 1 and estate.writers() == ["standby"]
    replayed = daemon.run("replay", str(estate.ledger))
    assert replayed.returncode == 0, replayed.stderr


def test_a_verdict_behind_twenty_thousand_junk_messages_is_read_in_time(estate, request):
    queue = JunkQueue(CALL_SECONDS)
    daemon = request.node.drd = Daemon(estate)
    daemon.env |= {"AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{queue.port}"}

    def read() -> bool:
        known = {signal["sensor"]: signal["verdict"] for signal in daemon.status().get("signals", [])}
        return known.get("route53-primary") == "unhealthy"

    try:
        daemon.start(until_armed=False)
        eventually("it receives", lambda: queue.calls.get("ReceiveMessage"), 20)
        elsewhere = f"arn:aws:cloudwatch:{STANDBY}:{estate.account}:alarm:alarm-of-a-runaway-sender"
        queue.put(*(alarm(elsewhere, "ALARM") for _ in range(JUNK)), alarm(estate.alarm_arn("primary"), "ALARM"))
        begun = time.monotonic()
        eventually("the verdict behind the junk was read", read, 120)
        after = time.monotonic() - begun
    finally:
        daemon.close()
        queue.close()
    print(f"the verdict was read {after:.1f} s after it was sent; calls: {queue.calls}")
    assert after <= JUNK_DELAYS_AT_MOST, f"the verdict was read after {after:.1f} s; calls: {queue.calls}"
