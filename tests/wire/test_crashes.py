"""A lone daemon with its ledger in a file is killed, or frozen, in each phase of a failover: the job is done, once.

Deliberately absent: a disk that loses what it synced, and crashes between two lines (the lab's crash-all has each).
"""

import signal
import time

import pytest
from test_failover import RECOVERS_WITHIN, queue_is_drained, region_lost, serves_from_the_standby
from world import eventually

PHASES = ["suspecting", "fencing", "promoting", "redirecting", "verifying"]
FROZEN_SECONDS = 5.0


def kill(daemon) -> None:
    daemon.kill()
    daemon.start(until_armed=False)


def freeze(daemon) -> None:
    """Long enough for every attempt under way to be over its deadline when the process goes on."""
    daemon.process.child.send_signal(signal.SIGSTOP)
    time.sleep(FROZEN_SECONDS)
    daemon.process.child.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("stop", [kill, freeze])
@pytest.mark.parametrize("phase", PHASES)
def test_a_daemon_stopped_in_any_phase_finishes_and_promotes_once(estate, daemon, phase, stop):
    region_lost(estate)
    eventually(f"drd is {phase}", lambda: phase in daemon.path(), RECOVERS_WITHIN, every=0.02)
    stop(daemon)
    serves_from_the_standby(estate, daemon)
    queue_is_drained(estate)
    replayed = daemon.run("replay", str(estate.ledger))
    assert replayed.returncode == 0, replayed.stderr
