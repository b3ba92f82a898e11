"""One line of what is stuck, for the overview."""

from dataclasses import dataclass
from datetime import datetime

from uzel.web.console.language import mark as m


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line of what is stuck: what it is, what it means, what to do and where.

    tone  `ask` and `bad` wait for a person, `wait` goes on by itself
    """

    text: str
    about: str
    tone: str
    turn: str
    link: str
    link_text: str
    count: int | None = None
    more: bool = False
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None


YOURS, OURS, THEIRS = m("ваш ход"), m("ход Узла"), m("ход поставщика")
