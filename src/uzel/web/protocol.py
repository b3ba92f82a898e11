"""One connection of the web server: how long it may take, what it is refused, how it ends.

Under overload nearly all work of a Python server goes into requests it will refuse. A webhook that
arrives whole in one packet on an idle connection, which is what senders do, is answered here with
503 from its first bytes, without parsing, routing or a task; everything else takes the usual way
and is refused at the door.

A refusal never overtakes the answers to earlier requests of its connection.
"""

import asyncio
from collections import Counter
from typing import Any, cast

from uzel.events.door import BUSY, NOBODY, Door
from uzel.web.deadlines import Limits, Rounds
from uzel.web.framing import BETWEEN, BODY, DEAF, HEAD, LEAVING, FramingProtocol
from uzel.web.joining import JoiningTransport
from uzel.web.refusals import BUSY_ANSWER, CLOSING, is_whole_webhook

# Refusals that leave before the end of a turn of the loop.
MOST_HURRIED = 256


class Edge:
    """What all connections of a server share.

    refused    requests that ended here for the way they came, by status
    half_sent  requests whose body is still arriving: they have a task each, and cost nothing
    """

    def __init__(self, door: Door, limits: Limits, refused: Counter[int]) -> None:
        self.door = door
        self.limits = limits
        self.refused = refused
        self.rounds = Rounds(limits.every_s)
        self.half_sent = 0
        self._hurried = 0

    def may_hurry(self) -> bool:
        """Whether one more refusal may leave at once. Who has his answer asks again, and libuv
        looks for more to read before it lets anything else run as long as a thousand connections
        have something; so the rest of them is answered at the end of the turn.
        """
        if not self._hurried:
            asyncio.get_running_loop().call_soon(self._turn)
        self._hurried += 1
        return self._hurried <= MOST_HURRIED

    def _turn(self) -> None:
        self._hurried = 0


class EdgeProtocol(FramingProtocol):
    """One connection."""

    edge: Edge

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle_s = self.edge.limits.head_s
        self._half_sent = False
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's own, which narrows the type in the same way."""
        self._joining = JoiningTransport(transport)
        super().connection_made(cast(asyncio.Transport, self._joining))
        self.edge.rounds.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.edge.rounds.remove(self)
        self._body_ends()
        # uvicorn tells the latest request only.
        for cycle in self.ahead:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Refuse at once, or go the usual way."""
        edge = self.edge
        busy = len(self.tasks) - edge.half_sent >= edge.limits.most_under_way
        if busy and self.phase == BETWEEN and self._idle() and is_whole_webhook(data):
            edge.door.turn_away(NOBODY, BUSY)
            if edge.may_hurry():
                self._joining.write_now(BUSY_ANSWER)
            else:
                self.transport.write(BUSY_ANSWER)
            self._now_idle()
        else:
            super().data_received(data)

    def body_arrives(self) -> None:
        if not self._half_sent:
            self._half_sent = True
            self.edge.half_sent += 1

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._half_sent:
            self._body_ends()
            self.since = self.loop.time()

    def _body_ends(self) -> None:
        self.edge.half_sent -= self._half_sent
        self._half_sent = False

    def on_response_complete(self) -> None:
        """As uvicorn's own, but for its timer, and for a refusal that had to wait."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.phase == DEAF:
            self._say_and_leave()
        else:
            self.ahead.clear()
            if self.phase == BETWEEN:
                self._now_idle()

    def _idle(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    def _now_idle(self) -> None:
        self.since = self.loop.time()
        self._idle_s = self.timeout_keep_alive

    def fail(self, status: int) -> None:
        """Read no more; answer what came before, then with `status`, and hang up."""
        self.edge.refused[status] += 1
        cycle, broken = self.cycle, self.phase == BODY
        self._body_ends()
        self.phase, self._refusal = DEAF, status
        if broken and self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
        elif broken:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
            else:
                self._say_and_leave()
        elif self._idle():
            self._say_and_leave()

    def _say_and_leave(self) -> None:
        self.phase = LEAVING
        self.since = self.loop.time()
        if not self.transport.is_closing():
            self.transport.write(CLOSING[self._refusal])
            self.transport.write_eof()

    def look(self, now: float) -> None:
        """End the connection if its other side keeps us waiting for too long."""
        waited_s, limits = now - self.since, self.edge.limits
        if self.flow.write_paused:
            self._look_at_reader(now)
        elif self.phase == BETWEEN:
            if waited_s > self._idle_s and self._idle():
                self.transport.close()
        elif self.phase == HEAD:
            if waited_s > limits.head_s:
                self.fail(408)
        elif self.phase == BODY:
            if self.flow.read_paused:
                self.since = now
            elif waited_s > limits.body_s + self._content_bytes / limits.slowest_bytes_s:
                self.fail(408)
        elif self.phase == LEAVING and waited_s > limits.linger_s:
            self.transport.abort()

    def pause_writing(self) -> None:
        self._unread_bytes = 0
        super().pause_writing()

    def _look_at_reader(self, now: float) -> None:
        """A slow reader may take its time as long as it takes anything."""
        left = self._joining.unread_bytes()
        if not self._unread_bytes or left < self._unread_bytes:
            self._unread_bytes, self.since = left, now
        elif now - self.since > self.edge.limits.unread_s:
            self.transport.abort()


def shedding_protocol(
    door: Door, *, limits: Limits | None = None, refused: Counter[int] | None = None
) -> type[EdgeProtocol]:
    """The protocol of one server, which counts in `refused`."""
    edge = Edge(door, limits or Limits(), Counter() if refused is None else refused)
    return type("ServerProtocol", (EdgeProtocol,), {"edge": edge})
