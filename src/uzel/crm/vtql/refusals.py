"""What a query is refused with, in the words of vtiger (konsol-and-vtiger, B4 and B6)."""

from collections.abc import Sequence

from uzel.crm.refusal import Refused

# What a message repeats of a query.
LONGEST_SHOWN = 64


def unreadable() -> Refused:
    """There is a character in it that begins no token."""
    return Refused("INTERNAL_SERVER_ERROR", "Unknown Error while processing request")


def unexpected(line: int, shown: str, name: str, expected: Sequence[str]) -> Refused:
    """A token in a wrong place; `shown` is empty at the end of the query."""
    shown = shown[:LONGEST_SHOWN]
    return Refused(
        "QUERY_SYNTAX_ERROR",
        f"Syntax Error on line {line}: token '{shown}' Unexpected {name}({shown or 0}), "
        f"expected one of: {','.join(expected)}",
    )


def too_long(most_bytes: int) -> Refused:
    return Refused("QUERY_SYNTAX_ERROR", f"The query is longer than {most_bytes} bytes")


def too_many(most: int, what: str) -> Refused:
    """`what` in the plural."""
    return Refused("QUERY_SYNTAX_ERROR", f"There are more than {most} {what}")


def not_selectable(column: str) -> Refused:
    """The module has no such field, and it is to be shown. The points are vtiger's."""
    shown = column[:LONGEST_SHOWN]
    return Refused("ACCESS_DENIED", f"Permission to access '.{shown}.' attribute denied.")


def not_comparable(column: str) -> Refused:
    """The module has no such field, and it is to be compared or sorted by."""
    shown = column[:LONGEST_SHOWN]
    return Refused("ACCESS_DENIED", f"Permission to access {shown} attribute denied.")


def not_answered() -> Refused:
    """The database does not answer it: it takes too long, or LIMIT has no numbers."""
    return Refused("DATABASE_QUERY_ERROR", "Database error while performing requested operation")
