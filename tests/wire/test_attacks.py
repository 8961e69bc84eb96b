"""What others do to drd, on purpose or by mistake, over the wire: it neither acts wrongly, nor stops acting rightly.

Every attack has its control: in the same test, by the same daemon, a real outage is failed over, or (for what must not
be acted on) the same message from the right sender is. Deliberately absent: who may send (tests/bootstrap judges the
policies); here the attacker has every right that the account has.
"""

import json
import shutil
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta

import events
import pytest
from config import HOLD_DOWN_SECONDS, LONGEST_HOLD_DOWN_SECONDS, seconds
from daemon import ARMS_WITHIN, Daemon
from estate import Estate
from junk import JunkQueue
from pages import Pages
from resources import GLOBAL, LATCH_KEY, PRIMARY, SERVING, STANDBY
from test_failover import RECOVERS_WITHIN, promotions, region_lost, serves_from_the_standby
from test_restraint import discarded, nothing_is_changed
from world import World, eventually, throughout

NOTICED_WITHIN = seconds(30, 150)  # what drd finds by looking is paged 15 s later
ADOPTED_WITHIN = seconds(100, 200)  # roles that agree for 60 s are adopted
LATER_AT_MOST = 5.0
CALL_SECONDS = 0.010
# A forged proof of life counts for two periods and the delivery (config.py: 2 s each), then the hold-down runs anew.
PROOF_EXPIRES_SECONDS = seconds(6, 75)
AHEAD_SECONDS = 360
AWAY_SECONDS = seconds(20, 480)
VERDICT_COUNTS_SECONDS = 90  # the witness's; without it the alarm is one domain alone


def verdict_of(estate, side: str, verdict: str) -> str:
    """The witness's message as the queue has it."""
    return events.delivered(events.verdict(side, verdict, "connection timed out"), estate.account, STANDBY)


def database_dies(estate, side: str) -> None:
    """And the sensors report it."""
    estate.database_fails(side)
    estate.alarm(side, "ALARM")
    estate.witness(side, "unhealthy", "connection refused")


def assert_still_fails_over(estate, daemon) -> None:
    """The control: a real outage."""
    region_lost(estate)
    serves_from_the_standby(estate, daemon)


# --- lag samples and heartbeats ---------------------------------------------------------------------------------


def test_a_forged_sample_of_life_during_an_outage_delays_the_failover_by_its_freshness_and_no_more(estate, daemon):
    region_lost(estate)
    began = time.time()
    time.sleep(HOLD_DOWN_SECONDS / 2)
    estate.put(events.lag(0.0, datetime.now(UTC)))
    serves_from_the_standby(estate, daemon)
    asked = estate.calls("FailoverGlobalCluster")[0].at - began
    limit = HOLD_DOWN_SECONDS / 2 + PROOF_EXPIRES_SECONDS + LONGEST_HOLD_DOWN_SECONDS + LATER_AT_MOST
    assert asked <= limit, f"asked after {asked:.1f} s, where {limit} s would do"


def test_a_forged_lag_of_a_year_before_an_outage_does_not_close_the_gate(estate, daemon):
    def read(count: int) -> bool:
        return (daemon.metric("drd_events_received_total", source="lag_monitor") or 0) >= count

    # The monitor has been sampling: of each source the furthest position counts.
    estate.put(events.lag(0.35, datetime.now(UTC)))
    eventually("the monitor's own sample was read", lambda: read(1), 10)
    estate.put(events.lag(3.1e7, datetime.now(UTC)))
    eventually("the forged one was read", lambda: read(2), 10)
    assert_still_fails_over(estate, daemon)


def test_forged_heartbeats_during_an_application_outage_never_make_it_lossy(estate, daemon):
    stop = threading.Event()

    def forge() -> None:
        count = 0
        while not stop.wait(0.5):
            count += 1
            # As if the host's clock ran behind by minutes: true samples would date from before the onset.
            estate.put(events.heartbeat(datetime.now(UTC) - timedelta(minutes=4), f"forged-{count}"))

    forger = threading.Thread(target=forge, daemon=True)
    estate.apps["primary"].refuse()
    estate.alarm("primary", "ALARM")
    estate.witness("primary", "unhealthy", "connection refused")
    forger.start()
    try:
        eventually("forged ones are counted", lambda: discarded(daemon, "unknown_heartbeat") >= 3, 15)
        throughout("no lossy call", lambda: estate.calls("FailoverGlobalCluster") == [], 3 * LONGEST_HOLD_DOWN_SECONDS)
        # The sensors repeat themselves: a verdict of before may count no more.
        database_dies(estate, "primary")
        eventually("the database's own death is failed over", lambda: estate.writers() == ["standby"], RECOVERS_WITHIN)
    finally:
        stop.set()
        forger.join(5)
    assert promotions(estate) == 1


# --- who speaks -------------------------------------------------------------------------------------------------


@pytest.fixture
def listing(estate, request):
    """A daemon whose configuration lists the one topic that counts."""
    daemon = request.node.drd = Daemon(estate)
    estate.topic = f"arn:aws:sns:{GLOBAL}:{estate.account}:topic-alerts-global-{estate.suffix}"
    text = daemon.config.read_text().replace("[observer]", f'topics = ["{estate.topic}"]\n[observer]')
    daemon.config.write_text(text)
    daemon.start()
    yield daemon
    daemon.close()


def test_a_foreign_topic_speaks_for_no_sensor_and_our_own_one_does(estate, listing):
    daemon, foreign = listing, f"{estate.topic}-of-somebody"
    estate.region_goes_dark()
    estate.send(events.notification(foreign, estate.alarm_arn("primary"), "ALARM"))
    eventually("the foreign topic is counted", lambda: discarded(daemon, "foreign_topic") >= 1, 15)
    witness = json.loads(verdict_of(estate, "primary", "unhealthy"))
    estate.send(events.envelope(estate.topic, json.dumps(witness | {"AlarmName": "passes the filter"})))
    nothing_is_changed(estate, daemon, during=2 * LONGEST_HOLD_DOWN_SECONDS)
    estate.send(events.notification(estate.topic, estate.alarm_arn("primary"), "ALARM"))
    serves_from_the_standby(estate, daemon)


def test_an_alarm_that_went_off_before_the_start_is_read_and_completes_the_quorum(estate, request):
    daemon = request.node.drd = Daemon(estate)
    alarms = estate.world.client("cloudwatch", estate.account, GLOBAL)
    name = estate.alarm_arn("primary").rsplit(":", 1)[-1]
    alarms.put_metric_alarm(AlarmName=name, Namespace="AWS/Route53", MetricName="HealthCheckStatus", Statistic="Minimum",
                            Period=60, EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="LessThanThreshold")
    alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="before drd started")
    try:
        daemon.start()
        nothing_is_changed(estate, daemon, during=2 * LONGEST_HOLD_DOWN_SECONDS)
        # From here on no event at all: drd's own probe, and the state that it reads.
        estate.region_goes_dark()
        serves_from_the_standby(estate, daemon)
    finally:
        daemon.close()


# --- what is there already --------------------------------------------------------------------------------------


def test_a_restored_ledger_that_ends_in_the_middle_of_a_failover_acts_on_nothing_that_is_over(estate, daemon):
    estate.faults.deny("rds", "FailoverGlobalCluster")
    region_lost(estate)
    eventually("it wants to promote", lambda: "promoting" in daemon.path(), RECOVERS_WITHIN)
    copy = estate.scratch / "copy.jsonl"
    shutil.copy(estate.ledger, copy)
    daemon.kill()
    estate.faults.clear()
    estate.apps["primary"].healthy()
    estate.replicating.set()
    lines = copy.read_text().splitlines(keepends=True)
    last = max(place for place, line in enumerate(lines) if '"to":"promoting"' in line)
    estate.ledger.write_text("".join(lines[:last + 1]))
    # A daemon that was away for a moment goes on with what it knew; a copy that is restored is older than that.
    time.sleep(VERDICT_COUNTS_SECONDS + 5)
    daemon.start(until_armed=False)
    for side in ("primary", "standby"):
        estate.witness(side, "healthy")
    estate.alarm("primary", "OK", previous="ALARM")
    throughout("no promotion", lambda: promotions(estate) == 0, 3 * LONGEST_HOLD_DOWN_SECONDS)
    # For 330 s more a request of the daemon before may still land, so the incident stays open.
    assert daemon.state() in ("promoting", "held") and estate.writers() == ["primary"]
    region_lost(estate)
    eventually("the next outage is failed over", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert promotions(estate) == 1 and estate.latched()


def test_a_latch_that_somebody_throws_is_paged_and_disarms_until_it_is_removed(estate, daemon):
    pages = Pages(estate)
    estate.s3.put_object(Bucket=estate.bucket, Key=LATCH_KEY, Body=b"by hand")
    eventually("it is not armed", lambda: daemon.status()["armed"] is False, NOTICED_WITHIN)
    eventually("people are paged", lambda: [p for p in pages.read() if "latch" in json.dumps(p)], NOTICED_WITHIN)
    assert estate.mutating() == [], "what somebody else did on purpose is not undone"
    estate.s3.delete_object(Bucket=estate.bucket, Key=LATCH_KEY)
    eventually("it is armed again", lambda: daemon.status()["armed"], NOTICED_WITHIN)
    assert_still_fails_over(estate, daemon)


def roles_are_moved_by_hand(estate) -> None:
    """By somebody who does it properly: the roles, the users, the size."""
    estate.rds["standby"].switchover_global_cluster(
        GlobalClusterIdentifier=estate.global_cluster, TargetDbClusterIdentifier=estate.cluster_arn("standby"))
    estate.secondary = "primary"
    estate.s3.put_object(Bucket=estate.bucket, Key=LATCH_KEY, Body=b"by hand")
    estate.asg["standby"].update_auto_scaling_group(
        AutoScalingGroupName=estate.name("asg", "standby"), MinSize=SERVING, DesiredCapacity=SERVING)
    eventually("the writer moved", lambda: estate.writers() == ["standby"], 15)


def test_roles_that_somebody_moved_are_adopted_and_the_real_writers_outage_is_never_silent(estate, daemon):
    """Theirs may still land for 15 minutes: until then the outage is held, and people are paged."""
    pages = Pages(estate)
    roles_are_moved_by_hand(estate)
    eventually("drd takes the roles as they are", lambda: daemon.status()["active_side"] == "standby", ADOPTED_WITHIN)
    database_dies(estate, "standby")
    eventually("it is held", lambda: daemon.status()["state"] == "held", RECOVERS_WITHIN)
    eventually("people are paged why", lambda: [p for p in map(json.dumps, pages.read())
                                                if "is held" in p and "may still land" in p], NOTICED_WITHIN)
    assert estate.mutating() == [] and estate.writers() == ["standby"]


def test_the_same_outage_without_a_change_by_hand_is_failed_over(estate, daemon):
    """The control of the one above."""
    database_dies(estate, "primary")
    eventually("the writer is the standby", lambda: estate.writers() == ["standby"], RECOVERS_WITHIN)
    eventually("users follow it", estate.latched, RECOVERS_WITHIN)
    assert promotions(estate) == 1


# --- floods and clocks ------------------------------------------------------------------------------------------


@pytest.fixture
def queued(world, tmp_path):
    """Daemons with a queue that is as fast as SQS, each with an estate of its own."""
    made = []

    def make(name: str) -> tuple[Estate, Daemon, JunkQueue]:
        scratch = tmp_path / name
        scratch.mkdir()
        estate, queue = Estate(world, scratch), JunkQueue(CALL_SECONDS)
        daemon = Daemon(estate)
        daemon.env |= {"AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{queue.port}"}
        made.append((estate, daemon, queue))
        return made[-1]

    yield make
    for estate, daemon, queue in made:
        daemon.close()
        queue.close()
        estate.close()


@pytest.mark.parametrize("count", [3_000, 100_000])
def test_harmless_messages_before_the_verdicts_make_no_failover_late(queued, count):
    both = [queued("flooded"), queued("calm")]
    for estate, daemon, queue in both:
        daemon.start(until_armed=False)
        queue.put(verdict_of(estate, "primary", "healthy"), verdict_of(estate, "standby", "healthy"))
    for _, daemon, _ in both:
        eventually("it is armed", daemon._armed, ARMS_WITHIN)
    elsewhere = f"arn:aws:cloudwatch:{STANDBY}:{both[0][0].account}:alarm:alarm-of-a-runaway-sender"
    harmless = [events.alarm(elsewhere, "ALARM") for _ in range(count)]
    asked = {}
    began = time.time()
    for junk, (estate, _, queue) in zip((harmless, []), both, strict=True):
        estate.region_goes_dark()
        queue.put(*junk, events.alarm(estate.alarm_arn("primary"), "ALARM"), verdict_of(estate, "primary", "unhealthy"))
    for name, (estate, daemon, _) in zip(("flooded", "calm"), both, strict=True):
        eventually(f"{name}: exposed", lambda daemon=daemon: daemon.state() == "exposed", RECOVERS_WITHIN)
        asked[name] = estate.calls("FailoverGlobalCluster")[0].at - began
        assert promotions(estate) == 1
    print(f"{count} messages: the promotion was asked for after {asked} s")
    assert asked["flooded"] - asked["calm"] <= LATER_AT_MOST, asked


BEHIND = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, at);
    if (!done && clock == CLOCK_REALTIME) at->tv_sec -= %d;
    return done;
}
"""


@pytest.fixture
def ahead(tmp_path_factory, request):
    """A daemon whose host's clock is minutes ahead of AWS's: the emulator's is set back by as much. drd asks the kernel
    for the time and not the C library, so that its own clock cannot be set by a test.
    """
    scratch = tmp_path_factory.mktemp("behind")
    source, library = scratch / "behind.c", scratch / "behind.so"
    source.write_text(BEHIND % AHEAD_SECONDS)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    world = World(scratch, LD_PRELOAD=str(library))
    world.behind = AHEAD_SECONDS
    estate = Estate(world, scratch)
    daemon = request.node.drd = Daemon(estate)
    yield daemon
    daemon.close()
    estate.close()
    world.stop()


def test_a_host_clock_six_minutes_ahead_is_paged_and_loses_no_failover(ahead):
    estate, pages = ahead.estate, Pages(ahead.estate)
    ahead.start()
    seen = estate.world.audit.calls(estate.account)[-1].at
    assert AHEAD_SECONDS - 60 < time.time() - seen < AHEAD_SECONDS + 60, "the emulator's clock was not set back"
    eventually("people are paged about the clock", lambda: [p for p in pages.read() if "clock" in json.dumps(p)],
               NOTICED_WITHIN)
    region_lost(estate)
    eventually("drd is exposed", lambda: ahead.state() == "exposed", RECOVERS_WITHIN)
    assert estate.writers() == ["standby"] and estate.latched() and promotions(estate) == 1


# --- refusals in the middle -------------------------------------------------------------------------------------


def test_credentials_that_expire_at_the_promotion_are_asked_with_again(estate, daemon):
    estate.faults.expire_token("rds", "FailoverGlobalCluster", times=1)
    assert_still_fails_over(estate, daemon)
    assert [e["operation"] for e in estate.faults.fired() if e["region"] == STANDBY] == ["FailoverGlobalCluster"]


def test_a_permission_that_is_granted_after_the_denial_was_paged_is_used(estate, daemon):
    pages = Pages(estate)
    estate.faults.deny("rds", "FailoverGlobalCluster")
    region_lost(estate)
    eventually("the denial is paged", lambda: [p for p in pages.read() if "AccessDenied" in json.dumps(p)
                                               or "denied" in json.dumps(p)], RECOVERS_WITHIN)
    assert promotions(estate) == 0
    estate.faults.clear()
    estate.faults.dark_region(PRIMARY)
    eventually("it goes on by itself", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert promotions(estate) == 1 and estate.latched()


def test_auto_scaling_that_comes_back_long_after_the_promotion_is_asked_until_it_does(estate, daemon):
    region_lost(estate)
    eventually("the promotion is asked for", lambda: estate.calls("FailoverGlobalCluster"), RECOVERS_WITHIN, every=0.02)
    estate.faults.unreachable("autoscaling")
    eventually("the writer moved", lambda: estate.writers() == ["standby"], RECOVERS_WITHIN)
    time.sleep(AWAY_SECONDS)
    estate.faults.clear()
    estate.faults.dark_region(PRIMARY)
    eventually("it serves from there", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert estate.group("standby")["DesiredCapacity"] == SERVING and estate.latched() and promotions(estate) == 1
