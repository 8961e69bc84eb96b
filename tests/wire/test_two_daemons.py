"""Two daemons, one queue, one table: one leads; whatever happens to it the other finishes, and once.

Deliberately absent: the lease's arithmetic (src/lease.rs) and every interleaving (the lab and the model).
"""

import pytest
from pair import LEASE_SECONDS, RENEW_SECONDS, Pair
from test_failover import RECOVERS_WITHIN, queue_is_drained, region_lost, serves_from_the_standby
from world import eventually, throughout

PHASES = ["suspecting", "fencing", "promoting", "redirecting", "verifying"]
TAKES_OVER_WITHIN = LEASE_SECONDS + 2 * RENEW_SECONDS + 5
OF_A_FOLLOWER = {"GetItem", "Query"}


@pytest.fixture
def pair(estate, request):
    made = Pair(estate)
    request.node.drd = made.first
    try:
        made.start()
        yield made
    finally:
        made.close()


def reached(daemon, state: str) -> None:
    eventually(f"drd is {state}", lambda: state in daemon.path(), RECOVERS_WITHIN, every=0.05)


def finished_once(pair, survivor) -> None:
    """One writer, one promotion that took effect, a ledger that reads as one story, no message lost."""
    serves_from_the_standby(pair.estate, survivor)
    queue_is_drained(pair.estate)
    pair.replays()


def test_one_leads_and_the_other_does_nothing_but_watch_the_lease(estate, pair):
    assert pair.first.leads() and pair.first.metric("drd_leader") == 1
    throughout("the second only follows", pair.second.follows, 2 * LEASE_SECONDS)
    assert {call.action for call in pair.second.calls()} <= OF_A_FOLLOWER
    assert pair.second.metric("drd_leader") == 0 and pair.second.metric("drd_armed") == 0
    assert pair.row()["owner"]["S"] == pair.first.status()["leader"]["owner"]
    region_lost(estate)
    finished_once(pair, pair.first)
    assert {call.action for call in pair.second.calls()} <= OF_A_FOLLOWER


@pytest.mark.parametrize("phase", PHASES)
def test_a_leader_killed_in_any_phase_is_followed_by_the_other_which_finishes(estate, pair, phase):
    region_lost(estate)
    reached(pair.first, phase)
    pair.first.kill()
    eventually("the other leads", pair.second.leads, TAKES_OVER_WITHIN)
    finished_once(pair, pair.second)


@pytest.mark.parametrize("phase", ["suspecting", "promoting"])
def test_a_leader_that_was_frozen_past_its_lease_sends_nothing_when_it_wakes(estate, pair, phase):
    region_lost(estate)
    reached(pair.first, phase)
    pair.first.freeze()
    eventually("the other leads", pair.second.leads, TAKES_OVER_WITHIN)
    taken_over = pair.first_line_of(pair.second)
    pair.first.thaw()
    finished_once(pair, pair.second)
    eventually("the first one follows", pair.first.follows, 15)
    late = [call for call in pair.first.calls() if call.mutating and call.at > taken_over]
    assert late == [], "a stale leader changed something"


def test_a_leader_asked_to_stop_hands_over_before_its_lease_would_end(pair):
    assert pair.first.terminate() == 0, pair.first.tail()
    eventually("the other leads", pair.second.leads, 2 * RENEW_SECONDS)
    eventually("and is armed", lambda: pair.second.status()["armed"], 40)
    pair.replays()


def test_a_restarted_install_takes_its_own_lease_back_at_once(pair):
    before = pair.first.status()["leader"]
    pair.second.kill()
    pair.first.kill()
    pair.first.start(until_armed=False)
    eventually("it leads again", pair.first.leads, RENEW_SECONDS)
    after = pair.first.status()["leader"]
    assert after["owner"] == before["owner"]
    assert after["epoch"] > before["epoch"], "a new term under an old epoch could not be told from the old one"


def test_while_the_table_does_not_answer_drd_is_held_and_pages_and_then_goes_on(estate, pair):
    pair.second.terminate()
    estate.faults.unreachable("dynamodb")
    eventually("drd is held", lambda: pair.first.status()["state"] == "held", TAKES_OVER_WITHIN)
    eventually("people are paged", lambda: (pair.first.metric("drd_notifications_total") or 0) >= 1, 15)
    assert pair.first.metric("drd_state", state="held") == 1 and pair.first.metric("drd_leader") == 0
    region_lost(estate)
    throughout("it stays held", lambda: pair.first.status()["state"] == "held", 2 * LEASE_SECONDS)
    assert estate.mutating() == []
    estate.faults.clear()
    estate.region_goes_dark()
    estate.witness("primary", "unhealthy", "connection timed out")
    finished_once(pair, pair.first)
