"""The page behind the link, over HTTP against a real database."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guest_visitor import LINKS, MANAGER_EMAIL, MANAGER_PHONE, Guest, new_guest
from running_web import WebApp
from sample_data import DELIVERED_PHONE
from uzel.flows.review_requests.said import text_of
from uzel.flows.review_requests.wish import CODE_LENGTH, CODE_LETTERS, new_code
from uzel.messages.draft import Draft, Letter
from uzel.messages.send import plan_messages
from uzel.web.allowance import MOST
from uzel.web.guest.dead_ends import TEXTS
from uzel.web.guest.pages import CODE

MOST_BYTES = 8 * 1024
OURS = "https://yandex.example/maps/org/uzel/1/reviews/?add-review=true"
PUBLIC = re.compile(r'<section aria-labelledby="public">.*?</section>', re.DOTALL)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def guest(web: WebApp) -> Guest:
    return new_guest(web, manager=(MANAGER_PHONE, MANAGER_EMAIL))


def public(page: str) -> str:
    found = PUBLIC.search(page)
    assert found is not None
    return found[0]


# What is shown


def test_the_first_look(guest: Guest) -> None:
    page = guest.open()
    assert "<h1>Как всё прошло?</h1>" in page
    assert "Кофейня «Узел»" in page
    assert page.count('type="radio"') == 5
    assert all(f">{n} из 5</span>" in page for n in range(1, 6))
    assert " checked>" not in page


def test_nobody_learns_from_the_page_who_the_guest_is(guest: Guest) -> None:
    guest.rate(2)
    guest.tell("Остыл кофе, перезвоните")
    for more in ("", "/stop"):
        page = guest.open(more)
        for secret in ("Айгуль", guest.phone, guest.phone[2:], guest.email, "Остыл", MANAGER_PHONE):
            assert secret not in page


def test_the_ways_to_the_public_are_the_same_whatever_the_rating(web: WebApp) -> None:
    guest = new_guest(web)
    before = public(guest.open())
    assert [f"/go/{name}" in before for name in ("yandex", "2gis", "google", "other")] == [
        *(True, True, True),
        False,
    ]
    for stars in (1, 2, 3, 4, 5):
        guest.rate(stars)
        assert public(guest.open()) == before


def test_one_star_and_five_get_the_same_page_but_for_the_stars(guest: Guest) -> None:
    pages = []
    for stars in (1, 5):
        guest.rate(stars)
        page = guest.open().replace(" checked", "").replace(' class="on"', "")
        pages.append(page.replace(f"<strong>{stars} из 5", "<strong>N из 5"))
    assert pages[0] == pages[1]
    assert "Лично владельцу" in pages[0]


def test_a_place_without_pages_of_its_own_asks_all_the_same(web: WebApp) -> None:
    guest = new_guest(web, links={})
    assert "Отзыв для всех" not in guest.open()
    guest.rate(4)
    page = guest.open()
    assert "Отзыв для всех" not in page
    assert "Лично владельцу" in page


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "\"'&{{7*7}}</title></style>"])
def test_what_the_owner_typed_is_text(web: WebApp, text: str) -> None:
    guest = new_guest(web, place=text, links={"review_url": f"https://x.example/{text}"})
    guest.rate(3)
    for more in ("", "/stop"):
        page = guest.open(more)
        assert text not in page
        assert "<img" not in page and "49" not in page
        assert page.count("</title>") == page.count("</style>") == 1


def test_pages_are_small(web: WebApp) -> None:
    guest = new_guest(web, links={**LINKS, "review_url": "https://otzyv.example/1"})
    guest.rate(3)
    guest.tell("a")
    page = guest.open()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    assert len(style[1].encode()) < MOST_BYTES
    assert len(page.encode()) - len(style[1].encode()) < MOST_BYTES


def test_pages_need_no_script_and_nobody_else(guest: Guest) -> None:
    guest.rate(3)
    for more in ("", "/stop", "/nothing"):
        page = guest.ask("GET", more).text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"<script|<link(?! rel=\"icon\" href=\"data:)|<img|@import|url\(", page
        )
        assert not re.search(r"\son[a-z]+=|\sstyle=|https?:|src=", page)


def test_the_link_in_a_message_leads_here(web: WebApp, guest: Guest) -> None:
    body = guest._fetch("select body from message where phone = $1", DELIVERED_PHONE)[0]["body"]
    link = re.search(r"https?://\S+?(/r/[A-Za-z0-9]+)", body)
    assert link is not None
    answer = web.client.get(link[1])
    assert answer.status_code == 200 and "Как всё прошло?" in answer.text


# Stars


@pytest.mark.parametrize("stars", [1, 2, 3, 4, 5])
def test_a_rating_is_kept_and_shown(web: WebApp, stars: int) -> None:
    guest = new_guest(web)
    answer = guest.rate(stars)
    assert (answer.status_code, answer.headers["location"]) == (303, guest.path)
    assert guest.row()["rating"] == stars
    assert guest.row()["clicked_at"] is not None, "who rates has opened the link"
    page = guest.open()
    assert "Спасибо за оценку!" in page and f"<strong>{stars} из 5</strong>" in page
    assert f'value="{stars}" required aria-invalid="false" checked>' in page
    assert page.count(" checked") == 1


def test_the_last_rating_counts(guest: Guest) -> None:
    for stars in (5, 1, 4):
        guest.rate(stars)
    assert guest.row()["rating"] == 4


@pytest.mark.parametrize("stars", ["", "0", "6", "-1", "1.0", "٣", "five", "1 ", "5\0", "1" * 5000])
def test_what_is_no_rating_changes_nothing(guest: Guest, stars: str) -> None:
    answer = guest.rate(stars)
    assert answer.status_code == 422
    assert 'role="alert">Выберите' in answer.text
    assert guest.row()["rating"] is None


def test_a_form_without_stars_says_what_is_missing(guest: Guest) -> None:
    answer = guest.ask("POST", content=b"", headers={"content-type": FORM})
    assert answer.status_code == 422
    assert 'aria-describedby="why"' in answer.text


# Alerts


def test_a_low_rating_tells_the_manager_once_by_every_way_there_is(guest: Guest) -> None:
    for stars in (2, 5, 1, 3, 1, 2, 2):
        guest.rate(stars)
    alerts = guest.alerts()
    assert {(alert["channel"], alert["address"]) for alert in alerts} == {
        ("sms", MANAGER_PHONE),
        ("email", MANAGER_EMAIL),
    }
    assert len(alerts) == 2
    for alert in alerts:
        assert "Кофейня «Узел»: оценка 2 из 5." in alert["body"]
        assert f"/ratings/{guest.id}" in alert["body"]
        assert alert["state"] == "planned"


@pytest.mark.parametrize("way", [(MANAGER_PHONE, None), (None, MANAGER_EMAIL)])
def test_five_low_ratings_make_one_alert_each(web: WebApp, way: tuple[str, str]) -> None:
    guests = [new_guest(web, manager=way) for _ in range(5)]
    for guest in guests:
        guest.rate(1)
        guest.rate(2)
    assert [len(guest.alerts()) for guest in guests] == [1] * 5


def test_an_impatient_thumb_makes_one_alert(guest: Guest) -> None:
    with ThreadPoolExecutor(8) as taps:
        answers = list(taps.map(guest.rate, (1, 2, 3, 1, 2, 3, 1, 2)))
    assert {answer.status_code for answer in answers} == {303}
    assert sorted(alert["channel"] for alert in guest.alerts()) == ["email", "sms"]
    assert guest.row()["rating"] in (1, 2, 3)


def test_an_alert_has_a_call_that_sends_it(guest: Guest) -> None:
    guest.rate(1)
    query = "select operation from call where effect = any($1) and state = 'planned'"
    effects = [f"message:{alert['id']}" for alert in guest.alerts()]
    assert {row["operation"] for row in guest._fetch(query, effects)} == {"send_sms", "send_email"}


@pytest.mark.parametrize("stars", [4, 5])
def test_a_good_rating_disturbs_nobody(guest: Guest, stars: int) -> None:
    guest.rate(stars)
    assert guest.alerts() == []


def test_without_a_manager_there_is_nobody_to_tell(web: WebApp) -> None:
    guest = new_guest(web)
    assert guest.rate(1).status_code == 303
    assert guest.alerts() == []


# A private message


def test_a_message_reaches_the_owner_only(guest: Guest) -> None:
    guest.rate(4)
    answer = guest.tell("  Всё хорошо,\r\nно музыка громкая. <b>&  ")
    assert (answer.status_code, answer.headers["location"]) == (303, guest.path)
    assert guest.row()["comment"] == "Всё хорошо,\nно музыка громкая. <b>&"
    assert "Сообщение передано" in guest.open()
    assert len(guest.alerts()) == 2
    assert "музыка громкая" in guest.alerts()[0]["body"]


def test_the_last_message_counts_and_the_manager_hears_of_the_first(guest: Guest) -> None:
    for text in ("one", "two", "three"):
        guest.tell(text)
    assert guest.row()["comment"] == "three"
    assert [alert["body"].split()[4] for alert in guest.alerts()] == ["one", "one"]


def test_an_alert_leads_nowhere_but_to_us(guest: Guest) -> None:
    """A link in a guest's words would be followed in our name; the console shows the whole."""
    said = "Верните деньги: https://evil.example/pay или evil.ru/pay"
    guest.tell(said)
    assert guest.row()["comment"] == said
    for alert in guest.alerts():
        assert "evil.example" not in alert["body"] and "evil.ru" not in alert["body"]
        assert "[ссылка] или evil. ru/pay" in alert["body"]


@pytest.mark.parametrize("text", ["", "   ", "\r\n\t", "\x01", "\u200b\u200d\u3164 \u0301"])
def test_an_empty_message_is_none(guest: Guest, text: str) -> None:
    guest.rate(4)
    answer = guest.tell(text)
    assert answer.status_code == 422
    assert 'id="why-text" role="alert"' in answer.text
    assert guest.row()["comment"] is None


def test_a_message_has_an_end(guest: Guest) -> None:
    guest.tell("я" * 2500)
    assert guest.row()["comment"] == "я" * 2000


def test_an_address_where_a_message_was_sent_leads_back_to_the_page(guest: Guest) -> None:
    answer = guest.ask("GET", "/message")
    assert (answer.status_code, answer.headers["location"]) == (303, guest.path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=300))
def test_any_message_is_kept_as_it_is_or_refused_as_empty(web: WebApp, text: str) -> None:
    guest = new_guest(web)
    sent = text.encode(errors="replace").decode()
    kept = text_of(sent.replace("\r\n", "\n").replace("\0", "\ufffd"))
    answer = guest.tell(sent)
    assert answer.status_code == (303 if kept else 422)
    assert guest.row()["comment"] == (kept or None)


# How much


def test_changes_have_an_end_and_what_was_said_stays(guest: Guest) -> None:
    for number in range(MOST):
        assert guest.rate(1 + number % 2).status_code == 303
    answer = guest.rate(5)
    assert answer.status_code == 429 and TEXTS[429][0] in answer.text
    assert guest.tell("and this").status_code == 429
    row = guest.row()
    assert (row["rating"], row["comment"]) == (2, None)
    assert guest.rate(2).status_code == 303, "the same again is no change"
    guest.ask("POST", "/stop")
    assert guest.stops() == {guest.phone, guest.email}, "stopping is never refused"


def test_a_form_is_no_place_for_a_novel(guest: Guest) -> None:
    answer = guest.tell("x" * 70_000)
    assert answer.status_code == 413 and TEXTS[413][0] in answer.text
    assert guest.row()["comment"] is None


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_only_forms_are_read(guest: Guest, kind: str) -> None:
    answer = guest.ask("POST", content=b'{"stars": 5}', headers={"content-type": kind})
    assert answer.status_code == 415
    assert guest.row()["rating"] is None


# Clicks


def test_opening_is_noted_once(guest: Guest) -> None:
    assert guest.row()["clicked_at"] is None
    guest.open()
    first = guest.row()["clicked_at"]
    assert first is not None
    guest.open()
    assert guest.row()["clicked_at"] == first


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"user-agent": "TelegramBot (like TwitterBot)"}),
        ("GET", {"user-agent": "WhatsApp/2.23.20.0"}),
        ("GET", {"sec-purpose": "prefetch;prerender"}),
    ],
)
def test_programs_see_the_page_and_leave_no_trace(
    guest: Guest, method: str, headers: dict[str, str]
) -> None:
    for more, status in (("", 200), ("/stop", 200), ("/go/yandex", 303)):
        assert guest.ask(method, more, headers=headers).status_code == status
    assert guest.row()["clicked_at"] is None
    assert guest.follows() == []
    assert guest.stops() == set()


async def planned(web: WebApp, origin: str) -> int:
    """A text message with e-mail to take over from it."""
    sms = Letter("sms", 2, "send_sms", {"phone": "+7", "text": "x"}, "+7", "x", wait_s=60)
    draft = Draft(1, "review_request", origin, [sms, replace(sms, channel="email")])
    async with web.deps.pool.acquire() as connection, connection.transaction():
        return (await plan_messages(connection, [draft]))[0]


def test_who_opened_the_link_gets_no_reminder_and_not_the_same_by_another_way(
    web: WebApp, guest: Guest
) -> None:
    asked = web.run(lambda: planned(web, f"review_request:{guest.id}"))
    reminder = web.run(lambda: planned(web, f"review_reminder:{guest.id}"))
    guest._fetch("update call set state = 'accepted' where effect = $1", f"message:{asked}")
    guest._fetch("update message set state = 'accepted' where id = $1", asked)
    guest.open()
    rows = guest._fetch(
        "select state, state_reason, next_hops, escalate_at from message where id = any($1) "
        "order by id",
        [asked, reminder],
    )
    assert [tuple(row) for row in rows] == [
        ("accepted", None, None, None),
        ("cancelled", "clicked", None, None),
    ]


# Going on


def test_going_on_leads_to_the_very_place_and_is_noted_once(guest: Guest) -> None:
    for name, column in (("yandex", "yandex_url"), ("2gis", "gis_url"), ("google", "google_url")):
        for _ in range(2):
            answer = guest.ask("GET", f"/go/{name}")
            assert (answer.status_code, answer.headers["location"]) == (303, LINKS[column])
            assert answer.headers["referrer-policy"] == "no-referrer"
    assert sorted(guest.follows()) == ["2gis", "google", "yandex"]


def test_a_site_of_another_kind(web: WebApp) -> None:
    guest = new_guest(web, links={"review_url": "https://www.otzyv.example/кафе?a=1&b=2"})
    assert ">otzyv.example</a>" in guest.open()
    answer = guest.ask("GET", "/go/other")
    address = "https://www.otzyv.example/%D0%BA%D0%B0%D1%84%D0%B5?a=1&b=2"
    assert (answer.status_code, answer.headers["location"]) == (303, address)


@pytest.mark.parametrize(
    "name",
    ["other", "facebook", "", "https://evil.example", "//evil.example", "yandex%00", "%2e%2e"],
)
def test_there_is_no_way_to_anywhere_else(guest: Guest, name: str) -> None:
    answer = guest.ask("GET", f"/go/{name}")
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_an_address_no_browser_should_follow_is_not_offered(web: WebApp) -> None:
    guest = new_guest(web, links={"review_url": "javascript:alert(1)", "yandex_url": "//x.example"})
    assert "Отзыв для всех" not in guest.open()
    for name in ("other", "yandex"):
        assert guest.ask("GET", f"/go/{name}").status_code == 404


def test_going_on_is_done_by_get(guest: Guest) -> None:
    assert guest.ask("POST", "/go/yandex").status_code == 405
    assert guest.follows() == []


# Stopping


def test_stopping_asks_first_and_then_holds(guest: Guest) -> None:
    assert "Не присылать больше?" in guest.open("/stop")
    assert guest.stops() == set()
    answer = guest.ask("POST", "/stop")
    assert answer.status_code == 200
    assert "Больше не напишем" in answer.text
    assert guest.stops() == {guest.phone, guest.email}
    assert "Больше не напишем" in guest.open("/stop")
    assert "больше не будет" in guest.open()


@pytest.mark.parametrize(
    "request_",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b"List-Unsubscribe=One-Click", "headers": {"content-type": FORM}},
        {"content": b""},
    ],
)
def test_mail_providers_stop_by_one_click(guest: Guest, request_: dict[str, Any]) -> None:
    headers = {"user-agent": "Google-Email-Unsubscribe/1.0", **request_.pop("headers", {})}
    answer = guest.ask("POST", "/stop", headers=headers, **request_)
    assert answer.status_code == 200, "no redirect: RFC 8058, 3.1"
    assert guest.stops() == {guest.phone, guest.email}
    assert guest.row()["clicked_at"] is None, "it says nothing about the page"


def test_stopping_twice_is_stopping(guest: Guest) -> None:
    assert [guest.ask("POST", "/stop").status_code for _ in range(2)] == [200, 200]
    row = guest._fetch("select reason, source from stop_list where address = $1", guest.phone)[0]
    assert tuple(row) == ("page", f"request:{guest.id}")


def test_who_stopped_can_still_rate(guest: Guest) -> None:
    guest.ask("POST", "/stop")
    assert guest.rate(2).status_code == 303
    assert len(guest.alerts()) == 2


# Links that have had their day


def test_an_old_link_says_so_and_takes_nothing(web: WebApp) -> None:
    guest = new_guest(web, age_days=61, manager=(MANAGER_PHONE, None))
    for answer in (
        guest.ask("GET"),
        guest.rate(1),
        guest.rate(9),
        guest.tell("late"),
        guest.tell(""),
    ):
        assert answer.status_code == 410
        assert "Ссылка устарела" in answer.text
        assert "<form" not in answer.text
    row = guest.row()
    assert (row["rating"], row["comment"], guest.alerts()) == (None, None, [])


def test_an_old_link_still_stops_and_still_leads_on(web: WebApp) -> None:
    guest = new_guest(web, age_days=400)
    assert guest.ask("GET", "/go/yandex").headers["location"] == OURS
    assert guest.ask("POST", "/stop").status_code == 200
    assert guest.stops() == {guest.phone, guest.email}


def test_a_link_lives_for_its_days(web: WebApp) -> None:
    assert "Как всё прошло?" in new_guest(web, age_days=59).open()


# Codes


NOBODYS = (
    *("", "a", "0" * 9, "0" * 11, "кодкодкодк", "..%2f..%2f..", "abcdefghi%00", "a" * 5000),
    *("abcdefghi ", "abcdefghi'", "%61bcdefgh-", "nobodysZZ9"),
)


@pytest.mark.parametrize("code", NOBODYS)
def test_all_wrong_links_look_the_same(web: WebApp, code: str) -> None:
    expected = Guest(web, 0, new_code(), "", "").ask("GET")
    assert expected.status_code == 404 and TEXTS[404][0] in expected.text
    stranger = Guest(web, 0, code, "", "")
    for method, more in (("GET", ""), ("GET", "/stop"), ("GET", "/go/yandex")):
        assert shape(stranger.ask(method, more)) == shape(expected)
    for more in ("", "/message"):
        answer = stranger.ask("POST", more, data={"stars": "5", "text": "x"})
        assert shape(answer) == shape(expected)
    assert shape(stranger.ask("POST", "/stop")) == shape(expected)


def shape(answer: httpx2.Response) -> tuple[int, str, set[str]]:
    return answer.status_code, answer.text, set(answer.headers)


@given(st.text(CODE_LETTERS + "-_~.%/ \n\0é０", max_size=14))
def test_codes_are_letters_and_digits_of_one_length(code: str) -> None:
    fits = len(code) == CODE_LENGTH and all(letter in CODE_LETTERS for letter in code)
    assert (CODE.fullmatch(code) is not None) is fits


def test_every_new_code_fits() -> None:
    assert all(CODE.fullmatch(new_code()) for _ in range(1000))


@pytest.mark.parametrize("change", [str.swapcase, lambda code: code[::-1], lambda code: code[:-1]])
def test_a_link_is_exact(guest: Guest, change: Any) -> None:
    changed = change(guest.code)
    if changed != guest.code:
        assert Guest(guest.web, 0, changed, "", "").ask("GET").status_code == 404


# The edges


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("more", ["", "/message", "/stop", "/go/yandex"])
def test_other_methods_are_refused_with_a_page(guest: Guest, method: str, more: str) -> None:
    answer = guest.ask(method, more)
    assert answer.status_code == 405 and TEXTS[405][0] in answer.text
    assert "GET" in answer.headers["allow"]
    assert guest.row()["clicked_at"] is None


@pytest.mark.parametrize(
    ("method", "more", "status"),
    [
        ("GET", "", 200),
        ("GET", "/stop", 200),
        ("POST", "/stop", 200),
        ("GET", "/go/google", 303),
        ("GET", "/message", 303),
        ("GET", "/nowhere", 404),
        ("DELETE", "", 405),
        ("POST", "", 415),
    ],
)
def test_every_answer_is_careful(guest: Guest, method: str, more: str, status: int) -> None:
    answer = guest.ask(method, more)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "'unsafe" not in policy and "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in answer.headers
    if status != 303:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="ru">' in answer.text
        assert guest.code not in answer.text or status == 200


def test_head_is_get_without_a_body(guest: Guest) -> None:
    got, headed = guest.ask("GET"), guest.ask("HEAD")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_a_slash_at_the_end_leads_nowhere_in_our_look(guest: Guest) -> None:
    answer = guest.ask("GET", "/")
    assert answer.status_code == 404 and TEXTS[404][0] in answer.text


def due_in_s(guest: Guest) -> list[float]:
    """How long each of the alerts still waits."""
    query = (
        "select extract(epoch from c.due_at - now())::float8 as wait from call c join message m "
        "on c.effect = 'message:' || m.id where m.origin like 'low_rating:' || $1 || ':%'"
    )
    return [row["wait"] for row in guest._fetch(query, str(guest.id))]


def test_few_stars_and_words_make_one_message(guest: Guest) -> None:
    guest.rate(2)
    assert all(60 < wait <= 120 for wait in due_in_s(guest))
    guest.rate(1)
    guest.tell("Суп был холодный")
    alerts = guest.alerts()
    assert sorted(alert["channel"] for alert in alerts) == ["email", "sms"]
    for alert in alerts:
        assert "оценка 1 из 5, гость пишет: Суп был холодный" in alert["body"]
        assert f"/ratings/{guest.id}" in alert["body"]
    assert all(wait <= 0 for wait in due_in_s(guest))
    query = "select arguments from call where effect = any($1)"
    for row in guest._fetch(query, [f"message:{alert['id']}" for alert in alerts]):
        assert "Суп был холодный" in row["arguments"]["text"]


def test_words_that_come_late_make_a_message_of_their_own(guest: Guest) -> None:
    guest.rate(2)
    (sms,) = [alert for alert in guest.alerts() if alert["channel"] == "sms"]
    guest._fetch(
        "update call set state = 'sending', attempt = 1 where effect = $1", f"message:{sms['id']}"
    )
    guest.tell("Суп был холодный")
    guest.tell("И салат")
    texts = sorted((alert["channel"], alert["body"].split(" http")[0]) for alert in guest.alerts())
    assert texts == [
        ("email", "Кофейня «Узел»: оценка 2 из 5, гость пишет: И салат"),
        ("sms", "Кофейня «Узел»: гость пишет: Суп был холодный"),
        ("sms", "Кофейня «Узел»: оценка 2 из 5."),
    ]


def test_alerts_cost_what_the_rate_card_says(guest: Guest, web: WebApp) -> None:
    rules = {"rates": {"sms:RU": 450, "sms": 900, "email": 40}, "currency": "RUB"}
    web.run(
        lambda: web.deps.pool.execute("update business set rules = rules || $1 where id = 1", rules)
    )
    guest.rate(1)
    price = {
        alert["channel"]: (alert["estimate_minor"], alert["currency"]) for alert in guest.alerts()
    }
    (sms,) = [alert for alert in guest.alerts() if alert["channel"] == "sms"]
    assert price == {"sms": (450 * sms["segments"], "RUB"), "email": (40, "RUB")}
