"""What one provider's silence does to the messages of another: the last part of `uzel bench
reviews`.

Two businesses share web, worker and database. Visits of the one become texts by SMS.ru, those of
its neighbour texts by Exolve, each from a source of its own, both at constant rates far below what
the machine can do. First all is calm; then Exolve takes every request in and answers none, longer
than an answer is waited for; then, once it is well and what had piled up is through, all is calm
again. `hang_ratio` sets the time to the first byte at SMS.ru during the hang against both calm
times together; `calm_ratio`, the second calm time against the first, tells how much of that is the
machine's own.

Exolve does what it is asked before it falls silent, and sends no receipts: so a text that is tried
again without knowing shows in its journal as two, and what the calm times carry beyond the hang is
no more than its answers.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from uzel.bench import store
from uzel.bench.bodies import DeliveryRequests
from uzel.bench.load import LoadResult, open_loop
from uzel.bench.process import run_in_process
from uzel.bench.report import Figures, rounded
from uzel.bench.stage import Process, Stage, ask
from uzel.bench.visits import CONNECTIONS, TIMEOUT_S, Flow, first_bytes, not_taken_in, sends_at
from uzel.connections.store import close_breaker
from uzel.kit.database import Connection
from uzel.kit.faults import FaultKind

PER_S = 100.0
# Of what holds, for a slow machine: well below, the neighbour's share included.
MOST_SHARE = 0.4
NEIGHBOUR_SHARE = 0.2
LOOK_EVERY_S = 0.2
# The miniature refuses or fails texts to the last ten of each hundred numbers.
HUNDRED, REACHED = 100, 90

LABELS = {
    "calm_p50_ms": "the same beside a provider that answers, median, ms",
    "calm_p99_ms": "… 99 %, ms",
    "hang_p50_ms": "… beside one that hangs, median, ms",
    "hang_p99_ms": "… 99 %, ms",
    "hang_ratio": "hang : calm, of the 99 %",
    "calm_ratio": "second calm time : first",
    "hang_s": "how long it hung, s",
    "hang_unanswered": "requests it left unanswered",
    "isolation_rate_per_s": "measured at visits per second",
}


Send = Callable[[str, float, float], Awaitable[Flow]]
"""What is sent, visits per second, seconds → what came of it."""


class Reachable:
    """Requests of another one, but those whose phones the miniature does not reach."""

    def __init__(self, requests: DeliveryRequests, first: int) -> None:
        self._requests, self._first = requests, first

    def __call__(self, i: int) -> bytes:
        hundreds, rest = divmod(self._first + i, REACHED)
        return self._requests(hundreds * HUNDRED + rest)


class Neighbour:
    """The other business: its visits come in beside those that are measured."""

    def __init__(self, stage: Stage, web: Process, connection: Connection) -> None:
        self.loads: list[LoadResult] = []
        self._stage, self._web, self._connection = stage, web, connection
        self._next = 0
        self._requests = DeliveryRequests(
            host=urlsplit(web.url).netloc,
            path=stage.hook("iiko", of_neighbour=True),
            headers={},
            run_id=1,
            occurred_at=datetime.now(UTC),
        )

    def prepare(self) -> None:
        """Have its provider list no text in time: that long lists are read again for texts whose
        outcome is unknown belongs to the time after a hang, and would slow the second calm one.
        """
        ask("POST", f"{self._stage.sandbox_url}/exolve/_settings", body={"listed_after_s": 3600})

    async def send(self, per_s: float, seconds: float) -> None:
        """Send visits. What becomes of them is in the journal: see `sends`."""
        first, self._next = self._next, self._next + round(per_s * seconds)
        self.loads.append(
            await run_in_process(
                open_loop,
                self._web.target,
                Reachable(self._requests, first),
                per_s=per_s,
                seconds=seconds,
                connections_max=CONNECTIONS,
                timeout_s=TIMEOUT_S,
            )
        )

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Its provider answers nothing meanwhile, whatever it is asked."""
        faults = f"{self._stage.sandbox_url}/_faults"
        silence = {"connector": "exolve", "kind": FaultKind.TIMEOUT_AFTER_ACCEPT, "rate": 1.0}
        ask("POST", faults, body=silence)
        try:
            yield
        finally:
            ask("DELETE", faults)

    async def recover(self, within_s: float) -> None:
        """Say that its provider is well again, as an operator would, and wait until what had piled
        up is through.
        """
        exolve = self._stage.neighbours["exolve"].id
        await close_breaker(self._connection, exolve)
        ends_at = asyncio.get_running_loop().time() + within_s
        while await store.count_unasked(self._connection, exolve):
            if asyncio.get_running_loop().time() > ends_at:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def sends(self) -> dict[str, list[float]]:
        """As `sends_at`, since the journal was cleared."""
        return sends_at(self._stage.sandbox_url, "exolve")

    @property
    def errors(self) -> int:
        """Visits that got no answer from us, or one other than 200."""
        return sum(not_taken_in(load) for load in self.loads)


@dataclass(frozen=True, slots=True)
class Isolation:
    """What was seen.

    before, hang, after  loads of the business that is measured
    unanswered           texts its neighbour's provider was asked for while it hung
    doubled              the neighbour's phones that were texted more than once
    errors               the neighbour's visits that were not taken in
    """

    before: Flow
    hang: Flow
    after: Flow
    hang_s: float
    unanswered: int
    doubled: frozenset[str]
    errors: int

    @property
    def flows(self) -> Sequence[Flow]:
        """In the order of time."""
        return self.before, self.hang, self.after

    @property
    def void_because(self) -> list[str]:
        """Why nothing was shown."""
        return [] if self.unanswered else ["the provider that hung was asked for nothing"]

    def figures(self) -> Figures:
        """For the report."""
        calm, hang = first_bytes(self.before, self.after), first_bytes(self.hang)
        first, second = (first_bytes(flow).percentile(99) for flow in (self.before, self.after))
        return {
            "calm_p50_ms": rounded(calm.percentile(50), 1),
            "calm_p99_ms": rounded(calm.percentile(99), 1),
            "hang_p50_ms": rounded(hang.percentile(50), 1),
            "hang_p99_ms": rounded(hang.percentile(99), 1),
            "hang_ratio": rounded(ratio(hang.percentile(99), calm.percentile(99)), 3),
            "calm_ratio": rounded(ratio(second, first), 3),
            "hang_s": rounded(self.hang_s, 1),
            "hang_unanswered": self.unanswered,
            "isolation_rate_per_s": rounded(self.hang.per_s, 1),
        }


async def isolate(
    send: Send, neighbour: Neighbour, per_s: float, *, calm_s: float, hang_s: float
) -> Isolation:
    """Calm, hang, calm. `send` sends visits of the business that is measured; the journal must
    have been cleared before and not be meanwhile.
    """

    async def both(what: str, seconds: float) -> Flow:
        measured = send(f"beside a provider that {what}", per_s, seconds)
        return (await asyncio.gather(measured, neighbour.send(beside(per_s), seconds)))[0]

    before = await both("answers", calm_s / 2)
    with neighbour.hanging():
        began_at = time.time()
        hang = await both("hangs", hang_s)
        hung_s = time.time() - began_at
        asked_at = [at for sent in neighbour.sends().values() for at in sent]
    await neighbour.recover(recovery_s(hang_s))
    after = await both("answers again", calm_s / 2)
    doubled = frozenset(phone for phone, sent in neighbour.sends().items() if len(sent) > 1)
    unanswered = sum(at >= began_at for at in asked_at)
    return Isolation(before, hang, after, hung_s, unanswered, doubled, neighbour.errors)


def recovery_s(hang_s: float) -> float:
    """How long is waited at most until what had piled up is through."""
    return hang_s / 2


def rate_for(visits_per_s: float) -> float:
    """Visits per second of the business that is measured, where so many in all can be sustained."""
    return min(PER_S, MOST_SHARE * visits_per_s)


def beside(per_s: float) -> float:
    """The neighbour's visits per second."""
    return max(1.0, NEIGHBOUR_SHARE * per_s)


def ratio(measured: float, base: float) -> float:
    """nan where there is nothing to compare with."""
    return measured / base if base else math.nan
