"""Turning webhooks away before they cost anything, when more come than can be stored.

Under overload nearly all work of a Python server goes into requests it will refuse. A webhook that
arrives whole in one packet on an idle connection, which is what senders do, is answered here with
503 from its first bytes, without parsing, routing or a task; everything else takes the usual way
and is refused at the door.
"""

import asyncio
import re
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from uzel.events.door import BUSY, RETRY_AFTER_S, Door
from uzel.web.hooks import PREFIX
from uzel.web.joining import JoiningTransport

# Requests under way in this process. Two commits of 256 fit in; what waits beyond them would wait
# longer than a sender should.
MOST_UNDER_WAY = 512
START = b"POST " + PREFIX.encode()
LENGTH = re.compile(rb"\r\ncontent-length: ?(\d{1,7})(?=\r\n)", re.IGNORECASE)
# With any of these the message may not end where its length says, or the connection after it.
SPECIAL = re.compile(rb"\r\n(transfer-encoding|connection: ?close|expect|upgrade)", re.IGNORECASE)
ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
    b"retry-after: %d\r\ncontent-length: %d\r\n\r\n%s" % (RETRY_AFTER_S, len(BUSY.body), BUSY.body)
)


def is_whole_webhook(data: bytes) -> bool:
    """Whether `data` is exactly one webhook request, with nothing missing and nothing after it."""
    if not data.startswith(START):
        return False
    end = data.find(b"\r\n\r\n")
    head = data[: end + 2]
    if end < 0 or b" HTTP/1.1\r\n" not in head[:8192] or SPECIAL.search(head):
        return False
    lengths = LENGTH.findall(head)
    return len(lengths) == 1 and len(data) == end + 4 + int(lengths[0])


def shedding_protocol(door: Door) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol with a look at the load before anything else."""

    class SheddingProtocol(HttpToolsProtocol):
        """`between`: the last message is complete and the next has not begun."""

        between = True

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """As uvicorn's own, which narrows the type in the same way."""
            super().connection_made(cast(asyncio.Transport, JoiningTransport(transport)))

        def data_received(self, data: bytes) -> None:
            """Refuse at once, or go the usual way."""
            busy = len(self.tasks) >= MOST_UNDER_WAY
            if busy and self.between and self._idle() and is_whole_webhook(data):
                self._refuse()
            else:
                super().data_received(data)

        def on_message_begin(self) -> None:
            self.between = False
            super().on_message_begin()

        def on_message_complete(self) -> None:
            super().on_message_complete()
            self.between = True

        def _idle(self) -> bool:
            return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

        def _refuse(self) -> None:
            door.turn_away("?", BUSY)
            self.transport.write(ANSWER)
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    return SheddingProtocol
