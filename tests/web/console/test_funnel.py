"""The funnel: numbers and words beside the picture, links that lead to the visits meant."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from console_visitor import Visitor, rows
from review_history import History
from running_web import WebApp
from uzel.views.funnel import Stages
from uzel.web.console.funnel import BAR, GAP, WIDTH, slope_of, steps_of, width_of

AT = datetime.now(UTC) - timedelta(days=2)
STEP = re.compile(
    r'<span class="name">(.*?)</span> <b>(.*?)</b>\s*<span class="rate">(.*?)</span>', re.DOTALL
)

EMPTY = "truncate raw_event, raw_secret, event, review_request, message, call restart identity"


@pytest.fixture
def visited(web_app: WebApp, visitor: Visitor) -> Visitor:
    """Two places with six visits: four asked about, one rated, two skipped."""
    rows(web_app, EMPTY)

    async def write() -> None:
        async with web_app.deps.pool.acquire() as connection:
            h = History(connection, 1, 2)
            await h.prepare()
            (first, one), (second, two) = h.places
            await h.asked(AT, first, one, sent="delivered", stars=2)
            await h.asked(AT, first, one, sent="delivered", clicked=False)
            await h.asked(AT, second, two, sent="failed", clicked=False)
            await h.asked(AT, second, two, sent="delivered", clicked=True, words="!")
            await h.visit(AT, two, "no_phone")
            await h.visit(AT, two, "no_phone")

    web_app.run(write)
    return visitor


def told(page: str) -> list[tuple[str, str, str]]:
    """(stage, count, share) as they are read out."""
    return [(unescape(a), b, " ".join(unescape(c).split())) for a, b, c in STEP.findall(page)]


def test_every_stage_says_its_number_and_its_share(visited: Visitor) -> None:
    page = visited.page("/funnel")
    assert told(page) == [
        ("визитов", "6", ""),
        ("просьб", "4", "67 % визитов"),
        ("доставлено", "3", "50 % визитов"),
        ("открыли ссылку", "2", "33 % визитов"),
        ("поставили оценку", "1", "17 % визитов"),
    ]
    assert page.count("от предыдущего шага") == 4
    assert page.count('<rect class="bar stage-') == 5
    assert "2,00" in page


def test_a_place_and_a_period_are_chosen_by_the_address(visited: Visitor) -> None:
    page = visited.page("/funnel?period=7d&place=3")
    assert [count for _, count, _ in told(page)] == ["4", "2", "1", "1", "0"]
    assert "Кофейня на Речной</h2>" in page
    assert "За эти дни визитов не было." in visited.page("/funnel?from=2020-01-01&to=2020-02-01")
    today = visited.page(f"/funnel?from={AT:%Y-%m-%d}")
    assert told(today)[0][1] == "6"


def test_a_reason_leads_to_its_visits(visited: Visitor) -> None:
    page = visited.page("/funnel")
    found = re.search(r'<li><a href="(/events\?[^"]+)">([^<]+)</a>\s*<b>2</b>', page)
    assert found and found[2] == "в заказе нет телефона"
    link = unescape(found[1])
    assert parse_qs(urlsplit(link).query)["reason"] == ["no_phone"]
    listed = visited.page(link)
    assert listed.count('<tr id="event-') == 2
    csv_link = link.replace("/events?", "/events.csv?")
    lines = list(csv.reader(io.StringIO(visited.get(csv_link).text), delimiter=";"))
    assert len(lines) == 3


@pytest.mark.parametrize(
    "query",
    [
        *("period=99d", "place=99", "place=x", "from=x&to=y", "from=9999-12-31", "to=0001-01-01"),
        *("from=2026-12-01&to=2026-11-01", "from=2026-02-30", "period=7d&from=2020-01-01"),
    ],
)
def test_a_senseless_address_shows_something_sensible(reader: Visitor, query: str) -> None:
    for path in ("/funnel", "/ratings", "/costs"):
        assert "<h1>" in reader.page(f"{path}?{query}")


def test_bars_and_slopes_fit_together() -> None:
    steps = list(steps_of(Stages(200, 100, 80, 1, 0)))
    assert [step.width for step in steps] == [WIDTH, 50.0, 40.0, 0.6, 0.0]
    assert [step.y for step in steps] == [i * (BAR + GAP) for i in range(5)]
    assert steps[0].slope == f"0,{BAR:g} 100,{BAR:g} 50,{BAR + GAP:g} 0,{BAR + GAP:g}"
    assert steps[-1].slope is None and slope_of(3, [s.width for s in steps]).endswith("0,192")
    assert [step.kept for step in steps] == [None, 0.5, 0.8, 1 / 80, 0.0]
    empty = list(steps_of(Stages()))
    assert [(step.width, step.share) for step in empty] == [(0.0, None)] * 5


def test_any_number_above_nothing_can_be_seen() -> None:
    assert width_of(1, 10**6) > 0 and width_of(0, 5) == 0.0
