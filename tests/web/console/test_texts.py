"""Texts: previews, variants with their shares and click rates, texts of places, of WhatsApp."""

import re
from typing import Any

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp

NEWEST = "select * from template order by id desc limit 1"
EDIT, PREVIEW = "/business/texts/edit", "/business/texts/preview"
SMS = {"variant": "A", "weight": "1"}
TEMPLATE = {
    "channel": "whatsapp",
    "variant": "A",
    "weight": "1",
    "approved_name": "review_request_ru",
    "approved_language": "ru",
}


def newest(web_app: WebApp) -> Any:
    return rows(web_app, NEWEST)[0]


def screens(page: str) -> list[str]:
    """The texts as guests see them."""
    return re.findall(r'<p class="sms">([^<]+)</p>', page)


def test_a_preview_shows_what_the_guest_gets_and_saves_nothing(
    web_app: WebApp, visitor: Visitor
) -> None:
    before = newest(web_app)
    answer = visitor.post(PREVIEW, **SMS, body="{name}, как вам {place}? {link}")
    assert answer.status_code == 200
    link = f"{visitor.url}/r/Ab3dE5gH7k"
    assert screens(answer.text) == [
        f"Мария, как вам Кофейня «Узел»? {link}",
        f"Как вам Кофейня «Узел»? {link}",
    ]
    units = len(f"Мария, как вам Кофейня «Узел»? {link}")
    assert "<b>1 SMS</b>, UCS-2" in answer.text
    assert f"в последней осталось {70 - units} знак" in answer.text
    assert "{name}, как вам {place}? {link}</textarea>" in answer.text
    assert "GSM-7" in visitor.post(PREVIEW, **SMS, body="Thanks! {link}").text
    assert newest(web_app) == before


def test_a_preview_of_a_long_text_is_one_text_whose_link_stays_whole(reader: Visitor) -> None:
    page = reader.post(PREVIEW, **SMS, body="ю" * 60 + " {link} " + "ю" * 60).text
    assert "<b>3 SMS</b>" in page
    assert screens(page) == [f"{'ю' * 60} {reader.url}/r/Ab3dE5gH7k {'ю' * 60}"]


def test_what_is_unknown_leaves_no_hole(reader: Visitor) -> None:
    page = reader.post(PREVIEW, **SMS, body="{name}, это {staff}: {service} готово, {link}").text
    assert screens(page)[0].startswith("Мария, это Ольга: Стрижка готово")
    assert screens(page)[1].startswith("Это: готово")
    assert len(screens(reader.post(PREVIEW, **SMS, body="Спасибо! {link}").text)) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "Текст пуст."),
        ("Привет!", "В тексте нет {link}"),
        ("{link} {guest}", "Неизвестная переменная {guest}. Есть: {place}, {link}, {name}"),
        ("{link} {", "Скобки { } не парные"),
        ("{link} {name.__class__}", "В скобках может стоять только имя переменной"),
        ("{link} {0}", "В скобках может стоять только имя переменной"),
        ("{link} " + "ю" * 800, "больше 8 не принимают."),
        ("{link} " + "ю" * 5000, "До 5000 знаков."),
    ],
)
def test_a_text_that_could_not_be_sent_is_not_saved(
    console: WebApp, reader: Visitor, body: str, said: str
) -> None:
    for path in (PREVIEW, EDIT):
        answer = reader.post(path, **SMS, body=body)
        assert answer.status_code == 422
        assert said in answer.text
    assert value(console, "select count(*) from template") == 1
    english = Visitor(console.url, {"accept-language": "en"}).sign_in()
    assert said not in english.post(PREVIEW, **SMS, body=body).text


def test_a_reminder_knows_no_staff(reader: Visitor) -> None:
    answer = reader.post(EDIT, **SMS, purpose="review_reminder", body="{staff} {link}")
    assert "Неизвестная переменная {staff}" in answer.text


def test_a_new_text_is_a_new_version_and_the_same_one_is_not(
    web_app: WebApp, visitor: Visitor
) -> None:
    assert "Сохранено" in visitor.done(EDIT, **SMS, body=" {place}: {link}\r\nДа \n")
    assert newest(web_app)["body"] == "{place}: {link}\nДа"
    visitor.done(EDIT, **SMS, body="{place}: {link}\nДа")
    assert value(web_app, "select count(*) from template") == 2
    assert value(web_app, "select count(*) from audit") == 1
    page = visitor.page(f"{EDIT}?variant=A")
    assert page.count('class="body-text"') == 2


def test_variants_share_the_guests_by_weight(web_app: WebApp, visitor: Visitor) -> None:
    assert "вариант B · новый" in visitor.page(EDIT)
    visitor.done(EDIT, variant="B", weight="3", body="Б: {link}")
    page = visitor.page("/business/texts")
    assert "25 %" in page and "75 %" in page
    page = visitor.done("/business/texts/retire", variant="B")
    assert "Вариант снят" in page
    assert "100 %" in page and "снят</span>" in page
    kept = newest(web_app)
    assert (kept["variant"], kept["weight"], kept["body"]) == ("B", 0, "Б: {link}")
    assert "Снять вариант" not in visitor.page(f"{EDIT}?variant=B")
    visitor.done(EDIT, variant="B", weight="1", body="Б: {link}")
    assert visitor.page("/business/texts").count("50 %") == 2


def test_what_is_missing_is_said(web_app: WebApp, visitor: Visitor) -> None:
    assert "действующего текста просьбы нет" not in visitor.page("/business/texts")
    page = visitor.done("/business/texts/retire", variant="A")
    assert "SMS: действующего текста просьбы нет" in page
    assert "Напоминание выключено в правилах." in page
    rows(web_app, "update business set rules = '{\"remind_after_s\": 7200}'")
    assert "Напоминание включено в правилах, а текста у него нет." in visitor.page(
        "/business/texts"
    )


def test_a_place_has_texts_of_its_own(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done(EDIT, **SMS, place="1", body="Только здесь: {link}")
    assert newest(web_app)["place_id"] == 1
    page = visitor.page("/business/texts")
    assert page.count("100 %") == 2
    assert visitor.page(f"{EDIT}?place=1&variant=A").count("Кофейня «Узел» · вариант A") == 1


@pytest.mark.parametrize(
    "query",
    [
        *("purpose=low_rating", "channel=fax", "place=99", "place=x", "variant=Z", "variant=AB"),
        "place=99999999999999999999",
    ],
)
def test_a_text_that_is_not_there(reader: Visitor, query: str) -> None:
    assert reader.get(f"{EDIT}?{query}").status_code == 404
    name, _, text = query.partition("=")
    for path in (EDIT, PREVIEW, "/business/texts/retire"):
        form = {**SMS, "body": "{link}", name: text}
        assert reader.post(path, **form).status_code == 404
    assert reader.post("/business/texts/retire", variant="C").status_code == 404


def test_a_letter_has_a_subject_and_no_segments(web_app: WebApp, visitor: Visitor) -> None:
    letter = {"channel": "email", "variant": "A", "weight": "1", "body": "Добрый день!\n\n{link}"}
    page = visitor.post(PREVIEW, **letter, subject="Как вам {place}, {name}?").text
    assert "<b>Как вам Кофейня «Узел», Мария?</b>" in page
    assert "SMS</b>" not in page
    assert "Неизвестная переменная {guest}" in visitor.post(EDIT, **letter, subject="{guest}").text
    visitor.done(EDIT, **letter, subject="  Как вам {place}? ")
    assert newest(web_app)["subject"] == "Как вам {place}?"
    long = {**letter, "body": "{link} " + "ю" * 3000}
    visitor.done(EDIT, **long)


def test_an_approved_template_is_copied_with_its_numbers(web_app: WebApp, visitor: Visitor) -> None:
    typed = {
        **TEMPLATE,
        "body": "Здравствуйте, {{1}}! Как вам {{ 2 }}?",
        "parameter_0": "name",
        "parameter_1": "place",
        "button_0": "code",
    }
    page = visitor.post(PREVIEW, **typed).text
    assert screens(page)[0] == "Здравствуйте, Мария! Как вам Кофейня «Узел»?"
    assert "↗ …Ab3dE5gH7k" in page
    visitor.done(EDIT, **typed)
    kept = newest(web_app)
    assert kept["body"] == "Здравствуйте, {name}! Как вам {place}?"
    assert kept["approved"] == {
        "name": "review_request_ru",
        "language": "ru",
        "parameters": ["name", "place"],
        "buttons": ["code"],
    }
    shown = visitor.page(f"{EDIT}?channel=whatsapp&variant=A")
    assert 'value="review_request_ru"' in shown
    assert shown.count('value="name" selected') == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"body": "{{3}} {link}"}, "Для места {{3}} не выбран параметр."),
        ({"body": "{name} {link}"}, "В тексте есть {link}, а среди параметров шаблона его нет."),
        ({"body": "{name}", "button_0": ""}, "В тексте нет {link}"),
        ({"approved_name": "имя шаблона"}, "Имя шаблона: латиница"),
        ({"approved_name": ""}, "Параметры есть только у шаблона"),
        ({"approved_language": "русский"}, "Код языка, как у шаблона"),
        ({"parameter_0": "__class__"}, "Выберите одно из списка."),
        ({"weight": "101"}, "Нужно целое число, от 0 до 100."),
        ({"weight": ""}, "Нужно целое число, от 0 до 100."),
    ],
)
def test_a_template_that_could_not_be_filled_in(
    console: WebApp, reader: Visitor, changed: dict[str, str], said: str
) -> None:
    typed = {**TEMPLATE, "body": "{name}", "parameter_0": "name", "button_0": "code", **changed}
    answer = reader.post(EDIT, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert value(console, "select count(*) from template") == 1


def test_clicks_are_counted_for_the_words_that_brought_them(
    web_app: WebApp, visitor: Visitor
) -> None:
    rows(
        web_app,
        "update review_request set clicked_at = now() where id in "
        "(select substring(origin from ':(.*)')::bigint from message where state = 'delivered')",
    )
    page = visitor.page("/business/texts").replace("\xa0", " ")
    assert "100,0 %" in page
    visitor.done(EDIT, **SMS, body="Другое: {link}")
    assert "100,0 %" not in visitor.page("/business/texts")
    english = Visitor(web_app.url, {"accept-language": "en"}).sign_in()
    body = value(web_app, "select body from template order by id limit 1")
    visitor.done(EDIT, **SMS, body=body)
    assert "100.0 %" in english.page("/business/texts")


def test_a_click_after_a_reminder_is_the_reminders(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done(EDIT, **SMS, purpose="review_reminder", body="Ждём: {link}")
    rows(
        web_app,
        "insert into message (business_id, connection_id, purpose, origin, channel, phone, address,"
        " body, encoding, segments, template_id, state, created_at) "
        "select business_id, connection_id, 'review_reminder', "
        "'review_reminder:' || split_part(origin, ':', 2), channel, phone, address, body, encoding,"
        " segments, (select max(id) from template), 'delivered', created_at + interval '1 hour' "
        "from message where state = 'delivered'",
    )
    clicked = (
        "update review_request set reminded_at = created_at + interval '1 hour', "
        "clicked_at = created_at + $1 * interval '1 hour' where phone = "
        "(select phone from message where purpose = 'review_reminder')"
    )

    def rates() -> list[tuple[str, str]]:
        page = visitor.page("/business/texts").replace("\xa0", " ")
        return re.findall(r"(\d+) <span class=\"muted\">· ([\d,]+) %", page)

    rows(web_app, clicked, 2.0)
    assert rates() == [("0", "0,0"), ("1", "100,0")]
    rows(web_app, clicked, 0.5)
    assert rates() == [("1", "100,0"), ("0", "0,0")]
