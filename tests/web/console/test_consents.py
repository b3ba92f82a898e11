"""Consents: who gave one, how and when; and whole lists at once."""

import re

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp

PATH = "/business/consents"
COUNT = "select count(*) from consent"
TERMS = {"source": "анкета", "given_at": "2026-11-01T10:00", "wording": "Согласна"}


def figures(page: str) -> list[int]:
    """new, known, repeated, unreadable of a dry run."""
    return [int(n) for n in re.findall(r"<div><dt>[^<]+</dt><dd>(\d+)</dd></div>", page)]


def test_a_consent_is_noted_shown_and_forgotten(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done(f"{PATH}/add", address="8 999 000-00-01", **TERMS)
    kept = rows(web_app, "select *, given_at at time zone 'UTC' as utc from consent")[0]
    assert (kept["address"], kept["source"], kept["wording"], kept["noted_by"]) == (
        "+79990000001",
        "анкета",
        "Согласна",
        "olga",
    )
    assert f"{kept['utc']:%H:%M}" == "07:00"
    page = visitor.page(f"{PATH}?q=0001").replace("\xa0", " ")
    assert "+7 999 000-00-01" in page and "Согласна" in page
    again = visitor.post(f"{PATH}/add", address="+79990000001", **TERMS)
    assert "Согласие этого гостя уже записано." in again.text
    assert "не останется" in visitor.page(f"{PATH}/remove?address=%2B79990000001")
    assert value(web_app, COUNT) == 1
    visitor.done(f"{PATH}/remove", address="+79990000001")
    assert value(web_app, COUNT) == 0
    told = [tuple(row) for row in rows(web_app, "select action, subject from audit order by id")]
    assert told == [("add", "consent:1"), ("remove", "consent:1")]
    assert visitor.post(f"{PATH}/remove", address="+79990000001").status_code == 404


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("address", "Оля", "Это не телефон и не e-mail: Оля"),
        ("source", "", "Заполните, до 100 знаков."),
        ("given_at", "", "Нужны день и время, не позже нынешнего."),
        ("given_at", "2999-01-01T00:00", "Нужны день и время, не позже нынешнего."),
        ("given_at", "1999-01-01T00:00", "Нужны день и время, не позже нынешнего."),
        ("given_at", "вчера", "Нужны день и время, не позже нынешнего."),
        ("wording", "ю" * 2001, "До 2000 знаков."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    console: WebApp, reader: Visitor, field: str, typed: str, said: str
) -> None:
    form = {"address": "+79990000001", **TERMS, field: typed}
    answer = reader.post(f"{PATH}/add", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert field == "address" or 'value="+79990000001"' in answer.text
    assert value(console, COUNT) == 0


def test_a_table_says_more_than_the_form(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done(f"{PATH}/add", address="+79990000001", **TERMS)
    text = (
        "Телефон,E-mail,Источник,Дата\n"
        "+79990000001,,сайт,01.10.2026\n"
        "+79990000002,guest@example.org,сайт,01.10.2026 12:30\n"
        "+79990000003,,,\n"
        "+79990000004,,сайт,завтра\n"
        "нет,,сайт,\n"
    )
    look = visitor.post(f"{PATH}/import", text=text, **TERMS)
    assert look.status_code == 200
    assert figures(look.text) == [3, 1, 0, 0, 2]
    assert "+79990000004 завтра" in look.text
    assert value(web_app, COUNT) == 1
    visitor.done(f"{PATH}/import", text=text, **TERMS, sure="yes")
    kept = {row["address"]: row for row in rows(web_app, "select * from consent")}
    assert set(kept) == {"+79990000001", "+79990000002", "guest@example.org", "+79990000003"}
    assert kept["+79990000001"]["source"] == "анкета"
    assert kept["guest@example.org"]["source"] == "сайт"
    assert f"{kept['guest@example.org']['given_at']:%d %H:%M}" == "01 09:30"
    assert kept["+79990000003"]["wording"] == "Согласна"
    assert "Новых нет" in visitor.post(f"{PATH}/import", text=text, **TERMS).text


def test_a_list_needs_terms(reader: Visitor) -> None:
    answer = reader.post(f"{PATH}/import", text="+79990000001", source="", given_at="")
    assert answer.status_code == 422
    assert answer.text.count('class="wrong"') == 2
    assert "+79990000001</textarea>" in answer.text


def test_a_saved_file_comes_back(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done(f"{PATH}/add", address="guest@example.org", **TERMS)
    before = [tuple(r) for r in rows(web_app, "select address, source, given_at from consent")]
    saved = visitor.get(f"{PATH}.csv").text
    visitor.done(f"{PATH}/remove", address="guest@example.org")
    visitor.done(f"{PATH}/import", text=saved, source="?", given_at="2026-01-01T00:00", sure="yes")
    after = [tuple(r) for r in rows(web_app, "select address, source, given_at from consent")]
    assert [(a, s, g.replace(microsecond=0)) for a, s, g in before] == after
