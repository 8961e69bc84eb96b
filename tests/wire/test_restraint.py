"""What must not make drd act: one sensor, one fault domain, a healthy database, and messages it cannot trust.

Deliberately absent: the many mixtures of doubt; the lab soaks those in seeds by the thousand.
"""

import json

import events
import pytest
from config import HOLD_DOWN_SECONDS, LONGEST_HOLD_DOWN_SECONDS
from daemon import Daemon
from world import eventually, throughout

FOREIGN = "666666666666"


def nothing_is_changed(estate, daemon, during: float) -> None:
    throughout("no mutating call was made", lambda: estate.mutating() == [], during)
    assert not {"fencing", "promoting", "switching", "redirecting"} & set(daemon.path())
    assert estate.writers() == ["primary"] and not estate.latched()


def queue_is_drained(estate) -> None:
    eventually("the queue is empty", lambda: estate.depth(estate.queue_url) == (0, 0), 15)


def test_one_alarm_alone_changes_nothing(estate, daemon):
    estate.alarm("primary", "ALARM")
    eventually("the alarm is heard", lambda: daemon.metric("drd_signal_firing", sensor="route53-primary") == 1, 10)
    nothing_is_changed(estate, daemon, during=3 * HOLD_DOWN_SECONDS)
    assert daemon.status()["state"] == "watching"
    queue_is_drained(estate)
    assert estate.depth(estate.dead_url) == (0, 0)


def test_what_only_the_observer_sees_changes_nothing(estate, daemon):
    """The probe and the control plane lie together when drd's own network does: they are one domain."""
    estate.region_goes_dark()
    nothing_is_changed(estate, daemon, during=3 * LONGEST_HOLD_DOWN_SECONDS)


@pytest.fixture
def adviser(estate):
    """A daemon that leaves a switchover to people."""
    daemon = Daemon(estate)
    text = daemon.config.read_text()
    advise = 'autonomy = { application_down = "advise", edge_down = "advise" }'
    text = text.replace('{ database_down = "8s" }', '{ database_down = "8s", application_down = "8s" }')
    daemon.config.write_text(text.replace("[observe]", f"{advise}\n[observe]"))
    daemon.start()
    yield daemon
    daemon.close()


def test_an_application_down_over_a_healthy_database_is_advised_and_not_acted_on(estate, adviser):
    daemon = adviser
    estate.apps["primary"].refuse()
    estate.alarm("primary", "ALARM")
    estate.witness("primary", "unhealthy", "connection refused")

    def advised() -> bool:
        return any(command["command"] == "page" and "application_down" in json.dumps(line)
                   for line in daemon.decided() for command in line["decision"]["commands"])

    eventually("people are paged about application_down", advised, 60)
    nothing_is_changed(estate, daemon, during=HOLD_DOWN_SECONDS)


def test_messages_it_cannot_trust_are_counted_and_never_acted_on(estate, daemon):
    """The observer already sees the region dark: any of these, believed, would complete the quorum."""
    estate.region_goes_dark()
    estate.send("this is not JSON")
    estate.send(events.alarm(estate.alarm_arn("primary").replace("alarm-health", "alarm-nobody-knows"), "ALARM"))
    forged = json.loads(events.alarm(estate.alarm_arn("primary"), "ALARM"))
    estate.send(json.dumps(forged | {"account": FOREIGN}))
    for reason in ("malformed", "unknown_alarm", "foreign_account"):
        eventually(f"{reason} is counted", lambda reason=reason: discarded(daemon, reason) >= 1, 15)
    eventually("the malformed one is dead-lettered", lambda: estate.depth(estate.dead_url) == (1, 0), 60)
    dead = estate.sqs.receive_message(QueueUrl=estate.dead_url)["Messages"]
    assert [m["Body"] for m in dead] == ["this is not JSON"]
    queue_is_drained(estate)
    nothing_is_changed(estate, daemon, during=2 * LONGEST_HOLD_DOWN_SECONDS)


def discarded(daemon, reason: str) -> float:
    return daemon.metric("drd_events_discarded_total", reason=reason) or 0


def test_an_alarm_delivered_three_times_around_an_older_ok_is_one_alarm(estate, daemon):
    alarm = events.alarm(estate.alarm_arn("primary"), "ALARM")
    older = events.alarm(estate.alarm_arn("primary"), "OK", previous="ALARM", age=60)

    def firing() -> bool:
        return daemon.metric("drd_signal_firing", sensor="route53-primary") == 1

    estate.send(alarm)
    eventually("the alarm is heard", firing, 10)
    for late in (alarm, older, alarm):
        estate.send(late)
    queue_is_drained(estate)
    # At least so many: what a queue delivers once more by itself, being late with a deletion, counts as well.
    assert discarded(daemon, "duplicate") >= 2 and discarded(daemon, "late") >= 1
    assert firing(), "an OK from before the alarm must not clear it"
    heard = [line["event"] for line in daemon.ledger() if line.get("event", {}).get("sensor") == "route53-primary"]
    assert [event["verdict"] for event in heard] == ["unhealthy"], heard
    nothing_is_changed(estate, daemon, during=HOLD_DOWN_SECONDS)
