"""The tokens of a query: words, quoted texts, signed integers and marks, with blanks between them.

What vtiger's lexer takes (VTQL_Lexer.php; konsol-and-vtiger, B6): only ASCII outside quotes; a
quote inside a text is doubled; there is no empty text, no decimal fraction, no `<>` and no `"`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from uzel.crm.vtql import refusals


class Shape(StrEnum):
    """What a token looks like; the names of groups of `TOKEN`."""

    WORD = "word"
    TEXT = "text"
    NUMBER = "number"
    MARK = "mark"
    END = "end"


BLANKS = re.compile(r"[ \t\r\n]*")
# `(?!')` leaves one way to read a text, so that one without an end costs no more than its length.
TOKEN = re.compile(
    r"(?P<word>[A-Za-z0-9_]+)"
    r"|'(?P<text>[^']*(?:''[^']*)*)'(?!')"
    r"|(?P<number>[+-][0-9]+)"
    r"|(?P<mark><=|>=|!=|<(?!>)|[=>(),*;])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is without quotes; `at` is where it begins, in characters."""

    shape: Shape
    text: str
    at: int


def tokens(query: str) -> Iterator[Token]:
    """The last one is END. Raises Refused when it comes to what is no token."""
    at = _after_blanks(query, 0)
    while at < len(query):
        found = TOKEN.match(query, at)
        if found is None or found[0] == "''":
            raise refusals.unreadable()
        shape = Shape(found.lastgroup or "")
        text = found[shape]
        yield Token(shape, text.replace("''", "'") if shape is Shape.TEXT else text, at)
        at = _after_blanks(query, found.end())
    yield Token(Shape.END, "", at)


def _after_blanks(query: str, at: int) -> int:
    found = BLANKS.match(query, at)
    return found.end() if found else at
