"""Whatever becomes of requests to amoCRM, each deal is made once and tells all."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirrored import SETTINGS, Mirrored, open_mirrored
from parts import Sandbox, go, new_phone
from uzel.flows.registry_deals import mirror_store, switching

OPERATIONS = ("find_contacts", "create_contacts", "find_leads", "create_leads", "add_notes")
KINDS = ("500", "reset", "429", "garbage", "401")


async def whole(room: Mirrored, count: int) -> None:
    """Every person has one contact, one deal and the note of the beginning once."""
    deals = room.deals()
    assert len(deals) == count
    for deal in deals.values():
        notes = room.notes(deal)
        assert sum(text.startswith("Реестр, ") for text in notes) == 1, notes
    phones = [phone for it in room.books()["contacts"] for phone in it["phones"]]
    mine = [it for it in phones if it.startswith("+7999")]
    assert len(mine) == len(set(mine))


@pytest.mark.parametrize(("operation", "kind"), list(itertools.product(OPERATIONS, KINDS)))
def test_a_fault_doubles_nothing(
    shared_dsn: str, sandbox: Sandbox, operation: str, kind: str
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            sandbox.arm_at("amocrm", operation, kind, times=2)
            for n in range(3):
                await room.person(f"Гость{n}", new_phone())
            await room.work()
            await room.later()
            await whole(room, 3)

    go(work)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(KINDS), st.integers(1, 3)),
        max_size=4,
    ),
    st.lists(st.sampled_from(("person", "project", "revise", "work", "later")), max_size=14),
)
def test_any_days_end_whole(
    shared_dsn: str, sandbox: Sandbox, faults: list[Any], acts: list[str]
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            sandbox.reset()
            for operation, kind, times in faults:
                sandbox.arm_at("amocrm", operation, kind, times=times)
            people, count, said = [await room.person("Первый", new_phone())], 1, 0
            for act in acts:
                if act == "person":
                    people.append(await room.person("Гость", new_phone()))
                elif act == "project":
                    await room.project("Дело", people[-1])
                elif act == "revise":
                    said += 1
                    await room.revise(people[0], description=f"раз {said}")
                elif act == "work":
                    await room.work(2)
                else:
                    await room.later(1)
                count += act in ("person", "project")
            await room.work()
            sandbox.reset()
            await room.later()
            await whole(room, count)
            deal = room.deals()[f"Первый (CON{people[0].id})"]
            if said:
                assert f"раз {said}" in "\n".join(room.notes(deal))

    go(work)


def test_one_that_amocrm_refuses_holds_no_other_up(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            people = [await room.person(f"Гость{n}", new_phone()) for n in range(4)]
            await room.work()
            await room.hub.pool.execute(
                "update crm_mirror set settings = settings || '{\"status_id\": 999}' where id = $1",
                room.id,
            )
            await room.person("Ошибка", new_phone())
            await room.work()
            await room.later(3)
            steps = {number: row["step"] for number, row in (await room.rows()).items()}
            assert sorted(steps.values()) == ["done"] * len(people) + ["stuck"]
            (stuck,) = [row for row in (await room.rows()).values() if row["step"] == "stuck"]
            assert stuck["reason"]

    go(work)


def test_what_is_stuck_is_tried_again_unless_it_is_there_no_more(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox, status_id=999) as room:
            person = await room.person("Ошибка", new_phone())
            gone = await room.person("Лишний", new_phone())
            await room.later(3)
            assert {row["step"] for row in (await room.rows()).values()} == {"stuck"}
            await room.delete(gone)
            await room.work()
            await room.hub.pool.execute(
                "update crm_mirror set settings = $2 where id = $1", room.id, SETTINGS
            )
            async with room.hub.pool.acquire() as connection, connection.transaction():
                mirror = await mirror_store.one(connection, room.id)
                assert await switching.retry(connection, mirror) == 1
            await room.work()
            assert list(room.deals()) == [f"Ошибка (CON{person.id})"]
            assert (await room.rows())[f"12x{gone.id}"]["step"] == "left_out"

    go(work)


def test_a_note_for_a_deal_that_is_gone_waits_for_a_person(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            people = [await room.person(f"Гость{n}", new_phone()) for n in range(3)]
            await room.work()
            number = f"12x{people[0].id}"
            lead = (await room.rows())[number]["lead_id"]
            await room.hub.pool.execute(
                "update crm_mirrored set lead_id = 1 where number = $1", number
            )
            for person in people:
                await room.revise(person, email="a@example.org")
            await room.later(3)
            rows = await room.rows()
            assert [row["reason"] is None for row in rows.values()].count(False) == 1
            assert len(rows[number]["notes"]) == 1
            await room.hub.pool.execute(
                "update crm_mirrored set lead_id = $2 where number = $1", number, lead
            )
            async with room.hub.pool.acquire() as connection, connection.transaction():
                mirror = await mirror_store.one(connection, room.id)
                assert await switching.retry(connection, mirror, number) == 1
            await room.work()
            for deal in room.deals().values():
                assert sum("a@example.org" in it for it in room.notes(deal)) == 1

    go(work)
