"""Whatever is kept and whatever is asked, the database answers what a list of records answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading import Reading
from registry_records import Made, Registry, open_registry, wire
from uzel.crm import query_store
from uzel.crm.field import Field, Kind
from uzel.crm.stock import CONTACTS, STOCK
from uzel.crm.vtql import evaluate
from uzel.crm.vtql.meaning import Manner, manner, understood
from uzel.crm.vtql.query import Operator

Result = TypeVar("Result")
Other = TypeVar("Other")
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
GROUPS = {
    "texts": ("lastname", "mailingstreet", "mobile", "cf_mark"),
    "numbers": ("cf_contacts_tgid", "cf_rate", "cf_debt"),
    "moments": ("birthday", "cf_met"),
    "truths": ("donotcall", "emailoptout"),
    "records": ("account_id", "contact_id", "cf_keeper", "cf_other"),
    "system": ("id", "contact_no", "source", "assigned_user_id", "modifiedby"),
    "times": ("createdtime", "modifiedtime"),
}
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
# What has the form of its kind, and what is kept although it has not.
TEXTS = (
    *("a", "A", "b", "aß", "ASS", "ss", "ä", "Ä", "ё", "Ё", "İ", "ſ", "100%", "a_b", "\\", "b\\"),
    *("'", " a", "a ", "a\nb", "\uffff", "\U00010000", "🦔", '"', "9", "10"),
)
NUMBERS = (
    *("0", "1", "-1", "1.5", "1.50", "+1.5", "007", "9", "10", "99999999999999999999"),
    *("ten", "1e3", "NaN", "1,5", "1.", "9" * 100, "9" * 101),
)
MOMENTS = (
    *("2024-01-31", "2024-02-01", "2024-02-29", "2023-02-29", "0001-01-01", "9999-12-31"),
    *("2024-02-01 12:00:00", "2024-02-01 11:59:59", "2024-02-01 24:00:00", "2024-02-01T12:00:00"),
    *("0000-01-01", "infinity", "today", "31.01.2024", "2024-13-01"),
)
NEAR_NOON = ("2024-02-01", *(f"2024-02-01 {at}" for at in ("11:59:59", "12:00:00", "12:00:01")))
VALUES = {
    Manner.TEXT: TEXTS,
    Manner.NUMBER: NUMBERS,
    Manner.MOMENT: MOMENTS,
    Manner.TRUTH: ("1", "0", "true", "TRUE", "on", "Yes", "ДА", "нет", "2"),
}
PREFIXES = {module.name: module.prefix for module in STOCK}
ODD = (*TEXTS, *NUMBERS, *MOMENTS, "a\0", "\ud800", "%", "x")
ODD_IDS = ("12x1", "99x1", "11x002", "12x99999999999999999999", "0x0")


def mostly(
    usual: st.SearchStrategy[Result], other: st.SearchStrategy[Other]
) -> st.SearchStrategy[Result | Other]:
    """Of four the other one once: `|` takes all in turns."""
    return st.integers(0, 3).flatmap(lambda turn: usual if turn else other)


@dataclass(frozen=True)
class Near:
    """The number of a record that is there, or of one before or after; of a user likewise."""

    place: int


@dataclass(frozen=True)
class Theme:
    """A field, and the few values of it that records have and queries ask for."""

    field: Field
    values: tuple[str, ...]

    @property
    def stored(self) -> st.SearchStrategy[str]:
        """The empty text: nothing."""
        return st.sampled_from(("", *self.values))

    @property
    def asked(self) -> st.SearchStrategy[str | Near]:
        own, near = st.sampled_from(self.values), st.builds(Near, st.integers(-1, 8))
        if manner(self.field) is Manner.RECORD:
            odd = st.sampled_from(ODD_IDS)
            return near | mostly(own, odd) if self.field.system else mostly(own, odd)
        return mostly(own, near if self.field.name == "contact_no" else st.sampled_from(ODD))

    @property
    def patterns(self) -> st.SearchStrategy[str | Near]:
        if manner(self.field) is Manner.RECORD:
            return self.asked
        made = st.text(st.sampled_from("aAбß%_\\ё10-: "), min_size=1, max_size=4)
        return made | st.builds("{}{}".format, st.sampled_from(self.values), made)


def themes(field: Field) -> st.SearchStrategy[Theme]:
    if manner(field) is Manner.RECORD:
        prefixes = [PREFIXES[name] for name in field.refers_to] or list(PREFIXES.values())
        values = st.builds("{}x{}".format, st.sampled_from(prefixes), st.integers(0, 4))
    elif field.system:
        kinds = {"source": ("CRM", "webform"), "contact_no": ("CON1", "x")}
        values = st.sampled_from(kinds.get(field.name, NEAR_NOON))
    else:
        values = st.sampled_from(VALUES[manner(field)])
    return st.lists(values, min_size=2, max_size=4).map(lambda few: Theme(field, tuple(few)))


moments = st.sampled_from(
    [NOON + timedelta(seconds=at) for at in (-1, -0.000001, 0, 0.5, 1, 86_400)]
)


def records(themes: Sequence[Theme]) -> st.SearchStrategy[Made]:
    stored = {theme.field.name: theme.stored for theme in themes if not theme.field.system}
    return st.builds(
        Made,
        st.fixed_dictionaries(stored).map(
            lambda content: {name: text for name, text in content.items() if text}
        ),
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from(("CRM", "Webform", "WEBFORM")),
        moments,
        moments,
        st.sampled_from((None, None, None, NOON)),
    )


Comparison = tuple[Field, Operator, Sequence[str | Near]]
ALONE = [one for one in Operator if one not in (Operator.IN, Operator.LIKE)]


def compared(theme: Theme) -> st.SearchStrategy[Comparison]:
    field = st.just(theme.field)
    alone = st.tuples(field, st.sampled_from(ALONE), st.tuples(theme.asked))
    like = st.tuples(field, st.just(Operator.LIKE), st.tuples(theme.patterns))
    few = st.lists(theme.asked, min_size=1, max_size=4)
    # Many are sought in another way.
    some = few | few.map(lambda few: few * query_store.MOST_SOUGHT)
    return mostly(alone, like | st.tuples(field, st.just(Operator.IN), some))


@dataclass(frozen=True)
class Asked:
    """A query before the numbers of records are known."""

    where: Sequence[Sequence[Comparison]]
    order: Sequence[str]
    direction: str
    limit: str

    def text(self, first: int, users: Sequence[int]) -> str:
        def value(field: Field, one: str | Near) -> str:
            if isinstance(one, str):
                return "'" + one.replace("'", "''") + "'"
            if field.name == "contact_no":
                return f"Con{first + one.place}"
            is_user = field.name in ("assigned_user_id", "modifiedby")
            return f"7x{users[one.place % 2] if is_user else first + one.place}"

        def comparison(field: Field, operator: Operator, values: Sequence[str | Near]) -> str:
            right = ",".join(value(field, one) for one in values)
            return f"{field.name} {operator} " + (
                f"({right})" if operator is Operator.IN else right
            )

        groups = [" and ".join(comparison(*one) for one in group) for group in self.where]
        where = f"where {' or '.join(groups)}" if groups else ""
        order = f"order by {','.join(self.order)} {self.direction}" if self.order else ""
        return f"select * from Contacts {where} {order} {self.limit};"


def queries(themes: Sequence[Theme]) -> st.SearchStrategy[Asked]:
    comparisons = st.sampled_from(themes).flatmap(compared)
    groups = st.lists(comparisons, min_size=1, max_size=2)
    return st.builds(
        Asked,
        st.lists(groups, max_size=2),
        st.lists(st.sampled_from([theme.field.name for theme in themes]), max_size=2),
        st.sampled_from(("", "asc", "desc")),
        st.sampled_from(("", "", "", "limit 3", "limit 2,3", "limit 0", "limit 1,200")),
    )


World = tuple[list[Made], list[Asked]]


def worlds(fields: Sequence[Field]) -> st.SearchStrategy[World]:
    """Records, and queries about one to three of their fields."""
    few = st.lists(st.sampled_from(fields).flatmap(themes), min_size=1, max_size=3)
    return few.flatmap(
        lambda few: st.tuples(
            st.lists(records(few), min_size=4, max_size=8),
            st.lists(queries(few), min_size=8, max_size=12),
        )
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


def check(room: Room, made: Sequence[Made], asked: Sequence[Asked]) -> None:
    rows = room.fill(made)
    listed = [wire(row, PEOPLE) for row in reversed(rows)]
    first = min((row["id"] for row in rows), default=1)
    for one in asked:
        text = one.text(first, room.registry.users)
        question = understood(text, MODULES)
        expected = [row["id"] for row in evaluate.found(question, listed)]
        assert room.answers(text) == (expected, evaluate.count(question, listed)), text


@pytest.mark.parametrize("group", [*GROUPS, "all"])
def test_the_database_answers_as_a_list_does(room: Room, group: str) -> None:
    names = GROUPS.get(group) or [name for names in GROUPS.values() for name in names]

    @settings(max_examples=settings().max_examples // 2, deadline=None)
    @given(worlds([PEOPLE.by_name[name] for name in names]))
    def answers(world: World) -> None:
        check(room, *world)

    answers()
