"""The daemon's own life: it proves its event path, says that it is armed, and stops without losing anything.

Deliberately absent: the rest of the command line (tests/cli judges it).
"""

import json
import time

from world import eventually


def test_a_heartbeat_goes_out_over_the_bus_and_comes_back_over_the_queue(estate, daemon):
    def age() -> float:
        return time.time() - (daemon.metric("drd_event_path_heartbeat_timestamp_seconds") or 0)

    eventually("a heartbeat came back lately", lambda: age() < 10, 15)
    assert any(call.took_effect for call in estate.calls("PutEvents"))
    assert daemon.metric("drd_armed") == 1
    status = daemon.status()
    assert status["schema"] == "drd.status/1.0"
    assert status["armed"] is True and status["not_armed_because"] == []
    assert (status["state"], status["active_side"]) == ("watching", "primary")
    assert estate.mutating() == []


def test_the_status_command_says_what_the_daemon_says_and_the_configuration_passes_its_check(daemon):
    assert daemon.run("config", "check", str(daemon.config)).returncode == 0
    answer = daemon.run("status", "--config", str(daemon.config), "-o", "json")
    assert answer.returncode == 0, answer.stderr
    status = json.loads(answer.stdout)
    assert (status["schema"], status["state"], status["armed"]) == ("drd.status/1.0", "watching", True)


def test_a_daemon_asked_to_stop_exits_cleanly_and_its_ledger_replays(estate, daemon):
    before = daemon.ledger()
    assert daemon.terminate() == 0, daemon.tail()
    after = daemon.ledger()
    assert after[:len(before)] == before and after, "nothing recorded may be lost"
    assert [line["seq"] for line in after] == list(range(after[0]["seq"], after[0]["seq"] + len(after)))
    assert all(line["prev"] == last["hash"] for last, line in zip(after, after[1:], strict=False))
    replayed = daemon.run("replay", str(estate.ledger))
    assert replayed.returncode == 0, replayed.stderr
