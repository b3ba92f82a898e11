"""Whatever is kept and whatever is asked, the database answers what a list of records answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reading import Reading
from registry_records import Made, Registry, open_registry, wire
from uzel.crm import query_store
from uzel.crm.field import Field, Kind
from uzel.crm.stock import CONTACTS, STOCK
from uzel.crm.vtql import evaluate
from uzel.crm.vtql.meaning import Manner, manner, understood
from uzel.crm.vtql.query import Operator

PEOPLE = CONTACTS.with_fields(
    (
        Field("cf_rate", "Rate", Kind.DOUBLE),
        Field("cf_debt", "Debt", Kind.CURRENCY),
        Field("cf_met", "Met", Kind.DATETIME),
        Field("cf_keeper", "Keeper", Kind.OWNER),
        Field("cf_other", "Other", Kind.REFERENCE),
        Field("cf_mark", "Mark", Kind.AUTO),
    )
)
MODULES = {"Contacts": PEOPLE}
NAMES = (
    *("lastname", "mailingstreet", "mobile", "cf_mark", "cf_contacts_tgid", "cf_rate", "cf_debt"),
    *("birthday", "cf_met", "donotcall", "account_id", "contact_id", "cf_keeper", "cf_other"),
    *("id", "contact_no", "source", "createdtime", "modifiedtime", "assigned_user_id"),
    "modifiedby",
)
FIELDS = tuple(PEOPLE.by_name[name] for name in NAMES)
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
# What has the form of its kind, and what was kept although it has not.
TEXTS = (
    *("a", "A", "b", "aß", "ASS", "ss", "ä", "Ä", "ё", "Ё", "İ", "ſ", "100%", "a_b", "\\", "b\\"),
    *("'", " a", "a ", "a\nb", "\uffff", "\U00010000", "🦔", "CRM", "webform", '"', "9", "10"),
)
NUMBERS = (
    *("0", "1", "-1", "1.5", "1.50", "+1.5", "007", "9", "10", "99999999999999999999"),
    *("ten", "1e3", "NaN", "1,5", "", "1."),
)
MOMENTS = (
    *("2024-01-31", "2024-02-01", "2024-02-29", "2023-02-29", "0001-01-01", "9999-12-31"),
    *("2024-02-01 12:00:00", "2024-02-01 11:59:59", "2024-02-01 24:00:00", "2024-02-01T12:00:00"),
    *("0000-01-01", "infinity", "today", "31.01.2024", "2024-13-01", ""),
)
TRUTHS = ("1", "0", "true", "TRUE", "on", "Yes", "ДА", "нет", "2", "")
PREFIXES = tuple(module.prefix for module in STOCK)
KEPT = {
    Manner.TEXT: ("", *TEXTS),
    Manner.NUMBER: NUMBERS,
    Manner.MOMENT: MOMENTS,
    Manner.TRUTH: TRUTHS,
}


@dataclass(frozen=True)
class Near:
    """The number of a record that is there, or of one before or after."""

    place: int
    prefix: int


def kept(field: Field) -> st.SearchStrategy[str]:
    """What may be stored of a field; the empty text: nothing."""
    if manner(field) is not Manner.RECORD:
        return st.sampled_from(KEPT[manner(field)])
    of = {module.name: module.prefix for module in STOCK}
    prefixes = tuple(of[name] for name in field.refers_to) or PREFIXES
    ids = st.builds("{}x{}".format, st.sampled_from(prefixes), st.integers(0, 12))
    return st.just("") | ids


moments = st.sampled_from(
    [NOON + timedelta(seconds=at) for at in (-1, -0.000001, 0, 0.5, 1, 86_400)]
)
records = st.builds(
    Made,
    st.fixed_dictionaries({field.name: kept(field) for field in FIELDS if not field.system}).map(
        lambda content: {name: text for name, text in content.items() if text}
    ),
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from(("CRM", "Webform", "WEBFORM")),
    moments,
    moments,
    st.sampled_from((None, None, None, NOON)),
)
numbers = st.builds(Near, st.integers(-1, 12), st.sampled_from(PREFIXES))
ids = numbers | st.builds("{}x{}".format, st.sampled_from(PREFIXES), st.integers(0, 12))
odd_ids = st.sampled_from(("12x007", "12x99999999999999999999", "0x1", "99x5"))
patterns = st.text(st.sampled_from("aAбß%_\\ё10-: "), min_size=1, max_size=4)
ANY_VALUE = st.sampled_from(
    [value for values in KEPT.values() for value in values if value] + ["a\0", "\ud800", "%", "x"]
)


def compared(field: Field) -> st.SearchStrategy[tuple[Field, Operator, Sequence[str | Near]]]:
    """A comparison with values that are worth it."""
    if manner(field) is Manner.RECORD:
        values: st.SearchStrategy[str | Near] = ids | odd_ids
    else:
        own = st.sampled_from([value for value in KEPT[manner(field)] if value])
        values = own | own | ANY_VALUE | (numbers if field.name == "contact_no" else own)
    like = values if manner(field) is Manner.RECORD else values | patterns
    alone = [one for one in Operator if one not in (Operator.IN, Operator.LIKE)]
    return st.one_of(
        st.tuples(st.just(field), st.sampled_from(alone), st.tuples(values)),
        st.tuples(st.just(field), st.just(Operator.LIKE), st.tuples(like)),
        st.tuples(st.just(field), st.just(Operator.IN), st.lists(values, min_size=1, max_size=4)),
    )


comparisons = st.sampled_from(FIELDS).flatmap(compared)


@dataclass(frozen=True)
class Asked:
    """A query before the numbers of records are known."""

    where: Sequence[Sequence[tuple[Field, Operator, Sequence[str | Near]]]]
    order: Sequence[str]
    direction: str
    limit: str

    def text(self, what: str, first: int, users: Sequence[int]) -> str:
        def value(field: Field, one: str | Near) -> str:
            if isinstance(one, str):
                return "'" + one.replace("'", "''") + "'"
            if field.name == "contact_no":
                return f"Con{first + one.place}"
            is_user = field.name in ("assigned_user_id", "modifiedby")
            number = users[one.place % len(users)] if is_user else first + one.place
            return f"{one.prefix}x{number}"

        def comparison(field: Field, operator: Operator, values: Sequence[str | Near]) -> str:
            right = ",".join(value(field, one) for one in values)
            return f"{field.name} {operator} " + (
                f"({right})" if operator is Operator.IN else right
            )

        groups = " or ".join(
            " and ".join(comparison(*one) for one in group) for group in self.where
        )
        order = f"order by {','.join(self.order)} {self.direction}" if self.order else ""
        where = f"where {groups}" if groups else ""
        return f"select {what} from Contacts {where} {order} {self.limit};"


queries = st.builds(
    Asked,
    st.lists(st.lists(comparisons, min_size=1, max_size=3), max_size=3),
    st.lists(st.sampled_from(NAMES), max_size=3),
    st.sampled_from(("", "asc", "desc")),
    st.sampled_from(("", "", "limit 3", "limit 2,3", "limit 0", "limit 1,200")),
)


class Room:
    """A registry whose records are others each time."""

    def __init__(self, dsn: str) -> None:
        self.reading = Reading(dsn)
        self.registry: Registry = self.reading(open_registry)
        neighbour: Registry = self.reading(open_registry)
        self.reading(lambda pool: neighbour.add(pool, PEOPLE, (Made({"lastname": "a"}),)))

    def fill(self, made: Sequence[Made]) -> list[Any]:
        """The rows that are alive then."""
        registry = self.registry

        async def work(pool: Any) -> Any:
            await pool.execute(
                "delete from crm_record where business_id = $1", registry.business_id
            )
            await registry.add(pool, PEOPLE, made)
            return await pool.fetch(
                "select * from crm_record where business_id = $1 and deleted_at is null",
                registry.business_id,
            )

        return self.reading(work)

    def answers(self, text: str) -> tuple[list[str], int]:
        """Ids in their order, and how many there are without a limit."""
        question = understood(text, MODULES)

        async def work(pool: Any) -> tuple[list[str], int]:
            rows = await query_store.find(pool, self.registry.business_id, question)
            count = await query_store.count(pool, self.registry.business_id, question)
            return [PEOPLE.wire_id(row["id"]) for row in rows], count

        return self.reading(work)


@pytest.fixture(scope="module")
def room(shared_dsn: str) -> Iterator[Room]:
    it = Room(shared_dsn)
    yield it
    it.reading.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records, max_size=12), st.lists(queries, min_size=8, max_size=16))
def test_the_database_answers_as_a_list_does(
    room: Room, made: list[Made], asked: list[Asked]
) -> None:
    rows = room.fill(made)
    listed = [wire(row, PEOPLE) for row in reversed(rows)]
    first = min((row["id"] for row in rows), default=1)
    for one in asked:
        text = one.text("*", first, room.registry.users)
        question = understood(text, MODULES)
        expected = [row["id"] for row in evaluate.found(question, listed)]
        assert room.answers(text) == (expected, evaluate.count(question, listed)), text
