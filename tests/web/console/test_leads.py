"""The room of leads: the table, one lead, what people report, robots."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest

from console_visitor import Visitor
from lead_room import PRICE, URL, LeadRoom, open_leads
from running_web import WebApp


@pytest.fixture
def room(web_app: WebApp) -> LeadRoom:
    return open_leads(web_app)


def test_an_empty_room_says_where_leads_come_from(reader: Visitor) -> None:
    assert "их присылают партнёры и amoCRM" in reader.page("/leads")
    assert "Роботов нет" in reader.page("/leads/robots")
    assert "uzel leads crm" in reader.page("/leads/crm")
    for path in ("/leads/999", "/leads/abc", "/leads/robots/7/revoke"):
        assert reader.get(path).status_code == 404


def test_the_table_shows_the_last_report_and_what_needs_somebody(room: LeadRoom) -> None:
    (first, second) = room.submit("a-1", "a-2")
    deal = room.deal("5001")
    room.told(first, amount=19, currency="USD", email="one@example.org", card="411111******1111")
    room.told(deal)
    room.refused(deal)
    page = room.ivan.page("/leads")
    assert "a-1" in page and "one@example.org" in page and "411111******1111" in page
    assert f'href="{URL.format("a-1")}" target="_blank" rel="noopener noreferrer"' in page
    assert "не записан в CRM" in page and "Ромашка" in page
    assert page.index("5001") < page.index("a-2") < page.index("a-1")
    assert f'id="lead-{second}"' in page
    overview = room.ivan.page("/")
    assert "отчёты не записались в CRM" in overview
    room.changed(deal, "https://pay.test/other")
    assert "ссылка изменилась после выполнения" in room.ivan.page(f"/leads/{deal}")


# Query → the numbers of the leads that are shown.
FILTERS = {
    "state=new": {"a-2"},
    "state=done": {"a-1", "5001"},
    "state=nonsense": {"a-1", "a-2", "5001"},
    "mark=failed": {"5001"},
    "mark=late": {"a-1"},
    "mark=held": {"a-2"},
    "mark=overdue": {"a-2"},
    "mark=waiting": set(),
    "mark=uncharged": set(),
    "mark=nonsense": {"a-1", "a-2", "5001"},
    "q=a-1": {"a-1"},
    "q=pay.test/c/a": {"a-2"},
    "q=100%25_": set(),
    "period=1h": {"5001"},
    "book=test": set(),
    "source=partner-1": {"a-1", "a-2"},
    "source=crm-1": {"5001"},
    "source=crm-x": {"a-1", "a-2", "5001"},
}


def test_filters(room: LeadRoom) -> None:
    (first, second) = room.submit("a-1", "a-2")
    deal = room.deal("5001")
    room.told(first)
    room.changed(first, "https://other.test/x")
    room.told(deal)
    room.refused(deal)
    room.held()
    long_ago = "now() - interval '2 hours'"
    room.value(
        f"update lead set created_at = {long_ago}, updated_at = {long_ago} where id < $1",
        deal,
    )
    for query, shown in FILTERS.items():
        text = room.ivan.get(f"/leads.csv?{query}").text
        found = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
        assert {row["Номер сделки"] for row in found} == shown, query
        page = room.ivan.page(f"/leads?{query}")
        for number, lead in {"a-1": first, "a-2": second, "5001": deal}.items():
            assert (f'id="lead-{lead}"' in page) == (number in shown), query


def test_what_is_no_web_address_is_no_link(room: LeadRoom) -> None:
    lead = room.deal("5002", "javascript:alert(1)//https://x.test")
    for path in ("/leads", f"/leads/{lead}"):
        page = room.ivan.page(path)
        assert 'href="javascript' not in page
        assert "javascript:alert" in page or "x.test" in page


def test_a_person_reports_once_and_money_follows(room: LeadRoom) -> None:
    room.price()
    (lead,) = room.submit("a-1")
    fields = {"amount": "19,17 $", "email": "one@example.org", "card": "4111 1111 1111 1111"}
    look = room.ivan.post(f"/leads/{lead}/report", do="success", seen="0.1.new", **fields)
    assert look.status_code == 200 and "спишется с баланса партнёра" in look.text
    assert room.state(lead) == "new"
    form = {**fields, "do": "success", "seen": room.seen(room.ivan, lead), "sure": "yes"}

    def send(_: int) -> str:
        return room.ivan.post(f"/leads/{lead}/report", **form).headers["location"]

    with ThreadPoolExecutor(6) as threads:
        went = sorted(threads.map(send, range(6)))
    assert [place.partition("done=")[2] for place in went] == [
        *["lead_as_it_was"] * 5, "lead_reported",
    ]  # fmt: skip
    (made,) = room.reports(lead)
    assert (str(made["amount"]), made["currency"], made["made_by"]) == ("19.17", "USD", "ivan")
    assert made["card"] == "411111******1111" and "4111 1111" not in str(made["data"])
    assert room.state(lead) == "done" and room.room.balance() == 100000 - PRICE
    page = room.olga.page(f"/leads/{lead}")
    assert "ivan" in page
    price = re.search(r'href="(/partners/[0-9]+/payments/(lead_txn_[0-9a-f]+))"', page)
    assert price is not None and "к оплате" in room.olga.page(price[1])
    assert room.olga.get(f"/search?q={price[2]}").headers["location"].startswith("/partners/paym")
    said = room.value("select detail from audit where action = 'report'")
    assert said["report"] == made["public_id"]


def test_giving_back_what_was_taken_is_for_administrators(room: LeadRoom) -> None:
    room.price()
    (lead,) = room.submit("a-1")
    room.told(lead)
    assert "вернуть их может администратор" in room.ivan.page(f"/leads/{lead}")
    assert room.report(room.ivan, lead, "failure").status_code == 403
    assert room.state(lead) == "done"
    assert room.report(room.olga, lead, "failure").status_code == 303
    assert room.state(lead) == "failed" and room.room.balance() == 100000


def test_a_lead_done_without_being_charged_is_charged_later(room: LeadRoom) -> None:
    room.price()
    (lead,) = room.submit("a-1")
    room.told(lead, good=False)
    room.room.move("-1000", "correction")
    room.told(lead)
    assert "лиды выполнены без списания" in room.ivan.page("/")
    page = room.olga.page(f"/leads/{lead}")
    assert "Списать" in page and "Списать" not in room.ivan.page(f"/leads/{lead}")
    assert room.ivan.post(f"/leads/{lead}/charge").status_code == 403
    assert "пополните его" in room.olga.done(f"/leads/{lead}/charge")
    room.room.move("100")
    assert "списана с баланса" in room.olga.done(f"/leads/{lead}/charge")
    assert "ничего не сделано" in room.olga.done(f"/leads/{lead}/charge")
    assert room.room.balance() == 10000 - PRICE
    assert "лиды выполнены без списания" not in room.ivan.page("/")


UNREADABLE: list[tuple[dict[str, str], str]] = [
    ({"amount": "1,234"}, "можно понять двояко"),
    ({"amount": "много"}, "можно понять двояко"),
    ({"currency": "рублей"}, "Такой валюты нет"),
    ({"amount": "5 $", "currency": "EUR"}, "Такой валюты нет"),
    ({"email": "x" * 256}, "До 255"),
]


def test_what_cannot_be_read_is_said(room: LeadRoom) -> None:
    (lead,) = room.submit("a-1")
    for fields, said in UNREADABLE:
        answer = room.report(room.ivan, lead, **fields)
        assert answer.status_code == 422 and said in answer.text, fields
    assert room.state(lead) == "new" and room.reports(lead) == []


def test_a_robot_has_to_give_back_what_it_holds(room: LeadRoom) -> None:
    (lead,) = room.submit("a-1")
    room.held()
    page = room.ivan.page(f"/leads/{lead}")
    assert "у робота Zeno" in page
    assert "может взять другой" in room.ivan.done(f"/leads/{lead}/release")
    assert room.value("select leased_by from lead where id = $1", lead) is None
    assert "ничего не сделано" in room.ivan.done(f"/leads/{lead}/release")
    assert "освобождён от робота Zeno" in room.ivan.page(f"/leads/{lead}")


def test_a_report_that_failed_is_written_again(room: LeadRoom) -> None:
    deal = room.deal("5001")
    report = room.told(deal)
    (other,) = room.submit("a-1")
    theirs = room.told(other)
    room.refused(deal, "the field was renamed")
    page = room.ivan.page(f"/leads/{deal}")
    assert "the field was renamed" in page and "Записать ещё раз" in page
    assert room.ivan.post(f"/leads/{deal}/retry", report=theirs).status_code == 404
    assert "ещё раз" in room.ivan.done(f"/leads/{deal}/retry", report=report)
    assert room.reports(deal)[0]["crm_state"] == "waiting"
    assert room.value("select count(*) from call where effect like 'lead:%'") == 1
    assert "ничего не сделано" in room.ivan.done(f"/leads/{deal}/retry", report=report)
    assert "Записать ещё раз" not in room.ivan.page(f"/leads/{other}")


def test_the_files_hold_no_formulas(room: LeadRoom) -> None:
    (lead,) = room.submit("=1+1")
    room.told(lead, email="=cmd|x", amount=5, currency="USD")
    text = room.ivan.get("/leads.csv").text
    assert text.startswith('\ufeff"Номер сделки";"Ссылка на оплату";"Сумма";"Валюта";"Почта"')
    assert '"\'=1+1"' in text and '"\'=cmd|x"' in text
    answer = room.ivan.get("/leads.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    head, row = list(sheet.iter_rows())
    assert [cell.value for cell in head][:7] == [
        "Номер сделки", "Ссылка на оплату", "Сумма", "Валюта", "Почта", "Карта", "Статус",
    ]  # fmt: skip
    assert row[0].value == "=1+1" and row[0].data_type == "s"
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)


def test_robots_are_added_shown_once_and_revoked(room: LeadRoom) -> None:
    assert room.ivan.post("/leads/robots", name="Zeno").status_code == 403
    page = room.olga.post("/leads/robots", name="Zeno").text
    token = page.partition('id="token" readonly value="')[2].partition('"')[0]
    assert token.startswith("uzr_")
    assert token not in room.olga.page("/leads/robots")
    assert room.olga.post("/leads/robots", name="zeno").status_code == 422
    assert room.olga.post("/leads/robots", name=" ").status_code == 422
    tasks = "/amogt/amodeals_json.php"
    assert room.ivan.client.get(tasks, params={"token": token}).status_code == 200
    number = room.value("select id from robot")
    assert room.ivan.post(f"/leads/robots/{number}/revoke").status_code == 403
    assert "Zeno" in room.olga.page(f"/leads/robots/{number}/revoke")
    room.olga.done(f"/leads/robots/{number}/revoke")
    assert room.ivan.client.get(tasks, params={"token": token}).status_code == 403
    assert room.olga.post(f"/leads/robots/{number}/revoke").status_code == 404
    acts = "select array_agg(action order by id) from audit where subject = $1"
    assert room.value(acts, f"robot:{number}") == ["add", "revoke"]


def test_the_search_finds_a_lead(room: LeadRoom) -> None:
    (lead,) = room.submit("deal-77")
    answer = room.ivan.get("/search?q=deal-77")
    assert answer.headers["location"] == f"/leads/{lead}"


def test_reports_that_no_lead_was_found_for_are_shown(room: LeadRoom) -> None:
    room.value(
        "insert into lead_report (public_id, deal_id, book, is_success, status, data, crm_state, "
        "crm_message) values ('zenorep_1', 'nobody', 'live', true, 'Успешно', '{}', 'failed', "
        "'There is no lead with this ID, and no AmoCRM that it could be a deal of.')"
    )
    page = room.ivan.page("/leads")
    assert "nobody" in page and "такого лида нет" in page
    assert "не нашлось лида" in room.ivan.page("/")


def test_the_crm_is_shown_as_the_command_set_it(room: LeadRoom) -> None:
    room.deal("5001")
    room.value(
        "update lead_crm set settings = $1",
        {"link_field": "Ссылка", "final": "Воронка/Выдано", "static": [["Админ", "Бот"]]},
    )
    page = room.ivan.page("/leads/crm")
    assert "Воронка/Выдано" in page and "Админ: Бот" in page and "uzel leads crm" in page
