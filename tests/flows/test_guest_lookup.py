"""Visits that come without their guest: amoCRM is asked who it was. Whatever becomes of the
question, the event ends decided.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from guests import NOWHERE, ago, deal, iiko, request_of, states, tell, won
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.outcome import MOST_ATTEMPTS
from uzel.calls.recover import Choice
from uzel.connectors.amocrm.control import Settings
from uzel.flows.review_requests.late import give_up_late
from uzel.views.life import event_life

LOOKING = ("pending", "guest_lookup")
REOPENED = {"status_id": 61000001, "old_status_id": 142}


@pytest.fixture
def amocrm(sandbox: Sandbox) -> Iterator[httpx2.Client]:
    """The sandbox's amoCRM without moods."""
    sandbox.http.post("/amocrm/_settings", json=Settings().model_dump()).raise_for_status()
    yield sandbox.http
    sandbox.http.post("/amocrm/_settings", json=Settings().model_dump()).raise_for_status()


async def decided(hub: Hub) -> list[tuple[str, str | None]]:
    """What became of the events, oldest first."""
    return [(event["decision"], event["reason"]) for event in await hub.events()]


async def ask(hub: Hub) -> None:
    """Make the question's call, not those of messages."""
    await hub.runner.pump(hub.others["amocrm"][0])
    while running := hub.runner._running():
        await asyncio.wait(running)


async def lookup(hub: Hub) -> Any:
    return await hub.pool.fetchrow(
        "select * from call where connection_id = $1 order by id desc limit 1",
        hub.others["amocrm"][0],
    )


def test_the_guest_is_found_and_asked(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            phone = new_phone()
            lead = deal(sandbox, hub, phone=phone, name="Мария", email="maria@mail.example")
            assert await tell(hub, won(lead), "amocrm") == LOOKING
            assert await states(hub) == []
            await ask(hub)
            assert await decided(hub) == [("request", None)]
            await hub.call()
            (text,) = sandbox.sent(phone)
            assert "Мария" in text["request"]["text"]
            request = await request_of(hub)
            assert (request["phone"], request["email"]) == (phone, "maria@mail.example")
            # The event is found by the phone that it came without.
            (event,) = await hub.events()
            assert event["phone"] == phone
            life = await event_life(hub.pool, event["id"])
            assert life is not None
            made = [(call.row.operation, str(call.row.state)) for call in life.calls]
            assert sorted(made) == [("find_guest", "accepted"), ("send_sms", "accepted")]

    go(run)


# What is wrong with the deal, why nobody is asked.
NOBODY: list[tuple[dict[str, Any], str]] = [
    ({"with_contact": False}, "no_phone"),
    ({"phone": None}, "no_phone"),
    ({"phone": "+7 495 123-45-67"}, "phone_landline"),
    ({"event": "delete"}, "guest_not_found"),
]


@pytest.mark.parametrize(("asked", "reason"), NOBODY)
def test_why_nobody_is_asked_about_a_deal(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client, asked: dict[str, Any], reason: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            lead = deal(sandbox, hub, **asked)
            assert await tell(hub, won(lead), "amocrm") == LOOKING
            await ask(hub)
            assert await decided(hub) == [("skip", reason)]
            assert await states(hub) == []
            # Somebody enters the phone and moves the deal again: nothing stands in the way.
            deal(sandbox, hub, lead_id=lead, phone=new_phone())
            assert await tell(hub, won(lead, ago(-1)), "amocrm") == LOOKING
            await ask(hub)
            assert (await decided(hub))[-1] == ("request", None)

    go(run)


def test_the_rules_hold_for_a_guest_who_was_looked_for(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            phone = new_phone()
            assert await tell(hub, iiko(phone)) == ("request", None)
            await tell(hub, won(deal(sandbox, hub, phone=phone)), "amocrm")
            await ask(hub)
            assert (await decided(hub))[-1] == ("skip", "asked_recently")
            await hub.set_rules(guests="new")
            other = new_phone()
            for reason in (None, "guest_regular"):
                await tell(hub, won(deal(sandbox, hub, phone=other)), "amocrm")
                await ask(hub)
                assert (await decided(hub))[-1][1] == reason

    go(run)


def test_two_events_about_one_deal_are_one_question_and_one_message(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            lead = deal(sandbox, hub, phone=new_phone())
            for seconds in (30, 20):
                await hub.post(won(lead, ago(seconds)), "amocrm")
            await hub.process()
            assert await decided(hub) == [LOOKING, ("skip", "duplicate")]
            await ask(hub)
            await tell(hub, won(lead, ago(10)), "amocrm")
            await ask(hub)
            assert await decided(hub) == [("request", None)] + [("skip", "duplicate")] * 2
            assert len(await states(hub)) == 1

    go(run)


def test_while_amocrm_is_down_it_is_asked_again(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            phone = new_phone()
            await tell(hub, won(deal(sandbox, hub, phone=phone)), "amocrm")
            for kind in ("500", "reset", "429", "401"):
                body = {"connector": "amocrm", "operation": "find_guest", "kind": kind}
                sandbox.http.post("/_faults", json=body).raise_for_status()
                await ask(hub)
                assert await decided(hub) == [LOOKING], kind
                await hub.hurry()
                # A key that is not accepted pauses the connection until a person has looked.
                await hub.pool.execute(
                    "update connection set state = 'active' where id = any($1)", hub.connections
                )
            await ask(hub)
            assert await decided(hub) == [("request", None)]

    go(run)


def test_what_is_given_up_ends_decided(module_dsn: str, amocrm: httpx2.Client) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("amocrm",)) as hub:
            await tell(hub, won(1), "amocrm")
            for _ in range(MOST_ATTEMPTS):
                assert await decided(hub) == [LOOKING]
                await ask(hub)
                await hub.hurry()
            assert (await lookup(hub))["state"] == "not_sent"
            assert await decided(hub) == [("skip", "guest_not_found")]

    go(run)


@pytest.mark.parametrize(
    ("choice", "ends"),
    [
        (Choice.AGAIN, ("request", None)),
        (Choice.DROP, ("skip", "guest_not_found")),
        (Choice.HAPPENED, ("skip", "guest_not_found")),
        (None, ("skip", "too_late")),
    ],
)
def test_an_answer_that_nobody_understands_waits_for_a_person_and_not_for_ever(
    module_dsn: str,
    sandbox: Sandbox,
    amocrm: httpx2.Client,
    choice: Choice | None,
    ends: tuple[str, str | None],
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            await tell(hub, won(deal(sandbox, hub, phone=new_phone())), "amocrm")
            # A read is asked again by itself now; one of an earlier version may have been left so.
            row = await lookup(hub)
            await hub.pool.execute("update call set state = 'unknown' where id = $1", row["id"])
            row = await lookup(hub)
            assert (row["state"], await decided(hub)) == ("unknown", [LOOKING])
            await hub.pool.execute(
                "update connection set state = 'active' where id = any($1)", hub.connections
            )
            if choice is not None:
                await decide(hub, row["id"], choice)
                await ask(hub)
            else:
                await age(hub, timedelta(days=31))
                assert await give_up_late(hub.pool, hub.registry) == 1
                # What a person says of the call after that changes nothing.
                await decide(hub, row["id"], Choice.AGAIN)
                await ask(hub)
            assert await decided(hub) == [ends]
            assert len(await states(hub)) == (ends[0] == "request")

    go(run)


async def decide(hub: Hub, call: int, choice: Choice) -> None:
    owners = dict(hub.runner.closing._owners)
    async with hub.pool.acquire() as connection, connection.transaction():
        await recover.decide(connection, call, choice, "olga", owners)


async def age(hub: Hub, by: timedelta) -> None:
    """All this happened so much earlier."""
    for statement in (
        "update event set occurred_at = occurred_at - $2::interval, "
        "created_at = created_at - $2::interval where connection_id = any($1)",
        "update raw_event set received_at = received_at - $2::interval "
        "where connection_id = any($1)",
    ):
        await hub.pool.execute(statement, hub.connections, by)


def test_a_worker_killed_after_the_answer_asks_again(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            amo = hub.others["amocrm"][0]
            await tell(hub, won(deal(sandbox, hub, phone=new_phone())), "amocrm")
            async with hub.pool.acquire() as connection:
                await calls_store.begin(connection, amo, 1, 1e6, uuid4())
            await hub.pool.execute(
                "update call set started_at = now() - interval '1 hour' where connection_id = $1",
                amo,
            )
            assert await decided(hub) == [LOOKING]
            await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)
            assert await decided(hub) == [LOOKING]
            await ask(hub)
            assert await decided(hub) == [("request", None)]
            assert await states(hub) == [("planned", None)]

    go(run)


@pytest.mark.parametrize("again", [False, True])
def test_a_deal_lost_while_its_guest_is_looked_for_is_not_asked_about(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client, again: bool
) -> None:
    """Unless it is won again."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            phone = new_phone()
            lead = deal(sandbox, hub, phone=phone)
            await tell(hub, won(lead, ago(30)), "amocrm")
            assert await tell(hub, won(lead, ago(20), **REOPENED), "amocrm") == (
                "cancel",
                "reopened",
            )
            if again:
                assert await tell(hub, won(lead, ago(10)), "amocrm") == LOOKING
            await ask(hub)
            ends = [("skip", "visit_cancelled"), ("cancel", "reopened")]
            assert await decided(hub) == ends + [("request", None)] * again
            await hub.call()
            assert len(sandbox.sent(phone)) == again

    go(run)


def test_a_question_that_never_gets_its_turn_ends_with_its_visits_time(
    module_dsn: str, sandbox: Sandbox, amocrm: httpx2.Client
) -> None:
    """The connection was switched off, or waits for a person."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("amocrm",)) as hub:
            await hub.set_rules(expires_after_s=86400)
            await tell(hub, won(deal(sandbox, hub, phone=new_phone())), "amocrm")
            await hub.pool.execute(
                "update connection set state = 'off' where id = $1", hub.others["amocrm"][0]
            )
            await ask(hub)
            assert await give_up_late(hub.pool, hub.registry) == 0
            assert await decided(hub) == [LOOKING]
            await age(hub, timedelta(days=2))
            assert await give_up_late(hub.pool, hub.registry) == 1
            assert await decided(hub) == [("skip", "too_late")]
            assert (await lookup(hub))["state"] == "cancelled"
            assert await request_of(hub) is None

    go(run)
