"""The table of leads as it goes out and comes back."""

import csv
import html
import io
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_room import PRICE, TEXT, URL, LeadRoom, open_leads
from running_web import WebApp
from uzel.errors import ConfigError
from uzel.kit.spreadsheet import safe, unsafe
from uzel.kit.workbook import MOST_UNPACKED, Unreadable, as_csv
from uzel.web.console.leads_sheet import Row, kept, read_rows

SHEET = """\
Номер сделки;Ссылка на оплату;Сумма;Валюта;Почта;Карта;Статус
a-1;https://pay.test/c/a-1;19,17;USD;one@example.org;4111 1111 1111 1111;Успешно
a-2;;;;;;ОШИБКА!
a-3;;;;;;
a-4;;1,234;USD;;;Успешно
a-5;https://pay.test/c/another;5;USD;;;Успешно
a-6;;5;XXL;;;Успешно
a-7;;5;;;;потом
nobody;;5;USD;;;Успешно
a-1;;7;USD;;;Успешно
"""
NUMBERS = ("a-1", "a-2", "a-3", "a-4", "a-5", "a-6", "a-7")


@pytest.fixture
def room(web_app: WebApp) -> LeadRoom:
    return open_leads(web_app)


def sure(room: LeadRoom, data: bytes | str, name: str = "leads.csv") -> Any:
    """Load a file, and write what its page offers to write."""
    answer = room.send(room.ivan, data, name)
    assert answer.status_code == 200, answer.text
    found = TEXT.search(answer.text)
    assert found is not None, answer.text
    fields = {"csrf": room.ivan.csrf, "text": html.unescape(found[1]), "sure": "yes"}
    return room.ivan.client.post("/leads/import", data=fields)


def test_every_row_is_shown_before_anything_is_done(room: LeadRoom) -> None:
    room.submit(*NUMBERS)
    page = room.send(room.ivan, SHEET).text
    for said in (
        "отчёт: выполнен", "отчёт: не вышло", "статуса нет", "можно понять двояко",
        "другая ссылка", "валюта не читается", "статус не понят", "такого номера нет",
        "уже был в таблице выше",
    ):  # fmt: skip
        assert said in page, said
    assert "Записать отчёты: 2" in page
    assert room.all_reports() == 0


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_a_wrong_row_costs_no_other_and_a_file_counts_once(room: LeadRoom, code: str) -> None:
    room.price()
    first, second, *others = room.submit(*NUMBERS)
    sheet = SHEET.encode(code)
    assert sure(room, sheet).status_code == 303
    assert [room.state(lead) for lead in (first, second)] == ["done", "failed"]
    assert {room.state(lead) for lead in others} == {"new"}
    (made,) = room.reports(first)
    assert (str(made["amount"]), made["currency"], made["made_by"]) == ("19.17", "USD", "ivan")
    assert (made["email"], made["card"]) == ("one@example.org", "411111******1111")
    assert room.room.balance() == 100000 - PRICE * (1 + len(others))
    before = room.all_reports()
    again = room.send(room.ivan, sheet).text
    assert "без изменений" in again and "Записывать нечего" in again
    assert room.all_reports() == before == 2


def test_what_was_downloaded_changes_nothing_when_it_comes_back(room: LeadRoom) -> None:
    leads = room.submit("a-1", "=2+2", "77", "-5")
    room.told(leads[0], amount=1, currency="USD", email="=1+1@example.org", card="1234")
    room.told(leads[1], good=False)
    room.told(room.deal("5001"))
    room.changed(leads[1], "https://pay.test/new")
    for kind in ("csv", "xlsx"):
        data = room.ivan.get(f"/leads.{kind}").content
        page = room.send(room.ivan, data, f"leads.{kind}").text
        assert "Записывать нечего" in page, page
        assert "такого номера нет" not in page and "другая ссылка" not in page
    assert room.all_reports() == 3


def test_a_workbook_that_people_filled_in_is_read(room: LeadRoom) -> None:
    (lead, other) = room.submit("12345678", "a-2")
    book = openpyxl.load_workbook(io.BytesIO(room.ivan.get("/leads.xlsx").content))
    sheet = book.worksheets[0]
    (row,) = (row for row in sheet.iter_rows() if row[0].value == "12345678")
    row[0].value, row[2].value, row[3].value, row[6].value = 12345678, 19.17, "usd", "успешно"
    out = io.BytesIO()
    book.save(out)
    assert sure(room, out.getvalue(), "leads.xlsx").status_code == 303
    (made,) = room.reports(lead)
    assert (str(made["amount"]), made["currency"]) == ("19.17", "USD")
    assert room.state(other) == "new"
    assert "Записывать нечего" in room.send(room.ivan, out.getvalue(), "leads.xlsx").text


def test_a_file_that_is_older_than_a_report_does_not_undo_it(room: LeadRoom) -> None:
    (lead,) = room.submit("a-1")
    room.told(lead, amount=5, currency="USD")
    text = room.ivan.get("/leads.csv").text
    room.told(lead, amount=7, currency="USD")
    page = room.send(room.ivan, text).text
    assert "с тех пор пришёл другой отчёт" in page and "Записывать нечего" in page
    # The same between looking and agreeing.
    (other,) = room.submit("a-2")
    answer = room.send(room.ivan, "Номер сделки;Сумма;Статус\na-2;5;Успешно\n").text
    found = TEXT.search(answer)
    assert found is not None
    room.told(other, good=False)
    fields = {"csrf": room.ivan.csrf, "text": html.unescape(found[1]), "sure": "yes"}
    done = room.ivan.client.post("/leads/import", data=fields)
    assert "с тех пор пришёл другой отчёт" in done.text
    assert room.state(other) == "failed" and len(room.reports(other)) == 1


def test_an_old_link_is_not_reported_on_again(room: LeadRoom) -> None:
    deal = room.deal("5001")
    sheet = f"Номер;Ссылка;Статус\n5001;{URL.format('5001')};ОШИБКА!\n"
    assert sure(room, sheet).status_code == 303
    room.changed(deal, "https://pay.test/new")
    assert room.state(deal) == "new"
    assert "другая ссылка" in room.send(room.ivan, sheet).text
    assert "без изменений" in room.send(room.ivan, "Номер;Статус\n5001;ОШИБКА!\n").text
    assert sure(room, "Номер;Ссылка;Статус\n5001;https://pay.test/new;ОШИБКА!\n").status_code == 303
    assert len(room.reports(deal)) == 2


def test_of_two_leads_with_a_number_the_link_decides(room: LeadRoom) -> None:
    deal, (theirs,) = room.deal("5001"), room.submit("5001", link="https://theirs.test/{}")
    assert "несколько" in room.send(room.ivan, "Номер;Статус\n5001;Успешно\n").text
    sure(room, "Номер;Ссылка;Статус\n5001;https://theirs.test/5001;Успешно\n")
    assert (room.state(deal), room.state(theirs)) == ("new", "done")


def test_giving_back_by_a_file_is_for_administrators(room: LeadRoom) -> None:
    room.price()
    (lead,) = room.submit("a-1")
    room.told(lead)
    sheet = "Номер;Статус\na-1;ОШИБКА!\n"
    assert "вернуть их может администратор" in room.send(room.ivan, sheet).text
    assert "Записать отчёты: 1" in room.send(room.olga, sheet).text


def test_what_is_no_table_is_refused(room: LeadRoom) -> None:
    zeros = io.BytesIO()
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (MOST_UNPACKED + 1))
    assert len(zeros.getvalue()) < 100_000
    refused: list[tuple[bytes | str, str]] = [
        ("", "Вставьте таблицу"),
        (b"PK\x03\x04 and nothing more", "не книга Excel"),
        (zeros.getvalue(), "не книга Excel"),
        ("a;b\n" * 5002, "больше 5000 строк"),
        ("Номер сделки;Сумма\n1;2\n", "Нет столбцов"),
    ]
    for data, said in refused:
        answer = room.send(room.ivan, data)
        assert answer.status_code == 422 and said in answer.text, said
    assert room.send(room.ivan, b"x" * 1_000_001).status_code == 413
    assert room.ivan.client.post("/leads/import", data={"text": SHEET}).status_code == 403


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12).map(
    lambda text: " ".join(text.split()).strip("\"'")
)


@given(st.text(max_size=30).filter(lambda text: "'" not in text))
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert unsafe(safe(text)) == text


@given(st.lists(st.fixed_dictionaries({"number": CELLS, "status": CELLS, "link": CELLS})))
def test_rows_come_back_as_they_were(rows: list[dict[str, str]]) -> None:
    said = [{name: text for name, text in row.items() if text} for row in rows]
    given_rows = [Row(line, {**row, "line": str(line)}) for line, row in enumerate(said, 2)]
    found = read_rows(kept(given_rows))
    assert [(row.line, dict(row.values)) for row in found] == list(enumerate(said, 2))


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        for row in read_rows(text):
            assert row.line >= 0
    except ConfigError as error:
        assert str(error)


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reading(tail: bytes) -> None:
    with pytest.raises(Unreadable):
        as_csv(b"PK\x03\x04" + tail)


def test_numbers_of_a_workbook_can_be_read_in_one_way_only() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in ([1.234, 20.0, 19.17, 12345678], [], [True, None, " a\nb "]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    found = list(csv.reader(io.StringIO(as_csv(out.getvalue())), delimiter=";"))
    assert found == [["1.2340", "20", "19.17", "12345678"], [""], ["1", "", "a b"]]
