"""Codes and states in human words: what it means, how it looks, whose turn it is.

One table per kind. A reason that only one connector knows may stand in its README instead, in the
table that begins `| причина | что это значит |`.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from uzel.connectors import connectors
from uzel.views.rows import Hit
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.names import CHANNELS, OPERATIONS, PURPOSES, TYPES
from uzel.web.console.reasons import DETAILS, ERRORS, REASONS, REFUSALS, TRANSPORT
from uzel.web.console.states import IDLE, STATES, State

CHOICES = {
    "accepted": m("Человек решил: состоялось"),
    "planned": m("Человек решил: ещё раз"),
    "cancelled": m("Человек решил: снять"),
}
CHECKED = {
    "documentation": m("документация"),
    "recorded payload": m("записанные ответы"),
    "independent client against the sandbox": m("сторонний клиент против песочницы"),
    "live": m("живой аккаунт"),
}
KINDS = {
    "event": m("событие"),
    "message": m("сообщение"),
    "call": m("вызов"),
    "raw_event": m("запрос"),
    "order": m("заказ Kaspi"),
    "payment": m("платёж партнёра"),
    "lead": m("лид"),
}
ACTIONS = {"replay": m("разобрал заново"), "decide": m("решил")}

# The table of reasons: its head, the line below it, its rows. READMEs have other tables too.
_REASON_TABLE = re.compile(
    r"^\| *причина *\| *что это значит *\| *\n\|[-: |]+\n((?:\|.*(?:\n|\Z))+)", re.MULTILINE
)
_REASON_ROW = re.compile(r"^\|\s*`([a-z][a-z_0-9]*)`\s*\|\s*([^|]+?)\s*\|\s*$", re.MULTILINE)


@functools.cache
def told_by_connectors() -> Mapping[str, str]:
    """Reasons explained in the connectors' READMEs."""
    found: dict[str, str] = {}
    for name in connectors():
        path = files("uzel.connectors") / name / "README.md"
        text = path.read_text("utf-8") if path.is_file() else ""
        for code, meaning in reasons_in(text):
            found.setdefault(code, meaning)
    return found


def reasons_in(readme: str) -> Iterable[tuple[str, str]]:
    """(code, meaning) from the tables of reasons in a README."""
    for table in _REASON_TABLE.findall(readme):
        for code, meaning in _REASON_ROW.findall(table):
            yield code, meaning.replace("`", "")


def knows_reason(code: str) -> bool:
    """Whether there are words for it."""
    return code in REASONS or code in told_by_connectors()


def reason_codes() -> Sequence[str]:
    """All codes there are words for."""
    return sorted({*REASONS, *told_by_connectors()})


def reason(spoken: Language, code: str | None) -> Markup:
    """Why nothing followed, in words; a code nobody explained as it is."""
    if code is None:
        return Markup("")
    if code in REASONS:
        return spoken.text(REASONS[code].text)
    return escape(told_by_connectors().get(code, code))


def hint(spoken: Language, code: str | None) -> Markup:
    """What could be done about it; empty where nothing need be."""
    known = REASONS.get(code or "")
    return spoken.text(known.hint) if known else Markup("")


def detail(spoken: Language, text: str | None) -> Markup:
    """A text that Uzel or a provider wrote beside a state: ours translated, theirs as it is."""
    if not text:
        return Markup("")
    if text in DETAILS:
        return spoken.text(DETAILS[text])
    if knows_reason(text):
        return reason(spoken, text)
    for start, said in DETAILS.items():
        if start.endswith(" ") and text.startswith(start):
            return spoken.text(said) + named(spoken, TRANSPORT, text[len(start) :])
    return escape(text)


def named(spoken: Language, table: Mapping[str, str], code: str) -> Markup:
    """A code's name, or the code itself."""
    return spoken.text(table[code]) if code in table else escape(code)


def state(spoken: Language, code: str, kind: str) -> dict[str, Any]:
    """(text, tone, turn) for the template that draws states."""
    known = STATES[kind].get(code) or State(code, IDLE)
    return {"text": spoken.text(known.text), "tone": known.tone, "turn": spoken.text(known.turn)}


def hit(spoken: Language, found: Hit) -> Markup:
    """What the search says beside a hit: codes in words, texts as they are."""
    kind = {"event": "decision", "raw_event": "raw"}.get(found.kind, found.kind)
    parts = []
    for part in (
        found.subtitle.split(" · ", 1) if kind == "message" else found.subtitle.split(" · ")
    ):
        if part in STATES[kind]:
            parts.append(spoken.text(STATES[kind][part].text))
        elif part in TYPES:
            parts.append(spoken.text(TYPES[part]))
        else:
            parts.append(reason(spoken, part) if kind == "decision" else escape(part))
    return Markup(" · ").join(parts)


def connector_title(name: str) -> str:
    """What people call an outside system."""
    known = connectors().get(name)
    return known.title if known else name


def filters(spoken: Language) -> Mapping[str, Callable[..., Any]]:
    """The filters in one language."""
    tables = {
        "type_name": TYPES,
        "operation_name": OPERATIONS,
        "purpose_name": PURPOSES,
        "channel_name": CHANNELS,
        "choice_name": CHOICES,
        "action_name": ACTIONS,
        "checked_name": CHECKED,
        "kind_name": KINDS,
        "error_words": ERRORS,
        "refusal_words": REFUSALS,
    }
    return {
        **{name: functools.partial(named, spoken, table) for name, table in tables.items()},
        "reason_words": functools.partial(reason, spoken),
        "reason_hint": functools.partial(hint, spoken),
        "detail_words": functools.partial(detail, spoken),
        "state": functools.partial(state, spoken),
        "hit_words": functools.partial(hit, spoken),
        "connector_title": connector_title,
    }
