"""Requests for a review: once per visit, once per phone within the gap, never about what was called
off; whatever the order in which events come, and however they are packed.
"""

import asyncio
import contextlib
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import OUR_URL, START, Hub, Sandbox, go, new_phone, open_hub, until, visit
from uzel.app import flows
from uzel.calls import recover
from uzel.calls.recover import Choice
from uzel.connector import Element
from uzel.events.event import Event
from uzel.events.process import Processor
from uzel.flows.review_requests.flow import ReviewRequests
from uzel.flows.review_requests.wish import CODE_LENGTH
from uzel.kit import database
from uzel.model.visit import Visit, VisitState

LONG = "--long" in sys.argv
EXAMPLES = 400 if LONG else 35
NOWHERE = "http://127.0.0.1:9"
ORDERS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]
PHONES = 3
BUSINESSES = 2


@dataclass(frozen=True)
class Told:
    """One event as a source tells it. `phone` None: the guest gave none."""

    business: int
    order: int
    cancelled: bool
    minute: int
    phone: int | None


told = st.builds(
    Told,
    business=st.integers(0, BUSINESSES - 1),
    order=st.integers(0, len(ORDERS) - 1),
    cancelled=st.booleans(),
    minute=st.integers(0, 5),
    phone=st.one_of(st.none(), st.integers(0, PHONES - 1)),
)
# Requests, each a list of events; True: what is stored is processed now.
stories = st.lists(
    st.one_of(st.lists(told, min_size=1, max_size=4), st.just(True)), min_size=1, max_size=14
)


def events_of(hub: Hub, part: Sequence[Told], phones: list[str]) -> list[dict[str, Any]]:
    return [
        visit(
            ORDERS[one.order],
            "Cancelled" if one.cancelled else "Delivered",
            None if one.phone is None else phones[one.phone],
            minute=one.minute,
        )
        for one in part
    ]


@contextlib.asynccontextmanager
async def two_hubs(dsn: str) -> AsyncIterator[tuple[Hub, Hub]]:
    """Two businesses in one database, known to each other's parts."""
    async with open_hub(dsn, NOWHERE) as one, open_hub(dsn, NOWHERE, pool=one.pool) as two:
        await one.registry.refresh()
        yield one, two


async def tell(hubs: Sequence[Hub], story: Sequence[Any], phones: list[str]) -> None:
    """Post what the story says, process where it says so, and all of it in the end."""
    for step in [*story, True]:
        if step is True:
            await asyncio.gather(*(hub.process() for hub in hubs))
            continue
        for business, hub in enumerate(hubs):
            part = [one for one in step if one.business == business]
            if part:
                assert (await hub.post(events_of(hub, part, phones))).status == 200


async def check(hub: Hub, mine: list[Told], phones: list[str]) -> None:
    """The rules, judged from what was told and from rows alone."""
    events = await hub.events()
    assert len(events) == await hub.pool.fetchval(
        "select coalesce(sum(jsonb_array_length(convert_from(body, 'UTF8')::jsonb)), 0) "
        "from raw_event where connection_id = $1",
        hub.iiko,
    )
    for event in events:
        assert event["decision"] in ("request", "skip", "cancel")
        assert event["reason"] or event["decision"] == "request"
    messages = await hub.messages()
    visit_of = {
        event["id"]: event["data"]["visit"][-1] for event in events if event["data"] is not None
    }
    wanted = [row for row in messages if row["state"] != "cancelled"]
    assert all(row["call_state"] == row["state"] for row in messages)
    per_visit = Counter(visit_of[row["event_id"]] for row in wanted)
    assert max(per_visit.values(), default=0) <= 1
    assert max(Counter(row["phone"] for row in wanted).values(), default=0) <= 1
    asked = {visit_of[row["event_id"]]: row["phone"] for row in wanted}
    users: dict[int, set[int]] = defaultdict(set)
    for one in mine:
        if one.phone is not None:
            users[one.phone].add(one.order)
    for order in {one.order for one in mine}:
        check_visit(order, [one for one in mine if one.order == order], asked, users, phones)


def check_visit(
    order: int,
    told_of_it: list[Told],
    asked: dict[str, str],
    users: dict[int, set[int]],
    phones: list[str],
) -> None:
    """What must have become of one visit; only its first completion with a phone and its first
    cancellation count, as events with the same key are the same event.
    """
    completions = [one for one in told_of_it if not one.cancelled and one.phone is not None]
    cancellations = [one for one in told_of_it if one.cancelled]
    if str(order) in asked:
        assert asked[str(order)] in {
            phones[one.phone] for one in completions if one.phone is not None
        }
    if not completions:
        assert str(order) not in asked
        return
    if all(end.minute >= one.minute for end in cancellations for one in completions) and (
        cancellations
    ):
        assert str(order) not in asked
    mine_alone = all(users[one.phone] == {order} for one in completions if one.phone is not None)
    if not cancellations and mine_alone:
        assert str(order) in asked


@given(stories)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_in_whatever_order_the_rules_hold(module_dsn: str, story: list[Any]) -> None:
    async def run() -> None:
        async with two_hubs(module_dsn) as hubs:
            phones = [new_phone() for _ in range(PHONES)]
            await tell(hubs, story, phones)
            flat = [event for step in story if step is not True for event in step]
            for business, hub in enumerate(hubs):
                await check(hub, [e for e in flat if e.business == business], phones)

    go(run)


PAIRS = [
    (first, second, arrival, together)
    for first, second in ((1, 2), (2, 1), (1, 1))
    for arrival in ("completed first", "cancelled first")
    for together in ("one request", "one batch", "one after the other")
]


@pytest.mark.parametrize(("completed", "cancelled", "arrival", "together"), PAIRS)
def test_of_a_completion_and_a_cancellation_the_later_one_counts(
    module_dsn: str, completed: int, cancelled: int, arrival: str, together: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone, order = new_phone(), str(uuid4())
            pair = [
                visit(order, "Closed", phone, minute=completed),
                visit(order, "Cancelled", phone, minute=cancelled),
            ]
            if arrival == "cancelled first":
                pair.reverse()
            for body in [pair] if together == "one request" else pair:
                await hub.post(body)
                if together == "one after the other":
                    await hub.process()
            await hub.process()
            wanted = [row for row in await hub.messages() if row["state"] != "cancelled"]
            assert len(wanted) == (completed > cancelled)
            assert "pending" not in {event["decision"] for event in await hub.events()}

    go(run)


def test_a_visit_called_off_twice_is_called_off(module_dsn: str, sandbox: Sandbox) -> None:
    """Cancelled, restored and delivered, cancelled again: the last word counts."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            for minute, status in enumerate(["Cancelled", "Closed", "Cancelled", "Cancelled"]):
                await hub.post(visit(order, status, phone, minute=min(minute, 2)))
                await hub.process()
            await hub.call()
            assert [row["state"] for row in await hub.messages()] == ["cancelled"]
            assert not sandbox.sent(phone)
            decided = [event["decision"] for event in await hub.events()]
            assert decided == ["cancel", "request", "cancel", "cancel"]

    go(run)


def test_a_cancelled_visit_is_never_sent(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            await hub.post(visit(order, phone=phone))
            await hub.process()
            await hub.post(visit(order, "Cancelled", phone, minute=1))
            await hub.process()
            await hub.call()
            (message,) = await hub.messages()
            assert (message["state"], message["call_state"]) == ("cancelled", "cancelled")
            assert message["state_reason"] == "visit_cancelled"
            assert not sandbox.sent(phone)
            # The guest may be asked about the next visit: nobody has asked yet.
            await hub.post(visit(str(uuid4()), phone=phone, minute=2))
            await hub.process()
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


@pytest.mark.parametrize("fault", [None, "reset"])
def test_a_cancellation_after_the_text_has_left_changes_nothing(
    module_dsn: str, sandbox: Sandbox, fault: str | None
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            await hub.post(visit(order, phone=phone))
            await hub.process()
            if fault:
                sandbox.arm(fault)
            await hub.call()
            (before,) = await hub.messages()
            await hub.post(visit(order, "Cancelled", phone, minute=1))
            await hub.process()
            (after,) = await hub.messages()
            # But that it must not be tried once more, should it turn out not to have left.
            assert after["withdrawn"] == ("visit_cancelled" if fault else None)
            assert {**after, "withdrawn": None} == dict(before)
            assert after["state"] == ("unknown" if fault else "accepted")
            # Nor is the guest asked again, about this visit or another.
            await hub.post(visit(order, "Delivered", phone, minute=2))
            await hub.post(visit(str(uuid4()), phone=phone, minute=3))
            await hub.process()
            await hub.hurry()
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_cancellation_that_races_with_the_sending_wins_or_loses_as_a_whole(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            visits = [(str(uuid4()), new_phone()) for _ in range(30)]
            for order, phone in visits:
                await hub.post(visit(order, phone=phone))
            await hub.process()
            for order, phone in visits:
                await hub.post(visit(order, "Cancelled", phone, minute=1))
            await asyncio.gather(hub.call(), hub.process())
            await hub.call()
            texts = Counter(entry["request"]["phone"] for entry in sandbox.sent())
            for row in await hub.messages():
                assert row["state"] == row["call_state"]
                assert texts[row["phone"]] == (row["state"] == "accepted")

    go(run)


@pytest.mark.parametrize(
    ("gap_days", "since_days", "asked"), [(30, 29, 1), (30, 31, 2), (1, 2, 2), (0, 0, 2)]
)
def test_a_guest_is_asked_again_after_the_gap_and_not_before(
    module_dsn: str, gap_days: int, since_days: int, asked: int
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, gap_days=gap_days) as hub:
            phone = new_phone()
            await hub.post(visit(str(uuid4()), phone=phone))
            await hub.process()
            await hub.pool.execute(
                "update review_gap set asked_at = asked_at - $2::interval where business_id = $1",
                hub.business,
                timedelta(days=since_days),
            )
            await hub.post(visit(str(uuid4()), phone=phone, minute=1))
            await hub.process()
            assert len(await hub.messages()) == asked
            reasons = [event["reason"] for event in await hub.events()]
            assert reasons == [None, None if asked == 2 else "asked_recently"]

    go(run)


@pytest.mark.parametrize(
    ("choice", "reason"), [(Choice.DROP, None), (Choice.HAPPENED, "asked_recently")]
)
def test_who_was_dropped_counts_as_not_asked(
    module_dsn: str, sandbox: Sandbox, choice: Choice, reason: str | None
) -> None:
    """What the console and docs/how-to/decide-an-unknown-call.md say about the choices."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, owners = new_phone(), dict(hub.runner.closing._owners)
            sandbox.arm("reset")
            await hub.post(visit(str(uuid4()), phone=phone))
            await hub.process()
            await hub.call()
            (message,) = await hub.messages()
            assert message["state"] == "unknown"
            async with hub.pool.acquire() as connection, connection.transaction():
                await recover.decide(connection, message["call_id"], choice, "olga", owners, 1)
            await hub.post(visit(str(uuid4()), phone=phone, minute=60))
            await hub.process()
            assert [event["reason"] for event in await hub.events()] == [None, reason]

    go(run)


def test_two_businesses_ask_the_same_guest_each(module_dsn: str) -> None:
    async def run() -> None:
        async with two_hubs(module_dsn) as (one, two):
            phone, order = new_phone(), str(uuid4())
            for hub in (one, two):
                await hub.post(visit(order, phone=phone))
            await one.processor.process(await waiting(one, two))
            # A cancellation at one is none at the other, though the order has the same name.
            await one.post(visit(order, "Cancelled", phone, minute=1))
            await two.post(visit(order, "Cancelled", phone, minute=-1))
            await one.processor.process(await waiting(one, two))
            assert [row["state"] for row in await one.messages()] == ["cancelled"]
            assert [row["state"] for row in await two.messages()] == ["planned"]

    go(run)


async def waiting(*hubs: Hub) -> list[int]:
    """Raw events nobody has processed."""
    rows = await hubs[0].pool.fetch(
        "select id from raw_event where state = 'received' and connection_id = any($1)",
        [hub.iiko for hub in hubs],
    )
    return [row["id"] for row in rows]


def test_workers_that_meet_over_one_phone_ask_once(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phones = [new_phone() for _ in range(4)]
            for number in range(40):
                await hub.post(visit(str(uuid4()), phone=phones[number % 4]))
            ids = await waiting(hub)
            workers = [
                Processor(hub.pool, hub.registry, flows(hub.registry, OUR_URL)) for _ in range(4)
            ]

            # Each is ready to be told that it has to give way.
            async def work(number: int) -> bool:
                try:
                    await workers[number].process(ids[number::4][:: (-1) ** number])
                except database.PASSING:
                    return False
                return True

            while not all([await work(n) for n in range(4)]):
                pass
            assert sorted(row["phone"] for row in await hub.messages()) == sorted(phones)

    go(run)


def test_the_text_is_filled_in_and_goes_out_as_written(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await hub.post(visit(str(uuid4()), phone=phone, name="Аня {link} %s"))
            await hub.process()
            await hub.call()
            (entry,) = sandbox.sent(phone)
            code = await hub.pool.fetchval(
                "select code from review_request where business_id = $1", hub.business
            )
            assert len(code) == CODE_LENGTH
            assert entry["request"]["text"] == (
                f"Спасибо, Аня {{link}} %s! Как вам Кофейня? {OUR_URL}/r/{code}"
            )

    go(run)


def test_a_place_of_its_own_comes_before_the_default(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            other = str(uuid4())
            await hub.pool.execute(
                "insert into place (business_id, name, review_url, source_ref) "
                "values ($1, 'Бар', 'https://reviews.example/bar', $2)",
                hub.business,
                other,
            )
            await hub.post(visit(str(uuid4()), phone=new_phone(), organization=other))
            await hub.post(visit(str(uuid4()), phone=new_phone()))
            await hub.process()
            first, second = await hub.messages()
            assert "Бар" in first["body"] and "Кофейня" in second["body"]

    go(run)


def test_without_a_way_to_send_nothing_is_asked_and_a_paused_one_only_waits(
    module_dsn: str,
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            for state in ("off", "paused"):
                await hub.pool.execute(
                    "update connection set state = $2 where id = $1", hub.smsru, state
                )
                await hub.registry.refresh()
                await hub.post(visit(str(uuid4()), phone=new_phone()))
                await hub.process()
            assert [event["reason"] for event in await hub.events()] == ["no_channel", None]
            assert [row["state"] for row in await hub.messages()] == ["planned"]

    go(run)


def test_a_visit_that_is_completed_anew_after_its_request_was_withdrawn_is_asked_about(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """For sources whose every change is an event of its own."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            flow, phone = ReviewRequests(hub.registry, OUR_URL), new_phone()
            active = hub.registry.get(hub.iiko)
            assert active is not None

            async def happen(state: VisitState, minute: int) -> str:
                at = START + timedelta(minutes=minute)
                data = Visit(state, "visit-1", phone=phone, note="cancelled")
                async with hub.pool.acquire() as connection, connection.transaction():
                    event_id = await connection.fetchval(
                        "insert into event (raw_event_id, position, connection_id, type) "
                        "values (0, (select coalesce(max(position), 0) + 1 from event "
                        "where raw_event_id = 0), $1, 'test') returning id",
                        hub.iiko,
                    )
                    element = Element("visit.x", occurred_at=at, data=data)
                    event = Event(event_id, active, element, at, "raw-0")
                    act = flow.on_completed if state is VisitState.COMPLETED else flow.on_cancelled
                    (decision,) = await act(connection, [event])
                    return decision.reason or decision.decision

            assert await happen(VisitState.COMPLETED, 1) == "request"
            assert await happen(VisitState.CANCELLED, 2) == "cancelled"
            assert await happen(VisitState.COMPLETED, 1) == "visit_known"
            assert await happen(VisitState.COMPLETED, 3) == "request"
            assert await happen(VisitState.COMPLETED, 4) == "visit_known"
            assert [row["state"] for row in await hub.messages()] == ["cancelled", "planned"]
            await hub.call()
            await until(lambda: sent_once(hub))
            # It has left: whatever happens to the visit now, nobody asks again.
            assert await happen(VisitState.CANCELLED, 5) == "cancelled"
            assert await happen(VisitState.COMPLETED, 6) == "visit_known"
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    async def sent_once(hub: Hub) -> bool:
        return [row["state"] for row in await hub.messages()] == ["cancelled", "accepted"]

    go(run)
