"""The audit log: one JSON line for every request the emulator served, written there and read by the tests.

It is how a test can say "no mutating call was made", count the calls that took effect, and order them in time.
Deliberately absent: requests that the fault proxy swallowed never reach the emulator and are not in here
(faults.py has the proxy's own record of those), and bodies, which no assertion needs.
"""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

MUTABLE = {"rds", "autoscaling", "s3", "route53", "elasticloadbalancing"}
READING = ("Describe", "List", "Get", "Head")
HARNESS = "drd-wire-harness"


@dataclass(frozen=True)
class Call:
    """One request as the emulator saw it; `at` is the moment it arrived, in seconds since 1970."""

    at: float
    account: str
    service: str
    action: str
    region: str
    status: int
    agent: str = field(repr=False)

    @property
    def mutating(self) -> bool:
        return self.service in MUTABLE and not self.action.startswith(READING)

    @property
    def took_effect(self) -> bool:
        return self.status < 300

    def __str__(self) -> str:
        return f"{self.service}:{self.action}@{self.region} -> {self.status}"


class Audit:
    """Reads the log of one emulator as one account left it."""

    def __init__(self, path: Path):
        self.path = path

    def calls(self, account: str, action: str | None = None) -> list[Call]:
        """The daemon's calls: what the harness itself asked carries the harness's user agent and is left out."""
        seen = [Call(**json.loads(line)) for line in self.path.read_text().splitlines() if line]
        mine = [c for c in seen if c.account == account and HARNESS not in c.agent]
        return mine if action is None else [c for c in mine if c.action == action]

    def mutating(self, account: str) -> list[Call]:
        return [c for c in self.calls(account) if c.mutating]


def write(path: str, **fields: object) -> None:
    """One write(2) with O_APPEND a line, so that lines of different threads never mix."""
    line = json.dumps(fields) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def wrap(dispatch, path: str):
    """The emulator's own dispatcher, with a line written after every answer."""
    from ministack.core.iam_actions import extract_iam_action
    from ministack.core.responses import get_account_id
    from ministack.core.router import detect_service, extract_region
    from ministack.app import _routing_params

    async def audited(method, url_path, headers, body, query_params, request_id):
        at = time.time()
        response = await dispatch(method, url_path, headers, body, query_params, request_id)
        params = _routing_params(method, url_path, headers, body, query_params)
        name = detect_service(method, url_path, headers, params)
        known = extract_iam_action(name, method, url_path, headers, body, params) or f"{name}:{method} {url_path}"
        service, action = known.split(":", 1)
        write(path, at=at, account=get_account_id(), service=service, action=action,
              region=extract_region(headers), status=response[0], agent=headers.get("user-agent", ""))
        return response

    return audited
