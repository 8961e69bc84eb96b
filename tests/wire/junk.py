"""A queue that answers as SQS does, as fast as its pace allows: the emulator needs longer for a call than SQS.

It listens on a loopback port and speaks the JSON protocol. Deliberately absent: the visibility timeout (nothing is
delivered twice), signatures, and every call that the daemon does not make.
"""

import asyncio
import hashlib
import itertools
import json
import threading
import time
from collections import deque

IDLE_SECONDS = 1.0  # how long a receive waits at most; SQS waits 20 s, which no test needs


class JunkQueue:
    """`pace` is how long each call takes, in seconds; calls that are in flight at once do not wait for one another."""

    def __init__(self, pace: float):
        self.pace = pace
        self.waiting: deque[bytes] = deque()
        self.calls: dict[str, int] = {}
        self.numbers = itertools.count(1)
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self.thread.start()
        started.wait(5)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._connection, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()
        server.close()
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self.loop.close()

    def put(self, *bodies: str) -> None:
        """All at once, as far as the daemon can see."""
        stamp = str(int(time.time() * 1000))
        made = [self._message(body, stamp) for body in bodies]
        self.loop.call_soon_threadsafe(self.waiting.extend, made)

    def _message(self, body: str, stamp: str) -> bytes:
        """Written out once, here: at thousands of messages a second the queue must not be what is slow."""
        name = f"message-{next(self.numbers)}"
        return json.dumps({"MessageId": name, "ReceiptHandle": f"receipt-of-{name}", "Body": body,
                           "MD5OfBody": hashlib.md5(body.encode()).hexdigest(),
                           "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": stamp}}).encode()

    async def _connection(self, reader, writer) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:-2]
                headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                action = headers.get("x-amz-target", "none").rsplit(".", 1)[-1]
                answer = await self._answer(action, json.loads(body or b"{}"))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # The daemon, or the test, is done with it.
        finally:
            writer.close()

    async def _answer(self, action: str, asked: dict) -> bytes:
        self.calls[action] = self.calls.get(action, 0) + 1
        await asyncio.sleep(self.pace)
        if action == "ReceiveMessage":
            ends = self.loop.time() + min(IDLE_SECONDS, asked.get("WaitTimeSeconds", 0))
            while not self.waiting and self.loop.time() < ends:
                await asyncio.sleep(self.pace)
            count = min(asked.get("MaxNumberOfMessages", 1), len(self.waiting))
            return b'{"Messages":[' + b",".join([self.waiting.popleft() for _ in range(count)]) + b"]}"
        if action.endswith("Batch"):
            return json.dumps({"Successful": [{"Id": e["Id"]} for e in asked["Entries"]], "Failed": []}).encode()
        if action == "GetQueueAttributes":
            dead = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-central-2:0:dead", "maxReceiveCount": "3"})
            return json.dumps({"Attributes": {"ApproximateNumberOfMessages": str(len(self.waiting)),
                                              "VisibilityTimeout": "30", "RedrivePolicy": dead}}).encode()
        return b"{}"

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
