"""What is told of payouts, what comes in about them, and the log of it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from loopback import LoopbackServer
from partner_shop import Shop
from payout_client import CARD_NUMBER, Company, by_phone
from uzel.payouts.programs import door

HOOK = "/konsol/webhook"


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with LoopbackServer(shop.answer) as server:
        shop.url = f"{server.url}/hooks?from=uzel"
        yield shop


def key_of(company: Company) -> bytes:
    return base64.b64decode(company.secret().removeprefix("whsec_"))


def signed(body: dict[str, Any], key: bytes) -> dict[str, Any]:
    """As a program of somebody's signs it, by the page alone."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**body, "signature": hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}


def event(name: str, at: datetime | None = None, **data: Any) -> dict[str, Any]:
    said = (at or datetime.now(UTC)).isoformat()
    told = {"id": name, "amount": 1000.50, "status": "completed", "note": "Оплачено"} | data
    return {"event": "payment.completed", "data": told, "timestamp": said}


def post(company: Company, body: Any, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return company.app.client.post(HOOK, content=content, headers=headers)


def sent(company: Company) -> tuple[dict[str, Any], str]:
    """(a payout that the provider has and has not ended, the provider's id)."""
    made = company.pay(amount="1000.99").json()["data"]
    company.work()
    (theirs,) = [it for it in company.books() if it["status"] == "created"]
    return made, theirs["id"]


def log_of(company: Company) -> list[dict[str, Any]]:
    return list(company.data("GET", "/webhooks?per_page=100")["webhooks"])


def test_a_payout_is_told_in_order_and_signed(company: Company, shop: Shop) -> None:
    made = company.pay(amount="1000.99", callback_url=shop.url).json()["data"]
    assert made["callback_url"] == shop.url
    company.work()
    company.work()
    (theirs,) = company.books()
    company.told(theirs["id"], "executed")
    company.hurry()
    company.work()
    told = shop.heard()
    assert [it["event"] for it in told] == [
        "payment.created",
        "payment.updated",
        "payment.completed",
    ]
    assert [it["data"]["status"] for it in told] == ["pending", "pending", "completed"]
    assert {it["data"]["id"] for it in told} == {made["id"]}
    now = company.data("GET", f"/payments/{made['id']}")
    assert told[-1]["data"] == now
    key = key_of(company)
    for got, one in zip(shop.got, told, strict=True):
        assert got.target == "/hooks?from=uzel"
        within = one.pop("signature")
        # Numbers as they were written: no double in between.
        exact = json.loads(got.body, parse_float=Written, parse_int=Written)
        del exact["signature"]
        assert hmac.new(key, dumps(exact).encode(), hashlib.sha256).hexdigest() == within
        stamp = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode()
        made_by_us = hmac.digest(key, stamp + got.body, hashlib.sha256)
        assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(made_by_us).decode()}"
        assert CARD_NUMBER.encode() not in got.body


class Written(str):
    """A number letter by letter."""


def dumps(value: Any) -> str:
    """Sorted, without spaces."""
    if isinstance(value, Written):
        return value
    if isinstance(value, dict):
        parts = (f"{json.dumps(it)}:{dumps(value[it])}" for it in sorted(value))
        return f"{{{','.join(parts)}}}"
    return json.dumps(value, ensure_ascii=False)


def test_the_next_one_waits_for_the_one_before(company: Company, shop: Shop) -> None:
    shop.status = 503
    made = company.pay(callback_url=shop.url).json()["data"]
    company.work()
    company.data("PUT", f"/payments/{made['id']}", {"metadata": {}})
    tried = [it["event"] for it in shop.heard()]
    assert set(tried) == {"payment.created"}
    shop.status = 200
    for _ in range(4):
        company.hurry()
        company.work()
    events = [it["event"] for it in shop.heard()[len(tried) :]]
    assert events[0] == "payment.created"
    assert events[-1] in ("payment.completed", "payment.updated")
    assert len(events) == len(set(events))


def test_where_callbacks_may_go(company: Company, shop: Shop) -> None:
    for url, reason in (
        ("http://10.0.0.1/x", "hook_private"),
        ("https://169.254.169.254/latest", "hook_private"),
        ("http://user:pw@127.0.0.1/x", "address_login"),
        ("ftp://127.0.0.1/", "hook_form"),
        ("https://127.0.0.1/\u00e9", "hook_form"),
    ):
        answer = company.pay(callback_url=url)
        assert (answer.status_code, answer.json()["reason"]) == (400, reason), url
    made = company.pay(callback_url=shop.url).json()["data"]
    gone = company.data("PUT", f"/payments/{made['id']}", {"callback_url": None})
    assert gone["callback_url"] is None
    other = company.data("PUT", f"/payments/{made['id']}", {"callback_url": shop.url + "&b=1"})
    assert other["callback_url"] == shop.url + "&b=1"
    count = company.value(
        "select count(*) from payout_receiver where connection_id = $1", company.connection_id
    )
    assert count == 1


def test_a_new_secret_signs_and_the_old_one_still_opens(company: Company, shop: Shop) -> None:
    company.pay(callback_url=shop.url)
    old = key_of(company)

    async def rotate() -> str:
        async with company.app.deps.pool.acquire() as connection, connection.transaction():
            ring = company.app.deps.ring
            return (await door.rotate(connection, ring, company.connection_id))[0]

    made = company.app.run(rotate)
    assert made == company.secret()
    assert key_of(company) != old
    company.work()
    assert shop.got[0].headers["webhook-signature"].count("v1,") == 2
    assert post(company, signed(event("nobody"), old)).status_code == 200
    assert post(company, signed(event("nobody"), key_of(company))).status_code == 200


def test_an_event_is_a_hint_and_no_more(company: Company) -> None:
    made, theirs = sent(company)
    company.told(theirs, "executed")
    answer = post(company, signed(event(made["id"]), key_of(company)))
    assert answer.json() == {"success": True, "data": {"accepted": True}, "message": "Принято"}
    company.work()
    assert company.data("GET", f"/payments/{made['id']}")["status"] == "completed"
    liar, _ = sent(company)
    post(company, signed(event(liar["id"]), key_of(company)))
    company.work()
    assert company.data("GET", f"/payments/{liar['id']}")["state"] == "processing"
    seen = log_of(company)
    assert [(it["signature"], it["outcome"]) for it in seen] == [("good", "asked")] * 2
    assert [it["payment_id"] for it in seen] == [liar["id"], made["id"]]


def test_wrong_signatures_do_nothing(company: Company) -> None:
    made, theirs = sent(company)
    company.told(theirs, "executed")
    key, late = key_of(company), datetime.now(UTC) - timedelta(seconds=301)
    good = signed(event(made["id"]), key)
    wrong = [
        signed(event(made["id"]), b"x" * 32),
        signed(event(made["id"], late), key),
        signed(event(made["id"], datetime.now(UTC) + timedelta(seconds=400)), key),
        good | {"signature": good["signature"][:-1]},
        good | {"signature": 17},
        good | {"data": {**good["data"], "id": "other"}},
        good | {"timestamp": (datetime.now(UTC) - timedelta(seconds=5)).isoformat()},
    ]
    for body in wrong:
        answer = post(company, body)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), body
    company.work()
    looks = "select count(*) from call where effect like 'payout:look:%' and connection_id = $1"
    assert company.value(looks, company.connection_id) == 1
    # Spaces, order and what is escaped do not count.
    spaced = json.dumps(dict(reversed(good.items())), indent=3).encode()
    assert post(company, spaced).status_code == 200
    assert post(company, spaced).status_code == 200
    assert [it["outcome"] for it in log_of(company)][:1] == ["asked"]
    assert company.value(looks, company.connection_id) == 2


def test_a_signature_in_the_headers(company: Company) -> None:
    body = json.dumps(event("nobody")).encode()
    now = str(int(time.time()))
    digest = hmac.digest(key_of(company), f"evt_1.{now}.".encode() + body, hashlib.sha256)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": now,
        "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
    }
    assert post(company, body, **headers).status_code == 200
    (seen,) = log_of(company)
    assert (seen["signature"], seen["outcome"]) == ("good", "payout_unknown")
    headers["webhook-id"] = "evt_2"
    assert post(company, body, **headers).status_code == 401


def test_the_callback_of_the_provider(company: Company) -> None:
    made, theirs = sent(company)
    company.told(theirs, "executed")
    payload = {
        "id": theirs,
        "amount": 1000.99,
        "contractor_id": "c",
        "status": "executed",
        "requisites": CARD_NUMBER,
    }
    body = {"action_name": "executed", "payload": payload}
    assert post(company, body).json()["data"] == {"accepted": True}
    company.work()
    assert company.data("GET", f"/payments/{made['id']}")["state"] == "paid"
    (seen,) = log_of(company)
    assert (seen["kind"], seen["signature"], seen["outcome"]) == ("callback", "none", "asked")
    assert CARD_NUMBER not in json.dumps(seen)
    before = company.value("select count(*) from raw_event")
    content = json.dumps(body | {"again": 1}).encode()
    keyed = company.app.client.post(f"{HOOK}?key={company.key}", content=content)
    assert (keyed.status_code, keyed.json()) == (200, {})
    assert company.value("select count(*) from raw_event") == before + 1
    assert company.app.client.post(f"{HOOK}?key=wrong", content=content).status_code == 401


def test_what_fits_nothing_makes_nothing(company: Company) -> None:
    before = company.value("select count(*) from payout")
    strange: tuple[dict[str, Any], ...] = (
        {"event": "payment.refunded"},
        {"action_name": "x", "payload": {}},
        {},
    )
    for body in (event("nobody"), event("po_0000000000000000", status="failed"), *strange):
        answer = post(company, body)
        assert answer.json()["data"] == {"accepted": True}
    for content in (b"", b"[]", b"null", b"{", b"[" * 5000, b'{"a":NaN}', b"\xff"):
        assert post(company, content).status_code == 400, content[:9]
    assert company.value("select count(*) from payout") == before


def test_hints_without_a_signature_ask_seldom(company: Company) -> None:
    made, _ = sent(company)
    for turn in range(10):
        post(company, event(made["id"], turn=turn))
    looks = "select count(*) from call where effect like 'payout:look:%' and connection_id = $1"
    assert company.value(looks, company.connection_id) == 2


def test_an_invoice_is_paid_by_one_payout(company: Company) -> None:
    bill = company.data("POST", "/invoices", {"amount": 500.99, "external_id": company.name})
    assert (bill["status"], bill["payment_id"]) == ("open", None)
    again = company.data("POST", "/invoices", {"amount": "500.990", "external_id": company.name})
    assert again["id"] == bill["id"]
    other = company.ask("POST", "/invoices", {"amount": 501, "external_id": company.name})
    assert other.json()["code"] == "external_id_reused"
    short = company.pay(amount=499, invoice_id=bill["id"])
    assert (short.status_code, short.json()["code"]) == (409, "invoice_amount")
    assert company.pay(amount="500.99", invoice_id="inv_none").json()["code"] == "invoice_not_found"
    paid = company.pay(amount="500.99", invoice_id=bill["id"]).json()["data"]
    assert paid["invoice_id"] == bill["id"]
    twice = company.pay(amount="500.99", invoice_id=bill["id"])
    assert (twice.status_code, twice.json()["code"]) == (409, "invoice_taken")
    for method in ("PUT", "DELETE"):
        late = company.ask(method, f"/invoices/{bill['id']}", {"description": "x"})
        assert (late.status_code, late.json()["code"]) == (409, "invoice_fixed")
    by_hand = company.ask("PUT", f"/invoices/{bill['id']}", {"status": "paid"})
    assert by_hand.json()["code"] == "status_by_provider"
    company.work()
    company.told(company.books()[0]["id"], "executed")
    company.data("GET", f"/payments/{paid['id']}")
    now = company.data("GET", f"/invoices/{company.name}")
    assert (now["status"], now["payment_id"]) == ("paid", paid["id"])
    assert company.data("GET", "/invoices?status=paid")["total"] == 1
    # Nothing of the refused ones is left.
    assert len(company.books()) == 1


def test_an_invoice_of_a_failed_payout_is_free(company: Company) -> None:
    draft = company.data("POST", "/invoices", {"amount": 5, "status": "draft"})
    path = f"/invoices/{draft['id']}"
    closed = company.pay(amount=5, invoice_id=draft["id"])
    assert closed.json()["code"] == "invoice_not_open"
    assert company.data("PUT", path, {"amount": 6, "status": "open"})["amount"] == 6
    assert company.ask("PUT", path, {"amount": 7}).status_code == 409
    first = company.ask("POST", "/payments", by_phone(amount=6, invoice_id=draft["id"]))
    company.data("DELETE", f"/payments/{first.json()['data']['id']}")
    second = company.pay(amount=6, invoice_id=draft["id"])
    assert second.status_code == 200, second.text
    company.data("DELETE", f"/payments/{second.json()['data']['id']}")
    assert company.data("DELETE", path)["status"] == "cancelled"
    assert company.data("DELETE", path)["status"] == "cancelled"
    assert company.ask("GET", "/invoices/none").status_code == 404


def test_no_digest_tells_the_hidden_digits(company: Company) -> None:
    """Of a card whose first and last digits are shown a digest of the whole is as good as it is."""
    cards = (CARD_NUMBER, "2200000000000004")
    bodies = [
        json.dumps(event("nobody", payer=card, amount="5") | {"timestamp": "2026"}).encode()
        for card in cards
    ]
    for body in bodies:
        assert post(company, body).status_code == 200
    kept = company.value("select string_agg(n::text, ' ') from payout_notice n")
    for body in bodies:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        for found in (text.encode(), body):
            assert hashlib.sha256(found).hexdigest() not in kept
