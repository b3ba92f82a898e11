"""What a message waits for, in words."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from uzel.kit.database import Pool
from uzel.views.rows import MessageRow
from uzel.views.waiting import Wait, waits_of
from uzel.web.console import words
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.show import day, in_zone, rough, zone_name

WORDS = {
    "delay": m("уйдёт {when} (через {length}): задержка после визита"),
    "words": m("уйдёт {when} (через {length}): вдруг гость напишет ещё и словами"),
    "quiet_hours": m("сейчас тихие часы, уйдёт {when}"),
    "night_then": m("уйдёт {when}: до того тихие часы"),
    "budget_spent": m("ждёт завтрашнего бюджета, уйдёт {when}"),
    "again": m("прошлая попытка не удалась ({why}), следующая {when}"),
    "resting": m("поставщик не отвечает ({why}), попробуем {when}"),
    "paused": m("подключение на паузе: {why}"),
    "off": m("подключение выключено: {why}"),
    "next": m("сейчас уйдёт"),
}


async def wait_words(
    spoken: Language, pool: Pool, messages: Iterable[MessageRow]
) -> dict[int, Markup]:
    """Message → when it will leave, why not now, and until when it is worth sending."""
    now = datetime.now(UTC)
    waits = await waits_of(pool, messages, now)
    return {number: said(spoken, wait, now) for number, wait in waits.items()}


def said(spoken: Language, wait: Wait, now: datetime) -> Markup:
    """One of them."""
    values = {
        "when": moment(spoken, wait, wait.until, now),
        "length": rough(spoken, (wait.until - now).total_seconds()) if wait.until else "",
        "why": words.detail(spoken, wait.detail) or "—",
    }
    text = spoken.text(WORDS[wait.reason], **values)
    if wait.not_after is None:
        return text
    last = moment(spoken, wait, wait.not_after, now)
    if wait.is_in_vain:
        return text + "; " + spoken.text("не успеет: просьба годна до {when}", when=last)
    return text + "; " + spoken.text("просьба годна до {when}", when=last)


def moment(spoken: Language, wait: Wait, at: datetime | None, now: datetime) -> Markup:
    """`сегодня в 15:02`, by the clock of the place."""
    if at is None:
        return Markup("")
    local, today = in_zone(at, wait.zone), in_zone(now, wait.zone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        text = spoken.text("сегодня в {clock}", clock=clock)
    elif local.date() == today + timedelta(days=1):
        text = spoken.text("завтра в {clock}", clock=clock)
    else:
        text = spoken.text("{day} в {clock}", day=day(spoken, local), clock=clock)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", zone_name(local), text
    )
