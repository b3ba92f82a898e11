"""Messages, calls, and a person's word on those with an unknown outcome."""

import re

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import DELIVERED_PHONE, REJECTED_PHONE, UNKNOWN_PHONE

MESSAGE = "select state from message where phone = $1"


@pytest.fixture
def unknown(web_app: WebApp) -> int:
    """The call nobody knows the outcome of."""
    found: int = value(web_app, "select id from call where state = 'unknown'")
    return found


def test_messages_are_found_by_state_phone_and_connection(console: WebApp, reader: Visitor) -> None:
    for query, condition in (
        ("", "true"),
        ("state=failed", "state = 'failed'"),
        ("phone=79990000101", f"phone = '{DELIVERED_PHONE}'"),
        ("connection=2", "connection_id = 2"),
        ("connection=3", "false"),
    ):
        expected = rows(console, f"select id from message where {condition} order by id desc")
        found = re.findall(r'<tr id="message-(\d+)"', reader.page(f"/messages?{query}"))
        assert found == [str(row["id"]) for row in expected], query
    assert reader.page("/messages.csv?state=failed").count("\n") == 2


def test_a_refused_message_tells_what_the_provider_said(console: WebApp, reader: Visitor) -> None:
    message = value(console, "select id from message where phone = $1", REJECTED_PHONE)
    page = reader.page(f"/messages/{message}")
    assert "Поставщик отказал" in page
    assert "повторять бесполезно" in page
    assert value(console, "select state_reason from message where id = $1", message) in page


def test_calls_are_found_by_state_and_operation(console: WebApp, reader: Visitor) -> None:
    for query, condition in (
        ("", "true"),
        ("state=rejected", "state = 'rejected'"),
        ("operation=send_sms&connection=2", "true"),
        ("operation=balance", "false"),
    ):
        expected = rows(console, f"select id from call where {condition} order by id desc")
        found = re.findall(r'<tr id="call-(\d+)"', reader.page(f"/calls?{query}"))
        assert found == [str(row["id"]) for row in expected], query
    assert reader.page("/calls.csv").count("\n") == 1 + value(console, "select count(*) from call")


def test_what_waits_for_a_person_is_shown_with_all_that_is_known(
    console: WebApp, reader: Visitor
) -> None:
    call = value(console, "select id from call where state = 'unknown'")
    assert 'class="badge tone-ask"' in reader.page("/")
    waiting = reader.page("/calls/waiting")
    assert re.findall(r'<tr id="call-(\d+)"', waiting) == [str(call)]
    assert "ответ потерян: соединение оборвалось" in waiting
    page = reader.page(f"/calls/{call}")
    for text in (
        "Состоялось",
        "Отправить ещё раз…",
        "Снять",
        "Чем рискуете:",
        "получит его дважды",
    ):
        assert text in page
    settled = value(console, "select id from call where state = 'accepted'")
    assert "Чем рискуете:" not in reader.page(f"/calls/{settled}")


def test_it_happened(web_app: WebApp, visitor: Visitor, unknown: int) -> None:
    page = visitor.done(f"/calls/{unknown}/decide", choice="happened", attempt="1")
    assert "Вызов считается состоявшимся" in page
    assert value(web_app, MESSAGE, UNKNOWN_PHONE) == "accepted"
    assert "Человек решил: состоялось" in page
    acts = rows(web_app, "select actor, action, subject, detail from audit")
    assert [tuple(act) for act in acts] == [
        ("olga", "decide", f"call:{unknown}", {"choice": "happened", "attempt": 1})
    ]
    assert "Ничего не ждёт вашего решения" in visitor.page("/calls/waiting")


def test_it_is_dropped(web_app: WebApp, visitor: Visitor, unknown: int) -> None:
    visitor.done(f"/calls/{unknown}/decide", choice="drop", attempt="1")
    assert value(web_app, MESSAGE, UNKNOWN_PHONE) == "cancelled"


def test_sending_again_is_asked_about_twice(
    web_app: WebApp, visitor: Visitor, unknown: int
) -> None:
    asked = visitor.post(f"/calls/{unknown}/decide", choice="again", attempt="1")
    assert asked.status_code == 200
    assert "Гость может получить это дважды" in asked.text
    assert "Да, отправить ещё раз" in asked.text
    assert value(web_app, MESSAGE, UNKNOWN_PHONE) == "unknown"
    visitor.done(f"/calls/{unknown}/decide", choice="again", attempt="1", sure="yes")
    assert value(web_app, MESSAGE, UNKNOWN_PHONE) == "planned"
    # The sandbox is gone by now, so the attempt itself fails; what counts is that it was made.
    web_app.call()
    assert value(web_app, "select attempt from call where id = $1", unknown) == 2


def test_a_page_left_open_decides_nothing(web_app: WebApp, visitor: Visitor, unknown: int) -> None:
    rows(web_app, "update call set attempt = 2 where id = $1", unknown)
    page = visitor.done(f"/calls/{unknown}/decide", choice="happened", attempt="1")
    assert "Ничего не сделано" in page
    assert value(web_app, MESSAGE, UNKNOWN_PHONE) == "unknown"
    assert value(web_app, "select count(*) from audit") == 0


def test_the_second_of_two_people_is_told(web_app: WebApp, visitor: Visitor, unknown: int) -> None:
    visitor.done(f"/calls/{unknown}/decide", choice="drop", attempt="1")
    again = visitor.done(f"/calls/{unknown}/decide", choice="happened", attempt="1")
    assert "Ничего не сделано" in again
    assert value(web_app, MESSAGE, UNKNOWN_PHONE) == "cancelled"


@pytest.mark.parametrize(
    "fields", [{}, {"choice": "happened"}, {"choice": "explode", "attempt": "1"},
               {"choice": "drop", "attempt": "one"}]
)  # fmt: skip
def test_half_a_form_decides_nothing(reader: Visitor, fields: dict[str, str]) -> None:
    assert reader.post("/calls/1/decide", **fields).status_code == 400
