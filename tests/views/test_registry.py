"""The registry's lists find records by whatever somebody has at hand."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_records import Made, Registry, open_registry
from uzel.crm.catalogue import USUAL
from uzel.kit import database
from uzel.kit.database import Pool
from uzel.views.registry import RecordFilter, conditions, list_records
from uzel.views.registry_store import records_query
from uzel.views.registry_words import wanted_by

Result = TypeVar("Result")
CONTACTS = USUAL["Contacts"]
ANNA = {
    "firstname": "Анна-Мария",
    "lastname": "Семёнова (Иванова)",
    "mobile": "8 (999) 000-12-34",
    "email": "Anna.Semyonova@mail.example",
    "cf_contacts_inn": "500100732259",
}


def on(dsn: str, work: Callable[[Pool, Registry], Awaitable[Result]]) -> Result:
    async def worked() -> Result:
        pool = await database.open_pool(dsn, size=2, name="test")
        try:
            return await work(pool, await open_registry(pool))
        finally:
            await pool.close()

    return asyncio.run(worked())


async def names(pool: Pool, registry: Registry, wanted: RecordFilter) -> list[str]:
    page = await list_records(pool, registry.business_id, CONTACTS, wanted, None, 50)
    return [record.content["lastname"] for record in page.items]


@pytest.mark.parametrize(
    "text",
    [
        *("семенова", "СЕМЁНОВА", "иванов", "анна", "мария сем", "  Мария,   Анна "),
        *(
            "+7 999 000 12 34",
            "89990001234",
            "9990001234",
            "8 999 000 1",
            "999 000-1",
            "1234",
            "12-34",
        ),
        *("500100732259", "5001007", "anna.semyonova@mail.example", "ANNA.SEM", "semyonova"),
        *("Семёнова +7 (999) 000-12-34", "Анна 1234"),
    ],
)
def test_a_person_is_found(shared_dsn: str, text: str) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        other = {"lastname": "Петров", "mobile": "+79990009999", "email": "p@mail.example"}
        await registry.add(pool, CONTACTS, [Made(ANNA), Made(other)])
        assert await names(pool, registry, RecordFilter(text)) == [ANNA["lastname"]]

    on(shared_dsn, work)


@pytest.mark.parametrize("text", ["нова", "Петрова", "79990001235", "'", "\\", "& | !", "()", "—"])
def test_what_is_not_there_is_not_found(shared_dsn: str, text: str) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        await registry.add(pool, CONTACTS, [Made(ANNA)])
        assert await names(pool, registry, RecordFilter(text)) == []

    on(shared_dsn, work)


def test_a_record_is_found_by_its_number(shared_dsn: str) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        await registry.add(pool, CONTACTS, [Made(ANNA)])
        number = await pool.fetchval(
            "select id from crm_record where business_id = $1", registry.business_id
        )
        for text in (f"CON{number}", f"№ {number}", f"12x{number}", f"#{number}", str(number)):
            assert await names(pool, registry, RecordFilter(text)) == [ANNA["lastname"]], text

    on(shared_dsn, work)


def test_filters_narrow_and_pages_follow_each_other(shared_dsn: str) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        now = datetime.now(UTC)
        days = [Made({"lastname": f"Л{n}"}, created_at=now - timedelta(days=9 - n))
                for n in range(9)]  # fmt: skip
        gone = Made({"lastname": "Удалён"}, created_at=now, deleted_at=now)
        await registry.add(pool, CONTACTS, [*days, gone])
        await pool.execute(
            'update crm_record set doubts = \'[{"field": "inn"}]\' where business_id = $1 '
            "and content ->> 'lastname' = 'Л3'",
            registry.business_id,
        )
        since = now - timedelta(days=3, hours=1)
        assert await names(pool, registry, RecordFilter(since=since)) == ["Л8", "Л7", "Л6"]
        assert await names(pool, registry, RecordFilter(doubtful=True)) == ["Л3"]
        assert await names(
            pool, registry, RecordFilter(until=now - timedelta(days=7, hours=23))
        ) == [
            *("Л1", "Л0"),
        ]
        for text in (None, "л"):
            seen: list[str] = []
            before: int | None = None
            while True:
                page = await list_records(
                    pool, registry.business_id, CONTACTS, RecordFilter(text), before, 4
                )
                seen += [record.content["lastname"] for record in page.items]
                if (before := page.next) is None:
                    break
            assert seen == [f"Л{n}" for n in range(8, -1, -1)]

    on(shared_dsn, work)


def test_another_registry_is_not_looked_into(shared_dsn: str) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        other = await open_registry(pool)
        await other.add(pool, CONTACTS, [Made(ANNA)])
        for wanted in (RecordFilter(), RecordFilter("семёнова"), RecordFilter("1234")):
            assert await names(pool, registry, wanted) == []

    on(shared_dsn, work)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (RecordFilter("лесков12"), "crm_record_words"),
        (RecordFilter("+7 999 000 0012"), "crm_record_words"),
        (RecordFilter(doubtful=True), "crm_record_doubtful"),
        (RecordFilter(), "crm_record_business_id_module_id_idx"),
    ],
)
def test_no_list_reads_all_records(shared_dsn: str, wanted: RecordFilter, index: str) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        people = [Made({"lastname": f"Лесков{n}", "mobile": f"+7999{n:07}"}) for n in range(3000)]
        await registry.add(pool, CONTACTS, people)
        await pool.execute("vacuum analyze crm_record")
        more = await conditions(pool, wanted, None)
        query = records_query(more, 51, found=bool(wanted.text))
        plan = await pool.fetch(
            f"explain {query}", registry.business_id, CONTACTS.name, *more.values
        )
        text = "\n".join(row[0] for row in plan)
        assert index in text and "Seq Scan" not in text, text

    on(shared_dsn, work)


WORD = st.text("абвгёя'\\-.:&|!*()ñ", min_size=1, max_size=12).filter(
    lambda text: text.strip('+-.~ ,;:()"') != ""
)


@given(last=WORD, cut=st.integers(1, 12))
def test_a_name_is_found_by_its_beginning_whatever_signs_it_has(
    shared_dsn: str, last: str, cut: int
) -> None:
    async def work(pool: Pool, registry: Registry) -> None:
        await registry.add(pool, CONTACTS, [Made({"lastname": last})])
        part = last[:cut]
        if wanted_by(part).words:
            assert await names(pool, registry, RecordFilter(part)) == [last]

    on(shared_dsn, work)


@given(st.text(max_size=250))
def test_whatever_is_typed_the_database_takes(shared_dsn: str, text: str) -> None:
    words = wanted_by(text.replace("\0", "")).words

    async def work(pool: Pool, _: Registry) -> None:
        await pool.fetchval("select $1::text::tsquery", words.encode("utf-8", "ignore").decode())

    on(shared_dsn, work)
