"""Payouts by the documented interface, over real HTTP to the end at the provider's sandbox."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from payout_client import CARD_NUMBER, Company, add_company, by_card, by_phone, numbers
from running_web import WebApp
from uzel.payouts import payout_store
from uzel.payouts.limits import Limits, set_limits

MASKED = "220077••••••7079"


def test_a_card_is_paid(company: Company) -> None:
    answer = company.pay()
    assert answer.status_code == 200, answer.text
    assert b'"amount":1000.00,' in answer.content
    content = answer.json()
    assert (content["success"], content["message"]) == (True, "Платёж принят")
    made = content["data"]
    assert made["status"] == "pending" and made["state"] == "waiting"
    assert (made["konsol_id"], made["paid_at"], made["waits_for"]) == (None, None, None)
    assert made["card_number"] == MASKED
    assert (made["user_id"], made["metadata"]["product"]) == (123456789, "premium")
    company.work()
    company.hurry()
    company.work()
    (theirs,) = company.books()
    now = company.data("GET", f"/payments/{made['id']}")
    assert now["konsol_id"] == theirs["id"]
    assert theirs["purpose"].count("Оплата услуг") == 1
    for name in (made["external_id"], theirs["id"]):
        assert company.data("GET", f"/payments/{name}")["id"] == made["id"]


def test_a_look_asks_the_provider(company: Company) -> None:
    made = company.pay(amount="1000.99").json()["data"]
    company.work()
    (theirs,) = company.books()
    assert company.data("GET", f"/payments/{made['id']}")["status"] == "pending"
    company.told(theirs["id"], "executed")
    # Asked a moment ago: it is not asked again.
    assert company.data("GET", f"/payments/{made['id']}")["status"] == "pending"
    company.value("update payout set asked_at = now() - interval '6 s' returning 1")
    done = company.data("GET", f"/payments/{made['id']}")
    assert (done["status"], done["state"]) == ("completed", "paid")
    assert done["paid_at"] is not None
    late = company.ask("DELETE", f"/payments/{made['id']}")
    assert (late.status_code, late.json()["code"]) == (409, "already_sent")


def test_a_phone_is_paid(company: Company) -> None:
    made = company.ask("POST", "/payments", by_phone(bank="сбер"))
    assert made.status_code == 200, made.text
    data = made.json()["data"]
    assert data["phone_number"] == "+79991234567"
    assert (data["bank"], data["card_number"]) == ("Сбербанк", None)
    assert data["payment_type"] == "phone_payment"
    company.work()
    assert len(company.books()) == 1


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("type", {"payment_type": "cash"}, "payment_type", "payment_type"),
    ("no type", {"payment_type": None}, "payment_type", "missing"),
    ("no card", {"card_number": None}, "card_number", "missing"),
    ("checksum", {"card_number": "1234567890123456"}, "card_number", "card_checksum"),
    ("a number", {"card_number": 2200770212727079}, "card_number", "card_not_text"),
    ("phone", {"phone_number": "+79991234567"}, "phone_number", "other_way"),
    ("bank", {"bank": "Сбербанк"}, "bank", "other_way"),
    ("no amount", {"amount": None}, "amount", "missing"),
    ("fine", {"amount": 0.1 + 0.2}, "amount", "amount_unreadable"),
    ("text", {"amount": "1 000,50"}, "amount", "amount_unreadable"),
    ("zero", {"amount": 0}, "amount", "amount_too_small"),
    ("large", {"amount": 10**9}, "amount", "amount_too_large"),
    ("bool", {"amount": True}, "amount", "amount_unreadable"),
    ("currency", {"currency": "USD"}, "currency", "currency"),
    ("nobody", {"recipient": None}, "recipient", "missing"),
    ("digits", {"recipient": {"last_name": "И1", "first_name": "А"}}, "recipient.last_name",
     "characters"),
    ("half", {"recipient": {"last_name": "И"}}, "recipient.first_name", "missing"),
    ("metadata", {"metadata": [1]}, "metadata", "no_object"),
    ("much", {"metadata": {"a": "x" * 9000}}, "metadata", "too_long"),
    ("misplaced", {"description": f"на {CARD_NUMBER}"}, "description", "card_misplaced"),
    ("hidden", {"metadata": {"a": ["2200 7702 1272 7079"]}}, "metadata", "card_misplaced"),
    ("as a number", {"external_id": int(CARD_NUMBER)}, "external_id", "card_misplaced"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "field", "reason"), [it[1:] for it in WRONG],
                         ids=[it[0] for it in WRONG])  # fmt: skip
def test_what_is_wrong_is_named(
    company: Company, fields: dict[str, Any], field: str, reason: str
) -> None:
    answer = company.pay(**fields)
    content = answer.json()
    assert answer.status_code == 400, answer.text
    assert (content["success"], content["data"]) == (False, None)
    assert (content["code"], content["field"], content["reason"]) == (
        "invalid_request",
        field,
        reason,
    )
    assert content["message"].startswith(f"{field}: ")
    assert content["message"] != f"{field}: {reason}"
    assert CARD_NUMBER not in answer.text


def test_a_bank_that_could_be_two_is_asked_back(company: Company) -> None:
    asked = by_phone(bank="банк")
    content = company.ask("POST", "/payments", asked).json()
    assert content["field"] == "bank"
    card = company.ask("POST", "/payments", by_phone(card_number=CARD_NUMBER)).json()
    assert (card["field"], card["reason"]) == ("card_number", "other_way")


def test_whoever_is_not_named_is_paid_where_that_was_agreed(company: Company) -> None:
    company.allow_nameless()
    first = company.ask("POST", "/payments", by_phone(recipient=None))
    second = company.ask("POST", "/payments", by_phone(recipient=None))
    assert (first.status_code, second.status_code) == (200, 200), first.text
    people = company.value("select count(*) from payee where connection_id = $1",
                           company.connection_id)  # fmt: skip
    assert people == 1
    company.work()
    assert len(company.books()) == 2


def test_a_number_is_paid_once_for_ever(company: Company) -> None:
    body = by_card()
    first = company.ask("POST", "/payments", body)
    again = company.ask("POST", "/payments", {**body, "metadata": {}, "unknown": 1})
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    for change in ({"amount": 1001}, {"description": "Другое"}, {"user_id": 5},
                   {"card_number": "2200000000000004"}):  # fmt: skip
        other = company.ask("POST", "/payments", body | change)
        assert (other.status_code, other.json()["code"]) == (409, "external_id_reused")


def test_fifty_at_once_are_one(company: Company) -> None:
    body = by_card(amount=77)
    with ThreadPoolExecutor(16) as pool:
        answers = [*pool.map(lambda _: company.ask("POST", "/payments", body), range(50))]
    assert {it.status_code for it in answers} == {200}
    assert len({it.json()["data"]["id"] for it in answers}) == 1
    company.work()
    assert len(company.books()) == 1


def test_twenty_with_one_key_are_one(company: Company) -> None:
    body = by_card(amount=78, external_id=None)
    with ThreadPoolExecutor(16) as pool:
        answers = [*pool.map(lambda _: company.ask("POST", "/payments", body, "k"), range(20))]
    assert {it.status_code for it in answers} == {200}
    assert len({it.content for it in answers}) == 1
    assert sum("idempotent-replayed" not in it.headers for it in answers) == 1
    other = company.ask("POST", "/payments", body | {"amount": 79}, "k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    # Written otherwise, it is the same.
    same = dict(reversed((body | {"amount": 78.0}).items()))
    said = company.ask("POST", "/payments", same, "k")
    assert said.headers["idempotent-replayed"] == "true"
    company.work()
    assert len(company.books()) == 1


def test_without_number_and_key_nothing_is_paid(company: Company) -> None:
    answer = company.pay(external_id=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")
    bad = company.pay(key="k" * 256)
    assert (bad.status_code, bad.json()["code"]) == (400, "key_invalid")


def test_what_waits_is_changed_and_taken_back(company: Company) -> None:
    made = company.pay().json()["data"]
    path = f"/payments/{made['id']}"
    changed = company.data("PUT", path, {"description": "Новое", "metadata": {"a": 1.5}})
    assert (changed["description"], changed["metadata"]) == ("Новое", {"a": 1.5})
    by_hand = company.ask("PUT", path, {"status": "completed", "description": "Иное"})
    assert (by_hand.status_code, by_hand.json()["code"]) == (409, "status_by_provider")
    assert company.data("GET", path)["description"] == "Новое"
    word = company.ask("PUT", path, {"status": "nonsense"})
    assert (word.status_code, word.json()["field"]) == (400, "status")
    # The first request repeated is still the same payout.
    company.work()
    assert "Новое" in company.books()[0]["purpose"]
    late = company.ask("PUT", path, {"description": "Поздно"})
    assert (late.status_code, late.json()["code"]) == (409, "already_sent")
    other = company.pay().json()["data"]
    gone = company.data("DELETE", f"/payments/{other['id']}")
    assert (gone["status"], gone["state"]) == ("cancelled", "cancelled")
    assert company.data("DELETE", f"/payments/{other['id']}")["status"] == "cancelled"
    third = company.pay().json()["data"]
    assert (
        company.data("PUT", f"/payments/{third['id']}", {"status": "cancelled"})["status"]
        == "cancelled"
    )
    company.work()
    assert len(company.books()) == 1


def test_lists_have_filters_and_pages(company: Company) -> None:
    made = [company.pay(amount=100 + n, user_id=n % 2).json()["data"] for n in range(5)]
    company.ask("POST", "/payments", by_phone(user_id="0"))
    company.ask("DELETE", f"/payments/{made[0]['id']}")
    page = company.data("GET", "/payments?per_page=4")
    assert (page["total"], page["page"], page["per_page"], page["pages"]) == (6, 1, 4, 2)
    rest = company.data("GET", "/payments?per_page=4&page=2")
    ids = [it["id"] for it in page["payments"] + rest["payments"]]
    assert len(set(ids)) == 6 and ids[-1] == made[0]["id"]
    assert company.data("GET", "/payments?page=9")["payments"] == []
    for query, total in (
        ("status=cancelled", 1),
        ("status=pending", 5),
        ("status=completed", 0),
        ("currency=RUB", 6),
        ("currency=USD", 0),
        ("payment_method=phone", 1),
        ("payment_method=card_payment", 5),
        ("user_id=1", 2),
        ("user_id=0&payment_method=card", 3),
    ):
        assert company.data("GET", f"/payments?{query}")["total"] == total, query
    for query in ("per_page=101", "per_page=0", "page=x", "status=zzz", "payment_method=cash"):
        assert company.ask("GET", f"/payments?{query}").status_code == 400, query


def test_a_stop_lets_it_in_and_it_waits(company: Company) -> None:
    async def switch(on: bool) -> None:
        async with company.app.deps.pool.acquire() as connection:
            await (payout_store.stop(connection, "проверка", "anna") if on
                   else payout_store.go_on(connection, "anna"))  # fmt: skip

    company.app.run(lambda: switch(True))
    try:
        answer = company.pay().json()
        assert answer["data"]["waits_for"] == "payouts_stopped"
        assert "остановлены" in answer["message"]
        company.work()
        assert company.books() == []
    finally:
        company.app.run(lambda: switch(False))


def test_limits_are_told(company: Company) -> None:
    async def limit() -> None:
        async with company.app.deps.pool.acquire() as connection:
            await set_limits(connection, company.connection_id, Limits(payout=5000))

    company.app.run(limit)
    answer = company.pay()
    assert (answer.status_code, answer.json()["code"]) == (409, "limit_payout")
    assert company.pay(amount=50).status_code == 200


def test_tokens_open_what_they_are_for(web: tuple[WebApp, str], company: Company) -> None:
    app = company.app
    made = company.pay().json()["data"]
    path = f"/konsol/payments/{made['id']}"
    none = app.client.get(path)
    assert (none.status_code, none.json()["code"]) == (401, "unauthorized")
    assert none.headers["www-authenticate"] == 'Bearer realm="uzel"'
    wrong = app.client.get(path, headers={"authorization": "Bearer uzel_wrong"})
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    reader = add_company(*web, scopes=["payouts:read"])
    refused = reader.pay()
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert 'scope="payouts:write"' in refused.headers["www-authenticate"]
    for method in ("GET", "PUT", "DELETE"):
        stranger = add_company(*web).ask(method, f"/payments/{made['id']}", {})
        assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    taken = add_company(*web).pay(external_id=made["external_id"])
    assert taken.status_code == 409 and made["id"] not in taken.text
    assert add_company(*web, scopes=["read"]).ask("GET", "/payments").status_code == 403
    for method, there in (("PATCH", "/payments"), ("GET", "/webhook")):
        answer = company.ask(method, there)
        assert (answer.status_code, answer.json()["success"]) == (405, False)
        assert "allow" in answer.headers
    assert company.ask("GET", "/nothing").json()["code"] == "not_found"


def test_the_balance_says_what_is_promised(company: Company) -> None:
    company.pay(amount="1000.99")
    empty = numbers(company.ask("GET", "/balance"))["data"]
    assert (empty["amount"], empty["frozen"]) == (Decimal("10000000.00"), Decimal("1000.99"))
    assert empty["available"] == Decimal("9998999.01")
    assert empty["currency"] == "RUB"
    company.work()
    after = numbers(company.ask("GET", "/balance"))["data"]
    # What was said ten seconds ago still does; it is no longer unsent.
    assert (after["frozen"], after["available"]) == (Decimal("1000.99"), Decimal("10000000.00"))
    assert after["updated_at"] == empty["updated_at"]


def test_the_provider_is_away(company: Company) -> None:
    made = company.pay(amount="1000.99").json()["data"]
    company.work()
    fault = {"connector": "konsol", "kind": "500", "times": 50}
    httpx2.post(f"{company.sandbox_url}/_control/faults", json=fault)
    try:
        assert company.data("GET", f"/payments/{made['id']}")["status"] == "pending"
    finally:
        httpx2.delete(f"{company.sandbox_url}/_control/faults")


@pytest.mark.parametrize(
    "number", ["88888888881795309766", "1e99999999", "12345678901234567890.5", '"\\ud800"']
)
def test_what_cannot_be_kept_as_it_is_pays_nobody(company: Company, number: str) -> None:
    """Read as another number, or as none, it would be the number of another payout."""
    right = json.dumps(by_card(external_id="7"))
    for body in (right.replace('"7"', number), right.replace("{", f'{{"x": {number}, ', 1)):
        answer = company.ask("POST", "/payments", None, "key-of-12345", content=body.encode())
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert company.value("select count(*) from payout where external_id = '7'") == 0


def test_what_was_not_asked_for_here_is_not_changed_here(company: Company) -> None:
    made = company.pay(external_id="theirs").json()["data"]
    company.value(
        "with gone as (delete from payout_request where payout_id = "
        "(select id from payout where public_id = $1) returning 1) select count(*) from gone",
        made["id"],
    )
    for method, body in (("PUT", {"description": "другое"}), ("DELETE", None)):
        answer = company.ask(method, f"/payments/{made['id']}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_asked_here")
