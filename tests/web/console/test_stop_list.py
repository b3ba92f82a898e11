"""The stop-list: who is on it and why; adding, removing, and whole lists at once."""

import csv
import io
import re
from typing import Any

import httpx2
import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import PLANNED_PHONE

PATH = "/business/stop-list"
COUNT = "select count(*) from stop_list where business_id = 1"


def figures(page: str) -> list[int]:
    """new, known, repeated, doubtful, unreadable of a dry run."""
    shown = re.findall(r"<div><dt>[^<]+</dt><dd>([^<]+)</dd></div>", page)
    return [int(re.sub(r"\D", "", text)) for text in shown]


def upload(visitor: Visitor, data: bytes, path: str = PATH, **fields: str) -> httpx2.Response:
    """Send the form with a file."""
    form = {"csrf": visitor.csrf, **fields}
    files = {"file": ("list.csv", data, "text/csv")}
    return visitor.client.post(f"{path}/import", data=form, files=files)


def test_who_is_added_gets_nothing_any_more(web_app: WebApp, visitor: Visitor) -> None:
    planned = "select state, state_reason from message where phone = $1"
    assert rows(web_app, planned, PLANNED_PHONE)[0]["state"] == "planned"
    page = visitor.done(f"{PATH}/add", address="8 (999) 000-01-05", note="звонила  сама")
    assert "Что ждало отправки туда, отозвано." in page
    assert tuple(rows(web_app, planned, PLANNED_PHONE)[0]) == ("cancelled", "stopped")
    entry = rows(web_app, "select * from stop_list")[0]
    assert (entry["address"], entry["reason"], entry["source"], entry["note"]) == (
        PLANNED_PHONE,
        "manual",
        "olga",
        "звонила сама",
    )
    told = rows(web_app, "select action, subject, detail from audit")[0]
    assert tuple(told) == ("add", "stop_list:1", {"address": "+7999•••0105", "added": 1})
    again = visitor.post(f"{PATH}/add", address=PLANNED_PHONE)
    assert again.status_code == 422
    assert "Этот адрес уже в стоп-листе." in again.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Впишите один телефон или e-mail."),
        ("нет", "Это не телефон и не e-mail: нет"),
        ("a@b", "Это не телефон и не e-mail"),
        ("a b@example.org", "Это не телефон и не e-mail"),
        ("+79990000001, +79990000002", "Впишите один телефон или e-mail."),
        ("<img src=x>@example.org", "Это не телефон и не e-mail"),
        ("1" * 300, "До 500 строк, в каждой до 200 знаков."),
    ],
)
def test_an_address_has_to_be_one(console: WebApp, reader: Visitor, typed: str, said: str) -> None:
    answer = reader.post(f"{PATH}/add", address=typed, note="заметка")
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="заметка"' in answer.text
    assert value(console, COUNT) == 0


def listed(web_app: WebApp, count: int) -> None:
    rows(
        web_app,
        "insert into stop_list (business_id, address, reason, source) "
        "select 1, '+7999' || lpad(n::text, 7, '0'), case when n % 2 = 0 then 'reply' else 'bounce'"
        " end, 'event:1' from generate_series(1, $1::int) n",
        count,
    )


def test_every_page_of_a_list_made_at_once_is_reached(web_app: WebApp, visitor: Visitor) -> None:
    listed(web_app, 120)
    seen: list[str] = []
    path: str | None = PATH
    pages = 0
    while path:
        page = visitor.page(path)
        seen += re.findall(r"address=%2B(\d+)", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else None
        pages += 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)


def test_a_part_of_an_address_and_a_reason_are_found(web_app: WebApp, visitor: Visitor) -> None:
    listed(web_app, 12)
    visitor.done(f"{PATH}/add", address="Guest@Example.org")
    assert "guest@example.org" in visitor.page(f"{PATH}?q=EXAMPLE")
    page = visitor.page(f"{PATH}?q=8+999+000-00-05").replace("\xa0", " ")
    assert "+7 999 000-00-05" in page
    assert page.count("Убрать…") == 1
    assert visitor.page(f"{PATH}?q=00001").count("Убрать…") == 4
    page = visitor.page(f"{PATH}?reason=reply")
    assert page.count("Убрать…") == 6
    assert "гость ответил «стоп»" in page
    assert '<a href="/events/1">событие № 1</a>' in page
    assert "Под этот фильтр ничего не подходит." in visitor.page(f"{PATH}?q=%25")


@pytest.mark.parametrize("cursor", ["", "x", "1-", "-", "9" * 30 + "-a", "1-%00", "٣-a"])
def test_a_cursor_nobody_made_does_no_harm(reader: Visitor, cursor: str) -> None:
    assert reader.client.get(PATH, params={"from": cursor}).status_code == 200


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("reply", "Гость сам просил ему не писать."),
        ("complaint", "Гость сам просил ему не писать."),
        ("bounce", "Поставщик туда не доставляет."),
        ("manual", "этот гость снова получит сообщение"),
    ],
)
def test_removing_says_what_it_means_and_asks(
    web_app: WebApp, visitor: Visitor, reason: str, said: str
) -> None:
    rows(web_app, "insert into stop_list values (1, '+79990000001', $1, 'x', 'заметка')", reason)
    page = visitor.page(f"{PATH}/remove?address=%2B79990000001")
    assert said in page
    assert "заметка" in page
    assert value(web_app, COUNT) == 1
    visitor.done(f"{PATH}/remove", address="+79990000001")
    assert value(web_app, COUNT) == 0
    assert value(web_app, "select detail->>'address' from audit") == "+7999•••0001"
    assert visitor.post(f"{PATH}/remove", address="+79990000001").status_code == 404


def test_a_pasted_list_is_looked_at_before_it_is_taken(web_app: WebApp, visitor: Visitor) -> None:
    visitor.done(f"{PATH}/add", address="+79990000001")
    text = "телефон;имя\n8 999 000-00-01;Аня\n+7 999 000 00 02;Яна\nнет;Оля\n89990000002;Яна"
    look = visitor.post(f"{PATH}/import", text=text, note="из прежней системы")
    assert look.status_code == 200
    assert figures(look.text) == [1, 1, 1, 0, 1]
    assert "нет Оля" in look.text and "строка 4" in look.text
    assert value(web_app, COUNT) == 1
    hidden = re.search(r'name="text" value="([^"]+)"', look.text)
    assert hidden
    page = visitor.done(f"{PATH}/import", text=hidden[1], note="из прежней системы", sure="yes")
    assert "Список внесён." in page
    entry = rows(web_app, "select * from stop_list where address = '+79990000002'")[0]
    assert (entry["source"], entry["note"]) == ("olga", "из прежней системы")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_a_file_of_any_usual_encoding_is_read(
    console: WebApp, reader: Visitor, encoding: str
) -> None:
    data = "Телефон;Имя\r\n8 (999) 000-00-07;Айгуль\r\n".encode(encoding)
    look = upload(reader, data)
    assert look.status_code == 200, look.text
    assert figures(look.text) == [1, 0, 0, 0, 0]
    assert value(console, COUNT) == 0


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 422, "Вставьте список или выберите файл."),
        (b"PK\x03\x04 workbook", 422, "Это книга Excel."),
        (b"\n" * 50_001 + b"x", 422, "больше 50 000 строк"),
        (b'"' + b"x" * 200_000, 422, "Это не похоже на таблицу"),
        (b"\x00\xff\xfe\x00", 200, "Новых нет, вносить нечего."),
        (b"9" * 999_999, 413, "Форма слишком велика"),
    ],
)
def test_a_file_that_is_no_list_does_no_harm(
    reader: Visitor, data: bytes, status: int, said: str
) -> None:
    answer = upload(reader, data)
    assert answer.status_code == status
    assert said in answer.text


def test_files_are_taken_where_they_are_expected_and_nowhere_else(reader: Visitor) -> None:
    files: dict[str, Any] = {"file": ("a.csv", b"x", "text/csv")}
    answer = reader.client.post("/business", data={"csrf": reader.csrf}, files=files)
    assert answer.status_code == 415
    assert reader.client.post(f"{PATH}/import", data={"csrf": "x"}, files=files).status_code == 403
    kind = {"content-type": "multipart/form-data"}
    assert reader.client.post(f"{PATH}/import", content=b"x", headers=kind).status_code == 400
    kind = {"content-type": "multipart/form-data; boundary=b; charset=zip"}
    body = b'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\nx'
    assert reader.client.post(f"{PATH}/import", content=body, headers=kind).status_code in (
        400,
        403,
    )


def test_what_is_saved_as_csv_comes_back_whole(web_app: WebApp, visitor: Visitor) -> None:
    listed(web_app, 1500)
    visitor.done(f"{PATH}/add", address="guest@example.org", note="=1+1")
    answer = visitor.get(f"{PATH}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert table[0] == ["address", "reason", "source", "note", "created_at"]
    assert len(table) == 1502
    assert table[1][0] == "guest@example.org"
    assert table[1][3] == "'=1+1"
    assert table[2][0].startswith("'+7999")
    rows(web_app, "delete from stop_list")
    look = upload(visitor, answer.content)
    assert figures(look.text) == [1501, 0, 0, 0, 0]
    assert len(visitor.get(f"{PATH}.csv?q=guest").text.splitlines()) == 1


def test_what_only_looks_like_a_phone_is_shown_and_left_out(
    web_app: WebApp, visitor: Visitor
) -> None:
    text = "1234567890;8 999 000-55-03\n7.9990005551E10;Аня\n8 999 000 55 2;Яна"
    look = visitor.post(f"{PATH}/import", text=text, note="")
    assert figures(look.text) == [1, 0, 0, 2, 0]
    shown = look.text.replace("\xa0", " ")
    assert "7.9990005551E10 Аня" in shown and "8 999 000 55 2 Яна" in shown
    # As it is written there, and as it was read.
    assert '<td>8 999 000-55-03</td><td class="full">+7 999 000-55-03</td>' in shown
    visitor.done(f"{PATH}/import", text=text, note="", sure="yes")
    assert [row["address"] for row in rows(web_app, "select address from stop_list")] == [
        "+79990005503"
    ]


def test_a_long_list_is_written_in_parts(web_app: WebApp, visitor: Visitor) -> None:
    text = "\n".join(f"+7999{number:07d}" for number in range(4500))
    assert upload(visitor, text.encode(), note="", sure="yes").status_code == 303
    told = rows(web_app, "select (detail->>'added')::int as added from audit order by id")
    assert [row["added"] for row in told] == [2000, 2000, 500]
    assert value(web_app, COUNT) == 4500
    # In as many transactions.
    assert value(web_app, "select count(distinct said_at) from stop_list") == 3
