"""What drd tells its service manager: ready, alive, in which state, stopping. The manager here only listens.

Deliberately absent: what a manager makes of it (test_pid1.py has a real one).
"""

import json
import time

import pytest
from hosts import Manager, Traced, daemon, estate, manager, pair, watched, world  # noqa: F401  (fixtures)
from test_failover import region_lost, serves_from_the_standby
from world import eventually, throughout

PERIOD = 8.0  # the shortest that drd takes with a ledger in a file
STALL = 20.0
LEASE_OF_THE_PAIR = 6.0  # pair.py; the shortest period with it is 12 s


def at_least_twice_a_period(manager, since: float, until: float, period: float) -> None:
    assert max(manager.gaps(since, until)) <= period / 2, manager.gaps(since, until)


def test_ready_is_said_once_and_only_when_the_ledger_is_open_and_the_interface_answers(estate, daemon, manager):
    daemon.env |= watched(manager)
    daemon.start(until_armed=False)
    eventually("drd is ready", manager.is_ready, 20)
    assert daemon.status()["ledger"]["seq"] >= 1, "nothing was durable yet"
    assert [line["kind"] for line in daemon.ledger()][:1] == ["opened"]
    for side in ("primary", "standby"):
        estate.witness(side, "healthy")
    eventually("drd is armed", lambda: (manager.status() or "").startswith("armed; watching, primary serves"), 40)
    assert len(manager.times("READY")) == 1
    assert manager.times("WATCHDOG") == [], "nobody asked for it"


def test_an_abstract_socket_is_reached_as_well(estate, daemon):
    manager = Manager(f"@drd-{estate.suffix}")
    try:
        daemon.env |= watched(manager)
        daemon.start(until_armed=False)
        eventually("drd is ready", manager.is_ready, 20)
    finally:
        manager.close()


def test_a_daemon_whose_ledger_cannot_be_believed_never_says_that_it_is_ready(estate, daemon, manager):
    estate.ledger.write_text('{"kind":"opened"}\n{"kind":"opened"}\n')
    daemon.env |= watched(manager)
    daemon.start(until_armed=False)
    assert daemon.process.child.wait(20) == 1, daemon.tail()
    assert not manager.is_ready()
    # No ledger that has to conform.
    estate.ledger.unlink()


def test_the_status_follows_a_failover_and_the_loop_is_heard_all_along(estate, daemon, manager):
    daemon.env |= watched(manager, PERIOD)
    daemon.start()
    began = time.monotonic()
    region_lost(estate)
    serves_from_the_standby(estate, daemon)
    throughout("drd lives", daemon.process.running, 2 * PERIOD)
    at_least_twice_a_period(manager, began, time.monotonic(), PERIOD)
    said = [words["STATUS"] for _, words in manager.heard if "STATUS" in words]
    for state in ("fencing", "promoting", "redirecting", "verifying"):
        assert any(text == f"run 1, to standby: {state}" for text in said), said
    assert said[-1].startswith("NOT ARMED") and "exposed, standby serves" in said[-1], said[-1]


def test_at_rest_the_loop_is_heard_at_least_twice_a_period_but_not_all_the_time(daemon, manager):
    daemon.env |= watched(manager, PERIOD)
    daemon.start()
    began = time.monotonic()
    throughout("drd lives", daemon.process.running, 3 * PERIOD)
    at_least_twice_a_period(manager, began, time.monotonic(), PERIOD)
    assert len(manager.times("WATCHDOG")) <= time.monotonic() - began + 60, "more than once a second"


def test_a_disk_that_hangs_holds_drd_and_its_loop_is_heard_all_along(estate, manager, request):
    """strace makes the fourth sync take long, as a disk that hangs does."""
    slow = f"--inject=fdatasync:delay_enter={int(STALL * 1e6)}:when=4"
    daemon = request.node.drd = Traced(estate, "--trace=fdatasync", slow)
    daemon.env |= watched(manager, PERIOD)
    try:
        daemon.start(until_armed=False)
        eventually("drd is ready", manager.is_ready, 30)
        began = time.monotonic()
        estate.witness("primary", "healthy")
        eventually("it is held", lambda: "the ledger" in (manager.status() or ""), 60)
        held = time.monotonic()
        eventually("and goes on", lambda: "the ledger" not in manager.status(), STALL + 30)
        assert time.monotonic() - held > STALL / 2, "the disk hung no longer"
        at_least_twice_a_period(manager, began, time.monotonic(), PERIOD)
    finally:
        daemon.close()


def test_one_that_stands_by_is_ready_and_heard_as_well_and_says_who_leads(pair, manager):
    pair.first.start()
    pair.second.env |= watched(manager, 2 * LEASE_OF_THE_PAIR)
    pair.second.start(until_armed=False)
    eventually("the second is ready", manager.is_ready, 15)
    assert pair.second.follows()
    began = time.monotonic()
    throughout("it only follows", pair.second.follows, 3 * LEASE_OF_THE_PAIR)
    at_least_twice_a_period(manager, began, time.monotonic(), 2 * LEASE_OF_THE_PAIR)
    owner = pair.first.status()["leader"]["owner"]
    assert manager.status().startswith(f"standing by: {owner} leads"), manager.status()


def test_while_the_table_does_not_answer_a_daemon_that_starts_asks_for_time_and_is_not_ready(estate, pair, manager):
    estate.faults.unreachable("dynamodb")
    pair.first.env |= watched(manager, 2 * LEASE_OF_THE_PAIR)
    pair.first.start(until_armed=False)
    eventually("it is held", lambda: (manager.status() or "").startswith("NOT ARMED: the ledger refuses"), 40)
    asked = len(manager.times("EXTEND_TIMEOUT_USEC", "30000000"))
    assert asked >= 2 and not manager.is_ready()
    estate.faults.clear()
    eventually("and when the table answers it is ready", manager.is_ready, 20)


def test_while_the_table_does_not_answer_a_leader_that_lives_is_still_heard(estate, pair, manager):
    period = 2 * LEASE_OF_THE_PAIR
    pair.first.env |= watched(manager, period)
    pair.first.start()
    began = time.monotonic()
    estate.faults.unreachable("dynamodb")
    estate.witness("standby", "unknown", "so that there is a line to write")
    throughout("drd lives", pair.first.process.running, 3 * period)
    assert max(manager.gaps(began, time.monotonic())) < period, "systemd would have killed a daemon that is well"
    assert pair.first.status()["state"] == "held"


def test_a_stop_is_announced_with_the_time_that_it_may_take(daemon, manager):
    daemon.env |= watched(manager)
    daemon.start(until_armed=False)
    eventually("drd is ready", manager.is_ready, 20)
    assert daemon.terminate() == 0, daemon.tail()
    def stops():
        return [words for _, words in manager.heard if words.get("STOPPING") == "1"]

    words = eventually("the stop has been announced", stops, 5)[0]
    assert int(words["EXTEND_TIMEOUT_USEC"]) > 20e6 and "SIGTERM" in words["STATUS"], words


@pytest.mark.parametrize("period", ["0", "7999999"])
def test_a_watchdog_that_could_not_be_fed_in_time_is_refused_as_a_configuration_that_cannot_work(
        estate, daemon, manager, period):
    daemon.env |= watched(manager) | {"WATCHDOG_USEC": period}
    daemon.start(until_armed=False)
    assert daemon.process.child.wait(20) == 2, daemon.tail()
    assert "WatchdogSec to 8 s or more" in daemon.tail() and not estate.ledger.exists()
    assert not manager.is_ready()


def test_another_process_s_watchdog_is_not_fed_and_that_is_said(daemon, manager):
    daemon.env |= watched(manager, PERIOD) | {"WATCHDOG_PID": "1"}
    daemon.start()
    assert manager.times("WATCHDOG") == []
    assert "no watchdog is fed" in daemon.log.read_text()


def test_without_a_manager_nothing_is_sent_and_one_that_is_gone_is_no_reason_to_stop(daemon):
    daemon.env |= {"WATCHDOG_USEC": "1", "NOTIFY_SOCKET": ""}
    daemon.start(until_armed=False)
    eventually("drd runs", daemon.status, 20)
    assert daemon.terminate() == 0
    daemon.env |= {"NOTIFY_SOCKET": str(daemon.estate.scratch / "nobody"), "WATCHDOG_USEC": "30000000"}
    daemon.start()
    lines = [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]
    assert any("did not take" in line["message"] for line in lines)
