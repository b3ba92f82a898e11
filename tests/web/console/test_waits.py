"""When a message that waits will leave, on its pages and in the list."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import PLANNED_PHONE
from uzel.views.waiting import Wait
from uzel.web.console.language import LANGUAGES, language
from uzel.web.console.waits import WORDS, said

NOW = datetime(2026, 11, 21, 9, 2, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = timedelta(hours=1)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (("delay", 2 * HOUR), "уйдёт сегодня в 14:02 (через 2 ч): задержка после визита"),
        (("quiet_hours", 18 * HOUR), "сейчас тихие часы, уйдёт завтра в 06:02"),
        (("budget_spent", 20 * HOUR), "ждёт завтрашнего бюджета, уйдёт завтра в 08:02"),
        (("paused", None, "нет денег"), "подключение на паузе: нет денег"),
    ],
)
def test_in_words(wait: Any, text: str) -> None:
    reason, after, detail = (*wait, None)[:3]
    until = NOW + after if after else None
    waiting = Wait(reason, until, None, MOSCOW, detail)
    assert text_of(said(language("ru"), waiting, NOW)) == text
    limited = Wait(reason, until, NOW + 48 * HOUR, MOSCOW, detail)
    ending = "просьба годна до 23 ноя в 12:02"
    assert text_of(said(language("ru"), limited, NOW)).endswith(ending)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
@pytest.mark.parametrize("reason", sorted(WORDS))
def test_every_reason_has_words(code: str, reason: str) -> None:
    wait = Wait(reason, NOW + 30 * HOUR, NOW + HOUR, MOSCOW, "x")
    assert "{" not in said(language(code), wait, NOW)


def test_the_pages_and_the_list_say_it(web_app: WebApp, visitor: Visitor) -> None:
    found = rows(web_app, "select id, event_id from message where phone = $1", PLANNED_PHONE)[0]
    rows(
        web_app,
        "update call set due_at = now() + interval '3 hours' where effect = $1",
        f"message:{found['id']}",
    )
    rows(web_app, "update place set time_zone = 'Asia/Almaty'")
    zone = ZoneInfo("Asia/Almaty")
    due = value(web_app, "select max(due_at) from call where state = 'planned'")
    said_when = f"в {due.astimezone(zone):%H:%M} (через "
    for page in (f"/messages/{found['id']}", f"/events/{found['event_id']}", "/messages"):
        assert said_when in text_of(visitor.page(page)), page
    rows(
        web_app,
        "update connection set state = 'paused', state_reason = 'кончились деньги' where id = 2",
    )
    assert "подключение на паузе: кончились деньги" in visitor.page("/messages?state=planned")
    assert "подключение на паузе" not in visitor.page("/messages?state=delivered")


def test_every_further_way_is_accounted_for(web_app: WebApp, visitor: Visitor) -> None:
    (refused,) = rows(web_app, "select id, event_id from message where state = 'failed'")
    ways = [("sms", None), ("whatsapp", "whatsapp_russia"), ("email", "no_email")]
    route = {"ways": [{"channel": channel, "closed": closed} for channel, closed in ways]}
    rows(web_app, "update message set route = $2 where id = $1", refused["id"], route)
    for page in (f"/messages/{refused['id']}", f"/events/{refused['event_id']}"):
        text = text_of(visitor.page(page))
        assert "Другие пути исчерпаны" in text
        assert "письмо: пропущен: адрес почты гостя неизвестен" in text
        assert "WhatsApp: пропущен: WhatsApp в России заблокирован" in text
    rows(web_app, "update message set state = 'delivered' where id = $1", refused["id"])
    assert "исчерпаны" not in visitor.page(f"/messages/{refused['id']}")


def test_to_whom_each_message_of_an_event_went(web_app: WebApp, visitor: Visitor) -> None:
    (first,) = rows(web_app, "select id, event_id from message where state = 'delivered'")
    rows(
        web_app,
        "insert into message (business_id, connection_id, purpose, origin, event_id, channel, "
        "address, body, encoding, segments) values (1, 2, 'low_rating', 'low_rating:1:email', $1, "
        "'email', 'chef@cafe.example', 'оценка 2', 'gsm', 1)",
        first["event_id"],
    )
    text = text_of(visitor.page(f"/events/{first['event_id']}"))
    # Above, beside the state, and in the line of its life.
    assert text.count("менеджеру chef@cafe.example") == 2
    assert "гостю +7 999" in text.replace("\u00a0", " ")
