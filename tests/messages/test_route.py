"""Routes, whatever happens in whatever order: what is accepted, refused, lost, delivered late or
never, stopped, called off, and at what time of day.

The providers are functions that remember what really reached them and what they delivered; they
alone are believed, not our tables. A provider keeps to the lifetime it was given: what it has not
delivered by then it never will.
"""

import asyncio
import itertools
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import RING, go
from uzel.app import GUARDS
from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.closing import Owner
from uzel.calls.runner import Runner
from uzel.connections.registry import Registry
from uzel.connector import Answer, Channel, Checked, Config, Connector, Element, Operation
from uzel.errors import OutcomeUnknown, Rejected, Unavailable
from uzel.kit import database
from uzel.messages.draft import Draft, Letter
from uzel.messages.receipts import apply_receipts
from uzel.messages.route import escalate, expire
from uzel.messages.send import on_closed, plan_messages
from uzel.messages.stop_list import stop
from uzel.messages.withdraw import cancel_messages
from uzel.model.receipt import Receipt, ReceiptState

LONG = "--long" in sys.argv
EXAMPLES = 500 if LONG else 60
WAIT_S = 3600
PHONE = "+79990000001"
OPEN = {"delay_s": {"*": 0}, "opens": "00:00", "closes": "00:00", "expires_after_s": None}

OUTCOMES = ("accepted", "rejected", "unavailable", "lost but sent", "lost and not sent")
steps = st.one_of(
    st.tuples(st.just("call"), st.sampled_from(OUTCOMES)),
    st.tuples(st.just("deliver"), st.integers(0, 3)),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("repeat receipts"), st.integers(0, 3)),
    st.tuples(st.sampled_from(["time", "night", "day", "stop", "cancel", "work"]), st.just(0)),
)


@dataclass
class Sent:
    """A message as its provider knows it."""

    way: int
    reference: str
    ours: str
    told: bool
    alive: bool = True
    delivered: bool = False


@dataclass
class World:
    """What is really so."""

    pool: database.Pool
    registry: Registry
    runner: Runner
    business: int
    connections: Sequence[int]
    waits: bool
    next_outcome: str = "accepted"
    sent: list[Sent] = field(default_factory=list)
    receipts: list[tuple[int, Element]] = field(default_factory=list)
    night: bool = False
    stopped: bool = False
    cancelled: bool = False
    wrong: list[str] = field(default_factory=list)

    def accept(self, way: int, arguments: Mapping[str, Any], *, told: bool) -> str:
        """A provider takes a message: never at night, never to a stopped guest, never for a visit
        that was called off, never while another may still arrive or has.
        """
        wrong = {
            "at night": self.night,
            "to who was stopped": self.stopped,
            "for a visit that was called off": self.cancelled,
            "while another may arrive or has": any(o.delivered or o.alive for o in self.sent),
        }
        self.wrong += [what for what, happened in wrong.items() if happened]
        sent = Sent(way, f"ref-{uuid4().hex}", arguments["reference"], told)
        self.sent.append(sent)
        return sent.reference

    async def send(self, way: int, arguments: Mapping[str, Any]) -> Answer:
        """One provider's operation."""
        outcome = self.next_outcome
        if outcome == "rejected":
            raise Rejected("no", code="1")
        if outcome == "unavailable":
            raise Unavailable("not now")
        if outcome == "lost and not sent":
            raise OutcomeUnknown("lost")
        reference = self.accept(way, arguments, told=outcome == "accepted")
        if outcome == "lost but sent":
            raise OutcomeUnknown("lost")
        return Answer(reference=reference)

    async def work(self) -> None:
        """Everything that is due happens."""
        for _ in range(4):
            await self.pool.execute(
                "update call set due_at = clock_timestamp() where state = 'planned' "
                "and connection_id = any($1) and due_at < clock_timestamp() + interval '9 hours'",
                list(self.connections),
            )
            for connection in self.connections:
                await self.runner.pump(connection)
            while running := self.runner._running():
                await asyncio.wait(running)
            await escalate(self.pool, self.registry)
        await expire(self.pool)

    async def report(self, sent: Sent, state: ReceiptState) -> None:
        """A receipt comes in; providers that echo our reference find messages whose answer was
        lost.
        """
        receipt = Receipt(sent.reference, state, "0", state.value, ours=sent.ours)
        element = Element("receipt.updated", data=receipt, occurred_at=datetime.now(UTC))
        self.receipts.append((self.connections[sent.way], element))
        await self.apply(self.receipts[-1:])

    async def apply(self, receipts: Sequence[tuple[int, Element]]) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await apply_receipts(connection, receipts)

    async def pass_time(self) -> None:
        """The wait of whoever waits is over, and with it the life of what was sent."""
        for one in self.sent:
            one.alive = False
        await self.pool.execute(
            "update message set escalate_at = escalate_at - make_interval(secs => $2), "
            "accepted_at = accepted_at - make_interval(secs => $2) where business_id = $1",
            self.business,
            2.0 * WAIT_S,
        )

    async def set_rules(self) -> None:
        """Open at any hour, or closed at this one."""
        now = datetime.now(UTC)
        opens, closes = now + timedelta(hours=2), now + timedelta(hours=4)
        hours = {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"} if self.night else {}
        await self.pool.execute(
            "update business set rules = $2 where id = $1", self.business, {**OPEN, **hours}
        )


class WayConfig(Config):
    """Nothing to set."""

    base_url: str = "http://127.0.0.1:9"


def connector_of(world: dict[str, World], way: int) -> Connector:
    """A provider of one operation, which leads into the world of the story being told."""

    async def run(http: object, config: object, arguments: Mapping[str, Any]) -> Answer:
        return await world["now"].send(way, arguments)

    operation = Operation("send", run, ("phone", "reference"), Checked.LIVE, date(2026, 1, 1))
    return Connector(
        f"way{way}",
        f"Way {way}",
        WayConfig,
        operations={"send": operation},
        channels={"sms": Channel("send")},
    )


async def new_world(pool: database.Pool, waits: bool) -> World:
    """A business with three ways to its guests."""
    holder: dict[str, World] = {}
    known = {f"way{way}": connector_of(holder, way) for way in range(3)}
    async with pool.acquire() as connection, connection.transaction():
        business = await connection.fetchval(
            "insert into business (name, time_zone, rules) values ($1, 'UTC', $2) returning id",
            uuid4().hex,
            OPEN,
        )
        ids = []
        for name in known:
            found = await connection.fetchval(
                "insert into connection (business_id, connector, name) values ($1, $2, $3) "
                "returning id",
                business,
                name,
                uuid4().hex,
            )
            for table in ("call_limit", "call_breaker"):
                await connection.execute(
                    f"insert into {table} (connection_id) values ($1) on conflict do nothing", found
                )
            ids.append(found)
    registry = Registry(pool, RING, known)
    await registry.refresh()
    worker = uuid4()
    await calls_store.beat(pool, worker, "test")
    runner = Runner(pool, registry, {"message": on_closed}, worker, GUARDS)
    holder["now"] = World(pool, registry, runner, business, ids, waits)
    return holder["now"]


def letters(world: World) -> list[Letter]:
    return [
        Letter(
            "sms",
            connection,
            "send",
            {"phone": PHONE},
            PHONE,
            "text",
            wait_s=WAIT_S if world.waits and way < 2 else None,
            takes=["reference"],
        )
        for way, connection in enumerate(world.connections)
    ]


async def take(world: World, what: str, value: Any, origin: str) -> None:
    """One step of a story."""
    if what == "call":
        world.next_outcome = value
        await world.work()
    elif what in ("deliver", "fail") and value < len(world.sent):
        sent = world.sent[value]
        if what == "deliver" and sent.alive:
            sent.delivered, sent.alive = True, False
            await world.report(sent, ReceiptState.DELIVERED)
        elif what == "fail" and not sent.delivered:
            sent.alive = False
            await world.report(sent, ReceiptState.FAILED)
    elif what == "repeat receipts":
        await world.apply(world.receipts[::-1][: value + 1])
    elif what == "time":
        await world.pass_time()
        await world.work()
    elif what in ("night", "day"):
        world.night = what == "night"
        await world.set_rules()
    elif what == "vouch":
        async with world.pool.acquire() as connection, connection.transaction():
            call = await connection.fetchval(
                "select id from call where state = 'unknown' and connection_id = any($1)",
                list(world.connections),
            )
            told: dict[str, Owner] = {"message": on_closed}
            await recover.decide(connection, call, recover.Choice.HAPPENED, "olga", told)
    elif what == "stop":
        world.stopped = True
        async with world.pool.acquire() as connection, connection.transaction():
            await stop(connection, world.business, [PHONE], "manual", "test")
    elif what == "cancel":
        world.cancelled = True
        async with world.pool.acquire() as connection, connection.transaction():
            await cancel_messages(connection, [origin], "visit_cancelled")
    else:
        await world.work()


async def tell(pool: database.Pool, waits: bool, story: Sequence[tuple[str, Any]]) -> None:
    """Tell a story, and judge it by what the providers know."""
    world = await new_world(pool, waits)
    origin = f"review_request:{next(_requests)}"
    ways = letters(world)
    draft = Draft(world.business, "review_request", origin, ways, phone=PHONE, polite=True)
    async with pool.acquire() as connection, connection.transaction():
        await plan_messages(connection, [draft])
        # A second time for the same reason makes no second message.
        assert await plan_messages(connection, [draft]) == []
    for what, value in story:
        await take(world, what, value, origin)
    await judge(world)
    await world.runner.stop()


async def judge(world: World) -> None:
    assert world.wrong == []
    assert sum(one.delivered for one in world.sent) <= 1
    # The same way is never gone twice: nobody decided anything here.
    assert max(Counter(one.way for one in world.sent).values(), default=0) <= 1
    rows = await world.pool.fetch(
        "select m.*, c.state as call_state from message m "
        "join call c on c.effect = 'message:' || m.id where m.business_id = $1 order by m.id",
        world.business,
    )
    assert [row["hop"] for row in rows] == list(range(len(rows)))
    for row in rows:
        assert row["state"] != "delivered" or any(
            one.delivered and one.reference == row["reference"] for one in world.sent
        )
    # An unknown outcome gives way to nobody.
    for row, later in itertools.pairwise(rows):
        assert row["state"] != "unknown", (row, later)


_requests = itertools.count(10**9)


@given(st.booleans(), st.lists(steps, min_size=1, max_size=9))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_never_two_never_at_night_never_to_who_said_stop(
    module_dsn: str, waits: bool, story: list[tuple[str, Any]]
) -> None:
    async def run() -> None:
        pool = await database.open_pool(module_dsn, size=4, name="test")
        try:
            await tell(pool, waits, story)
        finally:
            pool.terminate()

    go(run)


def outcome_of(module_dsn: str, waits: bool, story: Sequence[tuple[str, Any]]) -> list[str]:
    """What a story does to the messages: their states, in order."""
    found: list[str] = []

    async def run() -> None:
        pool = await database.open_pool(module_dsn, size=4, name="test")
        try:
            world = await new_world(pool, waits)
            origin = f"review_request:{next(_requests)}"
            draft = Draft(world.business, "review_request", origin, letters(world), phone=PHONE)
            async with pool.acquire() as connection, connection.transaction():
                await plan_messages(connection, [draft])
            for what, value in story:
                await take(world, what, value, origin)
            rows = await pool.fetch(
                "select state from message where business_id = $1 order by id", world.business
            )
            found.extend(row["state"] for row in rows)
            await world.runner.stop()
        finally:
            pool.terminate()

    go(run)
    return found


def test_a_definite_failure_gives_way_at_once(module_dsn: str) -> None:
    story = [("call", "rejected"), ("call", "accepted"), ("deliver", 0)]
    assert outcome_of(module_dsn, False, story) == ["failed"] * 3
    # `rejected` by all three: the last word is a failure, and nobody is left to try.


def test_the_failure_of_an_accepted_message_gives_way(module_dsn: str) -> None:
    story = [("call", "accepted"), ("fail", 0), ("call", "accepted"), ("deliver", 1)]
    assert outcome_of(module_dsn, False, story) == ["failed", "delivered"]


def test_no_receipt_in_time_gives_way_only_where_a_wait_is_set(module_dsn: str) -> None:
    story = [("call", "accepted"), ("time", 0), ("deliver", 1)]
    assert outcome_of(module_dsn, True, story) == ["accepted", "delivered"]
    assert outcome_of(module_dsn, False, story) == ["accepted"]


def test_a_receipt_in_time_ends_the_route(module_dsn: str) -> None:
    story = [("call", "accepted"), ("deliver", 0), ("time", 0)]
    assert outcome_of(module_dsn, True, story) == ["delivered"]


def test_an_unknown_outcome_gives_way_to_nobody_until_a_receipt_tells(module_dsn: str) -> None:
    lost = [("call", "lost but sent"), ("time", 0)]
    assert outcome_of(module_dsn, True, lost) == ["unknown"]
    assert outcome_of(module_dsn, True, [lost[0], ("deliver", 0)]) == ["delivered"]
    told = [lost[0], ("fail", 0), ("call", "accepted")]
    assert outcome_of(module_dsn, True, told) == ["failed", "accepted"]


def test_a_person_who_says_it_arrived_ends_the_route(module_dsn: str) -> None:
    story = [("call", "lost but sent"), ("vouch", 0), ("time", 0), ("time", 0)]
    assert outcome_of(module_dsn, True, story) == ["accepted"]


def test_what_never_left_gives_way_when_its_time_is_over(module_dsn: str) -> None:
    story = [("call", "unavailable"), ("time", 0), ("call", "accepted")]
    assert outcome_of(module_dsn, True, story)[:2] == ["cancelled", "accepted"]
