"""What a query means for a module. `evaluate` and `query_store` give the same answers by it.

Fields are compared by kind:

text     All kinds not named below, and the numbers of records such as `contact_no`. Letters are
         equal in any case (`str.casefold`), order is that of code points. An absent value is the
         empty text: `!= 'x'` and `LIKE '%'` hold for it.
number   INTEGER, DOUBLE, CURRENCY: digits with a sign and a fraction or without.
moment   DATE, DATETIME: `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`; without a time it is midnight. In a
         query also as programs print one, `2026-11-22T01:02:03.456Z`: the fraction is cut off.
truth    BOOLEAN: `1`, `true`, `on`, `yes`, `да` are true, all else is false, so is an absent value.
record   REFERENCE, OWNER and `id`: by the number behind the `x` of `12x83834`.

An absent number, moment or record is SQL's null: no comparison holds for it, nor for a stored value
that is none of its kind. A value in the query that is none of the field's kind, or that no field
can hold (NUL, half a surrogate pair), is equal, unequal and like nothing; among those of IN it is
passed over. For a record it has to be `NxM`, else the query is refused.

LIKE looks at the text that the field is on the wire, in any case of letters, `1` or `0` for a
truth. For a record it is the same as `=`. IN holds where one of its values is equal.

ORDER BY puts absent and unreadable values first (last with DESC); what is equal comes by `id`,
upwards whatever the direction. Without ORDER BY records come by `id`. Names of fields are exact.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from uzel.crm import catalogue
from uzel.crm.field import NUMBERS, Field, Kind, Module
from uzel.crm.refusal import wrong_id
from uzel.crm.vtql import like, refusals
from uzel.crm.vtql.parser import module_named, parse
from uzel.crm.vtql.query import Comparison, Operator, Query

MOST_ROWS: Final = 100
TRUE = ("1", "true", "on", "yes", "да")
# Of what is stored; PostgreSQL reads these in the same way.
NUMBER_FORM: Final = "[+-]?[0-9]+([.][0-9]+)?"
MOMENT_FORM: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}( ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?"
RECORD_FORM: Final = "[0-9]+x[0-9]+"
# Nothing longer is a number, or an id: PostgreSQL has bounds of its own somewhere above.
LONGEST_NUMBER: Final = 100
LONGEST_ID: Final = 20
# An id that no record has: longer ones do not fit into the database.
NO_RECORD: Final = 2**63 - 1
MIDNIGHT: Final = " 00:00:00"
_NUMBER, _MOMENT, _RECORD = map(re.compile, (NUMBER_FORM, MOMENT_FORM, RECORD_FORM))
_ID = re.compile(r"[0-9]+x0*([0-9]+)")
_PRINTED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"
    r"(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)

Value = str | Decimal | bool | int


class Manner(StrEnum):
    """How a field is compared."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    TRUTH = "truth"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with values that can be compared: casefolded texts, Decimals, moments as
    `YYYY-MM-DD HH:MM:SS`, truths, numbers of records; with LIKE a pattern of `like`. Without any
    it holds for nothing.
    """

    field: Field
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A query that its module can answer.

    columns  what is to be shown, `id` included; None for all fields
    where    alternatives of conditions that hold together; without any, all records
    """

    module: Module
    columns: tuple[str, ...] | None
    is_count: bool
    where: tuple[tuple[Condition, ...], ...]
    order: tuple[Field, ...]
    is_descending: bool
    offset: int
    limit: int


def understood(text: str, modules: Mapping[str, Module]) -> Question:
    """What a text asks of these modules. Like vtiger it looks for the module first, and then at the
    rest. Raises Refused, nothing else.
    """
    module = catalogue.module_named(modules, module_named(text))
    return checked(parse(text), module)


def checked(query: Query, module: Module) -> Question:
    """What a query asks of its module. Raises Refused."""
    return Question(
        module,
        _columns(query, module),
        query.is_count,
        tuple(tuple(_condition(one, module) for one in group) for group in query.where),
        tuple(_field(name, module) for name in query.order),
        query.is_descending,
        query.offset,
        MOST_ROWS if query.limit is None else min(query.limit, MOST_ROWS),
    )


def manner(field: Field) -> Manner:
    """How a field is compared."""
    if field.name == "id" or field.kind in (Kind.REFERENCE, Kind.OWNER):
        return Manner.RECORD
    if field.kind in NUMBERS:
        return Manner.NUMBER
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return Manner.MOMENT
    return Manner.TRUTH if field.kind is Kind.BOOLEAN else Manner.TEXT


def number(text: str) -> Decimal | None:
    return Decimal(text) if len(text) <= LONGEST_NUMBER and _NUMBER.fullmatch(text) else None


def moment(text: str) -> str | None:
    """`YYYY-MM-DD HH:MM:SS`, which sorts as time does."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return (text + MIDNIGHT)[:19]


def moment_asked(text: str) -> str | None:
    """A moment as a query may name it; UTC where it names no zone."""
    found = moment(text)
    if found is not None or not _PRINTED.fullmatch(text):
        return found
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            at = at.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(" ", "seconds")


def truth(text: str) -> bool:
    return text.casefold() in TRUE


def record(text: str) -> int | None:
    """The number of a record, of its wire id."""
    is_id = len(text) <= LONGEST_ID and _RECORD.fullmatch(text)
    return int(text.partition("x")[2]) if is_id else None


def _columns(query: Query, module: Module) -> tuple[str, ...] | None:
    if query.columns is None:
        return None
    for name in query.columns:
        if name not in module.by_name:
            raise refusals.not_selectable(name)
    return tuple(dict.fromkeys((*query.columns, "id")))


def _field(name: str, module: Module) -> Field:
    field = module.by_name.get(name)
    if field is None:
        raise refusals.not_comparable(name)
    return field


def _condition(comparison: Comparison, module: Module) -> Condition:
    field, operator = _field(comparison.column, module), comparison.operator
    if manner(field) is Manner.RECORD:
        operator = Operator.EQUAL if operator is Operator.LIKE else operator
        return Condition(field, operator, tuple(map(_id, comparison.values)))
    read = like.folded if operator is Operator.LIKE else ASKED[manner(field)]
    values = map(read, filter(_can_be_stored, comparison.values))
    return Condition(field, operator, tuple(one for one in values if one is not None))


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _id(text: str) -> int:
    """The number of a wire id in a query. Raises Refused."""
    found = _ID.fullmatch(text)
    if found is None:
        raise wrong_id()
    return int(found[1]) if len(found[1]) <= 18 else NO_RECORD


READ: Mapping[Manner, Callable[[str], Value | None]] = {
    Manner.TEXT: str.casefold,
    Manner.NUMBER: number,
    Manner.MOMENT: moment,
    Manner.TRUTH: truth,
    Manner.RECORD: record,
}
ASKED = {**READ, Manner.MOMENT: moment_asked}
