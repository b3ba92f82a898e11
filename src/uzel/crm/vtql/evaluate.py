"""Questions answered from a list of records, each a mapping from field to text, `id` included.

For lists that are short: of users, of folders. What is equal to what, `meaning` says.
"""

import operator as op
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from uzel.crm.field import Field
from uzel.crm.vtql import like
from uzel.crm.vtql.meaning import READ, Condition, Manner, Question, Value, manner, record, truth
from uzel.crm.vtql.query import Operator

Row = Mapping[str, str]
COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: op.eq,
    Operator.IN: op.eq,
    Operator.LESS: op.lt,
    Operator.GREATER: op.gt,
    Operator.AT_MOST: op.le,
    Operator.AT_LEAST: op.ge,
    Operator.DIFFERENT: op.ne,
}


def found(question: Question, rows: Sequence[Row]) -> list[Row]:
    """The records that are asked for, in their order, with all their fields."""
    kept = sorted(_kept(question, rows), key=lambda row: record(row["id"]) or 0)
    for field in reversed(question.order):
        # Reversing keeps what is equal in its order.
        kept.sort(key=partial(_rank, field), reverse=question.is_descending)
    return kept[question.offset : question.offset + question.limit]


def count(question: Question, rows: Sequence[Row]) -> int:
    """How many records there are, whatever the limit."""
    return len(_kept(question, rows))


def _kept(question: Question, rows: Sequence[Row]) -> list[Row]:
    if not question.where:
        return list(rows)
    return [
        row
        for row in rows
        if any(all(_holds(one, row) for one in group) for group in question.where)
    ]


def _holds(condition: Condition, row: Row) -> bool:
    if condition.operator is Operator.LIKE:
        text = _text(row, condition.field)
        return any(like.matches(text, str(pattern)) for pattern in condition.values)
    here = _value(row, condition.field)
    compare = COMPARE[condition.operator]
    return here is not None and any(compare(here, value) for value in condition.values)


def _value(row: Row, field: Field) -> Value | None:
    return READ[manner(field)](row.get(field.name, ""))


def _text(row: Row, field: Field) -> str:
    """What LIKE looks at."""
    text = row.get(field.name, "")
    return str(int(truth(text))) if manner(field) is Manner.TRUTH else text.casefold()


def _rank(field: Field, row: Row) -> tuple[bool, Any]:
    value = _value(row, field)
    return (value is not None, value)
