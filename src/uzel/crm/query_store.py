"""Questions answered by the database. What is equal to what, `vtql.meaning` says.

Nothing of a question becomes part of a statement: names of fields are parameters like values.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from uzel.crm import record
from uzel.crm.field import Field
from uzel.crm.stock import STOCK
from uzel.crm.vtql import refusals
from uzel.crm.vtql.meaning import (
    LONGEST_ID,
    LONGEST_NUMBER,
    MIDNIGHT,
    MOMENT_FORM,
    NUMBER_FORM,
    RECORD_FORM,
    TRUE,
    Condition,
    Manner,
    Question,
    manner,
)
from uzel.crm.vtql.query import Operator
from uzel.kit.database import Pool

TIMEOUT_S: Final = 5.0
# A plan is made for these very values: one for any values does not know which of them are rare.
SETTINGS = """
select set_config('statement_timeout', $1, true),
       set_config('plan_cache_mode', 'force_custom_plan', true)
"""
ALIVE = "r.business_id = $1 and r.module = $2 and r.deleted_at is null"
IDS = {"id": "r.id", "assigned_user_id": "r.owner_id", "modifiedby": "r.modified_by"}
MOMENTS = {"createdtime": "r.created_at", "modifiedtime": "r.modified_at"}
NUMBERED = {name: prefix.casefold() for name, prefix in record.NUMBERED.items()}
# A source is ASCII: programs of ours write it.
TEXTS = {"source": 'lower(r.source collate "C")'} | {
    name: f"('{prefix}' || r.id) collate \"C\"" for name, prefix in NUMBERED.items()
}
TRUTHS = ", ".join(f"'{one}'" for one in TRUE)
TYPES = {
    Manner.TEXT: "text",
    Manner.NUMBER: "numeric",
    Manner.MOMENT: "text",
    Manner.TRUTH: "boolean",
    Manner.RECORD: "bigint",
}
EQUALITY = (Operator.EQUAL, Operator.IN)
SIGNS = {
    Operator.LESS: "<",
    Operator.GREATER: ">",
    Operator.AT_MOST: "<=",
    Operator.AT_LEAST: ">=",
    Operator.DIFFERENT: "<>",
}
# Of a moment that has fractions of a second against one that has none.
WHOLE_SECONDS = {
    Operator.LESS: "{column} < {at}",
    Operator.GREATER: "{column} >= {at} + interval '1 second'",
    Operator.AT_MOST: "{column} < {at} + interval '1 second'",
    Operator.AT_LEAST: "{column} >= {at}",
}
MOST_SOUGHT: Final = 20
PREFIXES = {module.name: module.prefix for module in STOCK}

Groups = tuple[tuple[Condition, ...], ...]


async def find(
    pool: Pool,
    business_id: int,
    question: Question,
    timeout_s: float = TIMEOUT_S,
    among: Sequence[int] | None = None,
) -> list[Any]:
    """The records that are asked for, all columns of `crm_record`; `among`: only of these numbers.
    Raises Refused.
    """
    return await _answer(pool, Statement(business_id, question, among).records(), timeout_s)


async def count(
    pool: Pool,
    business_id: int,
    question: Question,
    timeout_s: float = TIMEOUT_S,
    among: Sequence[int] | None = None,
) -> int:
    """How many records there are, whatever the limit. Raises Refused."""
    rows = await _answer(pool, Statement(business_id, question, among).count(), timeout_s)
    return int(rows[0]["count"])


async def _answer(pool: Pool, asked: tuple[str, list[Any]], timeout_s: float) -> list[Any]:
    text, values = asked
    try:
        async with pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute(SETTINGS, str(int(timeout_s * 1000)))
            return await connection.fetch(text, *values)
    # The second one: a pattern of thousands of `%` against a text that nearly fits.
    except (asyncpg.QueryCanceledError, asyncpg.ProgramLimitExceededError):
        raise refusals.not_answered() from None


class Statement:
    """A question in SQL, and the values of its parameters; for one use."""

    def __init__(
        self, business_id: int, question: Question, among: Sequence[int] | None = None
    ) -> None:
        self._question = question
        self._values: list[Any] = [business_id, question.module.name]
        self._names: dict[str, str] = {}
        self._among = among
        self._groups = _merged(question.where)
        # The sum keeps PostgreSQL from going through all records by id in the hope of meeting, soon
        # enough, a hundred of those that the index on `folded` would name at once.
        self._id = "r.id + 0" if _is_narrow(self._groups) else "r.id"

    def records(self) -> tuple[str, list[Any]]:
        where, order = self._where(), self._order()
        limit = self._mark(self._question.limit, "bigint")
        offset = self._mark(self._question.offset, "bigint")
        text = (
            f"select r.* from crm_record r where {where} "  # noqa: S608
            f"order by {order} limit {limit} offset {offset}"
        )
        return text, self._values

    def count(self) -> tuple[str, list[Any]]:
        return f"select count(*) from crm_record r where {self._where()}", self._values  # noqa: S608

    def _mark(self, value: Any, kind: str) -> str:
        self._values.append(value)
        return f"${len(self._values)}::{kind}"

    def _text(self, field: Field) -> str:
        """What is stored of a field, in any case of letters; null where nothing is."""
        if field.name not in self._names:
            self._names[field.name] = self._mark(field.name, "text")
        return f"(r.folded ->> {self._names[field.name]})"

    def _where(self) -> str:
        groups = [
            " and ".join(f"({self._condition(one)})" for one in group) for group in self._groups
        ]
        either = " or ".join(f"({group})" for group in groups)
        where = ALIVE
        if self._among is not None:
            where += f" and r.id = any({self._mark(list(self._among), 'bigint[]')})"
        return f"{where} and ({either})" if groups else where

    def _order(self) -> str:
        return ", ".join((*map(self._rank, self._question.order), self._id))

    def _condition(self, it: Condition) -> str:
        way = manner(it.field)
        if not it.values:
            return "false"
        if it.operator is Operator.LIKE:
            return f"{self._shown(it.field)} like {self._mark(it.values[0], 'text')}"
        if it.operator in EQUALITY:
            return self._equal(it)
        if it.field.name in MOMENTS and it.operator in WHOLE_SECONDS:
            at = self._mark(_aware(str(it.values[0])), "timestamptz")
            return WHOLE_SECONDS[it.operator].format(column=MOMENTS[it.field.name], at=at)
        value = self._mark(it.values[0], TYPES[way])
        return f"{self._expression(it.field)} {SIGNS[it.operator]} {value}"

    def _equal(self, it: Condition) -> str:
        if it.field.name in NUMBERED:
            return f"r.id = any({self._mark(_numbered(it), 'bigint[]')})"
        if _is_contained(it):
            parts = [json.dumps({it.field.name: one}) for one in _stored(it)]
            return f"r.folded @> any({self._mark(parts, 'text[]')}::jsonb[])"
        if _is_known(it):
            texts = self._mark(_stored(it), "text[]")
            return f'{self._text(it.field)} collate "C" = any({texts})'
        values = self._mark(list(it.values), f"{TYPES[manner(it.field)]}[]")
        return f"{self._expression(it.field)} = any({values})"

    def _rank(self, field: Field) -> str:
        """What is sorted by, with a direction."""
        if field.name == "id":
            # Never null, and the index says nothing of where nulls would be.
            return self._id + (" desc" if self._question.is_descending else "")
        column = MOMENTS.get(field.name)
        ranked = f"date_trunc('second', {column})" if column else self._expression(field)
        return ranked + (" desc nulls last" if self._question.is_descending else " asc nulls first")

    def _expression(self, field: Field) -> str:
        """What is compared."""
        if field.system:
            if field.name in MOMENTS:
                return _whole(MOMENTS[field.name])
            return IDS.get(field.name) or TEXTS[field.name]
        return _typed(manner(field), self._text(field))

    def _shown(self, field: Field) -> str:
        """What LIKE looks at."""
        way = manner(field)
        if field.system or way is Manner.TEXT:
            return self._expression(field)
        text = self._text(field)
        if way is Manner.TRUTH:
            return f"case when {_typed(way, text)} then '1' else '0' end"
        return f"coalesce({text}, '') collate \"C\""


def _typed(way: Manner, text: str) -> str:
    """A text as what its kind is; null where it is absent or none of its kind."""
    match way:
        case Manner.NUMBER:
            is_short = f"length({text}) <= {LONGEST_NUMBER}"
            return f"case when {is_short} and {text} ~ '^{NUMBER_FORM}$' then {text}::numeric end"
        case Manner.MOMENT:
            return (
                f"case when {text} ~ '^{MOMENT_FORM}$' and pg_input_is_valid({text}, 'timestamp') "
                f"then left({text} || '{MIDNIGHT}', 19) end collate \"C\""
            )
        case Manner.TRUTH:
            return f"(coalesce({text}, '') in ({TRUTHS}))"
        case Manner.RECORD:
            is_id = f"length({text}) <= {LONGEST_ID} and {text} ~ '^{RECORD_FORM}$'"
            return f"case when {is_id} then split_part({text}, 'x', 2)::bigint end"
        case Manner.TEXT:
            return f"coalesce({text}, '') collate \"C\""


def _whole(column: str) -> str:
    """A moment as it is on the wire."""
    return f"to_char({column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') collate \"C\""


def _aware(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def _numbered(it: Condition) -> list[int]:
    """The ids of records that have these numbers: `CON12`."""
    form = re.compile(NUMBERED[it.field.name] + "([1-9][0-9]{0,17})")
    found = (form.fullmatch(str(value)) for value in it.values)
    return [int(one[1]) for one in found if one]


def _is_known(it: Condition) -> bool:
    """Whether what is equal can be told by the very text that is stored."""
    way = manner(it.field)
    return it.operator in EQUALITY and not it.field.system and way in (Manner.TEXT, Manner.RECORD)


def _is_contained(it: Condition) -> bool:
    """Whether the index on `folded` is to find what is equal. PostgreSQL takes each value for one
    in a hundred records, and does without the index where there are many.
    """
    return _is_known(it) and len(it.values) <= MOST_SOUGHT


def _stored(it: Condition) -> list[str]:
    """What the content holds of these values: of a record the id of any module it may be of."""
    if manner(it.field) is Manner.TEXT:
        return [str(value) for value in it.values]
    prefixes = [PREFIXES[name] for name in it.field.refers_to] or PREFIXES.values()
    return [f"{prefix}x{value}" for value in it.values for prefix in prefixes]


def _merged(where: Groups) -> Groups:
    """The same with `a = 1 or a = 2` as `a in (1, 2)`: programs that want many records write a
    condition for each, and five hundred of them cost more than one list.
    """
    lists: dict[str, Condition] = {}
    rest = []
    for group in where:
        it = group[0]
        if len(group) > 1 or it.operator not in EQUALITY:
            rest.append(group)
            continue
        known = lists.get(it.field.name, replace(it, operator=Operator.IN, values=()))
        lists[it.field.name] = replace(known, values=known.values + it.values)
    return (*((it,) for it in lists.values()), *rest)


def _is_narrow(groups: Groups) -> bool:
    """Whether that index finds everything that is asked for."""
    return bool(groups) and all(any(map(_is_contained, group)) for group in groups)
