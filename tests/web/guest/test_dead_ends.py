"""When the database is away, or we made a mistake."""

import logging

import pytest

from guest_visitor import Guest, new_guest, no_database
from running_web import WebApp
from uzel.web.guest.dead_ends import RETRY_AFTER_S, TEXTS


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What the server logged: the client of this test names addresses."""
    told = [r for r in caplog.records if not r.name.startswith("http")]
    assert told
    return "\n".join(caplog.handler.format(record) for record in told)


@pytest.fixture
def guest(web: WebApp) -> Guest:
    return new_guest(web)


def test_without_a_database_a_guest_is_asked_to_come_again(
    guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="uzel")
    with no_database(guest.web):
        for method, more in (
            ("GET", ""),
            ("GET", "/stop"),
            ("POST", "/stop"),
            ("GET", "/go/yandex"),
        ):
            answer = guest.ask(method, more)
            assert answer.status_code == 503 and TEXTS[503][0] in answer.text
            assert answer.headers["retry-after"] == str(RETRY_AFTER_S)
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "<form" not in answer.text
    assert guest.code not in ours(caplog)
    assert "Как всё прошло?" in guest.open()


def test_what_a_guest_wrote_is_not_lost(guest: Guest) -> None:
    with no_database(guest.web):
        rated, told = guest.rate(4), guest.tell("\nПервое\n<b>второе")
    assert rated.status_code == told.status_code == 503
    assert '<input type="hidden" name="stars" value="4">' in rated.text
    # A browser drops the first line end of a textarea.
    assert "required>\n\nПервое\n&lt;b&gt;второе</textarea>" in told.text
    assert "Отправить ещё раз" in rated.text


def test_a_code_that_is_none_does_not_get_as_far_as_the_database(guest: Guest) -> None:
    with no_database(guest.web):
        assert Guest(guest.web, 0, "nobody", "", "").ask("GET").status_code == 404


def test_a_bug_of_ours_has_its_page_and_keeps_the_code_to_itself(
    guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    guest.web.run(lambda: guest.web.deps.pool.execute("alter table place rename gis_url to gone"))
    try:
        answer = guest.ask("GET")
    finally:
        guest.web.run(
            lambda: guest.web.deps.pool.execute("alter table place rename gone to gis_url")
        )
    assert answer.status_code == 500 and TEXTS[500][0] in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "UndefinedColumn" in caplog.text
    assert guest.code not in ours(caplog)
    assert "Как всё прошло?" in guest.open()
