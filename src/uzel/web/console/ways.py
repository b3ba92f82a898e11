"""What became of the further ways of a message, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from uzel.kit.database import Pool
from uzel.views.rows import MessageRow
from uzel.views.ways import Way, routes_of
from uzel.web.console import words
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.names import CHANNELS

WORDS = {
    "taken": m("{channel}: отправлено вместо прежнего"),
    "next": m("{channel}: следующий, если этот путь не удастся"),
    "closed": m("{channel}: пропущен: {why}"),
    "arrived": m("{channel}: не понадобился"),
    "unknown": m("{channel}: не пробуем: прежнее могло дойти, решает человек"),
    "withdrawn": m("{channel}: не понадобился, сообщение отозвано: {why}"),
    "ended": m("{channel}: не пробуем: {why}"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One way; message_id: of the message that took it."""

    text: Markup
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The further ways of one message; ran_out: see views.ways.Route."""

    message_id: int
    lines: tuple[Line, ...]
    ran_out: bool


async def ways_told(spoken: Language, pool: Pool, messages: Iterable[MessageRow]) -> list[Told]:
    """The routes of these messages, as the page shows them."""
    return [
        Told(
            route.message_id,
            tuple(Line(said(spoken, way), way.message_id) for way in route.ways),
            route.ran_out,
        )
        for route in await routes_of(pool, messages)
    ]


def said(spoken: Language, way: Way) -> Markup:
    """One of them."""
    channel = words.named(spoken, CHANNELS, way.channel)
    return spoken.text(WORDS[way.fate], channel=channel, why=words.detail(spoken, way.reason))
