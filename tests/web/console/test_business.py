"""The business: its text with a preview, its places, its rules."""

import re

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp

NEWEST = "select body from template order by id desc limit 1"


def test_a_preview_shows_what_the_guest_gets_and_saves_nothing(
    web_app: WebApp, visitor: Visitor
) -> None:
    before = value(web_app, NEWEST)
    answer = visitor.post("/business/preview", body="{name}, как вам {place}? {link}")
    assert answer.status_code == 200
    assert "Мария, как вам Кофейня «Узел»? https://reviews.example/uzel" in answer.text
    assert "1 SMS" in answer.text
    assert "UCS-2" in answer.text
    assert "в последней осталось 11 знаков" in answer.text
    assert "{name}, как вам {place}? {link}</textarea>" in answer.text
    latin = visitor.post("/business/preview", body="Thanks! {link}").text
    assert "GSM-7" in latin
    assert value(web_app, NEWEST) == before


def test_a_preview_of_a_long_text_is_one_text_whose_link_stays_whole(reader: Visitor) -> None:
    page = reader.post("/business/preview", body="ю" * 60 + " {link} " + "ю" * 60).text
    assert "<b>3 SMS</b>" in page
    assert page.count('<p class="sms">') == 1
    assert f'<p class="sms">{"ю" * 60} https://reviews.example/uzel {"ю" * 60}</p>' in page


def test_a_preview_shows_the_text_for_a_guest_without_a_name(reader: Visitor) -> None:
    page = reader.post("/business/preview", body="{name}, спасибо! {link}").text
    assert "«{name}, спасибо!» станет «Спасибо!»" in page
    assert re.findall(r'<p class="sms">([^<]+)</p>', page) == [
        "Мария, спасибо! https://reviews.example/uzel",
        "Спасибо! https://reviews.example/uzel",
    ]
    assert "если имя гостя неизвестно" in page
    same = reader.post("/business/preview", body="Спасибо! {link}").text
    assert same.count('<p class="sms">') == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "Текст пуст."),
        ("Привет!", "В тексте нет {link}"),
        ("{link} {guest}", "Неизвестная переменная {guest}. Есть: {place}, {link}, {name}."),
        ("{link} {", "Скобки { } не парные"),
        ("{link} {name.__class__}", "В скобках может стоять только имя переменной"),
        ("{link} {0}", "В скобках может стоять только имя переменной"),
        ("{link} " + "ю" * 800, "Текст занимает 13 SMS, больше 8 не принимают."),
    ],
)
def test_a_text_that_could_not_be_sent_is_not_saved(
    console: WebApp, reader: Visitor, body: str, said: str
) -> None:
    for path in ("/business/preview", "/business/template"):
        answer = reader.post(path, body=body)
        assert answer.status_code == 422
        assert said in answer.text
    assert value(console, "select count(*) from template") == 1
    english = Visitor(console.url, {"accept-language": "en"}).sign_in()
    assert said not in english.post("/business/preview", body=body).text


def test_a_new_text_is_a_new_version(web_app: WebApp, visitor: Visitor) -> None:
    assert "Сохранено" in visitor.done("/business/template", body=" {place}: {link}\r\nДа \n")
    assert value(web_app, NEWEST) == "{place}: {link}\nДа"
    assert value(web_app, "select count(*) from template") == 2
    visitor.done("/business/template", body="{place}: {link}\nДа")
    assert value(web_app, "select count(*) from template") == 2
    assert value(web_app, "select count(*) from audit") == 1


def test_rules_are_saved_and_times_follow_the_zone(web_app: WebApp, visitor: Visitor) -> None:
    page = visitor.done("/business", name="Сеть «Узел»", gap_days="14", zone="Asia/Almaty")
    assert "Сеть «Узел»" in page
    assert "Asia/Almaty (UTC+5)" in page
    assert value(web_app, "select request_gap_days from business") == 14
    event = visitor.page(f"/events/{value(web_app, 'select min(id) from event')}")
    assert "14:15:02 Asia/Almaty (UTC+5)" in event
    assert 'datetime="2026-11-20T09:15:02Z"' in event


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", " ", "Заполните, до 100 знаков."),
        ("gap_days", "often", "Нужно число дней"),
        ("gap_days", "-1", "Нужно число дней"),
        ("gap_days", "3651", "Нужно число дней"),
        ("gap_days", "٣", "Нужно число дней"),
        ("zone", "Mars/Base", "Такого часового пояса нет."),
        ("zone", "../../etc/passwd", "Такого часового пояса нет."),
        ("zone", "", "Такого часового пояса нет."),
    ],
)
def test_wrong_rules_stay_in_the_form(
    console: WebApp, reader: Visitor, field: str, typed: str, said: str
) -> None:
    form = {"name": "Имя", "gap_days": "5", "zone": "Europe/Moscow", field: typed}
    answer = reader.post("/business", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert value(console, "select request_gap_days from business") == 30


def test_places_are_added_changed_and_removed(web_app: WebApp, visitor: Visitor) -> None:
    place = {"name": "На Ленина", "review_url": "https://r.example/1", "source_ref": " org-1 "}
    visitor.done("/business/places/new", **place)
    added = rows(web_app, "select id, name, source_ref from place order by id desc limit 1")[0]
    assert tuple(added)[1:] == ("На Ленина", "org-1")
    twice = visitor.post("/business/places/new", **place)
    assert twice.status_code == 422
    assert "с таким номером источника уже есть" in twice.text
    default = visitor.post("/business/places/new", **{**place, "source_ref": ""})
    assert "с таким номером источника уже есть" in default.text
    visitor.done(f"/business/places/{added['id']}", **{**place, "name": "На Мира"})
    assert "На Мира" in visitor.page("/business")
    visitor.done(f"/business/places/{added['id']}/remove")
    assert "На Мира" not in visitor.page("/business")
    used = visitor.post("/business/places/1/remove")
    assert used.status_code == 422
    assert "уже спрашивали" in used.text
    actions = [row["action"] for row in rows(web_app, "select action from audit order by id")]
    assert actions == ["change", "change", "remove"]


@pytest.mark.parametrize("url", ["", "reviews.example", "javascript:alert(1)", "https://", "x y"])
def test_a_link_has_to_be_one(reader: Visitor, url: str) -> None:
    answer = reader.post("/business/places/1", name="Имя", review_url=url)
    assert answer.status_code == 422
    assert "Нужна ссылка вида https://…" in answer.text
    assert 'value="Имя"' in answer.text


def test_a_place_that_is_not_there(reader: Visitor) -> None:
    assert reader.get("/business/places/99").status_code == 404
    place = {"name": "Имя", "review_url": "https://r.example"}
    assert reader.post("/business/places/99", **place).status_code in (404, 422)
