"""Kaspi in miniature: what an order may become, and what is told of it."""

from typing import Any

import httpx2
import pytest

from connectors.kaspi.reading import NOW_MS, every, read, titles
from uzel.connectors.kaspi.control import TOKEN
from uzel.connectors.kaspi.miniature import decoded, encoded
from uzel.connectors.kaspi.sandbox import EXAMPLES
from uzel.errors import AuthFailed, OutcomeUnknown, Rejected


def test_an_order_goes_its_way(client: Any, shop: Any) -> None:
    named = shop.one(way="kaspi")
    client.run(shop.config, "accept", **named)
    client.run(shop.config, "assemble", **named, parcels=2)
    found = read(client.run(shop.config, "order", code=named["code"]).data["order"])
    assert found.note is not None
    assert (found.status, found.note["Собран"]) == ("ACCEPTED_BY_MERCHANT", "да")
    assert found.note["Накладная"] == f"10{named['code']}"
    client.run(shop.config, "send_code", **named)
    said = shop.book(named["code"])["security_code"]
    with pytest.raises(Rejected) as caught:
        client.run(shop.config, "complete", **named, security_code="0000x")
    assert caught.value.code == "security_code_invalid"
    done = client.run(shop.config, "complete", **named, security_code=said)
    assert done.data["status"] == "COMPLETED"
    book = shop.book(named["code"])
    assert (book["status"], book["state"], book["parcels"]) == ("COMPLETED", "ARCHIVE", 2)
    with pytest.raises(Rejected) as caught:
        client.run(shop.config, "complete", **named, security_code=said)
    assert caught.value.code == "already_completed"


@pytest.mark.parametrize(
    ("way", "state"),
    [
        *(("pickup", "PICKUP"), ("delivery", "DELIVERY")),
        *(("kaspi", "KASPI_DELIVERY"), ("postomat", "KASPI_DELIVERY")),
    ],
)
def test_an_accepted_order_moves_to_the_state_of_its_way(
    client: Any, shop: Any, way: str, state: str
) -> None:
    named = shop.one(way=way, until_ms=NOW_MS)
    assert len(every(client, shop, "NEW")) == 1
    client.run(shop.config, "accept", **named)
    assert every(client, shop, "NEW") == []
    (document,) = every(client, shop, state)
    assert read(document).code == named["code"]
    assert ("deliveryAddress" in document["data"]["attributes"]) == (way != "pickup")


@pytest.mark.parametrize(
    ("status", "operation", "more", "code"),
    [
        ("ACCEPTED_BY_MERCHANT", "accept", {}, "400"),
        ("CANCELLED", "send_code", {}, "order_cancelled"),
        ("CANCELLING", "complete", {"security_code": "1"}, "order_cancelled"),
        ("COMPLETED", "send_code", {}, "already_completed"),
        ("APPROVED_BY_BANK", "complete", {"security_code": "1"}, "400"),
        ("APPROVED_BY_BANK", "assemble", {"parcels": 1}, "400"),
        ("COMPLETED", "cancel", {"reason": "MERCHANT_OUT_OF_STOCK", "comment": None}, "400"),
        ("ACCEPTED_BY_MERCHANT", "assemble", {"parcels": 1}, "400"),
    ],
)
def test_a_status_is_reached_from_certain_others_only(
    client: Any, shop: Any, status: str, operation: str, more: dict[str, Any], code: str
) -> None:
    named = shop.one(way="pickup", status=status)
    with pytest.raises(Rejected) as caught:
        client.run(shop.config, operation, **named, **more)
    assert caught.value.code == code
    assert shop.book(named["code"])["status"] == status


def test_papers_are_signed_before_the_goods_are_handed_over(client: Any, shop: Any) -> None:
    named = shop.one(status="ACCEPTED_BY_MERCHANT", to_sign=True)
    assert shop.book(named["code"])["state"] == "SIGN_REQUIRED"
    with pytest.raises(Rejected) as caught:
        client.run(shop.config, "send_code", **named)
    assert caught.value.code == "not_allowed"


def test_an_order_and_a_part_of_one_are_cancelled(client: Any, shop: Any) -> None:
    named = shop.one()
    because = {"reason": "MERCHANT_OUT_OF_STOCK", "comment": "Разбили"}
    client.run(shop.config, "cancel", **named, **because)
    book = shop.book(named["code"])
    assert (book["state"], book["reason"], book["comment"]) == ("ARCHIVE", *because.values())

    other = shop.one()
    shop.change(other["code"], lines=[{"sku": "A", "quantity": 5, "price": 10}, {"sku": "B"}])
    entries = client.run(shop.config, "entries", order=other["order"]).data["entries"]
    part = {"order": other["order"], "entry": entries[0]["id"], "reason": because["reason"]}
    answer = client.run(shop.config, "cancel_part", **part, remaining=2)
    assert (answer.data["status"], bool(answer.reference)) == ("SUCCESSFULL", True)
    assert client.look_up(shop.config, "cancel_part", **part, remaining=2) is not None
    client.run(shop.config, "cancel_part", **part, remaining=0)
    (left,) = shop.book(other["code"])["lines"]
    assert (left["sku"], shop.book(other["code"])["total"]) == ("B", "1000")


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("accept", {}),
        ("assemble", {"parcels": 1}),
        ("complete", {"security_code": "CODE"}),
        ("cancel", {"reason": "MERCHANT_OUT_OF_STOCK", "comment": None}),
    ],
)
@pytest.mark.parametrize(("kind", "happened"), [("reset", True), ("garbage", True), ("500", False)])
def test_a_lost_answer_is_found_out(
    client: Any, shop: Any, operation: str, more: dict[str, Any], kind: str, happened: bool
) -> None:
    status = "APPROVED_BY_BANK" if operation == "accept" else "ACCEPTED_BY_MERCHANT"
    named = shop.one(way="kaspi", status=status)
    if operation == "complete":
        client.run(shop.config, "send_code", **named)
        more = {"security_code": shop.book(named["code"])["security_code"]}
    shop.fault(operation, kind)
    with pytest.raises(OutcomeUnknown):
        client.run(shop.config, operation, **named, **more)
    found = client.look_up(shop.config, operation, **named, **more)
    assert (found is not None) == happened
    if found is None:
        found = client.run(shop.config, operation, **named, **more)
    assert {name: found.data[name] for name in named} == named


def test_ids_are_base64_without_padding_and_numbers_are_no_ids(client: Any, shop: Any) -> None:
    named = shop.one()
    assert decoded(named["order"]) == named["code"]
    assert titles(shop.get(f"/orders/{named['code']}"), 404)
    for name in (encoded("12345678", padded=True), "ordersID"):
        assert shop.get(f"/orders/{name}").status_code == 404
    shop.settings(padded_ids=True)
    padded = shop.one()
    assert padded["order"].endswith("=")
    (first, *_) = client.run(shop.config, "entries", order=padded["order"]).data["entries"]
    assert first["id"].endswith("=")
    assert client.run(shop.config, "product", line=first["id"]).data["sku"]
    client.run(shop.config, "accept", **padded)
    assert shop.book(padded["code"])["status"] == "ACCEPTED_BY_MERCHANT"


def test_old_positions_name_no_article_until_asked(client: Any, shop: Any) -> None:
    named = shop.one(lines=1)
    (line,) = shop.book(named["code"])["lines"]
    shop.settings(offers=False)
    found = read(client.run(shop.config, "order", code=named["code"]).data["order"])
    (told,) = found.lines or ()
    assert (told.sku, told.name) == (None, None)
    for asked in (told.product, told.line):
        data = client.run(shop.config, "product", line=asked).data
        assert data == {"sku": line["sku"], "name": line["name"]}


@pytest.mark.parametrize("included", ["incomplete", "none"])
def test_positions_that_did_not_come_along_are_asked_for(
    client: Any, shop: Any, included: str
) -> None:
    named = shop.one(until_ms=NOW_MS, lines=5, seed=7)
    lines = shop.book(named["code"])["lines"]
    assert len(lines) > 1
    shop.settings(included=included)
    (document,) = every(client, shop, "NEW")
    assert read(document).lines is None
    entries = client.run(shop.config, "entries", order=named["order"]).data["entries"]
    found = read({**document, "entries": entries}).lines
    assert [line.sku for line in found or ()] == [line["sku"] for line in lines]


def test_what_the_books_say_is_what_is_told(client: Any, shop: Any) -> None:
    shop.make(count=40, until_ms=NOW_MS, customers=5, skus=10)
    for document in every(client, shop, "NEW"):
        found = read(document)
        book = shop.book(found.code)
        assert (found.phone, found.first_name) == (f"+7{book['phone']}", book["first_name"])
        assert found.total == book["total"].removesuffix(".0")
        told = [(line.sku, line.quantity, line.price) for line in found.lines or ()]
        kept = [(line["sku"], f"{line['quantity']}", line["price"]) for line in book["lines"]]
        assert told == kept


def test_the_same_seed_makes_the_same_orders(shop: Any, control: httpx2.Client) -> None:
    def drawn() -> list[Any]:
        made = shop.make(count=20, customers=3, skus=4, seed=5)
        books = [shop.book(it["code"]) for it in made]
        return [(it["phone"], it["lines"], it["way"], it["total"]) for it in books]

    first = drawn()
    assert first == drawn()
    assert len({phone for phone, *_ in first}) <= 3
    control.delete("/kaspi/_orders", params={"token": shop.token}).raise_for_status()
    left = control.get("/kaspi/_orders", params={"token": shop.token}).json()
    assert left == {"orders": []}


def test_a_door_changes_what_others_would(client: Any, shop: Any) -> None:
    named = shop.one()
    shop.change(named["code"], word="WAITING_FOR_PARTNER", total="10.5", first_name="Анна")
    found = read(client.run(shop.config, "order", code=named["code"]).data["order"])
    assert (found.status, found.state, found.total) == ("WAITING_FOR_PARTNER", None, "10.5")
    assert found.first_name == "Анна"
    shop.change(named["code"], lines=[{"sku": "Z", "quantity": 2, "price": "3.5"}])
    book = shop.change(named["code"], status="RETURNED", phone="9990000009")
    assert (book["total"], book["state"], book["phone"]) == ("7.0", "ARCHIVE", "9990000009")
    # Positions may go back as the books print them.
    assert shop.change(named["code"], lines=book["lines"])["lines"] == book["lines"]


@pytest.mark.parametrize("path", ["/_orders", "/_orders/700000001", "/_settings"])
def test_what_a_door_does_not_know_it_refuses(control: httpx2.Client, path: str) -> None:
    bodies: tuple[Any, ...] = ({"more": 1}, [], {"token": 5})
    for body in bodies:
        assert control.post(f"/kaspi{path}", json=body).status_code == 400
    missing = control.post("/kaspi/_orders/1", json={"token": "nobody"})
    assert missing.status_code == 404


def test_every_token_is_a_shop_of_its_own_and_a_bad_one_none(client: Any, shop: Any) -> None:
    named = shop.one()
    other = shop.config.model_copy(update={"token": type(shop.config.token)("token-other")})
    assert client.run(other, "order", code=named["code"]).data == {"order": None}
    bad = shop.config.model_copy(update={"token": type(shop.config.token)("bad")})
    with pytest.raises(AuthFailed):
        client.run(bad, "check")


def test_the_examples_are_too_old_for_any_list(client: Any, shop: Any) -> None:
    config = shop.config.model_copy(update={"token": type(shop.config.token)(TOKEN)})
    assert client.run(config, "order", **EXAMPLES["order"]).data["order"] is not None
    assert client.run(config, "check").data == {"new": 0}
