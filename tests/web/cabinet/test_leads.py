"""Leads as their partner sees them: filters, pages, a file, what was reported and what it cost."""

import csv
import io
import re
from html import unescape
from typing import Any

import pytest

from cabinet_visitor import CabinetVisitor, plain
from partner_client import Client, add_client
from robots import add_robot
from running_web import WebApp


def submit(it: Client, *leads: dict[str, Any]) -> list[str]:
    """Our numbers of them."""
    answer = it.v1("POST", "/leads", json={"leads": leads})
    assert answer.status_code == 200, answer.text
    return [str(lead["lead_id"]) for lead in answer.json()["leads"]]


@pytest.fixture(scope="module")
def reported(app: WebApp) -> tuple[Client, list[str]]:
    """A partner with a lead of each state, a price each, and one corrected report."""
    it = add_client(app, "1000", lead_price_minor=2550)
    robot = add_robot(app)
    leads = [
        {
            "external_id": f"{it.public_id}-{n}",
            "payment_url": f"https://pay.test/{n}",
            "data": {"тариф": f"месяц {n}"},
        }
        for n in range(3)
    ]
    ids = submit(it, *leads)
    card = "4111 1111 1111 1111"
    robot.report(ids[0], amount="19,17", currency="USD", email="pay@shop.example", card=card)
    robot.report(ids[1], "Выполнено")
    robot.report(ids[1], "ОШИБКА!", amount="1,234")
    return it, ids


def test_the_list_says_what_was_reported_and_what_it_cost(
    app: WebApp, reported: tuple[Client, list[str]]
) -> None:
    it, ids = reported
    page = CabinetVisitor(app.url).sign_in(it.token).page("/partner/leads")
    newest, failed, done = (plain(row) for row in re.findall(r"<tr>.*?</tr>", page, re.S)[1:])
    for said, number, words in (
        (newest, 2, ("Ждёт отчёта", "25,50 ₽", "Ждёт исхода")),
        (failed, 1, ("Не вышло", "ОШИБКА!", "25,50 ₽")),
        (done, 0, ("Выполнен", "Успешно", "25,50 ₽", "Оплачено")),
    ):
        for word in (f"{it.public_id}-{number}", f"https://pay.test/{number}", *words):
            assert word in said
    payments = {one["lead_id"]: one for one in it.get("get_transactions").json()["transactions"]}
    assert len(payments) == 3
    for lead in ids:
        assert f"/partner/leads/{lead}" in page


def test_a_leads_details(app: WebApp, reported: tuple[Client, list[str]]) -> None:
    it, ids = reported
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page(f"/partner/leads/{ids[0]}")
    text = plain(page)
    for word in (f"{it.public_id}-0", "19,17 USD", "pay@shop.example", "месяц 0", ids[0]):
        assert word in text
    assert "411111******1111" in text
    assert "4111 1111" not in text
    assert text.index("получен") < text.index("выполнен")
    (charge,) = set(re.findall(r"/partner/transactions/(\w+)", page))
    paid = plain(visitor.page(f"/partner/transactions/{charge}"))
    assert "25,50 ₽" in paid and f"Описание лид {it.public_id}-0" in paid
    failed = plain(visitor.page("/partner/transactions?state=failed"))
    assert "отчёт: ОШИБКА!" in failed and "report:" not in failed
    both = plain(visitor.page(f"/partner/leads/{ids[1]}"))
    # The newest report stands first; an amount that could be two is shown as it was written.
    assert both.index("ОШИБКА!") < both.index("Выполнено")
    assert "1,234" in both
    assert "robot" not in both


def test_filters(app: WebApp, reported: tuple[Client, list[str]]) -> None:
    it, ids = reported
    visitor = CabinetVisitor(app.url).sign_in(it.token)

    def listed(query: str) -> list[str]:
        page = visitor.page(f"/partner/leads?{query}")
        return [number for number in ids if f"/leads/{number}" in page]

    assert [listed(f"state={state}") for state in ("done", "failed", "new", "x")] == [
        ids[:1], ids[1:2], ids[2:], ids,
    ]  # fmt: skip
    assert listed(f"number={it.public_id}-1") == ids[1:2]
    assert listed(f"number={it.public_id}-1&state=new") == []
    assert listed("number=%00") == ids
    assert "Таких лидов нет" in visitor.page("/partner/leads?number=nobodys")


def test_pages_and_the_file_hold_every_lead_once(app: WebApp) -> None:
    it = add_client(app)
    ids = submit(it, *({"external_id": f"=n{n}"} for n in range(53)))
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    first = visitor.page("/partner/leads?state=new")
    older = unescape(re.findall(r'href="([^"]+before=[^"]+)"', first)[0])
    assert "state=new" in older
    second = visitor.page(older)
    found = [re.findall(r"/partner/leads/(lead_\w+)", page) for page in (first, second)]
    assert sorted(found[0] + found[1]) == sorted(ids)
    assert [len(page) for page in found] == [50, 3]
    answer = visitor.get("/partner/leads.csv?state=new")
    body = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body), delimiter=";"))
    assert [row["Наш номер"] for row in rows] == found[0] + found[1]
    assert {row["Состояние"] for row in rows} == {"Ждёт отчёта"}
    # No spreadsheet runs what a partner calls its leads.
    assert not any(row["Ваш номер"].startswith("=") for row in rows)


def test_the_file_has_price_payment_and_report(
    app: WebApp, reported: tuple[Client, list[str]]
) -> None:
    it, ids = reported
    visitor = CabinetVisitor(app.url, {"accept-language": "en"}).sign_in(it.token)
    answer = visitor.get("/partner/leads.csv?state=done")
    body = answer.content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(body), delimiter=";")
    api = next(one for one in it.v1("GET", "/leads").json()["items"] if one["id"] == ids[0])
    assert (row["Our number"], row["Payment"]) == (ids[0], api["payment_id"])
    assert (row["Price"], row["Payment state"], row["Report"]) == ("25.50", "Paid", "Успешно")
    assert row["Time of the report"]


def test_each_book_shows_its_own(app: WebApp) -> None:
    live, test = add_client(app), add_client(app, is_test=True)
    numbers = [submit(it, {"external_id": f"{it.public_id}-book"})[0] for it in (live, test)]
    visitor = CabinetVisitor(app.url).sign_in(test.token)
    page = visitor.page("/partner/leads")
    assert numbers[1] in page
    assert numbers[0] not in page
    add_robot(app, is_test=True).report(numbers[1])
    assert "Выполнен" in plain(visitor.page(f"/partner/leads/{numbers[1]}"))


def test_what_partners_and_robots_typed_is_text(app: WebApp) -> None:
    it = add_client(app)
    evil = "<script>alert(1)</script>"
    (number,) = submit(it, {"external_id": evil, "data": {evil: evil}})
    add_robot(app).report(number, amount=evil, email=evil, card=evil)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    for path in ("leads", f"leads/{number}", f"leads?number={evil}"):
        page = visitor.page(f"/partner/{path}")
        assert "<script" not in page
        assert "&lt;script&gt;" in page
