"""Queries against a real database: the same answers as from a list, whatever is asked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from reading import Reading
from registry_records import Made, Registry, open_registry, wire
from uzel.crm import query_store
from uzel.crm.refusal import Refused
from uzel.crm.stock import ACCOUNTS, CONTACTS, STOCK
from uzel.crm.vtql.meaning import understood

MODULES = {module.name: module for module in STOCK}
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
CONTACT_RECORDS = (
    Made({"lastname": "Ёлкина", "cf_contacts_tgid": "9", "account_id": "11x9", "donotcall": "1"}),
    Made({"lastname": "Straße", "cf_contacts_tgid": "10", "birthday": "1986-11-15"}, owner=1),
    Made({"lastname": "deleted"}, deleted_at=NOON),
    Made({"cf_contacts_tgid": "ten", "birthday": "1986-02-30"}, source="Webform"),
    Made({"lastname": "O'Neil \\ 100%", "account_id": "11x10"}, modified_at=NOON, modifier=1),
)


class Asking:
    """A registry with a few records, and another one beside it."""

    def __init__(self, dsn: str) -> None:
        self.reading = Reading(dsn)
        self.registry = self.reading(open_registry)
        self.other = self.reading(open_registry)
        self.add(self.registry, CONTACT_RECORDS)
        self.add(self.other, (Made({"lastname": "somebody else's"}),))
        self.reading(lambda pool: self.registry.add(pool, ACCOUNTS, (Made({"inn": "1"}),)))
        self.first = self.reading(
            lambda pool: pool.fetchval(
                "select min(id) from crm_record where business_id = $1", self.registry.business_id
            )
        )

    def add(self, registry: Registry, made: tuple[Made, ...]) -> None:
        self.reading(lambda pool: registry.add(pool, CONTACTS, made))

    def rows(self, rest: str, module: str = "Contacts") -> list[Any]:
        question = understood(f"select * from {module} {rest};", MODULES)
        business_id = self.registry.business_id
        return self.reading(lambda pool: query_store.find(pool, business_id, question))

    def places(self, rest: str) -> list[int]:
        """Which of the records, by their places."""
        return [row["id"] - self.first for row in self.rows(rest)]

    def count(self, rest: str) -> int:
        question = understood(f"select count(*) from Contacts {rest};", MODULES)
        business_id = self.registry.business_id
        return self.reading(lambda pool: query_store.count(pool, business_id, question))


@pytest.fixture(scope="module")
def asking(shared_dsn: str) -> Iterator[Asking]:
    it = Asking(shared_dsn)
    yield it
    it.reading.close()


@pytest.mark.parametrize(
    ("rest", "places"),
    [
        ("", [0, 1, 3, 4]),
        ("where lastname = 'STRASSE'", [1]),
        ("where lastname in ('ёлкина', 'strasse', 'nobody')", [0, 1]),
        ("where lastname != 'ёлкина'", [1, 3, 4]),
        ("where lastname = 'O''Neil \\ 100%'", [4]),
        ("where lastname like '%100\\%'", [4]),
        ("where lastname like '%\\\\ 1__%'", [4]),
        ("where lastname like '%\\'", []),
        ("where lastname = 'deleted'", []),
        ("where lastname = 'somebody else''s'", []),
        ("where cf_contacts_tgid > 9", [1]),
        ("where cf_contacts_tgid != 9", [1]),
        ("where birthday > '0001-01-01'", [1]),
        ("where birthday like '1986%'", [1, 3]),
        ("where donotcall = 'да'", [0]),
        ("where donotcall != 'да'", [1, 3, 4]),
        ("where donotcall like 0", [1, 3, 4]),
        ("where account_id = '11x9'", [0]),
        ("where account_id > '11x9'", [4]),
        ("where source = WEBFORM", [3]),
        ("where createdtime = '2024-01-31 23:59:59'", [0, 1, 3, 4]),
        ("where createdtime > '2024-01-31 23:59:59'", []),
        ("where modifiedtime > '2024-01-31 23:59:59'", [4]),
        ("where modifiedtime >= '2024-02-01 12:00:00'", [4]),
        ("where modifiedtime <= '2024-01-31 23:59:59'", [0, 1, 3]),
        ("where modifiedtime < '2024-02-01'", [0, 1, 3]),
        ("where modifiedtime != '2024-01-31 23:59:59'", [4]),
        ("where modifiedtime <= '9999-12-31 23:59:59'", [0, 1, 3, 4]),
        ("where modifiedtime > '9999-12-31 23:59:59'", []),
        ("where modifiedtime >= '0001-01-01'", [0, 1, 3, 4]),
        ("where modifiedtime > 'yesterday'", []),
        ("where modifiedtime like '%12:00%'", [4]),
        ("where lastname = 'ёлкина' and donotcall = 0 or lastname = 'strasse'", [1]),
        ("order by lastname", [3, 4, 1, 0]),
        ("order by lastname desc", [0, 1, 4, 3]),
        ("order by cf_contacts_tgid", [3, 4, 0, 1]),
        ("order by cf_contacts_tgid desc", [1, 0, 3, 4]),
        ("order by modifiedtime, lastname desc", [4, 0, 1, 3]),
        ("order by id desc limit 1,2", [3, 1]),
        ("limit 0", []),
        ("limit 2147483648,1", []),
    ],
)
def test_answers(asking: Asking, rest: str, places: list[int]) -> None:
    assert asking.places(rest) == places


def test_records_of_users(asking: Asking) -> None:
    first, second = asking.registry.users
    assert asking.places(f"where assigned_user_id = '19x{second}'") == [1]
    assert asking.places(f"where assigned_user_id != '19x{second}'") == [0, 3, 4]
    assert asking.places(f"where modifiedby in ('19x{second}', '19x0')") == [4]
    assert asking.places(f"where modifiedby = '19x{first}' and id > '12x{asking.first}'") == [1, 3]


def test_numbers_of_records(asking: Asking) -> None:
    number = f"CON{asking.first}"
    assert asking.places(f"where contact_no = {number}") == [0]
    assert asking.places(f"where contact_no in ({number.lower()}, CON0, ACC1)") == [0]
    assert asking.places(f"where contact_no like '%{number[1:]}'") == [0]
    assert asking.places(f"where contact_no != '{number}'") == [1, 3, 4]


def test_pages_by_id(asking: Asking) -> None:
    seen: list[int] = []
    last = 0
    while page := asking.rows(f"where id > '12x{last}' order by id limit 2"):
        last = page[-1]["id"]
        seen += [row["id"] - asking.first for row in page]
    assert seen == [0, 1, 3, 4]


def test_rows_are_whole(asking: Asking) -> None:
    (row,) = asking.rows("where lastname = 'ёлкина'")
    assert row["content"]["lastname"] == "Ёлкина"
    assert wire(row, CONTACTS)["createdtime"] == "2024-01-31 23:59:59"
    assert row["version"] == 1


def test_counts_are_not_limited(asking: Asking) -> None:
    assert asking.count("") == 4
    assert asking.count("where lastname = 'ёлкина' or donotcall = 0 limit 1") == 4
    assert asking.count("where lastname = nobody") == 0


def test_other_modules_are_apart(asking: Asking) -> None:
    assert len(asking.rows("", "Accounts")) == 1
    assert asking.rows("", "Project") == []


UNSTORABLE = ("\x00", "a\x00b", "\ud83d", "\udc4b\ud83d")
HOSTILE = (
    *UNSTORABLE,
    "'; drop table crm_record; --",
    "' or '1' = '1",
    "\\'; select pg_sleep(60); --",
    "$1",
    "%s",
    "{0}",
    "👋🏽",
    "\u202e",
    "\\u0000",
    '{"lastname": "x"}',
    '"',
    "\\",
    "%" * 3000,
    "_" * 3000,
    "%_" * 3000,
    "x" * 60_000,
    "9" * 60_000,
)


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "column", ["lastname", "cf_contacts_tgid", "birthday", "donotcall", "createdtime", "contact_no"]
)
def test_hostile_values_are_only_values(asking: Asking, column: str, value: str) -> None:
    quoted = value.replace("'", "''")
    for operator in ("=", "!=", "<", ">=", "like"):
        found = asking.places(f"where {column} {operator} '{quoted}'")
        assert set(found) <= {0, 1, 3, 4}
    # Whatever is not true is false, if it is anything.
    is_false = column == "donotcall" and value not in UNSTORABLE
    assert asking.places(f"where {column} in ('{quoted}')") == ([1, 3, 4] if is_false else [])


def test_a_stored_text_is_found_whatever_it_is(asking: Asking) -> None:
    texts = [one for one in HOSTILE if one.isprintable() and len(one) < 4000]
    registry = asking.reading(open_registry)
    asking.add(registry, tuple(Made({"lastname": text}) for text in texts))
    for text in texts:
        quoted = text.replace("'", "''")
        question = understood(f"select * from Contacts where lastname = '{quoted}';", MODULES)
        find = partial(query_store.find, business_id=registry.business_id, question=question)
        rows = asking.reading(find)
        assert [row["content"]["lastname"] for row in rows] == [text]


def test_as_many_conditions_as_there_may_be(asking: Asking) -> None:
    kinds = ("lastname = a", "cf_contacts_tgid < 0", "birthday > '2999-01-01'", "donotcall = 1")
    either = " or ".join(kinds[place % 4] for place in range(500))
    assert asking.places(f"where {either}") == [0]
    both = " and ".join(["cf_contacts_tgid > 0", "donotcall = 0"] * 250)
    assert asking.places(f"where {both}") == [1]


@pytest.mark.parametrize("count", [1, query_store.MOST_SOUGHT - 1, query_store.MOST_SOUGHT, 450])
def test_as_many_values_as_there_may_be(asking: Asking, count: int) -> None:
    names = ",".join(["'ЁЛКИНА'", *(f"n{place}" for place in range(count))])
    assert asking.places(f"where lastname in ({names})") == [0]
    refs = [f"11x{place}" for place in range(100, 100 + count)]
    assert asking.places(f"where account_id in ({','.join(refs)}, 11x9)") == [0]
    either = " or ".join(f"account_id = {ref}" for ref in ("11x10", *refs))
    assert asking.places(f"where {either} or lastname = strasse") == [1, 4]


def test_what_takes_too_long_is_refused(asking: Asking) -> None:
    """Behind a lock that is not given back."""
    question = understood("select * from Contacts;", MODULES)
    business_id = asking.registry.business_id

    async def work(pool: Any) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("lock table crm_record in access exclusive mode")
            with pytest.raises(Refused) as refusal:
                await query_store.find(pool, business_id, question, timeout_s=0.05)
            assert refusal.value.code == "DATABASE_QUERY_ERROR"
            with pytest.raises(Refused):
                await query_store.count(pool, business_id, question, timeout_s=0.05)

    asking.reading(work)
    assert asking.places("limit 1") == [0]
    assert asking.reading(lambda pool: pool.fetchval("show statement_timeout")) == "0"


def test_a_pattern_too_deep_for_the_database_is_refused(asking: Asking) -> None:
    registry = asking.reading(open_registry)
    asking.add(registry, (Made({"lastname": "a" * 30_000}),))
    question = understood(
        f"select * from Contacts where lastname like '{'%a' * 30_000}b';", MODULES
    )
    with pytest.raises(Refused) as refusal:
        asking.reading(lambda pool: query_store.find(pool, registry.business_id, question))
    assert refusal.value.code == "DATABASE_QUERY_ERROR"


def plan(asking: Asking, registry: Registry, text: str) -> str:
    statement = query_store.Statement(registry.business_id, understood(text, MODULES))
    query, values = statement.records()

    async def work(pool: Any) -> str:
        rows = await pool.fetch(f"explain {query}", *values)
        return "\n".join(row[0] for row in rows)

    return asking.reading(work)


@pytest.fixture(scope="module")
def many(asking: Asking) -> Registry:
    """A registry large enough to make the planner choose."""
    registry = asking.reading(open_registry)
    made = tuple(
        Made({"lastname": f"n{place}", "account_id": f"11x{place}"}) for place in range(4000)
    )
    asking.add(registry, made)
    asking.reading(lambda pool: pool.execute("analyze crm_record"))
    return registry


@pytest.mark.parametrize(
    "condition",
    [
        "lastname = n7",
        "lastname in (n7, n8) and birthday > '2000-01-01'",
        "account_id = '11x7' and cf_contacts_tgid = 5",
        "lastname = n7 or account_id = '11x8' and donotcall = 1",
    ],
)
def test_equality_goes_by_the_index(asking: Asking, many: Registry, condition: str) -> None:
    text = plan(asking, many, f"select * from Contacts where {condition} order by id;")
    assert "crm_record_folded_idx" in text


@pytest.mark.parametrize(
    "rest", ["", "order by id", "where id > '12x5' order by id", "where donotcall = 0 limit 1"]
)
def test_pages_go_by_id(asking: Asking, many: Registry, rest: str) -> None:
    text = plan(asking, many, f"select * from Contacts {rest};")
    assert "Sort" not in text
    assert "Index Scan using" in text
