"""Coming in and going out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_visitor import Visitor, value
from running_web import WebApp, running_web
from sample_data import ADMIN, OPERATOR
from uzel.people import manage
from uzel.web.console.form import local_path

SESSION = "uzel_session"


def test_a_password_opens_and_the_cookie_is_careful(console: WebApp) -> None:
    visitor = Visitor(console.url)
    visitor.page("/sign-in")
    answer = visitor.post("/sign-in", login=ADMIN[0], password=ADMIN[1])
    cookies = {c.partition("=")[0]: c for c in answer.headers.get_list("set-cookie")}
    told = cookies[SESSION].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "path=/" in told
    assert "secure" not in told
    assert answer.headers["location"] == "/"
    assert ADMIN[0] in visitor.page("/")


def test_over_https_the_cookie_belongs_to_this_host_alone(sample_dsn: str, tmp_path: Path) -> None:
    with running_web(sample_dsn, tmp_path, public_url="https://uzel.example") as app:
        page = app.client.get("/sign-in")
        given_cookie = page.headers["set-cookie"]
        assert given_cookie.startswith("__Host-uzel_form=")
        assert "secure" in given_cookie.lower()
        assert "domain" not in given_cookie.lower()
        token = given_cookie.partition("=")[2].partition(";")[0]
        answer = app.client.post(
            "/sign-in",
            data={"csrf": token, "login": ADMIN[0], "password": ADMIN[1]},
            headers={"cookie": f"__Host-uzel_form={token}"},
        )
        assert answer.status_code == 303
        assert any(
            cookie.startswith(f"__Host-{SESSION}=") and "secure" in cookie.lower()
            for cookie in answer.headers.get_list("set-cookie")
        )


def test_a_wrong_password_is_told_and_the_login_stays(console: WebApp) -> None:
    visitor = Visitor(console.url)
    visitor.page("/sign-in?next=/messages")
    answer = visitor.post("/sign-in", login="<b>", password="not this", next="/messages")
    assert answer.status_code == 401
    assert "Логин или пароль не подходит" in answer.text
    assert 'value="&lt;b&gt;"' in answer.text
    assert 'name="next" value="/messages"' in answer.text
    assert SESSION not in answer.headers.get("set-cookie", "")


def test_guessing_is_slowed_down(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url)
    visitor.page("/sign-in")
    statuses = [
        visitor.post("/sign-in", login=OPERATOR[0], password=f"guess {i}").status_code
        for i in range(7)
    ]
    assert statuses[:5] == [401] * 5
    assert statuses[-1] == 429
    answer = visitor.post("/sign-in", login=OPERATOR[0], password=OPERATOR[1])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_who_has_signed_in_from_a_browser_is_not_kept_out_of_it(web_app: WebApp) -> None:
    """All of them come from one address here, as behind a proxy that tells no other."""
    owner = Visitor(web_app.url).sign_in()
    owner.done("/sign-out")
    stranger = Visitor(web_app.url)
    stranger.page("/sign-in")
    for number in range(8):
        last = stranger.post("/sign-in", login=ADMIN[0], password=f"guess {number}")
    assert last.status_code == 429
    # The cookie of another login's owner is worth nothing here.
    assert stranger.post("/sign-in", login=ADMIN[0], password=ADMIN[1]).status_code == 429
    assert owner.post("/sign-in", login=OPERATOR[0], password=OPERATOR[1]).status_code == 429
    assert owner.post("/sign-in", login=ADMIN[0], password=ADMIN[1]).status_code == 303


def test_a_browser_is_remembered_with_care(console: WebApp) -> None:
    visitor = Visitor(console.url)
    visitor.page("/sign-in")
    answer = visitor.post("/sign-in", login=ADMIN[0], password=ADMIN[1])
    (told,) = [
        cookie.lower()
        for cookie in answer.headers.get_list("set-cookie")
        if cookie.startswith("uzel_browser=")
    ]
    assert "httponly" in told and "samesite=lax" in told and "max-age=31536000" in told
    assert ADMIN[0] not in told
    wrong = visitor.post("/sign-in", login=ADMIN[0], password="not this")
    assert "uzel_browser" not in wrong.headers.get("set-cookie", "")


def test_a_flood_of_sign_ins_is_asked_to_come_again(web_app: WebApp) -> None:
    """As if so many were at it already; afterwards all is as before."""
    visitor = Visitor(web_app.url)
    visitor.page("/sign-in")
    manage._QUEUE.length += manage.MOST_AT_ONCE
    try:
        answer = visitor.post("/sign-in", login=ADMIN[0], password=ADMIN[1])
    finally:
        manage._QUEUE.length -= manage.MOST_AT_ONCE
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "Слишком много входов сразу" in answer.text
    assert visitor.post("/sign-in", login=ADMIN[0], password=ADMIN[1]).status_code == 303


def test_every_sign_in_is_a_new_session_and_ends_the_old_one(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url).sign_in()
    first = visitor.client.cookies[SESSION]
    visitor.csrf = visitor.csrf or ""
    visitor.post("/sign-in", login=ADMIN[0], password=ADMIN[1])
    assert visitor.client.cookies[SESSION] != first
    assert value(web_app, "select count(*) from session") == 1
    thief = Visitor(web_app.url, {"cookie": f"{SESSION}={first}"})
    assert thief.get("/").status_code == 303


def test_leaving_ends_the_session_in_the_database(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url).sign_in()
    token = visitor.client.cookies[SESSION]
    assert "Вы вышли" in visitor.done("/sign-out")
    assert SESSION not in visitor.client.cookies
    assert value(web_app, "select count(*) from session") == 0
    assert Visitor(web_app.url, {"cookie": f"{SESSION}={token}"}).get("/").status_code == 303


def test_after_signing_in_one_is_where_one_wanted_to_be(console: WebApp) -> None:
    visitor = Visitor(console.url)
    wanted = "/events?phone=%2B79990000101&decision=skip"
    sent = visitor.get(wanted).headers["location"]
    visitor.page(sent)
    next_page = visitor.client.get(sent).text.partition('name="next" value="')[2].partition('"')[0]
    answer = visitor.post(
        "/sign-in", login=ADMIN[0], password=ADMIN[1], next=next_page.replace("&amp;", "&")
    )
    assert answer.headers["location"] == wanted


ELSEWHERE = (
    *("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "evil"),
    *("javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " //evil.example", ""),
    *("/\x00/evil.example", "/%0d%0a\r\nx", "///evil.example", "/..\\evil"),
)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_other_site_is_a_local_path(path: str) -> None:
    assert local_path(path) == "/"


def test_no_other_site_is_the_next_page(console: WebApp) -> None:
    visitor = Visitor(console.url)
    page = visitor.page("/sign-in?next=//evil.example")
    assert 'name="next" value="/">' in page
    answer = visitor.post("/sign-in", login=ADMIN[0], password=ADMIN[1], next="//evil.example")
    assert answer.headers["location"] == "/"


@given(st.text(alphabet="/\\:@.?#%\t\r\n ax", max_size=12))
def test_a_local_path_stays_on_this_site(text: str) -> None:
    path = local_path(text)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert path.isprintable()


def test_language_and_look_are_remembered(console: WebApp) -> None:
    visitor = Visitor(console.url, {"accept-language": "en-GB,en;q=0.9,ru;q=0.5"})
    assert "Password" in visitor.page("/sign-in")
    page = visitor.done("/preferences", language="ru", back="/sign-in")
    assert "Пароль" in page
    assert '<html lang="ru" data-theme="auto">' in page
    assert 'data-theme="dark"' in visitor.done("/preferences", theme="dark", back="/sign-in")
    nonsense = visitor.post("/preferences", language="xx", theme="pink", back="//evil.example")
    assert nonsense.headers["location"] == "/"
    assert "set-cookie" not in nonsense.headers
