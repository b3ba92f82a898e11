"""The room of rates: entered once the move was seen, a large one by two people; the picture."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_visitor import Visitor, rows, value
from partner_room import SECOND
from running_web import WebApp
from sample_data import ADMIN, OPERATOR
from uzel.people.manage import save_person
from uzel.rates.pair import Pair, Rate
from uzel.rates.read import Point
from uzel.web.console.rates_picture import HEIGHT, MARGIN, WIDTH, Frame, picture

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
USD = Pair("USD", "RUB")


@pytest.fixture
def people(web_app: WebApp) -> tuple[Visitor, Visitor, Visitor]:
    """Two administrators and an operator."""

    async def add() -> None:
        async with web_app.deps.pool.acquire() as connection, connection.transaction():
            await save_person(connection, *SECOND, "admin")

    web_app.run(add)
    olga, nina, ivan = (Visitor(web_app.url).sign_in(*who) for who in (ADMIN, SECOND, OPERATOR))
    return olga, nina, ivan


def test_a_rate_is_entered_once_the_move_was_seen(
    web_app: WebApp, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    olga, nina, ivan = people
    assert "Курсов нет" in ivan.page("/rates")
    look = olga.post("/rates/set", pair="usd/rub", value="90,5")
    assert "это первый курс" in look.text
    assert value(web_app, "select count(*) from rate") == 0
    page = olga.done("/rates/set", pair="usd/rub", value="90,5", sure="yes")
    assert "1 USD = 90,5 RUB" in page and "Курс действует." in page
    assert "3,31\u00a0%" in nina.post("/rates/set", pair="USD/RUB", value="93,5").text
    nina.done("/rates/set", pair="USD/RUB", value="93,5", sure="yes")
    listed = ivan.page("/rates")
    assert "<b>93,5</b>" in listed and "nina" in listed and 'class="spark"' in listed
    pair = ivan.page("/rates/USD-RUB")
    assert '<polyline class="of-admin dot"' in pair and "olga" in pair and "от 90,5 до 93,5" in pair
    assert '<button class="danger">' not in pair
    said = rows(web_app, "select actor, detail from audit where action = 'set_rate' order by id")
    assert [row["actor"] for row in said] == ["olga", "nina"]
    assert said[1]["detail"]["value"] == "93.5"


def test_a_large_move_waits_for_somebody_else(
    web_app: WebApp, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    olga, nina, ivan = people
    olga.done("/rates/set", pair="USD/RUB", value="90", sure="yes")
    page = olga.done("/rates/set", pair="USD/RUB", value="120", sure="yes")
    assert "курс ждёт второго" in page
    for who in people:
        assert "курсы валют ждут второго человека" in who.page("/")
    assert "внесли вы, подтвердит другой" in olga.page("/rates")
    version = value(web_app, "select max(id) from rate")
    path = f"/rates/waiting/{version}"
    mine = olga.post(path, do="approve")
    assert mine.status_code == 422 and "подтвердить его должен кто-то другой" in mine.text
    assert ivan.post(path, do="approve").status_code == 403
    assert "<b>90</b>" in ivan.page("/rates")
    nina.page("/rates")
    assert "<b>120</b>" in nina.done(path, do="approve")
    again = nina.post(path, do="approve")
    assert again.status_code == 422 and "уже решили" in again.text
    olga.done("/rates/set", pair="USD/RUB", value="200", sure="yes")
    version = value(web_app, "select max(id) from rate")
    olga.done(f"/rates/waiting/{version}", do="refuse", reason="опечатка")
    assert "Ждут второго" not in ivan.page("/rates")
    assert olga.post("/rates/waiting/9999", do="approve").status_code == 404
    acts = "select array_agg(action order by id) from audit where action like '%rate'"
    expected = ["set_rate", "set_rate", "approve_rate", "set_rate", "refuse_rate"]
    assert value(web_app, acts) == expected


def test_what_is_too_old_is_said_and_a_rate_can_be_ended(
    web_app: WebApp, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    olga, _, ivan = people
    olga.done("/rates/set", pair="USD/RUB", value="90", sure="yes")
    form = {"move_percent": "2,5", "jump_percent": "", "bank_days": "3", "source_0": "cbr"}
    page = olga.done("/rates/limits/edit", **form, admin_days="0", source_1="admin")
    assert "до 2,5 % за сутки" in page and "3 дня после своего дня" in page
    assert "слишком старый" in ivan.page("/rates")
    assert "курсы валют слишком старые" in ivan.page("/")
    olga.done("/rates/limits/edit", **form, admin_days="", source_1="admin")
    assert "слишком старый" not in ivan.page("/rates")
    assert "снят" in olga.done("/rates/end", pair="USD/RUB")
    assert olga.post("/rates/end", pair="USD/RUB").status_code == 422
    for wrong in ({"move_percent": "100"}, {"bank_days": "x"}, {"source_0": "", "source_1": ""}):
        answer = olga.post("/rates/limits/edit", **{**form, "source_1": "admin", **wrong})
        assert answer.status_code == 422, wrong


@pytest.mark.parametrize(
    ("pair", "rate"),
    [("USD/USD", "1"), ("ABC/RUB", "1"), ("", "1"), ("USD/RUB", "0"), ("USD/RUB", "-1"),
     ("USD/RUB", "1e5"), ("USD/RUB", "x" * 500)],
)  # fmt: skip
def test_what_is_no_rate_is_refused(reader: Visitor, pair: str, rate: str) -> None:
    for sure in ("", "yes"):
        answer = reader.post("/rates/set", pair=pair, value=rate, sure=sure)
        assert answer.status_code == 422
        assert "Это не курс" in answer.text
    assert reader.get("/rates/USDUSD").status_code == 404


def test_the_rooms_of_rates_speak_english(
    web_app: WebApp, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    olga, nina, _ = people
    olga.done("/rates/set", pair="USD/RUB", value="90", sure="yes")
    olga.done("/rates/set", pair="USD/RUB", value="120", sure="yes")
    nina.client.headers["accept-language"] = "en"
    for path in ("/rates", "/rates/USD-RUB", "/rates/limits/edit"):
        main = nina.page(path).partition('id="main"')[2].partition("</main>")[0]
        assert not [c for c in main if "а" <= c.lower() <= "я"], path


def point(days_ago: int, value: str | None, source: str = "admin", turned: bool = False) -> Point:
    rate = Rate("USD", "RUB", Decimal(value), divides=turned) if value else None
    return Point(NOW - timedelta(days=days_ago), source, rate, 1, "olga", None)


def test_a_picture_goes_in_steps_and_has_a_gap_where_there_was_no_rate() -> None:
    drawn = picture(USD, [point(100, "90"), point(45, "100"), point(9, None)], NOW)
    assert drawn is not None
    (line,) = drawn.lines
    low, high = HEIGHT - MARGIN, MARGIN
    at = [tuple(map(float, place.split(","))) for place in line.points.split()]
    half, nine = WIDTH / 2, WIDTH * 0.9
    assert at == [(0.0, low), (half, low), (half, high), (nine, high)]
    assert picture(USD, [point(5, None)], NOW) is None
    (only,) = picture(USD, [point(0, "90")], NOW).lines  # type: ignore[union-attr]
    assert only.is_dot
    assert not any(line.is_dot for line in drawn.lines)
    assert picture(USD, [], NOW) is None


def test_a_rate_of_the_other_way_round_is_drawn_as_that_of_the_pair() -> None:
    drawn = picture(USD, [point(10, "0.01", turned=True), point(5, "50")], NOW)
    assert drawn is not None
    assert (drawn.low, drawn.high) == (50, 100)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 10**12)), min_size=1, max_size=20))
def test_no_picture_leaves_its_frame(steps: list[tuple[int, int]]) -> None:
    found = sorted((NOW - timedelta(days=ago), value / 10**6) for ago, value in steps)
    values = [value for _, value in found]
    frame = Frame(NOW - timedelta(days=90), NOW, min(values), max(values), 96, 22, 2)
    for piece in frame.pieces(list(found)):
        for place in piece.split():
            x, y = map(float, place.split(","))
            assert 0 <= x <= 96
            assert 2 <= y <= 20
