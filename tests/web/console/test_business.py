"""The business: its name and zone, several of them, which one is chosen; who does not send."""

import re

import pytest

from console_visitor import Visitor, all_pages, rows, value
from running_web import WebApp
from sample_data import OPERATOR

SECOND = "Барбершоп «Усы»"


@pytest.fixture
def agency(visitor: Visitor) -> Visitor:
    """An administrator of two businesses; the second one, just added, is chosen."""
    visitor.done("/businesses", name=SECOND, zone="Asia/Almaty")
    return visitor


def test_name_and_zone_are_saved_and_times_follow_the_zone(
    web_app: WebApp, visitor: Visitor
) -> None:
    page = visitor.done("/business", name="Сеть «Узел»", zone="Asia/Almaty")
    assert "Сеть «Узел»" in page
    assert "Asia/Almaty (UTC+5)" in page
    event = visitor.page(f"/events/{value(web_app, 'select min(id) from event')}")
    assert "14:15:02 Asia/Almaty (UTC+5)" in event
    assert 'datetime="2026-11-20T09:15:02Z"' in event
    assert value(web_app, "select detail->>'time_zone' from audit") == "Asia/Almaty"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", " ", "Заполните, до 100 знаков."),
        ("name", "ю" * 101, "Заполните, до 100 знаков."),
        ("zone", "Mars/Base", "Такого часового пояса нет."),
        ("zone", "../../etc/passwd", "Такого часового пояса нет."),
        ("zone", "", "Такого часового пояса нет."),
    ],
)
def test_what_is_wrong_stays_in_the_form(
    console: WebApp, reader: Visitor, field: str, typed: str, said: str
) -> None:
    form = {"name": "Имя", "zone": "Europe/Moscow", field: typed}
    for path in ("/business", "/businesses"):
        answer = reader.post(path, **form)
        assert answer.status_code == 422
        assert said in answer.text
        assert "Ничего не сохранено" in answer.text
    assert value(console, "select count(*) from business where name = 'Имя'") == 0


def test_a_new_business_has_a_text_and_is_what_is_shown_next(
    web_app: WebApp, agency: Visitor
) -> None:
    assert f"<h1>{SECOND}</h1>" in agency.page("/business")
    assert "действующего текста просьбы нет" not in agency.page("/business/texts")
    again = agency.post("/businesses", name=SECOND, zone="UTC")
    assert again.status_code == 422
    assert "Бизнес с таким названием уже есть." in again.text


def test_the_choice_stays_whatever_session_it_is(agency: Visitor) -> None:
    assert "<h1>Мой бизнес</h1>" in agency.done("/businesses/1/choose")
    assert f"<h1>{SECOND}</h1>" in agency.page("/business?business=2")
    agency.post("/sign-out")
    agency.sign_in()
    assert f"<h1>{SECOND}</h1>" in agency.page("/business")


@pytest.mark.parametrize("named", ["3", "0", "two", "1'", "99999999999999999999", "٢"])
def test_no_other_business_can_be_named(reader: Visitor, named: str) -> None:
    assert reader.client.get("/business", params={"business": named}).status_code == 404
    assert reader.post("/business", business=named, name="Имя", zone="UTC").status_code == 404
    assert reader.post(f"/businesses/{named}/choose").status_code in (303, 404)
    assert "<h1>Мой бизнес</h1>" in reader.page("/business")


def test_a_form_keeps_to_its_page_whatever_another_tab_chose(
    web_app: WebApp, agency: Visitor
) -> None:
    page = agency.page("/business?business=1")
    found = re.search(r'action="/business">.*?name="business" value="(\d+)"', page)
    assert found and found[1] == "1"
    agency.done("/businesses/2/choose")
    agency.done("/business", business=found[1], name="Первый", zone="UTC")
    names = [row["name"] for row in rows(web_app, "select name from business order by id")]
    assert names == ["Первый", SECOND]


def test_a_new_connection_belongs_to_the_chosen_business(web_app: WebApp, agency: Visitor) -> None:
    agency.post("/connections/new/iiko", _name="Зал")
    assert value(web_app, "select business_id from connection where name = 'Зал'") == 2


def test_one_business_cannot_reach_into_another(web_app: WebApp, agency: Visitor) -> None:
    assert agency.get("/business/places/1").status_code == 404
    assert agency.post("/business/places/1", name="Чужое").status_code == 404
    assert agency.post("/business/places/1/remove").status_code == 404
    assert agency.get("/business/texts/edit?place=1").status_code == 404
    assert value(web_app, "select name from place where id = 1") == "Кофейня «Узел»"
    agency.done("/business/stop-list/add", business="1", address="+79990000001")
    assert "999 000-00-01" not in agency.page("/business/stop-list").replace("\xa0", " ")
    path = "/business/stop-list/remove"
    assert agency.get(f"{path}?address=%2B79990000001").status_code == 404
    assert agency.post(path, address="+79990000001").status_code == 404


def test_every_page_says_who_does_not_send(web_app: WebApp, agency: Visitor) -> None:
    assert "Режим отправки</a>" not in agency.page("/events")
    agency.done("/business/rules/sending/edit", sending="record")
    for path in ("/", "/events", "/business?business=1", "/connections"):
        page = agency.page(path)
        assert f"<b>{SECOND}</b>: сообщения записываются, но никому не уходят." in page
        assert 'href="/business/rules?business=2#sending"' in page
    agency.done(
        "/business/rules/sending/edit", business="2", sending="allow_list", allowed="me@example.org"
    )
    assert "только на адреса из списка." in agency.page("/")
    agency.done("/business/rules/sending/edit", business="2", sending="live")
    assert "не уходят" not in agency.page("/")


def test_a_dozen_that_do_not_send_are_not_a_dozen_lines(web_app: WebApp, visitor: Visitor) -> None:
    rows(
        web_app,
        "insert into business (name, rules) select 'Сеть ' || n, '{\"sending\": \"record\"}' "
        "from generate_series(1, 12) n",
    )
    page = visitor.page("/")
    assert page.count("никому не уходят") == 3
    assert "и ещё бизнесов: 9" in page


def test_an_operator_reads_and_chooses_but_changes_nothing(
    web_app: WebApp, agency: Visitor
) -> None:
    operator = Visitor(web_app.url).sign_in(*OPERATOR)
    assert "Ещё один" not in operator.page("/businesses")
    assert f"<h1>{SECOND}</h1>" in operator.done("/businesses/2/choose")
    for path in ("/business", "/business/rules", "/business/texts", "/business/stop-list"):
        page = operator.page(path)
        assert "/edit" not in page and "/import" not in page
    assert 'action="/business/stop-list/add"' not in operator.page("/business/stop-list")


HOSTILE = "<img src=x onerror=alert(1)>\"'&{{1337*7}}"


def test_hostile_settings_come_out_as_text(web_app: WebApp, visitor: Visitor) -> None:
    for statement in (
        "update business set name = $1, rules = jsonb_build_object('attested', $1::text, "
        "'skip_sources', jsonb_build_array($1::text), 'never', jsonb_build_array($1::text), "
        "'sending', 'allow_list', 'allowed', jsonb_build_array($1::text))",
        "update place set name = $1, source_ref = replace($1, ' ', ''), review_url = $1, "
        "yandex_url = $1, manager_phone = $1, manager_email = $1, time_zone = $1",
        "insert into template (business_id, purpose, channel, body, subject, place_id, approved) "
        "select 1, p, c, $1 || '{link}', $1, 1, jsonb_build_object('name', $1::text) "
        "from unnest(array['review_request', 'review_reminder']) p, "
        "unnest(array['sms', 'whatsapp', 'email']) c",
        "insert into stop_list values (1, $1, $1, $1, $1)",
        "insert into consent values (1, $1, $1, $1, now(), $1)",
    ):
        rows(web_app, statement, HOSTILE)
    seen = 0
    paths = [path for path in all_pages(web_app) if "/business" in path and ".csv" not in path]
    for path in [*paths, "/business/texts/edit?place=1&channel=email&variant=A"]:
        page = visitor.page(path)
        assert "<img" not in page.replace('<img src="/static/', ""), path
        assert "9359" not in page
        seen += "&lt;img src=x" in page
    assert seen > 10
