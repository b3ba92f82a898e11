"""What others send is shown as text; what is secret is not shown at all."""

import re

import pytest

from console_visitor import Visitor, all_pages, rows
from running_web import WebApp
from sample_data import IIKO_KEY, OPERATOR, SMSRU_API_ID, SMSRU_KEY, delivery
from uzel.views.body import LONGEST

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}</script>"
TAG = re.compile(r"<img src=x|</script>\"|\{\{7\*7\}\}</script>", re.IGNORECASE)


@pytest.fixture
def poisoned(web_app: WebApp) -> Visitor:
    """A console whose every text is hostile."""
    web_app.run(
        lambda: web_app.sample.post(
            "iiko",
            delivery(501, "Closed", "+79990000501", customer={"name": HOSTILE}, sourceKey=HOSTILE),
        )
    )
    web_app.process()
    for statement in (
        "update event set subject = $1, key = 'k' || id || $1, type = $1 where id % 2 = 0",
        "update event set reason = $1 where reason is not null and id % 2 = 1",
        "update message set body = $1, state_reason = $1, reference = $1 || id",
        "update call set detail = $1, code = $1, error_class = $1, operation = $1, reference = $1",
        "update raw_event set error = $1, remote_addr = $1, query = $1",
        "update connection set state_reason = $1, name = $1 || id, updated_at = clock_timestamp()",
        "update call_breaker set open_until = now() + interval '1 hour', reason = $1",
        "update place set name = $1, review_url = $1",
        "update template set body = $1 || '{place} {link}'",
        "update business set name = $1",
        "update review_request set visit = $1 || id, reason = $1",
        "insert into audit (actor, action, subject) select $1, $1, 'raw_event:1'",
    ):
        rows(web_app, statement, HOSTILE)
    rows(
        web_app,
        "update call set history = (select jsonb_agg(h || jsonb_build_object('detail', $1::text, "
        "'code', $1::text, 'error', $1::text, 'by', $1::text)) from jsonb_array_elements(history) h"
        ") where history <> '[]'",
        HOSTILE,
    )
    web_app.run(web_app.deps.registry.refresh)
    return Visitor(web_app.url).sign_in()


def test_nothing_hostile_comes_out_as_markup(web_app: WebApp, poisoned: Visitor) -> None:
    seen = 0
    for path in all_pages(web_app):
        answer = poisoned.get(path)
        assert answer.status_code in (200, 303), path
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert not TAG.search(answer.text), path
            assert "49</script>" not in answer.text
            seen += "&lt;img src=x" in answer.text
    assert seen > 30


def test_a_hostile_search_is_shown_as_text(reader: Visitor) -> None:
    page = reader.page("/search?q=%3Cimg%20src=x%20onerror=alert(1)%3E")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page


def test_no_page_shows_a_secret(console: WebApp, reader: Visitor) -> None:
    session = reader.client.cookies["uzel_session"]
    secrets = (SMSRU_API_ID, IIKO_KEY, SMSRU_KEY, OPERATOR[1], "$argon2", session)
    for path in all_pages(console):
        text = reader.get(path).text
        for secret in secrets:
            assert secret not in text, (path, secret)


def test_a_secret_that_comes_back_in_a_body_is_covered(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url).sign_in()
    body = {"eventType": "Echo", "token": SMSRU_API_ID}
    web_app.run(lambda: web_app.sample.post("iiko", body))
    web_app.process()
    rows(
        web_app,
        "update raw_event set connection_id = 2 where id = (select max(id) from raw_event)",
    )
    newest = rows(web_app, "select max(id) as id from raw_event")[0]["id"]
    page = visitor.page(f"/raw/{newest}")
    assert "Echo" in page
    assert SMSRU_API_ID not in page


def test_of_a_secret_where_a_long_body_is_cut_not_even_the_beginning_is_shown(
    web_app: WebApp,
) -> None:
    visitor = Visitor(web_app.url).sign_in()
    for shown in (1, 5, len(SMSRU_API_ID) - 1):
        body = "x" * (LONGEST - shown) + SMSRU_API_ID + "the rest"
        rows(
            web_app, "update raw_event set connection_id = 2, body = $1 where id = 1", body.encode()
        )
        page = visitor.page("/raw/1")
        assert "x" * 100 in page and "Показано начало" in page
        assert "x" + SMSRU_API_ID[:shown] not in page
