"""The partner API of v1."""

import csv
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import openpyxl
import pytest
from pypdf import PdfReader

from partner_client import Client, add_client
from running_web import WebApp
from uzel.partners import statement_files
from uzel.partners.payment import State
from uzel.partners.statement_files import MEDIA_TYPES, Kind
from uzel.web.api.problems import KINDS
from uzel.web.partner.codes import CODES

SINCE = {"from": "2020-01-01T00:00:00Z"}


def refused(answer: httpx2.Response, code: str) -> dict[str, Any]:
    """The problem of an answer, after a look at its shape."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert found["code"] == code
    assert found["status"] == answer.status_code
    assert found["type"] == f"/problems/{code.replace('_', '-')}"
    assert found["title"] and found["detail"] and found["request_id"]
    return found


def pay(it: Client, key: str, **fields: Any) -> httpx2.Response:
    return it.v1("POST", "/payments", key=key, json=fields)


def test_a_payment_from_quote_to_end(app: WebApp) -> None:
    it = add_client(app, "5000", commission_percent="15")
    quoted = it.v1("POST", "/quotes", json={"amount": "20.00", "currency": "USD"})
    assert quoted.status_code == 201, quoted.text
    quote = quoted.json()
    assert (quote["cost_minor"], quote["commission_minor"]) == (207000, 27000)
    paid = pay(it, "k-1", quote_id=quote["id"], external_id="order-1", details="One month")
    assert paid.status_code == 201, paid.text
    made = paid.json()
    assert made["state"] == "pending"
    assert (made["available_before_minor"], made["available_after_minor"]) == (500000, 293000)
    assert it.v1("GET", f"/payments/{made['id']}").json() == made
    balance = it.v1("GET", "/balance").json()
    assert [balance[f"{n}_minor"] for n in ("available", "held", "total")] == [
        293000, 207000, 500000,
    ]  # fmt: skip
    it.settle(made["id"], State.COMPLETED)
    assert it.v1("GET", f"/payments/{made['id']}").json()["state"] == "completed"
    refused(pay(it, "k-2", quote_id=quote["id"]), "quote_used")


def test_the_same_key_gets_the_same_answer_byte_for_byte(app: WebApp) -> None:
    it = add_client(app, "100")
    first = pay(it, "a", amount="10", currency="RUB")
    again = pay(it, "a", amount="10.00", currency="RUB")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    refused(pay(it, "a", amount="11", currency="RUB"), "idempotency_key_reused")
    poor = pay(it, "b", amount="1000", currency="RUB")
    assert (
        refused(poor, "insufficient_funds")["detail"] == "It costs 1000.00 RUB; available: 90.00."
    )
    again = pay(it, "b", amount="1000", currency="RUB")
    assert (again.status_code, again.content) == (402, poor.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert it.payments() == 1


def test_a_storm_with_one_key_pays_once(app: WebApp) -> None:
    it = add_client(app, "100")
    with ThreadPoolExecutor(16) as threads:
        answers = list(
            threads.map(lambda _: pay(it, "storm", amount="1", currency="RUB"), range(48))
        )
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, "request_in_progress")
            assert answer.headers["retry-after"] == "1"
    assert it.payments() == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": "1", "currency": "GBP"}, "rate_not_found"),
        ({"amount": "1", "currency": "ZZZ"}, "rate_not_found"),
        ({"amount": 1, "currency": "RUB"}, "invalid_request"),
        ({"amount": "0.00", "currency": "RUB"}, "invalid_request"),
        ({"amount": "10,5", "currency": "RUB"}, "invalid_request"),
        ({"amount": "1", "currency": "RUB", "extra": 1}, "invalid_request"),
        ({"amount": "1", "currency": "RUB", "external_id": "a\u0000"}, "invalid_request"),
        ({"amount": "999999999999999999", "currency": "RUB"}, "invalid_request"),
        ({"amount": "1"}, "invalid_request"),
        ({}, "invalid_request"),
        ({"quote_id": "quote_0123456789abcdef"}, "quote_not_found"),
    ],
)
def test_what_is_wrong_with_a_payment(app: WebApp, fields: dict[str, Any], code: str) -> None:
    it = add_client(app, "100")
    refused(pay(it, "k", **fields), code)
    assert it.payments() == 0


@pytest.mark.parametrize("key", [None, "", "a" * 256])
def test_a_payment_needs_a_key(app: WebApp, key: str | None) -> None:
    it = add_client(app, "100")
    answer = it.v1("POST", "/payments", key=key, json={"amount": "1", "currency": "RUB"})
    found = refused(answer, "invalid_request")
    assert found["errors"][0]["location"] == "header.Idempotency-Key"
    assert key is not None or "external_id" in found["detail"]
    assert it.payments() == 0


def test_a_number_of_ones_own_is_as_good_as_a_key(app: WebApp) -> None:
    it = add_client(app, "100")
    asked = {"amount": "1", "currency": "RUB", "external_id": "order-1"}
    first, again = (it.v1("POST", "/payments", json=asked) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    other = it.v1("POST", "/payments", json={**asked, "amount": "2"})
    refused(other, "idempotency_key_reused")
    assert it.payments() == 1


@pytest.mark.parametrize(
    ("sent", "location", "detail"),
    [
        (b'{"amount": 1,}', "body", "no JSON"),
        (b"amount=1", "body", "Content-Type: application/json"),
        (b'{"amount": "1,5", "currency": "RUB"}', "body.amount", "decimal number"),
        (b'{"amount": "0", "currency": "RUB"}', "body.amount", "an amount is above zero"),
        (b'{"amount": "1", "currency": "rub"}', "body.currency", "three capital letters"),
        (b'{"amount": "1", "currency": "RUB", "x": 1}', "body.x", "no such parameter"),
        (b'{"quote_id": "q"}', "body.quote_id", "the id of a quote"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    app: WebApp, sent: bytes, location: str, detail: str
) -> None:
    it = add_client(app, "100")
    kind = "application/json" if sent.startswith(b"{") else "application/x-www-form-urlencoded"
    headers = {"content-type": kind}
    answer = it.v1("POST", "/payments", key="k", content=sent, headers=headers)
    (wrong,) = refused(answer, "invalid_request")["errors"]
    assert wrong["location"] == location
    assert detail in wrong["detail"]
    assert not any(sign in wrong["detail"] for sign in "$\\[{")


def test_numbers_of_ones_own_are_unique_at_both_addresses(app: WebApp) -> None:
    it = add_client(app, "100")
    paid = it.pay("1", external_id="n-1").json()["transaction_id"]
    refused(pay(it, "k", amount="1", currency="RUB", external_id="n-1"), "idempotency_key_reused")
    (found,) = it.v1("GET", "/payments", params={"external_id": "n-1"}).json()["items"]
    assert found["id"] == paid
    assert it.payments() == 1


def test_who_may_do_what(app: WebApp) -> None:
    it = add_client(app, "100")
    client = app.client
    nobody = client.get("/api/v1/partner/balance")
    refused(nobody, "unauthorized")
    assert nobody.headers["www-authenticate"] == 'Bearer realm="uzel"'
    in_url = client.get("/api/v1/partner/balance", params={"api_token": it.token})
    refused(in_url, "unauthorized")
    reader = add_client(app, "100", scopes=("read",))
    answer = pay(reader, "k", amount="1", currency="RUB")
    refused(answer, "scope_missing")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    operators = client.get("/api/v1/events", headers={"authorization": f"Bearer {it.token}"})
    assert operators.status_code == 401


def test_another_partners_payments_are_not_there(app: WebApp) -> None:
    it, other = add_client(app, "100"), add_client(app, "100")
    number = pay(it, "k", amount="1", currency="RUB", external_id="mine").json()["id"]
    quote = it.v1("POST", "/quotes", json={"amount": "1", "currency": "RUB"}).json()["id"]
    refused(other.v1("GET", f"/payments/{number}"), "not_found")
    refused(other.v1("GET", "/payments", params={"cursor": number}), "not_found")
    assert other.v1("GET", "/payments", params={"external_id": "mine"}).json()["items"] == []
    refused(pay(other, "k", quote_id=quote), "quote_not_found")
    # The same key and number are free to another.
    answer = pay(other, "k", amount="1", currency="RUB", external_id="mine")
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


def test_payments_are_listed_in_pages(app: WebApp) -> None:
    it = add_client(app, "100")
    made = [pay(it, f"k{n}", amount="1", currency="RUB").json()["id"] for n in range(5)]
    it.settle(made[1], State.FAILED)
    walked: list[str] = []
    path = "/payments?limit=2"
    while True:
        answer = it.v1("GET", path)
        walked += [one["id"] for one in answer.json()["items"]]
        if "link" not in answer.headers:
            break
        path = answer.headers["link"].split(">")[0].removeprefix("</api/v1/partner")
    assert walked == made[::-1]
    failed = it.v1("GET", "/payments", params={"state": "failed"}).json()
    assert [one["id"] for one in failed["items"]] == [made[1]]
    assert it.v1("GET", "/payments", params={"until": SINCE["from"]}).json()["items"] == []


def test_a_statement_adds_up(app: WebApp) -> None:
    it = add_client(app, "100", debit="at_once")
    numbers = [pay(it, f"k{n}", amount=f"{n}.10", currency="RUB").json()["id"] for n in range(1, 4)]
    it.settle(numbers[0], State.FAILED, "=HYPERLINK(0)")
    whole = it.v1("GET", "/statement", params=SINCE).json()
    assert whole["opening_minor"] == 0
    entries = whole["entries"]
    kinds = [entry["kind"] for entry in entries]
    assert kinds == ["top_up", "payment", "payment", "payment", "payment_back"]
    assert entries[-1]["payment_id"] == numbers[0]
    running = 0
    for entry in entries:
        running += entry["amount_minor"]
        assert entry["balance_minor"] == running
    assert running == whole["closing_minor"] == it.v1("GET", "/balance").json()["total_minor"]
    # Two parts of the time are the whole.
    middle = entries[2]["at"]
    first = it.v1("GET", "/statement", params=SINCE | {"to": middle}).json()
    rest = it.v1("GET", "/statement", params={"from": middle}).json()
    assert first["entries"] + rest["entries"] == entries
    assert first["closing_minor"] == rest["opening_minor"]
    nothing = it.v1("GET", "/statement", params={"from": "2100-01-01T00:00:00Z"}).json()
    assert nothing["entries"] == []
    assert nothing["opening_minor"] == nothing["closing_minor"] == whole["closing_minor"]


@pytest.mark.parametrize("way", ["format", "accept"])
def test_a_statement_as_csv(app: WebApp, way: str) -> None:
    it = add_client(app, "100", debit="at_once")
    number = pay(it, "k", amount="1.50", currency="RUB", external_id="=1+2").json()["id"]
    params = SINCE | ({"format": "csv"} if way == "format" else {})
    headers = {"accept": "text/csv"} if way == "accept" else {}
    answer = it.v1("GET", "/statement", params=params, headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["kind"] for row in rows] == ["opening", "top_up", "payment", "closing"]
    assert (rows[2]["amount"], rows[2]["payment_id"]) == ("-1.50", number)
    assert rows[2]["external_id"] == "'=1+2"
    total = sum(Decimal(row["amount"]) for row in rows if row["amount"])
    assert total == Decimal(rows[-1]["balance"]) == Decimal("98.50")


@pytest.mark.parametrize("way", ["format", "accept"])
@pytest.mark.parametrize("kind", [Kind.XLSX, Kind.PDF])
def test_a_statement_as_a_file_for_people(app: WebApp, kind: Kind, way: str) -> None:
    it = add_client(app, "100", debit="at_once", time_zone="Asia/Almaty")
    number = pay(it, "k", amount="1.50", currency="RUB").json()["id"]
    media_type = MEDIA_TYPES[kind]
    params = SINCE | ({"format": kind.value} if way == "format" else {})
    headers = {"accept": media_type if way == "accept" else "*/*", "accept-language": "en"}
    answer = it.v1("GET", "/statement", params=params, headers=headers)
    assert answer.headers["content-type"] == media_type
    assert f'.{kind}"' in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    if kind is Kind.PDF:
        text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    else:
        cells = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        text = str(list(cells.iter_rows(values_only=True)))
    for word in ("Statement of the balance", "Asia/Almaty", number, it.name):
        assert word in text
    assert it.v1("GET", "/statement", params=SINCE | {"format": "docx"}).status_code == 422


def test_too_long_for_paper(app: WebApp, monkeypatch: pytest.MonkeyPatch) -> None:
    it = add_client(app, "100")
    monkeypatch.setitem(statement_files.MOST, Kind.PDF, 0)
    answer = it.v1("GET", "/statement", params=SINCE | {"format": "pdf"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "CSV" in answer.json()["detail"]


def test_every_code_has_one_status_and_an_explanation(app: WebApp) -> None:
    kinds = {name.replace("-", "_"): status for status, (name, *_) in KINDS.items()}
    for name, code in CODES.items():
        assert kinds.get(name, code.status) == code.status
        page = app.client.get(f"/problems/{name.replace('_', '-')}")
        assert page.status_code == 200
        assert str(code.status) in page.text


def test_the_examples_of_the_description_work(app: WebApp) -> None:
    """Sent as they stand there; but for the id of a quote, which has to be a real one."""
    it = add_client(app, "10000")
    schemas = app.client.get("/api/v1/openapi.json").json()["components"]["schemas"]

    def example(name: str) -> dict[str, Any]:
        return {
            field: content["examples"][0] for field, content in schemas[name]["properties"].items()
        }

    quote = it.v1("POST", "/quotes", json=example("QuoteRequest"))
    assert quote.status_code == 201, quote.text
    assert set(quote.json()) == set(schemas["Quote"]["properties"])
    real = {"quote_id": quote.json()["id"]}
    paid = pay(it, "whole", **example("PaymentRequest") | real)
    assert paid.status_code == 201, paid.text
    assert set(paid.json()) == set(schemas["Payment"]["properties"])
    for number, given in enumerate(schemas["PaymentRequest"]["examples"]):
        asked = given | {"external_id": f"another-{number}"}
        if "quote_id" in given:
            again = it.v1("POST", "/quotes", json=example("QuoteRequest")).json()
            asked["quote_id"] = again["id"]
        assert pay(it, f"key-{number}", **asked).status_code == 201
