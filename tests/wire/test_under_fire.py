"""A failover under each kind of answer that AWS, or what stands between, may give: it comes about, and once.

Deliberately absent: throttles and lost replies of the promotion, and a dark us-east-1 (test_failover.py has them).
"""

import pytest
from resources import STANDBY
from test_failover import queue_is_drained, region_lost, serves_from_the_standby
from world import eventually

PROMOTE = ("rds", "FailoverGlobalCluster")
SCALE = ("autoscaling", "UpdateAutoScalingGroup")
REDIRECT = ("s3", "PutObject")
LOOK = ("rds", "DescribeGlobalClusters")
FIRE = {
    "server errors": lambda f: f.fail(*PROMOTE, times=2),
    "a server error at the latch": lambda f: f.fail(*REDIRECT, times=1),
    "a page instead of the promotion's answer": lambda f: f.answer_with_a_page(*PROMOTE, times=1),
    "a page instead of the latch's answer": lambda f: f.answer_with_a_page(*REDIRECT, times=1),
    "half an answer to every third look": lambda f: f.answer_half(*LOOK, times=6),
    "connections that are reset": lambda f: (f.reset(*PROMOTE, times=2), f.reset(*SCALE, times=1)),
    "a promotion that hangs for 30 s": lambda f: f.hang(*PROMOTE, times=1),
    "a scaling call that hangs for 30 s": lambda f: f.hang(*SCALE, times=1),
    "throttled scaling": lambda f: f.throttle(*SCALE, times=3),
}


@pytest.mark.parametrize("fire", FIRE)
def test_a_failover_under_fire_comes_about_once(estate, daemon, fire):
    FIRE[fire](estate.faults)
    region_lost(estate)
    serves_from_the_standby(estate, daemon)
    queue_is_drained(estate)
    assert [e for e in estate.faults.fired() if e["region"] == STANDBY], "the fault never struck"
    replayed = daemon.run("replay", str(estate.ledger))
    assert replayed.returncode == 0, replayed.stderr


def test_credentials_that_expire_for_a_while_delay_and_do_not_deceive(estate, daemon):
    """Every call is refused: that is no sign of a dark region, and no reason to forget one."""
    estate.faults.expire_credentials(seconds=4)
    eventually("a call was refused", lambda: estate.faults.fired(), 15)
    assert estate.mutating() == [] and daemon.state() in (None, "watching")
    region_lost(estate)
    serves_from_the_standby(estate, daemon)
    queue_is_drained(estate)


def test_a_message_whose_delete_failed_comes_again_with_the_effect_of_one(estate, daemon):
    estate.faults.fail("sqs", "DeleteMessageBatch", times=3)
    estate.alarm("primary", "ALARM")

    def again() -> bool:
        return (daemon.metric("drd_events_discarded_total", reason="duplicate") or 0) >= 1

    eventually("it was delivered again and known", again, 60)
    queue_is_drained(estate)
    heard = [x for x in daemon.ledger() if x["kind"] != "opened" and x["event"].get("sensor") == "route53-primary"]
    assert len(heard) == 1, "one message, one word in the ledger"
    assert estate.mutating() == []
