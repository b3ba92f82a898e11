"""A place in a query. What a token is called depends on the place it stands in: `asc` is a value
after `=` and a direction after a column to sort by. The names are vtiger's (VTQL_Parser.php), since
its messages show them.
"""

from dataclasses import dataclass

from uzel.crm.refusal import Refused
from uzel.crm.vtql import refusals
from uzel.crm.vtql.lexer import Shape, Token, tokens

END = "End of Input"
MARKS = {
    "*": "ASTERISK", "(": "PARENOPEN", ")": "PARENCLOSE", ",": "COMMA", ";": "SEMICOLON",
    "=": "EQ", "<": "LT", ">": "GT", "<=": "LTE", ">=": "GTE", "!=": "NE",
}  # fmt: skip
WORDS = {
    "select": "SELECT", "count": "COUNT", "from": "FRM", "where": "WHERE", "and": "LOGICAL_AND",
    "or": "LOGICAL_OR", "in": "IN", "like": "LIKE", "order": "ORDERBY", "by": "ORDERBY",
    "asc": "ASC", "desc": "DESC", "limit": "LIMIT",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Which words have a meaning of their own there, and what all others are called."""

    words: frozenset[str]
    other: str

    def name(self, token: Token) -> str:
        if token.shape is Shape.END:
            return END
        if token.shape is Shape.MARK:
            return MARKS[token.text]
        if token.shape is not Shape.WORD:
            return "VALUE"
        word = token.text.lower()
        return WORDS[word] if word in self.words else self.other


@dataclass(frozen=True, slots=True)
class Taken:
    """A token under the name it was taken by."""

    name: str
    token: Token

    @property
    def text(self) -> str:
        return self.token.text


class Cursor:
    """Goes through a query, one token ahead, and remembers what it tried to find there."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = tokens(query)
        self._token = next(self._tokens)
        self._tried: list[str] = []

    def took(self, place: Place, *names: str) -> Taken | None:
        """The token, if it is one of these; then the next one is looked at. Raises Refused."""
        name = place.name(self._token)
        if name not in names:
            self._tried.extend(names)
            return None
        taken = Taken(name, self._token)
        self._tried.clear()
        if name != END:
            self._token = next(self._tokens)
        return taken

    def take(self, place: Place, *names: str) -> Taken:
        """The token, which is one of these. Raises Refused."""
        taken = self.took(place, *names)
        if taken is None:
            raise self._unexpected(place)
        return taken

    def _unexpected(self, place: Place) -> Refused:
        token = self._token
        line = 1 + self._query.count("\n", 0, token.at)
        name, expected = place.name(token), tuple(dict.fromkeys(self._tried))
        return refusals.unexpected(line, _shown(token), name, expected)


def _shown(token: Token) -> str:
    """The token in a message: a value may be somebody's phone, and messages are written down."""
    is_value = token.shape in (Shape.TEXT, Shape.NUMBER) or token.text.isdigit()
    return "..." if is_value else token.text
