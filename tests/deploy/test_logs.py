"""The form of drd's log lines follows from where they go: text for a person, JSON Lines for a container.

Deliberately absent: the journal (test_pid1.py has a real one; src/telemetry.rs judges JOURNAL_STREAM).
"""

import json
import os
import pty
import subprocess

import pytest
from daemon import Daemon, binary
from hosts import daemon, estate, world  # noqa: F401  (fixtures)
from world import eventually

ARMED = "b32187254639494e8c54e5c25ab968d1"


def test_in_a_pipe_every_line_is_json_and_what_people_filter_by_is_a_field(daemon):
    daemon.start()
    daemon.terminate()
    lines = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    assert len(lines) >= 3 and all({"timestamp", "level", "message"} <= line.keys() for line in lines)
    (armed,) = [line for line in lines if line.get("message_id") == ARMED]
    assert (armed["message"], armed["drd_state"], armed["drd_side"]) == ("armed", "watching", "primary")
    assert "drd_run" not in armed, "there was no recovery yet"


def test_a_journal_that_stderr_does_not_lead_to_is_not_written_to(daemon):
    """A service's child whose output goes elsewhere inherits the variable."""
    daemon.env |= {"JOURNAL_STREAM": "1:1"}
    daemon.start(until_armed=False)
    eventually("a line", lambda: daemon.log.read_text().startswith('{"timestamp"'), 20)


@pytest.fixture
def terminal(estate):
    """A daemon with a person before it; gives what that person has read so far."""
    made = Daemon(estate)
    ours, theirs = pty.openpty()
    command = [str(binary()), "run", "--config", str(made.config)]
    child = subprocess.Popen(command, env=made.env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = bytearray()

    def read() -> str:
        try:
            while more := os.read(ours, 4096):
                seen.extend(more)
        except BlockingIOError:
            pass
        return seen.decode()

    yield read
    child.terminate()
    child.wait(20)
    os.close(ours)


def test_on_a_terminal_a_line_is_text_without_what_only_a_machine_looks_for(estate, terminal):
    eventually("it runs", lambda: " drd runs " in terminal(), 20)
    for side in ("primary", "standby"):
        estate.witness(side, "healthy")
    eventually("it is armed", lambda: ' armed drd_state="watching"' in terminal(), 40)
    print(terminal())
    assert "{" not in terminal() and "message_id" not in terminal() and "\x1b" not in terminal(), "NO_COLOR is set"
