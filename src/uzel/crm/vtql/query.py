"""A query as it is written: nothing here is checked against a module yet."""

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    LESS = "<"
    GREATER = ">"
    AT_MOST = "<="
    AT_LEAST = ">="
    DIFFERENT = "!="
    IN = "in"
    LIKE = "like"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`values` are many with IN, else one. None of them is empty."""

    column: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    columns  None for `*`, and for `count(*)`
    where    alternatives (OR) of comparisons that hold together (AND); without any, all records
    limit    as written; None where there is none
    """

    module: str
    columns: tuple[str, ...] | None = None
    is_count: bool = False
    where: tuple[tuple[Comparison, ...], ...] = ()
    order: tuple[str, ...] = ()
    is_descending: bool = False
    offset: int = 0
    limit: int | None = None
