"""Faults for one account, injected by microburst between the daemon and the emulator.

Every rule matches the account in the request's signature, so tests that share a proxy do not see each other's
faults. Deliberately absent: faults of the application, of DNS and of the observer's references; those are
servers of the tests (app.py, dns.py), not AWS.
"""

import json
import urllib.request

from world import loopback

HANG_MILLISECONDS = 120_000  # longer than any attempt of the daemon: to it, the region never answers


class Faults:
    """Switches faults of one account on, and reads what fired."""

    def __init__(self, proxy: str, account: str):
        self.control = loopback(f"{proxy}/_microburst")
        self.signature = {"authorization": f"Credential={account}/"}
        self.mine: set[int] = set()

    def dark_region(self, region: str, how: str = "hang") -> None:
        """A region whose every endpoint hangs (packets lost) or resets (hosts there, services gone)."""
        effect = {"hang": {"timeout_ms": HANG_MILLISECONDS}, "reset": {"reset": True}}[how]
        self._add(service="*", region=region, **effect)

    def unreachable(self, service: str) -> None:
        """Every connection to one service, in every region, is reset."""
        self._add(service=service, reset=True)

    def throttle(self, service: str, operation: str, times: int) -> None:
        """AWS: query services answer `Throttling`, 400, and the call has no effect."""
        error = {"code": "Throttling", "status": 400, "message": "Rate exceeded"}
        self._add(service=service, operation=operation, times=times, error=error)

    def deny(self, service: str, operation: str) -> None:
        """AWS: a call that the caller's policies do not allow; the code is the query services'."""
        text = f"User: somebody is not authorized to perform: {service}:{operation}"
        self._add(service=service, operation=operation,
                  error={"code": "AccessDenied", "status": 403, "message": text})

    def expire_token(self, service: str, operation: str, times: int) -> None:
        """AWS: the call is refused because the credentials ran out a moment ago; it has no effect."""
        error = {"code": "ExpiredToken", "status": 403, "message": "The security token included in the request is expired"}
        self._add(service=service, operation=operation, times=times, error=error)

    def refuse_credentials(self, region: str) -> None:
        """AWS: a token of STS's global endpoint is not valid in a region that was opted in to."""
        error = {"code": "InvalidClientTokenId", "status": 403, "message": "The security token included is invalid"}
        self._add(service="sts", region=region, error=error)

    def fail(self, service: str, operation: str, times: int) -> None:
        """AWS: an internal error; a mutating call may have taken effect, this one has not."""
        error = {"code": "InternalFailure", "status": 500, "message": "We encountered an internal error"}
        self._add(service=service, operation=operation, times=times, error=error)

    def answer_with_a_page(self, service: str, operation: str, times: int) -> None:
        """The call takes effect, and a gateway on the way answers 502 in HTML (proxy.py)."""
        self._add(service=service, operation=operation, times=times, response={"abort_bytes": 1})

    def answer_half(self, service: str, operation: str, times: int) -> None:
        """The answer ends in the middle of its XML, under a status of 200."""
        self._add(service=service, operation=operation, times=times, response={"truncate_frac": 0.5})

    def reset(self, service: str, operation: str, times: int) -> None:
        """The connection is reset before anything happened."""
        self._add(service=service, operation=operation, times=times, reset=True)

    def hang(self, service: str, operation: str, times: int, seconds: float = 30) -> None:
        """No answer for so long; the call has no effect."""
        self._add(service=service, operation=operation, times=times, timeout_ms=seconds * 1000)

    def expire_credentials(self, seconds: float) -> None:
        """AWS: every call is refused until new credentials come, which they do after so long."""
        error = {"code": "ExpiredToken", "status": 403, "message": "The security token is expired"}
        self._add(service="*", ttl_s=seconds, error=error)

    def lose_reply(self, service: str, operation: str, times: int) -> None:
        """The call takes effect, then the connection is closed before a byte of the answer (proxy.py)."""
        self._add(service=service, operation=operation, times=times, response={"abort_bytes": 0})

    def clear(self) -> None:
        """The proxy compares a rule's fields: these headers are this account's, so only its rules go."""
        self._ask("DELETE", "rules", [{"headers": self.signature}])

    def fired(self) -> list[dict]:
        """What the proxy did to this account: {ts, service, operation, region, action}, oldest first."""
        return [event for event in self._ask("GET", "fired?limit=2000") if event["rule_id"] in self.mine]

    def _add(self, **rule: object) -> None:
        answer = self._ask("PATCH", "rules", [rule | {"headers": self.signature}])
        self.mine |= {known["id"] for known in answer if known.get("headers") == self.signature}

    def _ask(self, method: str, path: str, body: object = None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.control}/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=5) as reply:
            return json.load(reply)
