"""What is still to be set up: on the overview, with where to do it; and visits that were skipped
meanwhile, processed again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException
from markupsafe import Markup
from starlette.responses import Response

from uzel.events.replay import skipped
from uzel.kit.public_address import leads_inside
from uzel.views.missing import REASONS, WITHIN, Missing
from uzel.views.overview import Overview
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.page import go
from uzel.web.console.parked import MOST_AT_ONCE, replay_all

router = APIRouter(include_in_schema=False)

# Kind → (what is missing, what follows from that, where to mend it, the link's words).
ABSENT = {
    "place": (
        m("нет ни одного заведения"),
        m("Просить отзыв негде, поэтому визиты пропускаются."),
        ("/business", m("Добавить")),
    ),
    "template": (
        m("нет текста просьбы"),
        m("Сообщение не составить, поэтому визиты пропускаются."),
        ("/business/texts", m("Написать")),
    ),
    "channel": (
        m("нет подключения, которое отправляет SMS"),
        m("Сообщению не через что уйти, поэтому визиты пропускаются."),
        ("/connections", m("Добавить")),
    ),
}
# The same for what is there by now, or cannot be told.
SKIPPED = {
    "place": (
        m("заведение было неизвестно"),
        m("Нужно заведение с номером из визита или заведение по умолчанию."),
    ),
    "template": (m("текста просьбы не было"), m("Теперь он есть.")),
    "channel": (m("SMS было не через что отправить"), m("Теперь есть через что.")),
}
UNSEEN = (
    m("{title}: запросов ещё не было"),
    m("Впишите адрес подключения у поставщика. Строка исчезнет с первым запросом."),
    m("Открыть"),
)

HIDDEN = (
    m("у Узла нет адреса, который открывается у гостей"),
    m(
        "Ссылки в сообщениях ведут на {url}: это адрес этой машины или её сети. Задайте в "
        "UZEL_PUBLIC_URL адрес, по которому Узел открывается из интернета (https://…), и "
        "перезапустите Узел. До тех пор выберите в правилах отправки «запись»: ничего не уйдёт."
    ),
    ("/business", m("К правилам")),
)

UNMAPPED = (
    m("неизвестный статус «{word}» у {title}"),
    m("Скажите, что он значит: визит, отмена или промежуточный. Пока по таким заказам тишина."),
    m("Объяснить"),
)


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do. `skipped` visits were skipped for `reason`; `again` offers to process them
    again, which is of use only once the cause is mended.
    """

    text: Markup
    about: Markup
    link: str
    link_text: str
    skipped: int = 0
    reason: str | None = None
    again: bool = False


def todos(desk: Desk, seen: Overview) -> Iterator[Todo]:
    """Everything, in the order in which one would do it."""
    titles = {active.id: active.title for active in desk.deps.registry.all()}
    if is_hidden(desk):
        text, about, (link, link_text) = HIDDEN
        said = desk.language.text(about, url=desk.deps.settings.url)
        yield Todo(desk.language.text(text), said, link, link_text)
    for part in seen.missing:
        if part.kind in ABSENT:
            yield of_part(desk, part)
        elif part.kind == "word":
            yield of_word(desk, part, titles)
        else:
            title = titles.get(part.connection_id or 0, part.name)
            text, about, link_text = UNSEEN
            said = desk.language.text(text, title=title)
            about = desk.language.text(about)
            yield Todo(said, about, f"/connections/{part.connection_id}/setup", link_text)


def is_hidden(desk: Desk) -> bool:
    """Whether guests are sent links that open here only. Those of a sandbox on this machine can
    open them.
    """
    if not leads_inside(desk.deps.settings.url):
        return False
    theirs = [
        str(getattr(active.config, "base_url", ""))
        for active in desk.deps.registry.all()
        if active.connector.channels and active.state != "off" and active.config is not None
    ]
    return not theirs or not all(leads_inside(url) for url in theirs)


def of_part(desk: Desk, part: Missing) -> Todo:
    """A place, a text or a connection that is missing, or was."""
    text, about, (link, link_text) = ABSENT[part.kind]
    if not part.absent:
        text, about = SKIPPED[part.kind]
        link_text = m("Проверить")
    said = desk.language.text(text)
    about = desk.language.text(about)
    return Todo(said, about, link, link_text, part.skipped, part.reason, not part.absent)


def of_word(desk: Desk, part: Missing, titles: Mapping[int, str]) -> Todo:
    """A status nobody has explained."""
    text, about, link_text = UNMAPPED
    title = titles.get(part.connection_id or 0, "?")
    said = desk.language.text(text, word=part.word, title=title)
    orders = desk.language.count("{n} заказ", "{n} заказов", part.skipped)
    link = f"/connections/{part.connection_id}/words"
    return Todo(said + ": " + orders, desk.language.text(about), link, link_text)


@router.post("/skipped/replay")
async def play_skipped_again(desk: OwnDesk) -> Response:
    """Process visits again that were skipped for want of what is there by now."""
    reason = desk.form.get("reason", "")
    if reason not in REASONS.values():
        raise HTTPException(400)
    since = datetime.now(UTC) - WITHIN
    ids = await skipped(desk.deps.pool, reason, since, MOST_AT_ONCE)
    await replay_all(desk, ids[::-1])
    return go("/", "replayed_all")
