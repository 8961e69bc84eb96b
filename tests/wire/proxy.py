"""Starts microburst, the fault proxy, with the two faults it lacks: an answer that is lost as a whole, and a page.

Its own cut (`abort_bytes`) sends the status line first, and does nothing to an answer without a body (S3's puts). A
reply lost on the network gives the caller no byte at all. A gateway between AWS and its caller answers in HTML when
it lost the answer; the call may have taken effect. Deliberately absent: every other fault; those are rules
(faults.py). Private names of the pinned release are replaced, as in plugin.py.
"""

import sys

from aiohttp import web
from lifeline import die_with_the_tests
from microburst import forward
from microburst.cli import main

WHOLE = 0  # rule {"response": {"abort_bytes": 0}}: the emulator has acted, the caller hears nothing


PAGE = 1  # rule {"response": {"abort_bytes": 1}}: the emulator has acted, the caller gets a gateway's page
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def lose_whole_replies() -> None:
    original = forward._stream_to_client

    async def stream(request, status, headers, mutator, chunks):
        if mutator is None or mutator.abort_bytes not in (WHOLE, PAGE):
            return await original(request, status, headers, mutator, chunks)
        async for _ in chunks:
            pass
        if mutator.abort_bytes == PAGE:
            return web.Response(status=502, text=HTML, content_type="text/html")
        request.transport.abort()
        return web.Response(status=status)  # never written: the connection is gone

    forward._stream_to_client = stream


if __name__ == "__main__":
    lose_whole_replies()
    die_with_the_tests()
    sys.exit(main())
