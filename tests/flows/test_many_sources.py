"""The whole flow, whatever happens: three sources tell of the same guests in any order, twice and
late; guests say stop; visits are called off; night falls; SMS.ru fails in every way it can.

What was really sent is told by the journal of the sandbox, and every text names its visit. Our own
tables are believed in one thing only: in the end nobody is left undecided.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guests import BODY, ago, say, yclients
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.events.replay import replay

LONG = "--long" in sys.argv
EXAMPLES = 250 if LONG else 8
SOURCES = ("iiko", "rkeeper", "yclients")
GUESTS = 2
ORDER = "00000000-0000-4000-8000-00000000000{}"
DONE, CALLED_OFF = {"iiko": "Closed", "rkeeper": "Выполнен"}, "Cancelled"
# Of the sandbox's door, and codes of SMS.ru: no route, down, too many today, a double.
FAULTS = ("500", "reset", "garbage", "429")
MOODS = (207, 220, 230, 231)

tell_of = st.tuples(
    st.just("tell"),
    st.tuples(
        st.sampled_from(SOURCES),
        st.integers(0, 1),
        st.integers(0, GUESTS - 1),
        st.sampled_from([True, True, False]),
        st.integers(1, 50),
    ),
)
work = st.tuples(st.sampled_from(["work", "process"]), st.just(0))
# What happens more often stands here more often.
steps = st.one_of(
    tell_of,
    tell_of,
    tell_of,
    work,
    work,
    work,
    st.tuples(st.sampled_from(["stop", "stop", "start"]), st.integers(0, GUESTS - 1)),
    st.tuples(st.sampled_from(["night", "night", "day"]), st.just(0)),
    st.tuples(st.sampled_from(["repeat", "replay"]), st.integers(0, 9)),
    st.one_of(
        st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
        st.tuples(st.just("mood"), st.sampled_from(MOODS)),
    ),
)


@dataclass
class World:
    """What is really so.

    told      visit → (minute, completed, phone) of what sources told and we have processed
    waiting   the same of what we have not
    """

    hub: Hub
    sandbox: Sandbox
    phones: list[str]
    began_at: datetime
    told: dict[str, list[tuple[int, bool, str]]] = field(default_factory=dict)
    waiting: list[tuple[str, int, bool, str]] = field(default_factory=list)
    bodies: list[tuple[str, Any, tuple[str, int, bool, str]]] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    ever_stopped: set[str] = field(default_factory=set)
    night: bool = False
    seen: int = 0

    def texts(self) -> list[tuple[str, str]]:
        """(phone, visit) of every text that SMS.ru took, oldest first."""
        entries = self.sandbox.sent(*self.phones, effect=True)
        return [
            (it["request"]["phone"], it["request"]["text"].partition("!")[0].rpartition(" ")[2])
            for it in entries
        ]

    def judge(self) -> None:
        """What has left since the last look left under the rules of this moment."""
        texts = self.texts()
        for phone, visit in texts[self.seen :]:
            assert not self.night, visit
            assert phone not in self.stopped, visit
            events = self.told[visit]
            last = max(minute for minute, _, _ in events)
            # Of two at the same moment calling off wins.
            assert all(done for minute, done, _ in events if minute == last), (visit, events)
            assert phone in {of for _, done, of in events if done}
        self.seen = len(texts)
        assert max(Counter(visit for _, visit in texts).values(), default=0) <= 1, texts
        assert max(Counter(phone for phone, _ in texts).values(), default=0) <= 1, texts

    async def process(self) -> None:
        await self.hub.process()
        for visit, minute, done, phone in self.waiting:
            self.told.setdefault(visit, []).append((minute, done, phone))
        self.waiting.clear()

    async def work(self) -> None:
        """Everything that is due happens, and what waits for a time is made due."""
        await self.process()
        for _ in range(2):
            await self.hub.hurry()
            await self.hub.pool.execute(
                "update connection set state = 'active' where id = any($1)", self.hub.connections
            )
            await self.hub.call()
        self.judge()


def body_of(world: World, asked: tuple[str, int, int, bool, int]) -> tuple[Any, Any]:
    """What a source posts, and what it means."""
    source, number, guest, done, minute = asked
    visit, phone = f"{source}{number}", world.phones[guest]
    at = world.began_at + timedelta(minutes=minute)
    if source == "yclients":
        client = {"name": visit, "phone": phone}
        ids = {"id": 10 + number, "visit_id": 10 + number}
        body = yclients(None, at, came=1 if done else -1, client=client, **ids)
    elif source == "iiko":
        body = BODY[source](
            phone,
            at,
            order=ORDER.format(number),
            name=visit,
            status=DONE[source] if done else CALLED_OFF,
        )
    else:
        guest_ = {"phone": phone, "firstName": visit}
        status = DONE[source] if done else CALLED_OFF
        body = BODY[source](
            phone, at, order=ORDER.format(number + 5), guest=guest_, orderStatusName=status
        )
    return body, (visit, minute, done, phone)


async def take(world: World, what: str, value: Any) -> None:
    """One step of a story."""
    hub = world.hub
    if what == "tell":
        body, meaning = body_of(world, value)
        world.bodies.append((value[0], body, meaning))
        await post(world, len(world.bodies) - 1, 0)
    elif what == "repeat" and world.bodies:
        await post(world, value % len(world.bodies), value)
    elif what == "replay":
        await again(world, value)
    elif what in ("stop", "start"):
        await world.process()
        await say(hub, world.phones[value], "СТОП" if what == "stop" else "СТАРТ")
        (world.stopped.add if what == "stop" else world.stopped.discard)(world.phones[value])
        world.ever_stopped |= world.stopped
    elif what in ("night", "day"):
        world.night = what == "night"
        await hub.set_rules(**(closed() if world.night else {}))
    elif what == "process":
        await world.process()
    elif what == "fault":
        world.sandbox.arm(value)
    elif what == "mood":
        world.sandbox.http.post("/smsru/_settings", json={"refuse_with": value}).raise_for_status()
        await world.work()
        world.sandbox.reset()
    else:
        await world.work()


async def post(world: World, index: int, again: int) -> None:
    """A source posts a body, perhaps not for the first time; then its spelling may differ."""
    source, body, meaning = world.bodies[index]
    told = body if again % 2 == 0 else [body]
    assert (await world.hub.post(told, source)).status == 200
    world.waiting.append(meaning)


async def again(world: World, value: int) -> None:
    """A person has something processed once more."""
    rows = await world.hub.pool.fetch(
        "select id from raw_event where connection_id = any($1) and state = 'processed' "
        "order by id",
        world.hub.connections,
    )
    if rows:
        async with world.hub.pool.acquire() as connection, connection.transaction():
            await replay(connection, rows[value % len(rows)]["id"])


def closed() -> dict[str, Any]:
    """Hours that begin in three hours and last two."""
    now = datetime.now(ZoneInfo("Europe/Moscow"))
    opens, closes = now + timedelta(hours=3), now + timedelta(hours=5)
    return {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}


async def check_end(world: World) -> None:
    """By day, with a provider that works, everything comes to an end, and nobody is forgotten."""
    world.sandbox.reset()
    await take(world, "day", 0)
    for _ in range(2):
        await world.work()
    assert "pending" not in {event["decision"] for event in await world.hub.events()}
    messages = await world.hub.messages()
    assert {row["state"] for row in messages} <= {"accepted", "failed", "cancelled", "unknown"}
    assert all(row["state"] != "accepted" or row["reference"] for row in messages)
    texted = {phone for phone, _ in world.texts()}
    refused = {row["phone"] for row in messages if row["state"] in ("failed", "unknown")}
    forgotten = set(world.phones) - texted - refused
    for visit, events in world.told.items():
        if all(done for _, done, _ in events):
            first = {phone for _, _, phone in events}
            assert not (len(first) == 1 and first <= forgotten - world.ever_stopped), visit


IIKO, LATER = ("iiko", 0, 0, True, 1), ("iiko", 0, 0, False, 2)
STORIES: list[list[tuple[str, Any]]] = [
    [("tell", IIKO), ("process", 0), ("night", 0), ("work", 0)],
    [("tell", IIKO), ("process", 0), ("tell", LATER), ("work", 0)],
    [("tell", LATER), ("process", 0), ("tell", IIKO), ("work", 0)],
    [("tell", IIKO), ("mood", 220), ("tell", LATER), ("work", 0)],
    [("tell", IIKO), ("process", 0), ("stop", 0), ("work", 0)],
    [("tell", IIKO), ("tell", ("rkeeper", 0, 0, True, 3)), ("work", 0), ("replay", 1), ("work", 0)],
    [("tell", IIKO), ("fault", "reset"), ("work", 0), ("repeat", 1), ("replay", 0), ("work", 0)],
]


def with_stories(test: Callable[..., None]) -> Callable[..., None]:
    """Stories that are told every time."""
    for story in STORIES:
        test = example(story)(test)
    return test


@with_stories
@given(st.lists(steps, min_size=8, max_size=24))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_nobody_gets_what_they_should_not(
    module_dsn: str, sandbox_server: Sandbox, story: list[tuple[str, Any]]
) -> None:
    async def run() -> None:
        sandbox_server.reset()
        also = ("rkeeper", "yclients", "exolve")
        template = "Спасибо, {name}! {link}"
        async with open_hub(module_dsn, sandbox_server.url, template=template, also=also) as hub:
            phones = [new_phone() for _ in range(GUESTS)]
            world = World(hub, sandbox_server, phones, ago(3600))
            for what, value in story:
                await take(world, what, value)
                world.judge()
            await check_end(world)

    go(run)
