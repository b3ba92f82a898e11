"""Codes and states in human words: what it means, how it looks, whose turn it is.

One table per kind. A reason that only one connector knows may stand in its README instead, in the
table that begins `| причина | что это значит |`.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from uzel.connectors import connectors
from uzel.views.rows import Hit
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.names import CHANNELS, OPERATIONS, PURPOSES, TYPES
from uzel.web.console.reasons import DETAILS, ERRORS, REASONS, REFUSALS, TRANSPORT

GOOD, WAIT, BAD, ASK, IDLE = "good", "wait", "bad", "ask", "idle"
US, THEM, YOU = m("ход Узла"), m("ход поставщика"), m("ваш ход")


@dataclass(frozen=True, slots=True)
class State:
    """A state in words. `tone` picks colour and sign; `turn` says who moves next, if anybody."""

    text: str
    tone: str
    turn: str = ""


RAW = {
    "received": State(m("ждёт разбора"), WAIT, US),
    "processed": State(m("разобрано"), IDLE),
    "parked": State(m("отложено"), BAD, YOU),
}
DECISIONS = {
    "pending": State(m("решается"), WAIT, US),
    "request": State(m("просим отзыв"), GOOD),
    "skip": State(m("пропуск"), IDLE),
    "cancel": State(m("отмена"), IDLE),
    "noted": State(m("учтено"), IDLE),
}
MESSAGES = {
    "planned": State(m("ждёт отправки"), WAIT, US),
    "accepted": State(m("принято, в пути"), WAIT, THEM),
    "delivered": State(m("доставлено"), GOOD),
    "failed": State(m("не доставлено"), BAD),
    "unknown": State(m("исход неизвестен"), ASK, YOU),
    "cancelled": State(m("отозвано"), IDLE),
}
CALLS = {
    "planned": State(m("в очереди"), WAIT, US),
    "sending": State(m("идёт"), WAIT, THEM),
    "accepted": State(m("принят"), GOOD),
    "rejected": State(m("отказ"), BAD),
    "not_sent": State(m("не ушёл"), BAD),
    "unknown": State(m("исход неизвестен"), ASK, YOU),
    "cancelled": State(m("снят"), IDLE),
}
CONNECTIONS = {
    "active": State(m("работает"), GOOD),
    "paused": State(m("на паузе"), BAD, YOU),
    "off": State(m("выключено"), IDLE),
    "resting": State(m("поставщик не отвечает"), WAIT, US),
    # It is in use, and its last test failed.
    "failing": State(m("проверка не прошла"), BAD, YOU),
    "revoked": State(m("доступ отозван"), BAD, YOU),
    # By OAuth, and its owner has not agreed yet.
    "ungranted": State(m("доступ не выдан"), BAD, YOU),
}
# What happened at a moment of a timeline (`uzel.views.timeline.Moment`).
MOMENTS = {
    "received": State(m("Пришёл запрос"), IDLE),
    "processed": State(m("Запрос разобран"), IDLE),
    "parked": State(m("Запрос отложен"), BAD),
    "decided": State(m("Решение"), IDLE),
    "duplicate": State(m("Повтор"), IDLE),
    "asked": State(m("О визите спросили"), GOOD),
    "withdrawn": State(m("Просьба отозвана"), IDLE),
    "message_planned": State(m("Сообщение готово"), IDLE),
    "message_accepted": State(m("Принято поставщиком"), GOOD),
    "message_delivered": State(m("Доставлено"), GOOD),
    "message_failed": State(m("Не доставлено"), BAD),
    "message_cancelled": State(m("Сообщение отозвано"), IDLE),
    "message_unknown": State(m("Исход неизвестен"), ASK),
    "call_started": State(m("Вызов идёт"), WAIT),
    "call_accepted": State(m("Поставщик принял"), GOOD),
    "call_rejected": State(m("Поставщик отказал"), BAD),
    "call_not_sent": State(m("Не ушло, больше не пробуем"), BAD),
    "call_unknown": State(m("Ответ потерян: исход неизвестен"), ASK),
    "call_planned": State(m("Не ушло, Узел повторит"), WAIT),
    "call_cancelled": State(m("Вызов снят"), IDLE),
    "receipt": State(m("Пришёл отчёт о доставке"), IDLE),
    "clicked": State(m("Гость открыл ссылку"), GOOD),
    "rated": State(m("Гость поставил оценку"), GOOD),
    "person": State(m("Вмешался человек"), IDLE),
}
# Where an order of a shop is on its way to a deal.
ORDERS = {
    "lines": State(m("узнаём состав"), WAIT),
    "finding": State(m("ищем, нет ли сделки"), WAIT),
    "waiting": State(m("готовим контакт и товары"), WAIT),
    "making": State(m("создаём сделку"), WAIT),
    "details": State(m("добавляем товары и примечание"), WAIT),
    "done": State(m("сделка есть"), GOOD),
    "stuck": State(m("застрял"), ASK, YOU),
    "left_out": State(m("без сделки: так решил человек"), IDLE),
}
# A payment of a partner, and what is proposed to be done with money.
PAYMENTS = {
    "pending": State(m("ждёт исхода"), WAIT, YOU),
    "completed": State(m("оплачено"), GOOD),
    "failed": State(m("не вышло, деньги возвращены"), BAD),
}
PROPOSALS = {
    "done": State(m("сделано"), IDLE),
    "waiting": State(m("ждёт второго человека"), ASK, YOU),
    "approved": State(m("подтверждено"), GOOD),
    "rejected": State(m("отклонено"), BAD),
    "withdrawn": State(m("отозвано"), IDLE),
}
PARTNERS = {
    "active": State(m("работает"), GOOD),
    "off": State(m("закрыт"), IDLE),
}
LEADS = {
    "new": State(m("ждёт отчёта"), WAIT),
    "done": State(m("выполнен"), GOOD),
    "failed": State(m("не вышло"), BAD),
}
CRM_REPORTS = {
    "waiting": State(m("ждёт CRM"), WAIT, US),
    "success": State(m("записано в CRM"), GOOD),
    "failed": State(m("не записано в CRM"), ASK, YOU),
    "skipped": State(m("в CRM не пишется"), IDLE),
}
STATES: Mapping[str, Mapping[str, State]] = {
    "lead": LEADS,
    "crm_report": CRM_REPORTS,
    "payment": PAYMENTS,
    "proposal": PROPOSALS,
    "partner": PARTNERS,
    "order": ORDERS,
    "raw": RAW,
    "decision": DECISIONS,
    "message": MESSAGES,
    "call": CALLS,
    "connection": CONNECTIONS,
    "moment": MOMENTS,
}

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
