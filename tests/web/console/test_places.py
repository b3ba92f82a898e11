"""Places: what each is known by, where its guests review, who hears of low ratings, own rules."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import delivery

PLACE = {"name": "На Ленина", "review_url": "https://r.example/1", "source_ref": " org-1 "}


def newest(web_app: WebApp) -> Any:
    """The place that was added last."""
    return rows(web_app, "select * from place order by id desc limit 1")[0]


def test_places_are_added_changed_and_removed(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done("/business/places/new", **PLACE)
    added = newest(web_app)
    assert (added["name"], added["source_ref"]) == ("На Ленина", "org-1")
    visitor.done(f"/business/places/{added['id']}", **{**PLACE, "name": "На Мира"})
    assert "На Мира" in visitor.page("/business")
    visitor.done(f"/business/places/{added['id']}/remove")
    assert "На Мира" not in visitor.page("/business")
    used = visitor.post("/business/places/1/remove")
    assert used.status_code == 422
    assert "уже спрашивали" in used.text
    assert 'value="Кофейня «Узел»"' in used.text
    actions = [row["action"] for row in rows(web_app, "select action from audit order by id")]
    assert actions == ["add", "change", "remove"]


def test_all_of_a_place_is_kept_and_shown_again(web_app: WebApp, visitor: Visitor) -> None:
    typed = {
        "name": "Салон",
        "source_ref": "YCLIENTS:4564, 6b1f 4564  6b1f",
        "zone": "Asia/Omsk",
        "yandex_url": "https://yandex.ru/maps/org/1/reviews",
        "gis_url": "https://go.2gis.com/x1",
        "google_url": "https://g.page/r/x/review",
        "review_url": "https://otzovik.com/x",
        "manager_phone": "8 (999) 000-12-34",
        "manager_email": "Boss@Example.org",
        "delay_iiko": "1,5",
        "delay_iiko_unit": "h",
        "delay_*": "1",
        "delay_*_unit": "d",
        "opens": "10:00",
        "closes": "19:30",
        "minimum": "1 500,50",
        "skips": "on",
        "skip_sources": "yandex_food\r\n\r\nyandex_food\r\nkupibilet ",
    }
    visitor.done("/business/places/new", **typed)
    place = newest(web_app)
    assert place["source_ref"] == "yclients:4564 6b1f 4564"
    assert place["manager_phone"] == "+79990001234"
    assert place["manager_email"] == "boss@example.org"
    assert place["time_zone"] == "Asia/Omsk"
    assert place["rules"] == {
        "delay_s": {"iiko": 5400, "*": 86400},
        "opens": "10:00",
        "closes": "19:30",
        "minimum": "1500.50",
        "skip_sources": ["yandex_food", "kupibilet"],
    }
    page = visitor.page(f"/business/places/{place['id']}")
    for shown in (
        'name="delay_iiko" value="90"',
        '<option value="m" selected>',
        'value="1500.50"',
        'name="skips" checked',
        "yandex_food\nkupibilet</textarea>",
        'value="yclients:4564 6b1f 4564"',
    ):
        assert shown in page, shown
    again = visitor.page("/business")
    assert "Яндекс Карты, 2ГИС, Google Карты, Другая" in again
    assert "<code>yclients:4564</code>" in again


def test_an_empty_form_leaves_everything_to_the_business(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done("/business/places/1", name="Кофейня")
    place = rows(web_app, "select * from place where id = 1")[0]
    assert place["rules"] == {}
    assert [place[c] for c in ("source_ref", "time_zone", "review_url", "manager_phone")] == [
        None
    ] * 4
    page = visitor.page("/business/places/1")
    assert "Ссылок нет: гость сможет поставить оценку" in page
    assert "нет: только оценка" in visitor.page("/business")


def test_no_two_places_share_a_reference(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done("/business/places/new", **{**PLACE, "source_ref": "a b iiko:c"})
    for reference, said in (
        ("b", "Номер b уже у заведения «На Ленина»."),
        ("x, iiko:c", "Номер iiko:c уже у заведения «На Ленина»."),
        ("", "Заведение по умолчанию уже есть: Кофейня «Узел»."),
    ):
        answer = visitor.post("/business/places/new", name="Ещё", source_ref=reference)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'value="Ещё"' in answer.text
    visitor.done("/business/places/new", name="Ещё", source_ref="c yclients:c")
    assert value(web_app, "select count(*) from place") == 3


def test_two_at_once_do_not_share_a_reference_either(web_app: WebApp, visitor: Visitor) -> None:
    def add(reference: str) -> int:
        return visitor.post("/business/places/new", name="П", source_ref=reference).status_code

    with ThreadPoolExecutor(4) as several:
        codes = list(several.map(add, ["z", "z y", "y z", "z  "]))
    assert sorted(codes) == [303, 422, 422, 422]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("review_url", "reviews.example", "Нужна ссылка вида https://…"),
        ("review_url", "javascript:alert(1)", "Нужна ссылка вида https://…"),
        ("yandex_url", "https://", "Нужна ссылка вида https://…"),
        ("gis_url", "https://x y", "Нужна ссылка вида https://…"),
        ("google_url", "https://r.example/" + "x" * 500, "Нужна ссылка вида https://…"),
        ("yandex_url", "https://2gis.ru/moscow/firm/1", "Эта ссылка ведёт в другое место: 2ГИС."),
        ("gis_url", "https://maps.yandex.ru/1", "ведёт в другое место: Яндекс Карты."),
        ("name", "", "Заполните, до 100 знаков."),
        ("zone", "Mars/Base", "Такого часового пояса нет."),
        ("source_ref", "sbis:12", "Такого источника нет: sbis"),
        ("source_ref", "iiko:", "Такого источника нет: iiko"),
        ("source_ref", "x" * 101, "До 100 знаков."),
        ("source_ref", " ".join(map(str, range(51))), "До 50 номеров."),
        ("manager_phone", "a@example.org", "Нужен телефон."),
        ("manager_phone", "12", "Это не телефон и не e-mail: 12"),
        ("manager_email", "+79990000001", "Нужен e-mail."),
        ("manager_email", "a@example.org, b@example.org", "Нужен один адрес."),
        ("delay_iiko", "-1", "Нужно число."),
        ("delay_iiko", "1e9", "Нужно число."),
        ("delay_yclients", "400", "Нужно от сразу до 14 дн."),
        ("opens", "25:00", "Нужно время вида 09:00."),
        ("minimum", "дорого", "Нужно число."),
        ("minimum", "9" * 15, "minimum"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    console: WebApp, reader: Visitor, field: str, typed: str, said: str
) -> None:
    form = {**PLACE, "manager_email": "kept@example.org", field: typed}
    answer = reader.post("/business/places/1", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert field == "manager_email" or 'value="kept@example.org"' in answer.text
    assert value(console, "select name from place where id = 1") == "Кофейня «Узел»"


def test_a_place_that_is_not_there(reader: Visitor) -> None:
    assert reader.get("/business/places/99").status_code == 404
    assert reader.post("/business/places/99", **PLACE).status_code == 404
    assert reader.post("/business/places/99/remove").status_code == 404
    assert reader.get("/business/places/x").status_code == 404


def test_a_place_with_texts_of_its_own_is_removed_with_them(
    web_app: WebApp, visitor: Visitor
) -> None:
    visitor.done("/business/places/new", **PLACE)
    place = newest(web_app)["id"]
    visitor.done(
        "/business/texts/edit", place=str(place), variant="A", weight="1", body="Своё: {link}"
    )
    visitor.done(f"/business/places/{place}/remove")
    assert value(web_app, "select count(*) from template where place_id is not null") == 0


def test_references_nobody_knows_are_offered(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done("/business/places/1", **{**PLACE, "source_ref": "another"})
    order = delivery(701, "Closed", "+79990000701")
    web_app.run(lambda: web_app.sample.post("iiko", json.dumps(order).encode()))
    web_app.process()
    page = visitor.page("/business/places/new")
    assert f"<code>iiko:{order['organizationId']}</code> (2)" in page
    visitor.done("/business/places/new", name="Новое", source_ref=f"iiko:{order['organizationId']}")
    assert "неизвестными номерами" not in visitor.page("/business/places/new")
