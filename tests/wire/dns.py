"""Answers for the failover record as Route 53's data plane would: from the latch alone, a little late.

No emulator runs health checks, so the inverted check on the latch is played here: the record resolves to the
standby once the latch object was there THRESHOLD times in a row, and back once it was gone as often. Deliberately
absent: every other name, and any record but A.
"""

import threading

from dnslib import QTYPE, RCODE, RR, A
from dnslib.server import BaseResolver, DNSServer

THRESHOLD = 3
INTERVAL_SECONDS = 0.4  # 10 s on AWS


class Answerer(BaseResolver):
    """One record on a UDP port of its own; `latched` tells whether the latch object exists now; `denies` is a zone
    that nobody delegates."""

    def __init__(self, record: str, primary: str, standby: str, latched):
        self.record, self.addresses, self.latched = record, (primary, standby), latched
        self.thrown = latched()
        self.denies = False
        self.server = DNSServer(self, address="127.0.0.1", port=0, logger=Silent())
        self.port = self.server.server.server_address[1]
        self.stopped = threading.Event()
        self.checker = threading.Thread(target=self._check, daemon=True)
        self.checker.start()
        self.server.start_thread()

    @property
    def address(self) -> str:
        return self.addresses[self.thrown]

    def _check(self) -> None:
        """Route 53 asks at its own interval, whether or not anyone resolves the name."""
        changed = 0
        while not self.stopped.wait(INTERVAL_SECONDS):
            changed = changed + 1 if self.latched() != self.thrown else 0
            if changed == THRESHOLD:
                self.thrown, changed = not self.thrown, 0

    def resolve(self, request, handler):
        reply = request.reply()
        if request.q.qname != self.record or self.denies:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.A:
            reply.add_answer(RR(self.record, QTYPE.A, ttl=1, rdata=A(self.address)))
        return reply

    def close(self) -> None:
        self.stopped.set()
        self.checker.join(5)
        self.server.stop()
        self.server.server.server_close()


class Silent:
    """dnslib logs every question to standard output unless it is given a logger that does not."""

    def __getattr__(self, name):
        return lambda *_: None
