"""From stored bytes to decisions: once whoever works on it, one element never at another's cost."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from parts import OUR_URL, START, TEMPLATE, Hub, go, new_phone, open_hub, visit
from uzel.app import flows
from uzel.connections.store import ensure_place
from uzel.events.event import Decision, Event
from uzel.events.process import Processor
from uzel.events.replay import parked, replay, wake_left_behind
from uzel.events.suspects import MOST_FAILURES
from uzel.kit.database import Connection
from uzel.messages.store import add_template

NOWHERE = "http://127.0.0.1:9"


async def again(hub: Hub, *raw_event_ids: int) -> int:
    """Replay these raw events, or all of the business; gives how many will be processed."""
    rows = await hub.pool.fetch(
        "select id from raw_event where connection_id = $1 order by id", hub.iiko
    )
    ids = list(raw_event_ids) or [row["id"] for row in rows]
    async with hub.pool.acquire() as connection, connection.transaction():
        done = [await replay(connection, raw_event_id) for raw_event_id in ids]
    await hub.process()
    return sum(done)


async def decisions(hub: Hub) -> list[tuple[str, str | None]]:
    return [(event["decision"], event["reason"]) for event in await hub.events()]


async def states(hub: Hub) -> list[str]:
    """Of the raw events, oldest first."""
    rows = await hub.pool.fetch(
        "select state from raw_event where connection_id = $1 order by id", hub.iiko
    )
    return [row["state"] for row in rows]


def test_two_workers_with_the_same_raw_events_ask_once(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phones = [new_phone() for _ in range(12)]
            for phone in phones:
                await hub.post([visit(str(uuid4()), phone=phone)])
            ids = [
                row["id"]
                for row in await hub.pool.fetch(
                    "select id from raw_event where connection_id = $1", hub.iiko
                )
            ]
            workers = [
                Processor(hub.pool, hub.registry, flows(hub.registry, OUR_URL)) for _ in range(3)
            ]
            await asyncio.gather(
                *(worker.process(part) for worker in workers for part in (ids, ids[::-1], ids[3:]))
            )
            assert sorted(row["phone"] for row in await hub.messages()) == sorted(phones)
            assert len(await hub.events()) == 12
            assert await decisions(hub) == [("request", None)] * 12
            assert set(await states(hub)) == {"processed"}

    go(run)


def test_one_visit_told_in_many_requests_at_once_is_one_event(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            order, phone = str(uuid4()), new_phone()
            for minute in range(10):
                await hub.post([visit(order, phone=phone, minute=minute)])
            ids = [
                row["id"]
                for row in await hub.pool.fetch(
                    "select id from raw_event where connection_id = $1", hub.iiko
                )
            ]
            workers = [
                Processor(hub.pool, hub.registry, flows(hub.registry, OUR_URL)) for _ in range(5)
            ]
            await asyncio.gather(
                *(worker.process(ids[n * 2 : n * 2 + 2]) for n, worker in enumerate(workers))
            )
            assert len(await hub.messages()) == 1
            events = await hub.events()
            (first,) = [event for event in events if event["decision"] == "request"]
            others = [event for event in events if event["decision"] != "request"]
            assert len(others) == 9
            assert {(e["reason"], e["duplicate_of"]) for e in others} == {
                ("duplicate", first["id"])
            }

    go(run)


@pytest.mark.parametrize("missing", ["template", "place"])
def test_a_replay_after_what_was_missing_is_there_asks_exactly_once(
    module_dsn: str, missing: str
) -> None:
    async def run() -> None:
        async with open_hub(
            module_dsn,
            NOWHERE,
            template=None if missing == "template" else TEMPLATE,
            place=missing != "place",
        ) as hub:
            order, phone = str(uuid4()), new_phone()
            for minute in (0, 1):
                await hub.post([visit(order, phone=phone, minute=minute)])
            await hub.process()
            reason = {"template": "no_template", "place": "place_unknown"}[missing]
            assert await decisions(hub) == [("skip", reason)] * 2
            assert await again(hub) == 2
            assert await decisions(hub) == [("skip", reason)] * 2
            async with hub.pool.acquire() as connection:
                await add_template(connection, hub.business, "review_request", "sms", TEMPLATE)
                await ensure_place(connection, hub.business, "Кафе", "https://reviews.example/2")
            for _ in range(3):
                assert await again(hub) == 2
            assert sorted(await decisions(hub)) == [("request", None), ("skip", "duplicate")]
            assert [row["phone"] for row in await hub.messages()] == [phone]

    go(run)


def test_a_replay_of_what_led_to_something_leads_to_nothing_new(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phones = [new_phone() for _ in range(2)]
            orders = [str(uuid4()) for _ in range(2)]
            await hub.post(
                [
                    visit(orders[0], phone=phones[0]),
                    visit(orders[1], phone=phones[1]),
                    visit(orders[1], "Cancelled", phones[1], minute=1),
                    visit(str(uuid4()), phone=None),
                    {"eventType": "StopListUpdate"},
                ]
            )
            await hub.process()
            before = [tuple(row) for row in await hub.messages()]
            events = [(e["position"], e["decision"], e["reason"]) for e in await hub.events()]
            for _ in range(2):
                assert await again(hub) == 1
                assert [tuple(row) for row in await hub.messages()] == before
                assert [
                    (e["position"], e["decision"], e["reason"]) for e in await hub.events()
                ] == events
            assert [row["state"] for row in await hub.messages()] == ["planned", "cancelled"]

    go(run)


def test_a_raw_event_that_waits_is_not_replayed(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.post([visit(str(uuid4()), phone=new_phone())])
            async with hub.pool.acquire() as connection, connection.transaction():
                (row,) = await connection.fetch(
                    "select id from raw_event where connection_id = $1", hub.iiko
                )
                assert not await replay(connection, row["id"])
                assert not await replay(connection, 10**12)

    go(run)


def test_what_cannot_be_read_is_parked_and_can_be_replayed(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.post(f"not an event {uuid4()}")
            await hub.process()
            assert await states(hub) == ["parked"]
            (raw_event_id,) = [i for i in await parked(hub.pool) if await of(hub, i)]
            assert await again(hub, raw_event_id) == 1
            row = await hub.pool.fetchrow("select * from raw_event where id = $1", raw_event_id)
            assert row is not None
            assert (row["state"], row["replays"]) == ("parked", 1) and row["error"]

    async def of(hub: Hub, raw_event_id: int) -> bool:
        found = await hub.pool.fetchval(
            "select connection_id from raw_event where id = $1", raw_event_id
        )
        return bool(found == hub.iiko)

    go(run)


def test_settings_that_cannot_be_read_park_until_they_can(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            await hub.pool.execute(
                "update connection set settings = $2 where id = $1", hub.iiko, {"no": "such field"}
            )
            await hub.registry.refresh()
            reply = await hub.post([visit(str(uuid4()), phone=phone)])
            assert reply.status == 200
            await hub.process()
            assert await states(hub) == ["parked"] and not await hub.messages()
            await hub.pool.execute("update connection set settings = '{}' where id = $1", hub.iiko)
            await hub.registry.refresh()
            await again(hub)
            assert [row["phone"] for row in await hub.messages()] == [phone]

    go(run)


def test_a_raw_event_that_breaks_the_flow_is_parked_alone(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phones = [new_phone() for _ in range(9)]
            real = flows(hub.registry, OUR_URL)["visit.completed"]

            async def breaking(
                connection: Connection, events: Sequence[Event]
            ) -> Sequence[Decision]:
                if any(event.element.data.phone == phones[4] for event in events):  # type: ignore[union-attr]
                    raise ZeroDivisionError("a bug in a flow")
                return await real(connection, events)

            for phone in phones:
                await hub.post([visit(str(uuid4()), phone=phone)])
            hub.processor = Processor(hub.pool, hub.registry, {"visit.completed": breaking})
            await hub.process()
            assert (await states(hub)).count("processed") == 8
            assert (await states(hub))[4] == "parked"
            assert len(await hub.messages()) == 8
            # After a new version it can be replayed.
            hub.processor = Processor(hub.pool, hub.registry, flows(hub.registry, OUR_URL))
            await again(hub)
            assert sorted(row["phone"] for row in await hub.messages()) == sorted(phones)

    go(run)


@pytest.mark.parametrize(
    "error", [asyncpg.exceptions.DeadlockDetectedError("a circle"), ConnectionResetError()]
)
def test_what_is_not_the_events_fault_leaves_them_waiting(
    module_dsn: str, error: Exception
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:

            async def unlucky(
                connection: Connection, events: Sequence[Event]
            ) -> Sequence[Decision]:
                raise error

            for _ in range(3):
                await hub.post([visit(str(uuid4()), phone=new_phone())])
            hub.processor = Processor(hub.pool, hub.registry, {"visit.completed": unlucky})
            with pytest.raises(type(error)):
                await hub.process()
            assert await states(hub) == ["received"] * 3 and not await hub.events()
            hub.processor = Processor(hub.pool, hub.registry, flows(hub.registry, OUR_URL))
            await hub.process()
            assert len(await hub.messages()) == 3

    go(run)


def test_one_that_never_goes_through_is_parked_while_others_do(module_dsn: str) -> None:
    """Its jobs come back as the queue brings them: alone, or together with fresh events."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phones = [new_phone() for _ in range(2 * MOST_FAILURES)]
            real = flows(hub.registry, OUR_URL)["visit.completed"]

            async def too_much(
                connection: Connection, events: Sequence[Event]
            ) -> Sequence[Decision]:
                if any(event.element.data.phone == phones[0] for event in events):  # type: ignore[union-attr]
                    raise asyncpg.DiskFullError("no room for this one")
                return await real(connection, events)

            hub.processor = Processor(hub.pool, hub.registry, {"visit.completed": too_much})
            await hub.post([visit(str(uuid4()), phone=phones[0])])
            for phone in phones[1:]:
                assert (await states(hub))[0] in ("received", "parked")
                await hub.post([visit(str(uuid4()), phone=phone)])
                with contextlib.suppress(asyncpg.DiskFullError):
                    await hub.process()
            assert (await states(hub)) == ["parked"] + ["processed"] * (len(phones) - 1)
            assert len(await hub.messages()) == len(phones) - 1
            hub.processor = Processor(hub.pool, hub.registry, flows(hub.registry, OUR_URL))
            await again(hub)
            assert len(await hub.messages()) == len(phones)

    go(run)


def test_a_database_that_is_away_parks_nothing(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:

            async def away(connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
                raise ConnectionResetError

            hub.processor = Processor(hub.pool, hub.registry, {"visit.completed": away})
            for _ in range(3 * MOST_FAILURES):
                await hub.post([visit(str(uuid4()), phone=new_phone())])
                with pytest.raises(ConnectionResetError):
                    await hub.process()
            assert await states(hub) == ["received"] * (3 * MOST_FAILURES)

    go(run)


NASTY: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"eventType": "DeliveryOrderUpdate"},
    {"eventType": ["DeliveryOrderUpdate"]},
    visit("not an id at all, and quite long " * 9),
    visit(str(uuid4()), phone="x" * 5000),
    visit(str(uuid4()), status="Closed" * 1000),
    {**visit(str(uuid4())), "organizationId": {"a": [1]}},
    visit(str(uuid4()), phone=new_phone(), name="\x00\x00"),
    visit(str(uuid4()), phone=new_phone(), name=r"\u0000"),
    visit(str(uuid4()), phone=new_phone(), name="\\\\u0000 \\"),
    visit(str(uuid4()), phone=new_phone(), name="Ива\ud83d"),
    visit(str(uuid4()), phone=new_phone(), name="'; drop table event; --"),
    visit(str(uuid4()), phone=new_phone(), name="{link}{0}%s"),
    visit(str(uuid4()), phone=new_phone(), name="и" * 100_000),
]


def test_no_element_costs_another_its_text(module_dsn: str) -> None:
    """One array: before, between and after whatever may come stand good visits."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            good = [new_phone() for _ in range(len(NASTY) + 1)]
            body: list[Any] = [visit(str(uuid4()), phone=good[0])]
            for phone, nasty in zip(good[1:], NASTY, strict=True):
                body += [nasty, visit(str(uuid4()), phone=phone)]
            assert (await hub.post(json.dumps(body).encode())).status == 200
            await hub.process()
            assert await states(hub) == ["processed"]
            events = await hub.events()
            assert [event["position"] for event in events] == list(range(len(body)))
            assert all(event["decision"] != "pending" for event in events)
            assert all(e["reason"] for e in events if e["decision"] == "skip")
            assert set(good) <= {row["phone"] for row in await hub.messages()}

    go(run)


def test_an_array_of_ten_thousand_is_understood_to_the_last(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            body = [{"eventType": "StopListUpdate", "n": n} for n in range(9_990)]
            phones = [new_phone() for _ in range(10)]
            body[5000:5000] = [visit(str(uuid4()), phone=phone) for phone in phones]
            assert (await hub.post(body)).status == 200
            await hub.process()
            assert (
                await hub.pool.fetchval(
                    "select count(*) from event where connection_id = $1", hub.iiko
                )
                == 10_000
            )
            assert [row["phone"] for row in await hub.messages()] == phones

    go(run)


def test_an_array_that_is_nothing_but_long_is_parked_and_holds_nobody_up(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            assert (await hub.post(b"[" + b"0," * 200_000 + b"0]")).status == 200
            await hub.post(visit(str(uuid4()), phone=phone))
            await hub.process()
            assert await states(hub) == ["parked", "processed"]
            assert [row["phone"] for row in await hub.messages()] == [phone]

    go(run)


def test_a_thousand_visits_in_one_array_are_a_thousand_texts(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phones = [f"+7903{number:07d}" for number in range(1_230_000, 1_231_000)]
            await hub.post([visit(str(uuid4()), phone=phone) for phone in phones])
            await hub.process()
            assert sorted(row["phone"] for row in await hub.messages()) == phones

    go(run)


def test_a_raw_event_whose_wake_was_lost_is_found(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.pool.execute("update raw_event set state = 'processed'")
            await hub.post([visit(str(uuid4()), phone=new_phone())])
            await hub.pool.execute("delete from pgqueuer")
            received = "update raw_event set received_at = now() + $2 where connection_id = $1"
            await hub.pool.execute(received, hub.iiko, timedelta(hours=1))
            await wake_left_behind(hub.pool)
            jobs = "select count(*) from pgqueuer where entrypoint = 'events'"
            assert await hub.pool.fetchval(jobs) == 0
            await hub.pool.execute(received, hub.iiko, timedelta(minutes=-1))
            for _ in range(3):
                await wake_left_behind(hub.pool)
            assert await hub.pool.fetchval(jobs) == 1
            await hub.process()

    go(run)


def test_times_are_kept_as_told(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.post([visit(str(uuid4()), phone=new_phone())])
            await hub.process()
            (event,) = await hub.events()
            assert event["occurred_at"] == START

    go(run)
