"""`drd status --health`, as a container's health check runs it: alive is a control loop that turns, in whatever state.

Deliberately absent: a loop that stands still while the page is served, which no signal can bring about from outside
(src/daemon/http/tests.rs has it).
"""

import signal
import time

import pytest
from pair import LEASE_SECONDS, RENEW_SECONDS, Pair
from test_two_daemons import TAKES_OVER_WITHIN
from world import eventually

CHECK_TIMEOUT = 5.0  # deploy/ecs/task-definition.json; the command must have given up by then


def health(daemon, **variables: str):
    """Exit code and what was said; with a variable for the address it needs no configuration at all."""
    words = ["status", "--health"] if variables else ["status", "--health", "--config", str(daemon.config)]
    daemon.env, before = daemon.env | variables, daemon.env
    begun = time.monotonic()
    answer = daemon.run(*words)
    daemon.env = before
    assert time.monotonic() - begun < CHECK_TIMEOUT
    assert len((answer.stdout + answer.stderr).strip().splitlines()) == 1, "one clear line"
    return answer.returncode, answer.stdout + answer.stderr


@pytest.fixture
def pair(estate, request):
    made = Pair(estate)
    request.node.drd = made.first
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_a_running_daemon_is_healthy_and_asking_needs_neither_the_whole_file_nor_a_file(estate, daemon):
    code, said = health(daemon)
    assert code == 0 and said.startswith("ok: the control loop turned")
    assert health(daemon, DRD_HTTP__LISTEN=estate.listen)[0] == 0
    # A file that somebody broke since the daemon read it is not the daemon's illness.
    daemon.config.write_text(f'suffix = 7\n[http]\nlisten = "{estate.listen}"\n')
    assert health(daemon)[0] == 0
    assert daemon.run("status", "--config", str(daemon.config)).returncode == 2
    assert estate.mutating() == []


def test_a_daemon_that_hangs_and_one_that_is_not_there_are_seven(daemon):
    daemon.process.child.send_signal(signal.SIGSTOP)
    try:
        code, said = health(daemon)
        assert code == 7 and "did not answer within 2 s" in said
    finally:
        daemon.process.child.send_signal(signal.SIGCONT)
    eventually("it is healthy again", lambda: health(daemon)[0] == 0, 10)
    daemon.kill()
    code, said = health(daemon)
    assert code == 7 and "no daemon answers" in said


def test_a_follower_and_a_daemon_that_is_held_are_healthy(estate, pair):
    assert pair.second.follows() and not pair.second.status()["armed"]
    assert health(pair.second)[0] == 0
    pair.second.terminate()
    estate.faults.unreachable("dynamodb")
    eventually("drd is held", lambda: pair.first.status()["state"] == "held", TAKES_OVER_WITHIN)
    ends = time.monotonic() + LEASE_SECONDS + RENEW_SECONDS
    while time.monotonic() < ends:
        assert health(pair.first)[0] == 0, "a restart would not bring the table back"
