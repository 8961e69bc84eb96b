"""The real drd binary, asked to build, tell and take away; and what it changed, by the emulator's own log.

Deliberately absent: `drd run` (serving.py), and any judgement of words beyond what a user must be told.
"""

import json
import signal
import subprocess
from pathlib import Path

from account import Account, Region
from audit import READING
from daemon import binary
from world import Process, environment, eventually

ENDS_WITHIN = 120.0
USAGE, REFUSED = 2, 3
HARMLESS = ("BatchGet", "Validate", "AssumeRole", "Estimate", "Detect", "Select", "Query", "Scan", "Search")


class Drd:
    """One user's drd: an account, a folder of its own, and the fault proxy on the way when a test asks for it."""

    def __init__(self, account: Account, folder: Path, suffix: str, through_proxy: bool = False):
        self.account, self.folder, self.suffix = account, folder, suffix
        world = account.world
        endpoint = world.proxy if through_proxy else world.emulator
        self.env = environment(account.identity, endpoint) | {"HOME": str(folder), "NO_COLOR": "1"}

    @property
    def state(self) -> Path:
        return self.folder / ".drd-state" / f"{self.suffix}.json"

    def __call__(self, word: str, *words: str) -> subprocess.CompletedProcess:
        command = [str(binary()), word, "--suffix", self.suffix, *words]
        return subprocess.run(command, env=self.env, cwd=self.folder, capture_output=True, text=True,
                              timeout=ENDS_WITHIN, stdin=subprocess.DEVNULL)

    def done(self, word: str, *words: str) -> str:
        """Its standard output; anything but a success is the test's failure, with all that it said."""
        answer = self(word, *words)
        assert answer.returncode == 0, f"drd {word}: exit {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
        return answer.stdout

    def outputs(self) -> dict:
        return json.loads(self.done("outputs", "-o", "json"))

    def begin(self, word: str, *words: str) -> Process:
        """The same, left running; killed by its own handle."""
        command = ["env", "-C", str(self.folder), str(binary()), word, "--suffix", self.suffix, *words]
        return Process(command, self.folder / f"{word}.log", self.env)

    def killed_when(self, what: str, true, word: str, *words: str) -> None:
        """kill -9 in the middle: once `true` holds while the command still runs."""
        process = self.begin(word, *words)
        try:
            eventually(what, lambda: true() or not process.running(), ENDS_WITHIN, every=0.02)
            assert process.running(), f"it ended before {what}:\n{process.tail()}"
        finally:
            process.child.send_signal(signal.SIGKILL)
            process.child.wait(10)


def changes(account: Account) -> list:
    """Every call that could change something and was answered with success; the harness's own are left out."""
    calls = account.world.audit.calls(account.identity)
    return [c for c in calls if c.took_effect and not name_of(c).startswith(READING + HARMLESS)]


def name_of(call) -> str:
    """The account service has no IAM names in the log: `POST /getRegionOptStatus`."""
    if call.service != "account":
        return call.action
    name = call.action.rsplit("/", 1)[-1]
    return name[:1].upper() + name[1:]


def stacks(account: Account, suffix: str, region: Region | None = None) -> dict[str, str]:
    """The suffix's stacks and their statuses, over all regions or in one; deleted ones are not listed."""
    found = {}
    for place in [region] if region else account.regions.values():
        pages = place.cloudformation.get_paginator("list_stacks").paginate()
        every = [s for page in pages for s in page["StackSummaries"]]
        found |= {f"{place.name}/{s['StackName']}": s["StackStatus"] for s in every
                  if s["StackName"].endswith(f"-{suffix}") and s["StackStatus"] != "DELETE_COMPLETE"}
    return found


def complete(account: Account, suffix: str) -> int:
    return sum(status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") for status in stacks(account, suffix).values())
