"""The primary region goes dark: drd must serve from the standby, once, in order, whatever the calls meet.

Deliberately absent: how long real promotions take (the lab's and AWS's business) and failing back.
"""

import pytest
from config import CALL_TIMEOUT_SECONDS, seconds
from daemon import Daemon
from resources import GLOBAL, SERVING, STANDBY
from world import eventually

RECOVERS_WITHIN = seconds(90, 600)  # without pushed samples a proof of life expires after 240 s, and the hold-down is 180 s
FENCE_SECONDS = 10
CALLS = 4  # mutating calls that take effect: pre-scale, promote, scale, redirect
PATH = ["watching", "suspecting", "fencing", "promoting", "redirecting", "verifying", "exposed"]


def region_lost(estate, how="hang") -> None:
    """The region is gone, and two vantages in two other regions say so: one alarm and one verdict, no more."""
    estate.region_goes_dark(how)
    estate.alarm("primary", "ALARM")
    estate.witness("primary", "unhealthy", "connection timed out")


def serves_from_the_standby(estate, daemon) -> None:
    """What every recovery ends in, read from the world and not from drd; then that drd's own account agrees."""
    eventually("drd is exposed", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert estate.writers() == ["standby"]
    assert estate.group("standby")["DesiredCapacity"] == SERVING
    assert estate.latched() and estate.dns.address == "127.0.0.12"
    assert daemon.path()[-len(PATH):] == PATH
    assert all(line["decision"]["because"] for line in daemon.decided())
    assert promotions(estate) == 1
    assert len([c for c in estate.mutating() if c.took_effect]) <= CALLS


def promotions(estate) -> int:
    """Failovers that took effect; a second one would be a second writer."""
    return len([c for c in estate.calls("FailoverGlobalCluster") if c.took_effect])


def queue_is_drained(estate) -> None:
    eventually("the queue is empty", lambda: estate.depth(estate.queue_url) == (0, 0), 15)
    assert estate.depth(estate.dead_url) == (0, 0)


def test_a_dark_primary_region_ends_in_service_from_the_standby(estate, daemon):
    region_lost(estate)
    serves_from_the_standby(estate, daemon)
    queue_is_drained(estate)
    assert len(estate.calls("FailoverGlobalCluster")) == 1
    happened_in_order(estate, daemon)
    counted_as_one_automatic_failover(daemon)


def happened_in_order(estate, daemon) -> None:
    """Promotion at the standby's own endpoint, at once; no traffic before the promotion was over."""
    asked, done = estate.calls("FailoverGlobalCluster")[0], estate.calls("PromotionFinished")[0]
    assert asked.region == STANDBY
    assert asked.at - daemon.entered("promoting") < CALL_TIMEOUT_SECONDS, "a call to the dark region was awaited"
    assert daemon.entered("promoting") - daemon.entered("fencing") <= FENCE_SECONDS
    assert all(put.at > done.at for put in estate.calls("PutObject"))
    grown = [c for c in estate.calls("UpdateAutoScalingGroup") if c.region == STANDBY]
    assert grown and grown[0].at < done.at, "capacity grows beside the promotion, not after it"


def counted_as_one_automatic_failover(daemon) -> None:
    eventually("the metric of the state", lambda: daemon.metric("drd_state", state="exposed") == 1, 5)
    assert daemon.metric("drd_failovers_total", operation="failover", trigger="automatic") == 1
    assert daemon.metric("drd_active_side", side="standby") == 1
    assert daemon.status()["active_side"] == "standby"


def test_two_throttled_promotions_are_asked_again(estate, daemon):
    estate.faults.throttle("rds", "FailoverGlobalCluster", times=2)
    region_lost(estate)
    serves_from_the_standby(estate, daemon)
    throttled = [e for e in estate.faults.fired() if e["operation"] == "FailoverGlobalCluster"]
    assert len(throttled) == 2


def test_a_promotion_whose_reply_was_lost_is_not_made_twice(estate, daemon):
    estate.faults.lose_reply("rds", "FailoverGlobalCluster", times=1)
    region_lost(estate)
    serves_from_the_standby(estate, daemon)
    assert [e["operation"] for e in estate.faults.fired() if e["region"] == STANDBY] == ["FailoverGlobalCluster"]


def test_a_region_that_resets_is_as_dark_as_one_that_hangs_and_us_east_1_is_not_needed(estate, daemon):
    estate.faults.dark_region(GLOBAL)
    region_lost(estate, how="reset")
    serves_from_the_standby(estate, daemon)
    queue_is_drained(estate)


def test_a_daemon_killed_while_promoting_finishes_after_its_restart_and_promotes_once(estate, daemon):
    region_lost(estate)
    eventually("drd has decided to promote", lambda: daemon.state() == "promoting", RECOVERS_WITHIN, every=0.02)
    daemon.kill()
    assert daemon.state() == "promoting" and estate.writers() == ["primary"]
    daemon.start(until_armed=False)
    serves_from_the_standby(estate, daemon)


@pytest.fixture
def hasty(estate):
    """A daemon that waits for an application no longer than for a database."""
    daemon = Daemon(estate)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace('{ database_down = "8s" }', '{ database_down = "8s", application_down = "8s" }'))
    daemon.start()
    yield daemon
    daemon.close()


def test_an_application_down_is_switched_over_without_loss(estate, hasty):
    estate.apps["primary"].refuse()
    estate.alarm("primary", "ALARM")
    estate.witness("primary", "unhealthy", "connection refused")
    eventually("the standby writes and traffic has moved",
               lambda: estate.writers() == ["standby"] and estate.latched(), RECOVERS_WITHIN)
    assert len([c for c in estate.calls("SwitchoverGlobalCluster") if c.took_effect]) == 1
    assert estate.calls("FailoverGlobalCluster") == []
    assert "switching" in hasty.path()
