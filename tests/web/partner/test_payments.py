"""Payments at the old address: the answers that programs of today read, and what is new."""

import asyncio
from collections import Counter
from decimal import Decimal

import httpx2
import pytest

from partner_client import API, Client, add_client, numbers
from running_web import WebApp
from uzel.partners.payment import State


def test_balance_payment_and_status(partner: Client) -> None:
    assert numbers(partner.get("get_balance"))["balance"] == Decimal("1000.5")
    paid = partner.pay("1.11", "USD", service_details="Plus")
    said = numbers(paid)
    assert (paid.status_code, said["status"]) == (200, "success")
    assert said["message"] == "Payment processed successfully."
    assert said["new_balance"] == Decimal("900.6")
    assert b'"new_balance":900.6,' in paid.content, "a number, exact, as short as it goes"
    one = numbers(partner.get("get_transaction_status", transaction_id=said["transaction_id"]))
    shown = one["transaction"]
    assert shown["timestamp"] == said["timestamp"]
    expected = {
        "id": said["transaction_id"],
        "partner_id": partner.public_id,
        "partner_name": partner.name,
        "payment_amount": Decimal("1.11"),
        "payment_currency": "USD",
        "rate_used": 90,
        "amount_deducted": Decimal("99.9"),
        "balance_before": Decimal("1000.5"),
        "balance_after": Decimal("900.6"),
        "status": "success",
        "service_details": "Plus",
        "error_message": None,
    }
    assert {name: shown[name] for name in expected} == expected


def test_what_is_held_is_no_longer_available_and_its_state_is_told(app: WebApp) -> None:
    it = add_client(app, "10", debit="hold")
    paid = numbers(it.pay("4"))
    assert paid["transaction_status"] == "pending"

    def state() -> tuple[str, str | None]:
        found = it.act("get_transaction_status", transaction_id=paid["transaction_id"]).json()
        return found["transaction"]["status"], found["transaction"]["error_message"]

    balance = numbers(it.act("get_balance"))
    assert (balance["balance"], balance["held"], balance["total"]) == (6, 4, 10)
    assert state() == ("pending", None)
    it.settle(paid["transaction_id"], State.COMPLETED)
    assert state() == ("completed", None)
    balance = numbers(it.act("get_balance"))
    assert (balance["balance"], balance["held"], balance["total"]) == (6, 0, 6)
    it.settle(paid["transaction_id"], State.FAILED, "card refused")
    assert state() == ("failed", "card refused")
    assert numbers(it.act("get_balance"))["balance"] == 10


def test_at_once_means_success_until_it_fails(partner: Client) -> None:
    number = partner.pay("5").json()["transaction_id"]
    partner.settle(number, State.COMPLETED)
    shown = partner.get("get_transaction_status", transaction_id=number).json()["transaction"]
    assert (shown["status"], shown["payment_state"]) == ("success", "completed")
    partner.settle(number, State.FAILED)
    shown = partner.get("get_transaction_status", transaction_id=number).json()["transaction"]
    assert shown["status"] == "failed"
    assert numbers(partner.get("get_balance"))["balance"] == Decimal("1000.5")


def test_the_status_is_there_as_soon_as_the_payment(partner: Client) -> None:
    for _ in range(20):
        number = partner.pay("0.01").json()["transaction_id"]
        found = partner.get("get_transaction_status", transaction_id=number)
        assert found.json()["transaction"]["id"] == number


CARRIERS = ("query", "form", "parts", "json", "mixed", "bearer", "json as a form")


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_carrier_carries(partner: Client, carrier: str) -> None:
    client = partner.app.client
    action = {"action": "process_payment", "api_token": partner.token}
    wanted = {"payment_amount": "2.50", "payment_currency": "rub"}
    answers = {
        "query": lambda: client.post(API, params=action | wanted),
        "form": lambda: client.post(API, data=action | wanted),
        "parts": lambda: client.post(API, files=parts(action | wanted)),
        "json": lambda: client.post(API, json=action | wanted | {"payment_amount": 2.5}),
        "mixed": lambda: client.post(API, params=action, json=wanted),
        "bearer": lambda: client.post(
            API,
            params={"action": "process_payment"},
            json=wanted,
            headers={"authorization": f"Bearer {partner.token}"},
        ),
        "json as a form": lambda: client.post(
            API,
            content=httpx2.Request("POST", "http://x", json=action | wanted).content,
            headers={"content-type": "application/x-www-form-urlencoded"},
        ),
    }
    answer = answers[carrier]()
    assert answer.status_code == 200, answer.text
    assert numbers(answer)["new_balance"] == 998


def parts(fields: dict[str, str]) -> dict[str, tuple[None, str]]:
    """Fields of a multipart form."""
    return {name: (None, value) for name, value in fields.items()}


def test_the_form_goes_before_the_query_and_both_before_json(partner: Client) -> None:
    client = partner.app.client
    query = {"action": "get_balance", "api_token": "nobody's"}
    form = {"action": "get_payment_cost", "api_token": partner.token}
    answer = client.post(API, params=query, data=form | {"payment_amount": "1"})
    assert answer.status_code == 400
    assert "payment_amount and payment_currency" in answer.json()["message"]
    body = {"action": "zzz", "api_token": "nobody's"}
    query["api_token"] = partner.token
    assert client.post(API, params=query, json=body).json()["balance"] == 1000.5


@pytest.mark.parametrize(
    "number", ["0.1", "0.10000000000000000001", "9007199254740993", "1e3", "4.35"]
)
def test_numbers_of_json_are_taken_from_their_text(partner: Client, number: str) -> None:
    fields = f'"action":"get_payment_cost","api_token":"{partner.token}","payment_currency":"RUB"'
    answer = partner.app.client.post(
        API,
        content=f'{{{fields},"payment_amount":{number}}}',
        headers={"content-type": "application/json"},
    )
    assert numbers(answer)["original_amount"] == Decimal(number)


PARAMETERS = "Invalid parameters: payment_amount and payment_currency are required."


@pytest.mark.parametrize("amount", ["10,5", "", "-1", "0", "abc", "1e99", "NaN", "٣", "1" * 70])
def test_what_is_no_amount(partner: Client, amount: str) -> None:
    for action in ("get_payment_cost", "process_payment"):
        answer = partner.act(action, payment_amount=amount, payment_currency="USD")
        assert (answer.status_code, answer.json()["message"]) == (400, PARAMETERS)
        (said,) = answer.json()["errors"]
        what = "is no amount" if amount else "is missing"
        assert said.startswith(f"payment_amount {what}")
    assert partner.payments() == 0


def test_what_is_no_currency_is_said_beside_it(partner: Client) -> None:
    said = partner.act("get_payment_cost", payment_amount="x", payment_currency="dollars").json()
    assert [text.split(" is ")[0] for text in said["errors"]] == [
        "payment_amount", "payment_currency",
    ]  # fmt: skip


def test_details_that_were_not_given_are_none(partner: Client) -> None:
    paid = partner.pay("1").json()["transaction_id"]
    found = partner.get("get_transaction_status", transaction_id=paid).json()["transaction"]
    assert found["service_details"] is None


def test_no_money_moves_by_get(partner: Client) -> None:
    answer = partner.get("process_payment", payment_amount="1", payment_currency="RUB")
    assert (answer.status_code, answer.json()["message"]) == (400, PARAMETERS)
    cost = partner.get("get_payment_cost", payment_amount="10", payment_currency="USD")
    assert (cost.status_code, numbers(cost)["cost_in_balance_units"]) == (200, 900)
    assert partner.payments() == 0


def test_what_is_refused_and_how(partner: Client) -> None:
    poor = partner.pay("1000", "USD")
    said = numbers(poor)
    assert (poor.status_code, said["status"]) == (402, "insufficient_funds")
    assert (said["required_balance"], said["current_balance"]) == (90000, Decimal("1000.5"))
    nothing = partner.pay("1", "GBP")
    assert nothing.status_code == 400
    text = "Could not determine payment cost. Rate not set for GBP"
    assert nothing.json()["message"] == text
    unknown = partner.get("get_transaction_status", transaction_id="txn_none")
    assert unknown.json()["message"] == "Transaction not found or access denied."
    assert unknown.status_code == 404
    assert partner.act("zzz").json()["message"] == "Invalid action specified."
    deleted = partner.app.client.delete(API, params={"api_token": partner.token})
    assert (deleted.status_code, deleted.headers["allow"]) == (405, "GET, HEAD, POST")
    assert partner.payments() == 0


def test_another_partners_payment_is_not_there(partner: Client) -> None:
    other = add_client(partner.app, "10")
    number = partner.pay("1", external_id="order-1").json()["transaction_id"]
    for wanted in (number, "order-1"):
        answer = other.get("get_transaction_status", transaction_id=wanted)
        unknown = other.get("get_transaction_status", transaction_id="txn_none")
        assert (answer.status_code, answer.content) == (404, unknown.content)
    assert other.act("get_transactions").json()["transactions"] == []
    assert other.act("get_transactions", before=number).status_code == 404


def test_the_same_key_gets_the_same_answer_byte_for_byte(partner: Client) -> None:
    first = partner.pay("10", key="a-1")
    assert "idempotent-replayed" not in first.headers
    for amount in ("10", "10.0", "10.00", "1e1"):
        again = partner.pay(amount, key="a-1")
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
    other = partner.pay("11", key="a-1")
    assert (other.status_code, other.json()["error_code"]) == (422, "idempotency_key_reused")
    assert numbers(partner.act("get_balance"))["balance"] == Decimal("990.5")


@pytest.mark.parametrize("name", ["partner_transaction_id", "external_id", "transaction_id"])
def test_a_number_of_the_partners_own_pays_once(partner: Client, name: str) -> None:
    first = partner.pay("10", **{name: "order 7"})
    again = partner.pay("10.00", **{name: "order 7"})
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert partner.pay("11", **{name: "order 7"}).status_code == 422
    found = partner.get("get_transaction_status", transaction_id="order 7").json()
    assert found["transaction"]["id"] == first.json()["transaction_id"]
    assert partner.payments() == 1


def test_a_refused_order_may_be_paid_later_under_its_number(partner: Client) -> None:
    assert partner.pay("2000", external_id="big").status_code == 402
    assert partner.pay("1000", external_id="big").status_code == 200
    # Under a key the refusal stays.
    assert partner.pay("2000", key="k").status_code == 402
    assert partner.pay("2000", key="k").headers["idempotent-replayed"] == "true"


def test_a_number_is_used_for_ever(partner: Client) -> None:
    paid = partner.pay("1", external_id="old").json()["transaction_id"]
    forget = "delete from partner_request where partner_id = $1"
    partner.app.run(lambda: partner.app.deps.pool.execute(forget, partner.id))
    answer = partner.pay("1", external_id="old")
    assert (answer.status_code, answer.json()["error_code"]) == (409, "external_id_used")
    assert answer.json()["transaction_id"] == paid
    assert partner.pay("1", external_id="new").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "é"])
def test_what_is_no_key(partner: Client, key: str) -> None:
    form = {"action": "process_payment", "api_token": partner.token}
    wanted = {"payment_amount": "1", "payment_currency": "RUB"}
    headers = {b"idempotency-key": key.encode()}
    answer = partner.app.client.post(API, data=form | wanted, headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "idempotency_key_invalid")
    assert partner.pay("1", external_id="x" * 256).status_code == 400
    assert partner.payments() == 0


def test_a_storm_with_one_key_pays_once(partner: Client) -> None:
    """Who comes while the first is under way is told to come again; all others get one answer."""
    answers = storm(partner, 40, lambda n: {"idempotency-key": "storm"})
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) <= {200, 409}
    assert counts[200] >= 1
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert all(
        answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 409
    )
    assert numbers(partner.act("get_balance"))["balance"] == Decimal("999.5")


def test_a_storm_of_payments_drains_the_balance_exactly(app: WebApp) -> None:
    it = add_client(app, "30.99", debit="hold")
    answers = storm(it, 60, lambda n: {"idempotency-key": str(n)})
    assert Counter(answer.status_code for answer in answers) == {200: 30, 402: 30}
    assert it.stands().available_minor == 99


def storm(it: Client, count: int, headers: object) -> list[httpx2.Response]:
    """Payments of one rouble, all at the same time."""
    form = {"action": "process_payment", "api_token": it.token}
    wanted = {"payment_amount": "1", "payment_currency": "RUB"}

    async def work() -> list[httpx2.Response]:
        async with httpx2.AsyncClient(base_url=it.app.url, trust_env=False, timeout=30) as client:
            posts = (
                client.post(API, data=form | wanted, headers=headers(n))  # type: ignore[operator]
                for n in range(count)
            )
            return list(await asyncio.gather(*posts))

    return asyncio.run(work())


def test_a_quote_keeps_its_price_for_one_payment(app: WebApp) -> None:
    it = add_client(app, "10000", commission_percent="15")
    cost = it.act("get_payment_cost", payment_amount="20", payment_currency="USD")
    quote, shown = cost.json()["quote_id"], numbers(cost)
    assert (shown["cost_in_balance_units"], shown["commission"]) == (2070, 270)
    change = 'update partner set settings = \'{"commission_percent": "50"}\' where id = $1'
    app.run(lambda: app.deps.pool.execute(change, it.id))
    form = {"action": "process_payment", "api_token": it.token, "quote_id": quote}
    for wrong in ({"payment_amount": "21"}, {"payment_currency": "EUR"}):
        assert app.client.post(API, data=form | wrong).status_code == 400
    paid = app.client.post(API, data=form, headers={"idempotency-key": "q"})
    assert numbers(paid)["amount_deducted"] == 2070
    same = form | {"payment_amount": "20.0"}
    again = app.client.post(API, data=same, headers={"idempotency-key": "q"})
    assert again.content == paid.content
    used = app.client.post(API, data=form)
    assert (used.status_code, used.json()["error_code"]) == (409, "quote_used")
    assert it.payments() == 1


def test_a_quote_ends_and_is_nobody_elses(partner: Client) -> None:
    other = add_client(partner.app, "10000")
    cost = partner.act("get_payment_cost", payment_amount="1", payment_currency="RUB").json()
    form = {"action": "process_payment", "quote_id": cost["quote_id"]}
    stolen = partner.app.client.post(API, data=form | {"api_token": other.token})
    assert (stolen.status_code, stolen.json()["error_code"]) == (404, "quote_not_found")
    age = "update quote set expires_at = now() where public_id = $1"
    partner.app.run(lambda: partner.app.deps.pool.execute(age, cost["quote_id"]))
    late = partner.app.client.post(API, data=form | {"api_token": partner.token})
    assert (late.status_code, late.json()["error_code"]) == (409, "quote_expired")
    assert partner.payments() + other.payments() == 0


def test_transactions_are_listed_in_pages_with_sums(partner: Client) -> None:
    numbers_ = [partner.pay("1", external_id=f"n{n}").json()["transaction_id"] for n in range(5)]
    partner.settle(numbers_[0], State.FAILED)
    partner.settle(numbers_[1], State.COMPLETED)
    page = partner.get("get_transactions", limit=2).json()
    assert [one["transaction_id"] for one in page["transactions"]] == numbers_[:2:-1]
    assert page["count"] == 2
    stats = page["stats"]
    counts = [stats[f"{name}_count"] for name in ("completed", "failed", "pending")]
    assert (counts, stats["total_transactions"]) == ([1, 1, 3], 5)
    assert stats["total_charged_usd"] == 4
    walked: list[str] = []
    before: str | None = None
    while True:
        page = partner.get("get_transactions", limit=2, before=before or "").json()
        walked += [one["id"] for one in page["transactions"]]
        before = page["next_before"]
        if before is None:
            break
    assert walked == numbers_[::-1]


def test_money_of_tests_is_another_book(app: WebApp) -> None:
    it = add_client(app, "5", is_test=True)
    balance = numbers(it.act("get_balance"))
    assert (balance["balance"], balance["is_test"]) == (1_000_000, True)
    assert it.pay("900").status_code == 200
    live = "select posted_minor from ledger_balance b join partner p on b.account_id = p.account_id"
    read = app.run(lambda: app.deps.pool.fetchval(f"{live} where p.id = $1", it.id))
    assert read == 500


@pytest.mark.parametrize(
    ("limit", "count"),
    [("2", 2), ("0", 1), ("-5", 1), ("--5", 3), ("x", 3), ("", 3), ("٢", 3), ("9" * 30, 3)],
)
def test_a_limit_is_kept_within_bounds(app: WebApp, limit: str, count: int) -> None:
    it = add_client(app, "3")
    for _ in range(3):
        it.pay("1")
    assert it.get("get_transactions", limit=limit).json()["count"] == count
