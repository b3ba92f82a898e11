"""What a partner sees."""

import csv
import io
import re
from datetime import datetime
from decimal import Decimal
from html import unescape
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from cabinet_visitor import PAGES, CabinetVisitor, plain
from partner_client import Client, add_client
from running_web import WebApp
from uzel.partners.payment import State
from uzel.web.partner.actions import ACTIONS
from uzel.web.partner.codes import CODES


@pytest.fixture(scope="module")
def busy(app: WebApp) -> tuple[Client, list[str]]:
    """A partner with payments in all states."""
    it = add_client(app, "1000.50", commission_percent="15")
    ids = [
        it.pay(f"{n}.10", key=f"k{n}", external_id=f"order-{n}", service_details="Ключ").json()[
            "transaction_id"
        ]
        for n in range(1, 7)
    ]
    it.settle(ids[0], State.COMPLETED)
    it.settle(ids[1], State.FAILED, "card refused")
    return it, ids


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_opens(app: WebApp, busy: tuple[Client, list[str]], language: str) -> None:
    it, ids = busy
    visitor = CabinetVisitor(app.url, {"accept-language": language}).sign_in(it.token)
    for path in (*PAGES, f"/partner/transactions/{ids[0]}"):
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            assert f'<html lang="{language}">' in answer.text
            policy = answer.headers["content-security-policy"]
            assert "script" not in policy
            assert "<script" not in answer.text
            assert "style=" not in answer.text
        assert answer.headers["cache-control"] == "no-store"


def test_the_overview(app: WebApp, busy: tuple[Client, list[str]]) -> None:
    it, ids = busy
    text = plain(CabinetVisitor(app.url).sign_in(it.token).page("/partner/"))
    stands = it.stands()
    for minor in (stands.available_minor, stands.held_minor):
        whole = f"{minor // 100:,}".replace(",", " ")
        assert f"{whole},{minor % 100:02} ₽" in text
    assert "50 %" in text
    assert "6 платежей за 30 дней" in text
    assert ids[-1] in text
    assert ids[0] not in text  # the last five
    # What is held is told once, beside what was taken.
    taken = 100_050 - stands.posted_minor
    assert f"Списано {taken // 100},{taken % 100:02} ₽" in text
    today = datetime.now(ZoneInfo("Europe/Moscow")).date()
    assert f"{today:%d.%m.%Y}" in text and today.isoformat() not in text


def test_filters_and_paging(app: WebApp) -> None:
    it = add_client(app, "1000")
    ids = [
        it.pay("1", key=f"p{n}", external_id=f"n-{n}").json()["transaction_id"] for n in range(53)
    ]
    it.settle(ids[0], State.FAILED, "no")
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    first = visitor.page("/partner/transactions")
    older = unescape(re.findall(r'href="([^"]+before=[^"]+)"', first)[0])
    rest = visitor.page(older)
    found = [it for it in ids if f"/transactions/{it}" in first + rest]
    assert found == ids
    failed = visitor.page("/partner/transactions?state=failed")
    assert [it for it in ids if it in failed] == ids[:1]
    for number in ("n-7", ids[7]):
        assert ids[7] in visitor.page(f"/partner/transactions?number={number}")
        assert ids[8] not in visitor.page(f"/partner/transactions?number={number}")
    assert "Таких платежей нет" in visitor.page("/partner/transactions?to=2001-01-01")
    answer = visitor.get("/partner/transactions.csv?state=pending")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["Наш номер"] for row in rows] == ids[:0:-1]
    assert {row["Стоимость"] for row in rows} == {"1,00"}


def test_a_payment_and_its_steps_without_the_names_of_staff(
    app: WebApp, busy: tuple[Client, list[str]]
) -> None:
    it, ids = busy
    text = plain(CabinetVisitor(app.url).sign_in(it.token).page(f"/partner/transactions/{ids[1]}"))
    assert "card refused" in text
    assert "order-2" in text
    assert "robot" not in text
    assert text.index("Ждёт исхода", text.index("Как шёл")) < text.rindex("Не вышло")


def test_the_statement_and_its_files_agree(app: WebApp, busy: tuple[Client, list[str]]) -> None:
    it, _ = busy
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    text = plain(visitor.page("/partner/statement"))
    body = visitor.get("/partner/statement.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body), delimiter=";"))
    total = sum(Decimal(row["Сумма"].replace(",", ".")) for row in rows[1:-3])
    assert total * 100 == it.stands().posted_minor
    assert rows[-1]["Остаток"] in text.replace(" ", "")
    assert Decimal(rows[-1]["Остаток"].replace(",", ".")) == total
    assert "период не окончен" in text
    assert "период не окончен" in rows[-1]["Операция"]
    last = visitor.page("/partner/statement?period=last")
    assert "Остаток на конец" in last
    assert "операций не было" in last
    assert visitor.get("/partner/statement.docx").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "from=x&to=y",
        "from=0001-01-01&to=9999-12-31",
        "period=zzz",
        "to=1999-01-01",
        "from=9999-12-31",
    ],
)
def test_any_period_is_a_page(app: WebApp, busy: tuple[Client, list[str]], query: str) -> None:
    visitor = CabinetVisitor(app.url).sign_in(busy[0].token)
    assert visitor.get(f"/partner/statement?{query}").status_code == 200
    assert visitor.get(f"/partner/statement.csv?{query}").status_code == 200
    assert visitor.get(f"/partner/transactions?{query}").status_code == 200


def test_a_test_token_shows_the_test_book_with_a_band(app: WebApp) -> None:
    it = add_client(app, "5", is_test=True)
    text = plain(CabinetVisitor(app.url).sign_in(it.token).page("/partner/"))
    assert "Тестовый баланс" in text
    assert "1 000 000,00 ₽" in text


def test_the_reference_holds_every_request_and_code_and_no_token(
    app: WebApp, busy: tuple[Client, list[str]]
) -> None:
    it, ids = busy
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page("/partner/api")
    described = app.client.get("/api/v1/openapi.json").json()["paths"]
    names = [
        operation["operationId"]
        for path, operations in described.items()
        if path.startswith("/api/v1/partner/")
        for operation in operations.values()
    ]
    assert len(names) >= 6
    for name in (*ACTIONS, *names):
        assert f'id="{name}"' in page
    # `closed` is for robots; the others are of the new address alone.
    for code in {*CODES, "bad_request", "conflict", "invalid_request"} - {"closed"}:
        assert f"<code>{code}</code>" in page
    assert "…" not in "".join(re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL))
    assert it.token not in page
    assert "$TOKEN" in page
    assert f"/api/v1/partner/payments/{ids[-1]}" in page


def test_the_reading_requests_can_be_tried(app: WebApp, busy: tuple[Client, list[str]]) -> None:
    it, ids = busy
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page("/partner/api")
    names = re.findall(r'name="name" value="([^"]+)"', page)
    assert {"get_balance", "getPartnerPayment", "getPartnerStatement"} <= set(names)
    assert "process_payment" not in names
    before = it.payments()
    for name in names:
        answer = visitor.post("/partner/api/try", name=name)
        assert answer.status_code == 200
        assert "HTTP 200" in plain(answer.text), name
        assert "lent_" not in answer.text
    text = unescape(visitor.post("/partner/api/try", name="get_balance").text)
    assert it.public_id in text
    for name in ("process_payment", "makePartnerPayment", "nothing"):
        assert visitor.post("/partner/api/try", name=name).status_code == 404
    assert it.payments() == before
    assert app.deps.partners.gate._lent == {}
    assert ids


def test_what_partners_typed_is_text(app: WebApp) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    it = add_client(app, "10", name=f"{hostile} {uuid4().hex[:6]}")
    made = it.pay("1", key="x", external_id=hostile, service_details=hostile)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    for path in (*PAGES[:6], f"/partner/transactions/{made.json()['transaction_id']}"):
        page = visitor.page(path)
        assert "<img" not in page
        assert "&lt;img src=x" in page
