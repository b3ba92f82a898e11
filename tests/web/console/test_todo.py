"""What is still to be set up: on the overview until it is there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp, running_web
from sample_data import delivery
from uzel.views.missing import REASONS, WITHIN
from uzel.web.console.listing import PERIODS
from uzel.web.console.todo import ABSENT, SKIPPED

SECTION = re.compile(r'id="todo".*?</section>', re.DOTALL)


def todo(visitor: Visitor) -> str:
    """The part of the overview that lists what is to be done."""
    found = SECTION.search(visitor.page("/"))
    assert found
    return found[0]


def test_an_installation_that_is_set_up_has_nothing_to_do(reader: Visitor) -> None:
    # The sample's spare connection never received anything.
    section = todo(reader)
    assert section.count("<li ") == 1
    assert "SMS.ru · spare: запросов ещё не было" in section
    assert 'href="/connections/3/setup"' in section


def test_nothing_at_all_to_do_is_not_shown(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done("/connections/3/off")
    assert re.match(r'id="todo"[^>]* hidden>', todo(visitor))


def test_without_a_place_visits_are_counted_and_can_be_processed_again(
    web_app: WebApp, visitor: Visitor
) -> None:
    web_app.process()  # what the sample left unread is none of these visits
    rows(web_app, "update review_request set place_id = null")
    rows(web_app, "delete from place")
    orders = [delivery(700 + n, "Delivered", f"+799900007{n:02}") for n in range(3)]
    # Both of an order's events are skipped; it is one visit.
    orders.append(delivery(700, "Closed", "+79990000700"))
    web_app.run(lambda: web_app.sample.post("iiko", orders))
    web_app.process()
    section = todo(visitor)
    assert "нет ни одного заведения" in section and 'href="/business"' in section
    assert "За неделю пропущено 3 визита" in section
    assert 'href="/events?reason=place_unknown&amp;period=7d"' in section
    assert "Разобрать заново" not in section
    visitor.done("/business/places/new", name="Кафе", review_url="https://r.example/1")
    section = todo(visitor)
    assert "заведение было неизвестно" in section and "Разобрать заново" in section
    messages = value(web_app, "select count(*) from message")
    visitor.done("/skipped/replay", reason="place_unknown")
    web_app.process()
    assert value(web_app, "select count(*) from message") == messages + 3
    assert "заведение было" not in todo(visitor)
    acts = rows(web_app, "select actor from audit where action = 'replay'")
    assert [act["actor"] for act in acts] == ["olga"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update template set channel = 'fax'", "нет текста просьбы"),
        (
            "update connection set state = 'off' where connector = 'smsru'",
            "нет подключения, которое отправляет SMS",
        ),
    ],
)
def test_other_parts_that_are_missing(
    web_app: WebApp, visitor: Visitor, change: str, said: str
) -> None:
    assert said not in todo(visitor)
    rows(web_app, change)
    assert said in todo(visitor)


def test_links_that_open_nowhere_but_here_are_said_until_guests_can_open_them(
    sample_dsn: str, tmp_path: Path
) -> None:
    said = "у Узла нет адреса, который открывается у гостей"
    with running_web(sample_dsn, tmp_path) as web_app:
        visitor = Visitor(web_app.url).sign_in()
        assert said not in todo(visitor)  # its SMS.ru is a sandbox on this machine
        visitor.done("/connections/2/edit", api_id="key", base_url="https://sms.ru")
        assert said in (section := todo(visitor)) and web_app.url in section
        for number in (2, 3):
            visitor.done(f"/connections/{number}/off")
        assert said in todo(visitor)
    with running_web(sample_dsn, tmp_path, public_url="http://uzel.example") as web_app:
        assert said not in todo(Visitor(web_app.url).sign_in())


@pytest.mark.parametrize("reason", ["", "no_phone", "duplicate"])
def test_only_what_a_set_up_mends_is_replayed_here(reader: Visitor, reason: str) -> None:
    assert reader.post("/skipped/replay", reason=reason).status_code == 400


def test_the_words_and_the_link_fit_what_is_counted() -> None:
    assert ABSENT.keys() == SKIPPED.keys() == REASONS.keys()
    assert PERIODS["7d"] == WITHIN == timedelta(days=7)
