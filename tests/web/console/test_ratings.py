"""What guests said: the list, one of them, `dealt with`, the file."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from console_visitor import Visitor, rows, value
from review_history import History
from running_web import WebApp
from sample_data import OPERATOR

AT = datetime.now(UTC) - timedelta(days=1)
ANGRY = "Ждали <b>сорок минут</b> & ушли"
ROW = re.compile(r'<tr id="rating-(\d+)">')


@pytest.fixture
def said(web_app: WebApp, visitor: Visitor) -> list[int]:
    """Requests: one star with words, five stars, words alone, nothing yet."""

    async def write() -> list[int]:
        async with web_app.deps.pool.acquire() as connection:
            h = History(connection, 1, 2)
            await h.prepare()
            (first, one), (second, two) = h.places
            return [
                await h.asked(AT, first, one, sent="delivered", stars=1, words=ANGRY),
                await h.asked(AT, second, two, sent="delivered", stars=5),
                await h.asked(AT, second, two, sent="delivered", words="Перезвоните"),
                await h.asked(AT, second, two, sent="delivered", clicked=False),
            ]

    return list(web_app.run(write))


def shown(page: str) -> set[int]:
    """The requests a list shows."""
    return {int(number) for number in ROW.findall(page)}


def test_the_list_shows_what_was_said_and_filters_it(visitor: Visitor, said: list[int]) -> None:
    angry, happy, words, silent = said
    page = visitor.page("/ratings")
    assert shown(page) == {angry, happy, words}
    assert "Ждали &lt;b&gt;сорок минут&lt;/b&gt; &amp; ушли" in page
    assert 'aria-label="1 из 5"' in page
    assert shown(visitor.page("/ratings?which=unseen")) == {angry, words}
    assert shown(visitor.page("/ratings?which=worded&stars=1")) == {angry}
    assert shown(visitor.page("/ratings?stars=5&place=3")) == {happy}
    assert shown(visitor.page("/ratings?from=2020-01-01&to=2020-01-02")) == set()
    assert "3,00" in page and "2 оценки" in page
    assert silent not in shown(page)


def test_one_of_them_with_its_visit_and_what_was_sent(
    web_app: WebApp, visitor: Visitor, said: list[int]
) -> None:
    page = visitor.page(f"/ratings/{said[0]}")
    event, phone = rows(
        web_app, "select event_id, phone from review_request where id = $1", said[0]
    )[0]
    assert f'href="/events/{event}"' in page and phone[2:5] in page
    assert "Ждали &lt;b&gt;сорок минут&lt;/b&gt; &amp; ушли" in page
    message = value(web_app, "select id from message where event_id = $1", event)
    assert f'href="/messages/{message}"' in page
    assert "Кофейня на Лесной" in page and "ваш ход" in page
    assert "Гость ещё ничего не сказал." in visitor.page(f"/ratings/{said[3]}")
    assert visitor.get("/ratings/999999").status_code == 404
    assert visitor.get("/ratings/x").status_code == 404


def test_an_operator_deals_with_it_once(web_app: WebApp, said: list[int]) -> None:
    operator = Visitor(web_app.url).sign_in(*OPERATOR)
    path = f"/ratings/{said[0]}"
    found = re.search(r'name="said" value="(\d+)"', operator.page(path))
    assert found
    assert "с этим разобрались" in operator.done(f"{path}/seen", said=found[1])
    page = operator.page(path)
    assert "Разобрался ivan," in page and 'name="said"' not in page
    acts = rows(web_app, "select actor, action, subject from audit")
    assert [tuple(act) for act in acts] == [("ivan", "seen", f"review_request:{said[0]}")]
    again = operator.done(f"{path}/seen", said=found[1])
    assert "или отметил кто-то другой" in again
    assert shown(operator.page("/ratings?which=unseen")) == {said[2]}


def test_the_overview_says_how_many_wait_for_an_answer(visitor: Visitor, said: list[int]) -> None:
    page = visitor.page("/")
    found = re.search(r'<span class="many">(\d+)</span>\s*<div class="what">\s*<b>гости ждут', page)
    assert found and found[1] == "2"
    assert 'href="/ratings?which=unseen"' in page
    for request in (said[0], said[2]):
        version = re.search(r'name="said" value="(\d+)"', visitor.page(f"/ratings/{request}"))
        assert version
        visitor.done(f"/ratings/{request}/seen", said=version[1])
    assert "гости ждут ответа" not in visitor.page("/")


def test_what_the_guest_said_meanwhile_is_not_dealt_with(
    web_app: WebApp, visitor: Visitor, said: list[int]
) -> None:
    path = f"/ratings/{said[0]}"
    found = re.search(r'name="said" value="(\d+)"', visitor.page(path))
    assert found
    change = "update review_request set comment = 'И ещё', commented_at = now() where id = $1"
    rows(web_app, change, said[0])
    assert "гость сказал ещё что-то" in visitor.done(f"{path}/seen", said=found[1])
    assert value(web_app, "select seen_by from review_request where id = $1", said[0]) is None
    assert visitor.post(f"{path}/seen", said="x").status_code == 400


def test_the_link_in_the_manager_s_news_works_whatever_business_is_chosen(
    web_app: WebApp, visitor: Visitor, said: list[int]
) -> None:
    visitor.done("/businesses", name="Барбершоп", zone="Europe/Moscow")
    page = visitor.page(f"/ratings/{said[0]}")
    assert "Мой бизнес" in page and "Кофейня на Лесной" in page


def test_the_file_holds_what_the_list_holds(visitor: Visitor, said: list[int]) -> None:
    text = visitor.get("/ratings.csv").text.removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert lines[0][:4] == ["id", "said_at", "place", "rating"]
    assert {int(line[0]) for line in lines[1:]} == set(said[:3])
    unseen = visitor.get("/ratings.csv?which=unseen").text
    assert ANGRY in unseen and len(unseen.splitlines()) == 3
