"""Costs: sums that are told and sums that are estimated, the budget, the file."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest

from console_visitor import Visitor, rows
from review_history import History
from running_web import WebApp
from uzel.views.costs import Cost, CostRow
from uzel.web.console.costs import HEIGHT, bars_of
from uzel.web.console.period import Period

AT = datetime.now(UTC) - timedelta(days=3)
TILE = re.compile(r'<div class="tile"><dt>(.*?)</dt><dd>(.*?)</dd>', re.DOTALL)

EMPTY = "truncate raw_event, raw_secret, event, review_request, message, call restart identity"


@pytest.fixture
def books(web_app: WebApp, visitor: Visitor) -> Visitor:
    """Three messages of business 1: two with a price, one estimated."""
    rows(web_app, EMPTY)

    async def write() -> None:
        async with web_app.deps.pool.acquire() as connection:
            h = History(connection, 1, 2)
            await h.prepare()
            for number in range(3):
                await h.asked(AT, *h.places[number % 2], sent="delivered", clicked=False)

    web_app.run(write)
    rows(web_app, "update message set cost_minor = 399, estimate_minor = null, channel = 'sms'")
    rows(
        web_app,
        "update message set cost_minor = null, estimate_minor = 40, channel = 'email', "
        "segments = 1 where id = 3",
    )
    return visitor


def tiles(page: str) -> dict[str, str]:
    """What stands in the tiles."""
    return {
        unescape(name): " ".join(unescape(re.sub("<[^>]+>", " ", text)).split())
        for name, text in TILE.findall(page)
    }


def test_what_providers_said_and_what_rates_say_stand_apart(books: Visitor) -> None:
    page = books.page("/costs")
    found = tiles(page)
    assert found["всего"] == "8,38 ₽"
    assert found["назвали поставщики"] == "7,98 ₽"
    assert found["по вашему тарифу"] == "≈ 0,40 ₽"
    assert found["сообщений"] == "3 5 частей"
    assert "Предела нет" in page
    assert tiles(books.page("/costs?channel=email"))["всего"] == "0,40 ₽"
    assert tiles(books.page("/costs?place=2"))["сообщений"].startswith("2 ")
    assert "ничего не отправлено" in books.page("/costs?connection=3")


def test_today_s_budget_and_what_it_holds_back(web_app: WebApp, books: Visitor) -> None:
    rows(web_app, "update business set rules = rules || '{\"budget_day_minor\": 5000}'")
    rows(
        web_app,
        "insert into budget_day values (1, (now() at time zone 'Europe/Moscow')::date, 4100, 12)",
    )
    rows(web_app, "update message set state = 'planned', state_reason = 'budget_spent'")
    found = tiles(books.page("/costs"))
    assert found["осталось потратить"] == "9,00 ₽ из 50,00 ₽"
    assert found["ждут завтрашнего бюджета"] == "3 посмотреть"
    assert "осталось сообщений" not in found


def test_the_file_has_a_line_for_each_day_channel_connection_and_place(books: Visitor) -> None:
    answer = books.get("/costs.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="costs.csv"'
    head, *lines = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";")
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert sum(int(line["messages"]) for line in found) == 3
    by_channel = {line["channel"]: line for line in found if line["channel"] == "email"}
    assert by_channel["email"]["cost_estimated_minor"] == "40"
    assert {line["connector"] for line in found} == {"SMS.ru"}
    assert sum(int(line["cost_told_minor"]) for line in found) == 798


def test_a_message_without_any_price_is_said_to_have_none(web_app: WebApp, books: Visitor) -> None:
    rows(web_app, "update message set cost_minor = null, estimate_minor = null")
    page = books.page("/costs")
    assert tiles(page)["по вашему тарифу"] == "— без цены: 3"
    assert "Задать тариф" in page


def test_bars_stand_on_each_other_and_share_one_scale() -> None:
    days = [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)]
    period = Period("", days[0], days[-1], UTC)
    row = {"channel": "sms", "connection_id": 1, "place_id": None, "currency": "RUB"}
    counts = {"messages": 1, "segments": 1, "unpriced": 0}
    full, small = Cost(), Cost()
    full.add(CostRow(days[0], **row, **counts, told=300, estimated=100))  # type: ignore[arg-type]
    small.add(CostRow(days[2], **row, **counts, told=0, estimated=1))  # type: ignore[arg-type]
    bars = list(bars_of(period, {days[0]: full, days[2]: small}, "RUB"))
    assert [(bar.told, bar.estimated) for bar in bars] == [
        (HEIGHT * 0.75, HEIGHT * 0.25),
        (0.0, 0.0),
        (0.0, 1.0),
    ]
    assert [bar.day for bar in bars] == days


def test_what_the_budget_holds_is_listed_and_told(web_app: WebApp, books: Visitor) -> None:
    rows(web_app, "update business set rules = rules || '{\"messages_per_day\": 5}'")
    rows(
        web_app,
        "insert into budget_day values (1, (now() at time zone 'Europe/Moscow')::date, 0, 5)",
    )
    rows(web_app, "update message set state = 'planned', state_reason = 'quiet_hours'")
    rows(web_app, "update message set state_reason = 'budget_spent' where id in (1, 3)")
    page = books.page("/costs")
    assert tiles(page)["ждут завтрашнего бюджета"] == "2 посмотреть"
    (link,) = re.findall(r'href="(/messages\?[^"]+)">посмотреть', page)
    listed = re.findall(r'id="message-(\d+)"', books.page(unescape(link)))
    assert sorted(listed) == ["1", "3"]
    other = unescape(link).replace("whose=1", "whose=2")
    assert 'id="message-' not in books.page(other)
    assert "Бюджет на сегодня исчерпан" in books.page("/")
    books.page("/business/rules/money/edit")
    books.done("/business/rules/money/edit", currency="RUB", sms_0="5", country_0="")
    assert "Бюджет на сегодня исчерпан" not in books.page("/")
