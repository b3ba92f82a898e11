"""Two records become one; nothing is lost, whoever writes at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_records import Registry, open_registry
from uzel.crm import file_store, merging, writing
from uzel.crm.catalogue import USUAL
from uzel.crm.merging import Merged, Outdated, is_among, merged_content, referred_by
from uzel.crm.record import Record, Writer
from uzel.crm.refusal import Refused
from uzel.kit import database
from uzel.kit.database import Pool

CONTACTS, PROJECT, DOCUMENTS = (USUAL[name] for name in ("Contacts", "Project", "Documents"))


class Room:
    """A registry and somebody who writes into it."""

    def __init__(self, pool: Pool, registry: Registry) -> None:
        self.pool, self.registry = pool, registry
        user = registry.users[0]
        self.writer = Writer(registry.business_id, user, "olga", "UZEL", strict=False)

    async def add(self, module: str, **given: str) -> int:
        said = {"assigned_user_id": f"19x{self.registry.users[0]}", **given}
        async with self.pool.acquire() as connection, connection.transaction():
            record = await writing.create(connection, self.writer, USUAL[module], said)
        return record.id

    async def row(self, number: int) -> Any:
        return await self.pool.fetchrow("select * from crm_record where id = $1", number)

    async def merge(self, survivor: int, other: int, taken: set[str] | None = None) -> Merged:
        seen, too = [(await self.row(number))["version"] for number in (survivor, other)]
        return await self.merge_as((survivor, seen), (other, too), taken or set())

    async def merge_as(
        self, survivor: tuple[int, int], other: tuple[int, int], taken: set[str]
    ) -> Merged:
        async with self.pool.acquire() as connection, connection.transaction():
            return await merging.merge(connection, self.writer, USUAL, survivor, other, taken)

    async def history(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.pool.fetch(
            "select act, changes from crm_change where record_id = $1 order by version", number
        )
        return [(row["act"], row["changes"]) for row in rows]


def on(dsn: str, work: Callable[[Room], Awaitable[None]]) -> None:
    async def worked() -> None:
        pool = await database.open_pool(dsn, size=8, name="test")
        try:
            await work(Room(pool, await open_registry(pool)))
        finally:
            await pool.close()

    asyncio.run(worked())


def test_what_is_known_of_both_stays(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        one = await room.add(
            "Contacts", lastname="Иванова", firstname="Анна", mobile="+79990100001", title="врач"
        )
        two = await room.add(
            "Contacts", lastname="Петрова", mobile="8 999 010-00-02", email="a@mail.example",
            title="доктор", cf_contacts_inn="123",
        )  # fmt: skip
        done = await room.merge(one, two, {"title"})
        assert done.record.content == {
            "lastname": "Иванова",
            "firstname": "Анна",
            "mobile": "+79990100001",
            "otherphone": "8 999 010-00-02",
            "email": "a@mail.example",
            "title": "доктор",
            "cf_contacts_inn": "123",
        }
        assert [it["code"] for it in done.record.doubts] == ["inn_length"]
        gone = await room.row(two)
        assert gone["merged_into"] == one and gone["deleted_at"] is not None
        (_, (act, changes)) = await room.history(one)
        assert act == "merged" and changes["merged_from"] == ["", f"12x{two}"]
        assert changes["title"] == ["врач", "доктор"] and "lastname" not in changes
        (_, (act, changes)) = await room.history(two)
        assert act == "merged" and changes["merged_into"] == ["", f"12x{one}"]
        assert changes["lastname"] == ["Петрова", ""]

    on(shared_dsn, work)


def test_the_survivor_may_take_the_phone_and_is_known_by_it(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        one = await room.add("Contacts", lastname="А", mobile="+79990100011")
        two = await room.add("Contacts", lastname="Б", mobile="+79990100012")
        await room.merge(one, two, {"mobile"})
        row = await room.row(one)
        assert row["phone"] == "+79990100012"
        assert row["content"]["otherphone"] == "+79990100011"

    on(shared_dsn, work)


def test_references_and_documents_come_along(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        one = await room.add("Contacts", lastname="А", contact_id="")
        two = await room.add("Contacts", lastname="Б", contact_id=f"12x{one}")
        boss = await room.add("Contacts", lastname="В", contact_id=f"12x{two}")
        projects = [
            await room.add("Project", projectname=f"П{n}", linktoaccountscontacts=f"12x{two}")
            for n in range(3)
        ]
        papers = [await room.add("Documents", notes_title=f"Д{n}") for n in range(3)]
        async with room.pool.acquire() as connection:
            for mine, right in ((one, papers[0]), (two, papers[0]), (two, papers[1])):
                await file_store.relate(connection, mine, right, "test")
            found = await referred_by(
                connection, room.registry.business_id, USUAL, Record.of(await room.row(two))
            )
        assert found == {"Project": 3, "Documents": 2, "Contacts": 1}
        assert (await room.merge(one, two)).moved == 4
        for number in projects:
            row = await room.row(number)
            assert row["content"]["linktoaccountscontacts"] == f"12x{one}"
            assert row["folded"] == {name: text.casefold() for name, text in row["content"].items()}
            (_, (act, changes)) = await room.history(number)
            said = {"linktoaccountscontacts": [f"12x{two}", f"12x{one}"]}
            assert (act, changes, row["version"]) == ("changed", said, 2)
        assert (await room.row(boss))["content"]["contact_id"] == f"12x{one}"
        # Nobody is their own boss.
        assert "contact_id" not in (await room.row(one))["content"]
        beside = await room.pool.fetch(
            "select right_id from crm_relation where left_id = $1 order by 1", one
        )
        assert [row["right_id"] for row in beside] == papers[:2]
        rest = "select count(*) from crm_relation where $1 in (left_id, right_id)"
        assert await room.pool.fetchval(rest, two) == 0

    on(shared_dsn, work)


def test_what_cannot_be_merged_is_refused_whole(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        person = await room.add("Contacts", lastname="А")
        other = await room.add("Contacts", lastname="Б")
        company = await room.add("Accounts", accountname="В")
        paper = await room.add("Documents", notes_title="Г")
        paper_too = await room.add("Documents", notes_title="Д")
        foreign = Room(room.pool, await open_registry(room.pool))
        theirs = await foreign.add("Contacts", lastname="Чужая")
        for pair in ((person, company), (person, person), (paper, paper_too), (person, theirs)):
            with pytest.raises(Refused):
                await room.merge(*pair)
        with pytest.raises(Outdated):
            await room.merge_as((person, 1), (other, 2), set())
        await room.merge(person, other)
        for pair in ((person, other), (other, person)):
            with pytest.raises(Refused):
                await room.merge(*pair)
        assert (await room.row(company))["version"] == 1

    on(shared_dsn, work)


def test_of_merges_at_once_one_is_done(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        for _ in range(10):
            one, two = [await room.add("Contacts", lastname=name) for name in "АБ"]
            done = await asyncio.gather(
                *(room.merge_as((a, 1), (b, 1), set()) for a, b in ((one, two), (two, one)) * 2),
                return_exceptions=True,
            )
            assert sum(isinstance(it, Merged) for it in done) == 1
            assert all(isinstance(it, Merged | Refused | Outdated) for it in done), done
            rows = [await room.row(one), await room.row(two)]
            assert sum(row["deleted_at"] is None for row in rows) == 1

    on(shared_dsn, work)


def test_merges_that_hold_each_others_records_all_end(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        for _ in range(5):
            a, b, c, d = [await room.add("Contacts", lastname=name) for name in "АБВГ"]
            async with room.pool.acquire() as connection, connection.transaction():
                for number, boss in ((a, d), (c, b)):
                    await writing.revise(
                        connection, room.writer, CONTACTS, number, {"contact_id": f"12x{boss}"}
                    )
            done = await asyncio.gather(
                room.merge_as((a, 2), (b, 1), set()), room.merge_as((d, 1), (c, 2), set()),
                return_exceptions=True,
            )  # fmt: skip
            # The later one may find that a record was turned elsewhere since it was looked at.
            names = [type(it).__name__ for it in done]
            assert names in (["Merged", "Merged"], ["Merged", "Outdated"]), done

    on(shared_dsn, work)


DANGLING = """
select count(*) from crm_record p join crm_record c
    on p.content ->> 'linktoaccountscontacts' = '12x' || c.id
 where p.business_id = $1 and p.deleted_at is null and c.deleted_at is not null
"""


def test_what_is_written_meanwhile_refers_to_nobody_who_is_gone(shared_dsn: str) -> None:
    async def work(room: Room) -> None:
        made = 0
        for _ in range(12):
            one, two = [await room.add("Contacts", lastname=name) for name in "АБ"]
            project = {"projectname": "П", "linktoaccountscontacts": f"12x{two}"}
            done = await asyncio.gather(
                *(room.add("Project", **project) for _ in range(3)),
                room.merge_as((one, 1), (two, 1), set()),
                *(room.add("Project", **project) for _ in range(3)),
                return_exceptions=True,
            )
            assert all(isinstance(it, int | Merged | Refused) for it in done), done
            assert isinstance(done[3], Merged)
            made += sum(isinstance(it, int) for it in done)
        assert made > 0
        assert await room.pool.fetchval(DANGLING, room.registry.business_id) == 0

    on(shared_dsn, work)


PHONES = st.sampled_from(["", "+79990200001", "8 (999) 020-00-01", "+79990200002", "89990200003"])
TEXTS = st.sampled_from(["", "а", "б", "в"])
CONTENT = st.fixed_dictionaries(
    {"lastname": TEXTS, "firstname": TEXTS, "title": TEXTS, "mobile": PHONES, "otherphone": PHONES}
)


def record_of(number: int, content: Mapping[str, str]) -> Record:
    kept = {name: text for name, text in content.items() if text}
    now = datetime.now(UTC)
    return Record(number, "Contacts", kept, 1, 1, "UZEL", now, now)


@given(CONTENT, CONTENT, st.sets(st.sampled_from(["lastname", "title", "mobile"])))
def test_every_value_stays_or_was_chosen_against(
    mine: dict[str, str], theirs: dict[str, str], taken: set[str]
) -> None:
    kept, gone = record_of(1, mine), record_of(2, theirs)
    content = merged_content(CONTACTS, kept, gone, taken)
    for name in {*kept.content, *gone.content}:
        ours, other = kept.content.get(name), gone.content.get(name)
        assert content[name] == (other if name in taken and other else ours or other)
    phones = [content.get(name, "") for name in ("mobile", "otherphone", "homephone", "phone")]
    for record in (kept, gone):
        if "mobile" in record.content:
            assert is_among(phones, record.content["mobile"])
    assert "" not in content.values()
