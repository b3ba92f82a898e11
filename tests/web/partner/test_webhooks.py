"""Webhook deliveries as a partner's program sees them, and that both tell the same of a payment."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopback import LoopbackServer
from partner_client import TEST, add_client, partner_web
from partner_shop import Shop, deliver, hook
from running_web import WebApp
from uzel.partners.payment import State


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with LoopbackServer(shop.answer) as server:
        shop.url = f"{server.url}/hooks"
        yield shop


@pytest.fixture(scope="module")
def app(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    folder: Path = tmp_path_factory.mktemp("webhooks")
    with partner_web(shared_dsn, folder) as running:
        yield running


def test_a_webhook_says_of_a_payment_what_the_api_says(app: WebApp, shop: Shop) -> None:
    it = add_client(app, "5000", commission_percent="15")
    number = hook(app, it, shop.url)
    quote = it.v1("POST", "/quotes", json={"amount": "20.00", "currency": "USD"}).json()
    asked = {"quote_id": quote["id"], "external_id": "118", "details": "Месяц"}
    made = it.v1("POST", "/payments", key="k", json=asked).json()
    deliver(app, number)
    (pending,) = shop.heard()
    assert (pending["type"], pending["data"]) == ("payment.pending", made)
    it.settle(made["id"], State.FAILED, "card refused")
    deliver(app, number)
    failed = shop.heard()[-1]
    now = it.v1("GET", f"/payments/{made['id']}").json()
    assert (failed["type"], failed["data"]) == ("payment.failed", now)
    assert now["state"] == "failed"


@pytest.mark.parametrize("debit", ["hold", "at_once"])
def test_the_price_of_a_lead_is_told_as_other_payments_are(
    app: WebApp, shop: Shop, debit: str
) -> None:
    it = add_client(app, "50", lead_price_minor=2500, debit=debit)
    number = hook(app, it, shop.url)
    it.v1("POST", "/leads", json={"leads": [{"external_id": name} for name in ("a", "b", "a")]})
    deliver(app, number)
    heard = shop.heard()
    assert [one["type"] for one in heard] == ["payment.pending"] * 2
    told = {one["data"]["lead_external_id"]: one["data"] for one in heard}
    listed = {one["id"]: one for one in it.v1("GET", "/payments").json()["items"]}
    assert {name: listed[one["id"]] for name, one in told.items()} == told
    assert set(told) == {"a", "b"}
    # Nothing is told of a batch that is too dear.
    refused = it.v1("POST", "/leads", json={"leads": [{"external_id": "c"}]})
    assert refused.status_code == 402
    deliver(app, number)
    assert len(shop.heard()) == 2


def test_deliveries_are_listed_in_pages_and_sent_again(app: WebApp, shop: Shop) -> None:
    it = add_client(app, "100")
    number = hook(app, it, shop.url)
    for key in "abc":
        it.v1("POST", "/payments", key=key, json={"amount": "1", "currency": "RUB"})
    first = it.v1("GET", "/webhook-deliveries?limit=2")
    page = first.json()
    assert 'rel="next"' in first.headers["link"]
    assert [item["state"] for item in page["items"]] == ["pending", "pending"]
    rest = it.v1("GET", f"/webhook-deliveries?limit=2&cursor={page['next_cursor']}").json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    wanted = rest["items"][0]
    assert wanted["type"] == "payment.pending" and wanted["subject"].startswith("txn_")
    path = f"/webhook-deliveries/{wanted['id']}/resend"
    early = it.v1("POST", path)
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    shop.status = 418
    deliver(app, number)
    told = it.v1("GET", "/webhook-deliveries").json()["items"][-1]
    assert (told["state"], told["http_status"]) == ("pending", 418)
    assert told["error"] == "HTTP 418: so be it"
    app.run(lambda: app.deps.pool.execute("update call set due_at = now()"))
    shop.status = 200
    deliver(app, number)
    again = it.v1("POST", path)
    assert again.status_code == 202, again.text
    assert again.json()["event_id"] == wanted["event_id"]
    assert again.json()["id"] != wanted["id"]
    deliver(app, number)
    newest = it.v1("GET", "/webhook-deliveries").json()["items"][0]
    assert (newest["id"], newest["state"], newest["error"]) == (
        again.json()["id"],
        "delivered",
        None,
    )
    of_event = [got for got in shop.got if got.headers["webhook-id"] == wanted["event_id"]]
    assert len({got.body for got in of_event}) == 1
    assert len(of_event) == 3


def test_what_is_anothers_is_not_there(app: WebApp, shop: Shop) -> None:
    it, other = add_client(app, "100"), add_client(app, "100")
    test = add_client(app, "100", is_test=True)
    hook(app, it, shop.url)
    it.v1("POST", "/payments", key="a", json={"amount": "1", "currency": "RUB"})
    (delivery,) = it.v1("GET", "/webhook-deliveries").json()["items"]
    for stranger in (other, test):
        assert stranger.v1("GET", "/webhook-deliveries").json()["items"] == []
        path = f"/webhook-deliveries/{delivery['id']}/resend"
        assert stranger.v1("POST", path).status_code == 404
        cursor = stranger.v1("GET", f"/webhook-deliveries?cursor={delivery['id']}")
        assert cursor.status_code == 404


def test_test_money_is_told_to_its_own_address(app: WebApp, shop: Shop) -> None:
    it = add_client(app, is_test=True)
    hook(app, it, shop.url)
    number = hook(app, it, f"{shop.url}/test", TEST)
    it.v1("POST", "/payments", key="a", json={"amount": "1", "currency": "RUB"})
    deliver(app, number)
    assert [(got.target, json.loads(got.body)["is_test"]) for got in shop.got] == [
        ("/hooks/test", True)
    ]
