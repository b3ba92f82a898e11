"""Understanding raw events: parse, store elements, hand events to their flows; one transaction."""

import asyncio
import dataclasses
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from uzel.calls.plan import gathered
from uzel.connections.registry import Active, Registry
from uzel.connector import Element, Received
from uzel.errors import PayloadInvalid
from uzel.events import store
from uzel.events.event import Decision, Event, Flow
from uzel.events.suspects import Suspects
from uzel.kit import database
from uzel.kit.batch import Batcher
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.visit import Visit

log = logging.getLogger("uzel.events")

MOST_TOGETHER = 100
AT_ONCE = 2
# A transaction costs as much for one event as for five.
APART_S = 0.02
# All that the queue hands out at once and more; what waits here are numbers.
ROOM = 1_000_000
# Bodies in one transaction: reading them holds this process up, and their elements its memory.
MOST_BYTES_TOGETHER = 2 * 1024 * 1024
# More than any provider packs into a request. Rows for a mebibyte of `[0,0,0,…` would hold all else
# up for a minute, and in vain.
MOST_ELEMENTS = 20_000
# Of elements about the same thing in one transaction, so many get their own turn.
MOST_TURNS = 8
MOST_IN_A_ROW = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """A raw event that could be read: its row, its connection, its elements."""

    row: Any
    connection: Active
    elements: list[Element]


# (read, position, element)
Placed = tuple[Read, int, Element]


class Processor:
    """Processes raw events.

    flows  who wants which type of event
    wake   told the connections for which calls were planned, after the commit; where nobody makes
           calls in this process, the queue is told instead
    """

    def __init__(
        self,
        pool: database.Pool,
        registry: Registry,
        flows: Mapping[str, Flow],
        wake: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        self._wake = wake
        self._pool = pool
        self._registry = registry
        self._flows = flows
        self._suspects = Suspects()
        self._batcher: Batcher[int, None] = Batcher(
            self._process_batch, most=MOST_TOGETHER, at_once=AT_ONCE, room=ROOM, apart_s=APART_S
        )

    async def process(self, ids: Sequence[int]) -> None:
        """Handler of the `events` job: raw events whose jobs run at the same time share one
        transaction.
        """
        await asyncio.gather(*(self._batcher.submit(raw_event_id) for raw_event_id in ids))

    async def _process_batch(self, ids: Sequence[int]) -> Sequence[Exception | None]:
        """Those that failed lately each by itself. What may pass is for the jobs to try again; when
        two groups in a row meet it, the others are not kept waiting for the same.
        """
        problems: dict[int, Exception] = {}
        in_a_row: list[Exception] = []
        for group in self._suspects.groups(ids):
            if len(in_a_row) == MOST_IN_A_ROW:
                problems.update(dict.fromkeys(group, in_a_row[-1]))
                continue
            try:
                await self._process_group(group)
                in_a_row.clear()
            except database.PASSING as error:
                assert isinstance(error, Exception)
                in_a_row.append(error)
                self._suspects.failed(group)
                if not await self._park_if_guilty(group, error):
                    problems.update(dict.fromkeys(group, error))
        return [problems.get(i) for i in ids]

    async def _process_group(self, ids: Sequence[int]) -> None:
        """What breaks a whole group is processed one by one, so that only the culprit is parked."""
        try:
            for part in by_size(await store.sizes(self._pool, ids)):
                await self._process_and_wake(part)
            self._suspects.went_through(ids)
        except database.PASSING:
            raise
        except Exception as error:
            if len(ids) > 1:
                for raw_event_id in ids:
                    await self._process_group([raw_event_id])
            else:
                log.exception("raw event %s parked", ids[0])
                await self._park(ids[0], f"an error of ours: {type(error).__name__}")

    async def _park_if_guilty(self, ids: Sequence[int], error: Exception) -> bool:
        """Whether it was one that failed again and again while others did not."""
        if len(ids) > 1 or not self._suspects.guilty(ids[0]):
            return False
        log.error("raw event %s parked: %s each time", ids[0], type(error).__name__)
        await self._park(ids[0], f"the database could not take it: {type(error).__name__}")
        return True

    async def _park(self, raw_event_id: int, reason: str) -> None:
        async with self._pool.acquire() as connection:
            await store.park(connection, raw_event_id, reason)
        self._suspects.went_through([raw_event_id])

    async def _process_and_wake(self, ids: Sequence[int]) -> None:
        if self._wake is None:
            await self._process(ids)
            return
        with gathered() as connection_ids:
            await self._process(ids)
        for connection_id in connection_ids:
            await self._wake(connection_id)

    async def _process(self, ids: Sequence[int]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await store.take(connection, ids)
            if any(row["replays"] for row in rows):
                # Asked for by a person who changed a setting a moment ago, perhaps.
                await self._registry.refresh()
            reads = [read for row in rows if (read := await self._read(connection, row))]
            if not reads:
                return
            for elements in in_turns(reads):
                events = await self._store_elements(connection, elements)
                await self._hand_on(connection, events)
            await store.processed(connection, [read.row["id"] for read in reads])

    async def _read(self, connection: database.Connection, row: Any) -> Read | None:
        active = self._registry.get(row["connection_id"])
        if active is None:  # made a moment ago, and the web process knew it first
            await self._registry.refresh()
            active = self._registry.get(row["connection_id"])
        if active is None or active.config is None or active.connector.parse is None:
            await store.park(connection, row["id"], "the connection's settings cannot be read")
            return None
        received = Received(
            row["body"], orjson.loads(row["headers"]), row["query"], row["received_at"]
        )
        try:
            elements = active.connector.parse(received, active.config)
            if len(elements) > MOST_ELEMENTS:
                raise PayloadInvalid(f"{len(elements)} elements, more than {MOST_ELEMENTS}")
        except PayloadInvalid as error:
            await store.park(connection, row["id"], str(error))
            return None
        return Read(row, active, elements)

    async def _store_elements(
        self, connection: database.Connection, elements: Sequence[Placed]
    ) -> list[Event]:
        """Write the elements down; returns the events that are new and wanted by a flow, in the
        order of their arrival.
        """
        given = {(read.row["id"], position): (read, e) for read, position, e in elements}
        rows = [self._columns(*placed) for placed in elements]
        added = await store.add(connection, rows)
        repeated = [row for row in added if row["id"] is None and row["decision"] != "skip"]
        if repeated:
            places = {(row["raw_event_id"], row["position"]) for row in repeated}
            await store.add_duplicates(
                connection, [row[:9] for row in rows if (row[0], row[1]) in places]
            )
        return [
            Event(
                row["id"],
                read.connection,
                element,
                read.row["received_at"],
                request_id_of(read.row["id"]),
            )
            for row in sorted(added, key=lambda row: (row["raw_event_id"], row["position"]))
            if row["id"] is not None
            for read, element in [given[row["raw_event_id"], row["position"]]]
            if self._wanted(element)
        ]

    def _wanted(self, element: Element) -> bool:
        return element.type in self._flows and element.data is not None and element.reason is None

    def _columns(self, read: Read, position: int, element: Element) -> tuple[Any, ...]:
        """In the order of events.store.ADD."""
        decision = "pending" if self._wanted(element) else "skip" if element.reason else "noted"
        return (
            read.row["id"],
            position,
            read.connection.id,
            element.type,
            element.key,
            element.subject,
            element.occurred_at,
            dataclasses.asdict(element.data) if element.data is not None else None,
            phone_of(element),
            decision,
            element.reason,
        )

    async def _hand_on(self, connection: database.Connection, events: Sequence[Event]) -> None:
        decisions: list[Decision] = []
        for kind, flow in self._flows.items():
            if wanted := [event for event in events if event.element.type == kind]:
                decisions.extend(await flow(connection, wanted))
        if decisions:
            await store.decide(connection, [(d.event_id, d.decision, d.reason) for d in decisions])


def by_size(sizes: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Raw events, given as (id, bytes of its body), in parts that can be held at once."""
    parts: list[list[int]] = []
    room = 0
    for raw_event_id, size in sizes:
        if not parts or size > room:
            parts.append([])
            room = MOST_BYTES_TOGETHER
        parts[-1].append(raw_event_id)
        room -= size
    return parts


def in_turns(reads: Sequence[Read]) -> list[list[Placed]]:
    """The elements, those with the same key one after the other: what led to nothing does not use
    its key up, so the next one has to know what became of the one before.
    """
    turns: list[list[Placed]] = []
    seen: Counter[tuple[int, str]] = Counter()
    for read in reads:
        for position, element in enumerate(read.elements):
            turn = 0
            if element.key is not None and element.reason is None:
                key = (read.connection.id, element.key)
                turn = min(seen[key], MOST_TURNS - 1)
                seen[key] += 1
            if turn == len(turns):
                turns.append([])
            turns[turn].append((read, position, element))
    return turns


def request_id_of(raw_event_id: int) -> str:
    """The word that follows a webhook through logs and calls to the provider."""
    return f"raw-{raw_event_id}"


def phone_of(element: Element) -> str | None:
    """The guest's phone in E.164, for the search; None where there is none or it is no phone."""
    if not isinstance(element.data, Visit) or element.data.phone is None:
        return None
    try:
        return parse_phone(element.data.phone).e164
    except PhoneRejected:
        return None
