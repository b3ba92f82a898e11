"""What the room of leads says: marks, steps, acts, who did something, outcomes of an import."""

from collections.abc import Mapping
from typing import Any

from uzel.views.leads import LeadRow, Mark
from uzel.web.console import partners_words, words
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.partners_words import BOOKS

# Mark → (what a filter calls it, what a row says, tone).
MARKS: Mapping[str, tuple[str, str, str]] = {
    Mark.FAILED: (m("не записались в CRM"), m("не записан в CRM"), "ask"),
    Mark.WAITING: (m("ждут CRM"), m("ждёт CRM"), "wait"),
    Mark.LATE: (
        m("ссылка изменилась после выполнения"), m("ссылка изменилась после выполнения"), "ask",
    ),
    Mark.UNCHARGED: (m("выполнены без списания"), m("выполнен без списания"), "ask"),
    Mark.OVERDUE: (m("ждут больше часа"), m("ждёт больше часа"), "ask"),
    Mark.HELD: (m("у робота"), m("у робота"), "wait"),
}  # fmt: skip
STEPS = {
    "received": m("получен"),
    "link": m("ссылка изменилась"),
    "done": m("выполнен"),
    "failed": m("не вышло"),
    "uncharged": m("не списано: на балансе партнёра не хватило"),
    "edited": m("изменён человеком"),
}
ACTS = {
    "report": m("записал отчёт"),
    "release": m("освободил от робота"),
    "retry": m("повторил запись в CRM"),
    "charge": m("списал цену"),
}
PAID = {
    "pending": m("удержано"),
    "completed": m("списано"),
    "failed": m("возвращено"),
}
# What the CRM's side says of a report in words of ours.
CRM_SAYS = {
    "Report for partner lead, AmoCRM update not applicable.": m("лид партнёра, CRM ни при чём"),
    "There is no lead with this ID, and no AmoCRM that it could be a deal of.": m(
        "такого лида нет, и CRM, где могла бы быть такая сделка, тоже"
    ),
    "This lead's AmoCRM is not set up for reports.": m("эта amoCRM не настроена для отчётов"),
    "Several leads have this ID: send partner_id.": m("лидов с этим номером несколько"),
    "AmoCRM update already performed for this lead ID.": m("об этой ссылке в CRM уже записано"),
}
REFUSED = {
    "amount": m("Нужна одна сумма вида 19,17: «1,234» можно понять двояко."),
    "currency": m("Такой валюты нет: нужна вида USD, KZT, ₽."),
    "long": m("До 255 знаков."),
}


def spoken(desk: Desk) -> dict[str, Any]:
    """What the templates of this room call."""

    def by(table: Mapping[str, str]) -> Any:
        return lambda code: words.named(desk.language, table, code or "")

    return {
        "step_of": by(STEPS),
        "act_of": by(ACTS),
        "paid_of": by(PAID),
        "crm_says": by(CRM_SAYS),
        "marks": MARKS,
        "books": BOOKS,
        "made": lambda actor: made(desk, actor),
        "deal_url": lambda lead: deal_url(desk, lead),
        "source_of": lambda lead: source_of(desk, lead),
        "is_web": is_web,
    }


def made(desk: Desk, actor: str | None) -> str:
    """Who it was: a person, a robot, a partner, a CRM."""
    kind, _, name = (actor or "").partition(":")
    if kind == "robot" and name:
        return str(desk.language.text(m("робот {name}"), name=name))
    if kind == "partner" and name:
        return str(desk.language.text(m("партнёр")))
    if actor == "report":
        return str(desk.language.text(m("с отчётом")))
    return partners_words.person(actor)


def source_of(desk: Desk, lead: LeadRow) -> str:
    """Whose it is."""
    if lead.partner_name is not None:
        return lead.partner_name
    active = desk.deps.registry.get(lead.connection_id or 0)
    return active.title if active else f"{lead.connector} · {lead.connection_name}"


def deal_url(desk: Desk, lead: LeadRow) -> str | None:
    """The card of its deal."""
    active = desk.deps.registry.get(lead.connection_id) if lead.connection_id else None
    base_url = getattr(active.config, "base_url", None) if active else None
    return f"{base_url}/leads/detail/{lead.external_id}" if base_url else None


def is_web(link: str | None) -> bool:
    """Whether a link may be opened: what was sent as one may be anything."""
    return (link or "").lower().startswith(("https://", "http://"))
