"""From the text of a query to a `Query`.

    SELECT * | count(*) | column, …  FROM module  [WHERE column operator value AND|OR …]
    [ORDER BY column, … [ASC|DESC]]  [LIMIT [offset,] number] ;

The grammar is vtiger's (VTQL_Parser.php; konsol-and-vtiger, B6): words in any case, no parentheses
around conditions, one direction for all columns. Bounds are ours. Each token is looked at once.
"""

import re
from typing import Final

from uzel.crm.refusal import denied
from uzel.crm.vtql import refusals
from uzel.crm.vtql.cursor import END, Cursor, Place, Taken
from uzel.crm.vtql.lexer import Shape
from uzel.crm.vtql.query import Comparison, Operator, Query

MOST_BYTES: Final = 64 * 1024
MOST: Final = 500
# What LIMIT can say in the database and everywhere else.
LARGEST: Final = 2**31 - 1
# By this vtiger finds the module before it reads the query (VtigerWebserviceObject.php).
MODULE = re.compile(r"from\s+([^\s;]+)", re.ASCII | re.IGNORECASE)

_CLAUSES = frozenset({"where", "order", "limit"})
_CONDITION = _CLAUSES | {"and", "or", "in", "like"}
START = Place(frozenset({"select"}), "Unknown")
COLUMNS = Place(frozenset({"from", "count"}), "COLUMNNAME")
TABLE = Place(_CLAUSES, "TABLENAME")
CLAUSE = Place(_CONDITION, "COLUMNNAME")
VALUE = Place(_CONDITION, "VALUE")
BY = Place(frozenset({"by"}), "COLUMNNAME")
ORDERED = Place(_CLAUSES | {"asc", "desc"}, "COLUMNNAME")
NUMBER = Place(_CLAUSES, "VALUE")
OPERATORS = {
    "EQ": Operator.EQUAL, "LT": Operator.LESS, "GT": Operator.GREATER, "LTE": Operator.AT_MOST,
    "GTE": Operator.AT_LEAST, "NE": Operator.DIFFERENT, "IN": Operator.IN, "LIKE": Operator.LIKE,
}  # fmt: skip


def module_named(text: str) -> str:
    """The name that stands where a module's does. Raises Refused."""
    if len(text) > MOST_BYTES or len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise refusals.too_long(MOST_BYTES)
    found = MODULE.search(text)
    if found is None:
        raise denied("for query")
    return found[1]


def parse(text: str) -> Query:
    """The query in a text. Raises Refused, nothing else."""
    module_named(text)
    cursor = Cursor(text)
    cursor.take(START, "SELECT")
    columns, is_count = _columns(cursor)
    cursor.take(COLUMNS, "FRM")
    module = cursor.take(TABLE, "TABLENAME").text
    where = _conditions(cursor) if cursor.took(CLAUSE, "WHERE") else ()
    order, is_descending = _order(cursor) if cursor.took(CLAUSE, "ORDERBY") else ((), False)
    offset, limit = _limit(cursor) if cursor.took(CLAUSE, "LIMIT") else (0, None)
    cursor.take(CLAUSE, "SEMICOLON")
    cursor.take(CLAUSE, END)
    return Query(module, columns, is_count, where, order, is_descending, offset, limit)


def _columns(cursor: Cursor) -> tuple[tuple[str, ...] | None, bool]:
    """The columns, and whether records are to be counted."""
    if cursor.took(COLUMNS, "ASTERISK"):
        return None, False
    if cursor.took(COLUMNS, "COUNT"):
        for name in ("PARENOPEN", "ASTERISK", "PARENCLOSE"):
            cursor.take(COLUMNS, name)
        return None, True
    return _listed(cursor, COLUMNS, "COLUMNNAME", "columns"), False


def _listed(cursor: Cursor, place: Place, name: str, what: str) -> tuple[str, ...]:
    """Texts with commas between them."""
    found = [cursor.take(place, name).text]
    while cursor.took(place, "COMMA"):
        if len(found) == MOST:
            raise refusals.too_many(MOST, what)
        found.append(cursor.take(place, name).text)
    return tuple(found)


def _conditions(cursor: Cursor) -> tuple[tuple[Comparison, ...], ...]:
    """AND binds tighter than OR, and nothing binds tighter than AND: a list of lists."""
    alternatives = [[_comparison(cursor)]]
    count = 1
    while joint := cursor.took(CLAUSE, "LOGICAL_AND", "LOGICAL_OR"):
        if count == MOST:
            raise refusals.too_many(MOST, "conditions")
        count += 1
        if joint.name == "LOGICAL_OR":
            alternatives.append([])
        alternatives[-1].append(_comparison(cursor))
    return tuple(map(tuple, alternatives))


def _comparison(cursor: Cursor) -> Comparison:
    column = cursor.take(CLAUSE, "COLUMNNAME").text
    operator = OPERATORS[cursor.take(VALUE, *OPERATORS).name]
    if operator is not Operator.IN:
        return Comparison(column, operator, (cursor.take(VALUE, "VALUE").text,))
    cursor.take(VALUE, "PARENOPEN")
    values = _listed(cursor, VALUE, "VALUE", "values in a list")
    cursor.take(VALUE, "PARENCLOSE")
    return Comparison(column, operator, values)


def _order(cursor: Cursor) -> tuple[tuple[str, ...], bool]:
    """The columns, and whether the direction is downwards."""
    cursor.take(BY, "ORDERBY")
    columns = _listed(cursor, ORDERED, "COLUMNNAME", "columns")
    direction = cursor.took(ORDERED, "ASC", "DESC")
    return columns, direction is not None and direction.name == "DESC"


def _limit(cursor: Cursor) -> tuple[int, int]:
    """What is left out, and how many come then."""
    first = _number(cursor.take(NUMBER, "VALUE"))
    if not cursor.took(NUMBER, "COMMA"):
        return 0, first
    return first, _number(cursor.take(NUMBER, "VALUE"))


def _number(taken: Taken) -> int:
    """vtiger hands on what stands here, and MySQL takes nothing but digits."""
    if taken.token.shape is not Shape.WORD or not taken.text.isdigit():
        raise refusals.not_answered()
    digits = taken.text.lstrip("0")[:11]
    return min(int(digits or "0"), LARGEST)
