"""What is asked of an order, and how it is found out whether it happened."""

import json
from typing import Any

import pytest

from uzel.connectors.kaspi import CONNECTOR
from uzel.connectors.kaspi.miniature import encoded
from uzel.errors import (
    OutcomeUnknown,
    Rejected,
)

NAMED = {"order": "NzAwMTAwMDAx", "code": "700100001"}


EMPTY = {"data": [], "included": [], "meta": {"pageCount": 0, "totalCount": 0}}


def order(code: str, **attributes: Any) -> dict[str, Any]:
    return {"type": "orders", "id": encoded(code), "attributes": {"code": code, **attributes}}


def moved(status: str) -> dict[str, Any]:
    return {"data": order("700100001", status=status), "included": []}


@pytest.mark.parametrize(
    ("operation", "more", "attributes", "headers"),
    [
        ("accept", {}, {"status": "ACCEPTED_BY_MERCHANT"}, {}),
        ("assemble", {"parcels": 2}, {"status": "ASSEMBLE", "numberOfSpace": "2"}, {}),
        (
            "send_code",
            {},
            {"status": "COMPLETED"},
            {"x-security-code": "", "x-send-code": "true"},
        ),
        (
            "complete",
            {"security_code": " 4321 "},
            {"status": "COMPLETED"},
            {"x-security-code": "4321", "x-send-code": "true"},
        ),
        (
            "cancel",
            {"reason": "MERCHANT_OUT_OF_STOCK", "comment": "Разбили"},
            {
                "status": "CANCELLED",
                "cancellationReason": "MERCHANT_OUT_OF_STOCK",
                "cancellationComment": "Разбили",
            },
            {},
        ),
    ],
)
def test_a_status_is_asked_for_as_documented(
    client: Any,
    served: Any,
    operation: str,
    more: dict[str, Any],
    attributes: dict[str, Any],
    headers: dict[str, str],
) -> None:
    served.give(moved("AS_ANSWERED"))
    answer = client.run(served.config(), operation, **NAMED, **more)
    assert answer.data == {**NAMED, "status": "AS_ANSWERED"}
    assert "4321" not in repr(answer)
    what, got, body = served.got[0]
    named = {"type": "orders", "id": NAMED["order"]}
    whole = {"code": NAMED["code"], **attributes}
    assert what == "POST /orders"
    assert json.loads(body) == {"data": {**named, "attributes": whole}}
    assert {name: got.get(name) for name in headers} == headers
    assert ("x-send-code" in got) == bool(headers)


def test_a_part_is_cancelled_as_documented(client: Any, served: Any) -> None:
    served.give({"data": {"id": "op-1", "attributes": {"status": "INPROGRESS"}}})
    arguments = {"order": "MTIz", "entry": "MTIzIyMw", "remaining": 0, "reason": "X_REASON"}
    answer = client.run(served.config(), "cancel_part", **arguments)
    assert answer.reference == "op-1"
    assert answer.data == {"entry": "MTIzIyMw", "remaining": 0, "status": "INPROGRESS"}
    what, _, body = served.got[0]
    assert what == "POST /orderEntryCancelOperation"
    assert json.loads(body)["data"] == {
        "type": "orderEntryCancelOperation",
        "attributes": {"remainedQuantity": 0, "reason": "X_REASON"},
        "relationships": {"entry": {"data": {"type": "orderentries", "id": "MTIzIyMw"}}},
    }


PART = {"order": "MTIz", "entry": "MTIzIyMw", "remaining": 1, "reason": "X"}


CANCEL = {**NAMED, "reason": "X", "comment": None}


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("accept", {**NAMED, "order": "../x"}, "order"),
        ("accept", {**NAMED, "code": None}, "code"),
        ("assemble", {**NAMED, "parcels": 0}, "parcels"),
        ("assemble", {**NAMED, "parcels": "2"}, "parcels"),
        ("complete", {**NAMED, "security_code": ""}, "security_code_invalid"),
        ("complete", {**NAMED, "security_code": "1\r\nx: y"}, "security_code_invalid"),
        ("cancel", {**CANCEL, "reason": "bad reason"}, "reason"),
        ("cancel", {**CANCEL, "comment": "я" * 1001}, "comment"),
        ("cancel_part", {**PART, "remaining": -1}, "remaining"),
        ("cancel_part", {**PART, "remaining": True}, "remaining"),
        ("cancel_part", {**PART, "entry": ""}, "entry"),
        ("entries", {"order": "a/../b c"}, "order"),
        ("product", {"line": "product:"}, "line"),
    ],
)
def test_what_cannot_be_meant_is_not_sent(
    client: Any, served: Any, operation: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        client.run(served.config(), operation, **arguments)
    assert (caught.value.code, served.got) == (code, [])


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {"attributes": {}}}, []])
def test_a_change_whose_answer_says_no_status_may_have_happened(
    client: Any, served: Any, answer: Any
) -> None:
    for operation, arguments in (("accept", NAMED), ("cancel_part", PART)):
        served.give(answer)
        with pytest.raises(OutcomeUnknown):
            client.run(served.config(), operation, **arguments)


LOOK_UPS: list[tuple[str, dict[str, Any], bool | None]] = [
    ("accept", {"status": "APPROVED_BY_BANK"}, False),
    ("accept", {"status": "ACCEPTED_BY_MERCHANT"}, True),
    ("accept", {"status": "COMPLETED"}, True),
    ("accept", {"status": "CANCELLED"}, None),
    ("accept", {"status": ["?"]}, None),
    ("assemble", {"status": "ACCEPTED_BY_MERCHANT", "assembled": False}, False),
    ("assemble", {"status": "ACCEPTED_BY_MERCHANT", "assembled": True}, True),
    ("assemble", {"status": "COMPLETED", "assembled": True}, True),
    ("assemble", {"status": "CANCELLED"}, None),
    ("complete", {"status": "ACCEPTED_BY_MERCHANT"}, False),
    ("complete", {"status": "COMPLETED"}, True),
    ("complete", {"status": "RETURNED"}, None),
    ("cancel", {"status": "ACCEPTED_BY_MERCHANT"}, False),
    ("cancel", {"status": "APPROVED_BY_BANK"}, False),
    ("cancel", {"status": "CANCELLED"}, True),
    ("cancel", {"status": "CANCELLING"}, True),
    ("cancel", {"status": "COMPLETED"}, None),
]


@pytest.mark.parametrize(("operation", "attributes", "happened"), LOOK_UPS)
def test_the_order_says_whether_it_happened(
    client: Any,
    served: Any,
    operation: str,
    attributes: dict[str, Any],
    happened: bool | None,
) -> None:
    served.give({**EMPTY, "data": [order("700100001", **attributes)]})
    if happened is None:
        with pytest.raises(OutcomeUnknown):
            client.look_up(served.config(), operation, **NAMED)
        return
    found = client.look_up(served.config(), operation, **NAMED)
    expected = {**NAMED, "status": attributes["status"]}
    assert (found and found.data) == (expected if happened else None)


def test_of_an_order_that_is_not_found_nothing_is_known(client: Any, served: Any) -> None:
    served.give(EMPTY)
    with pytest.raises(OutcomeUnknown):
        client.look_up(served.config(), "accept", **NAMED)


@pytest.mark.parametrize(
    ("left", "remaining", "happened"),
    [(1, 1, True), (2, 1, False), (None, 0, True), (None, 1, False), ("?", 1, False)],
)
def test_the_positions_say_whether_a_part_was_cancelled_but_never_that_it_was_not(
    client: Any, served: Any, left: Any, remaining: int, happened: bool
) -> None:
    mine = {"type": "orderentries", "id": PART["entry"], "attributes": {"quantity": left}}
    served.give({"data": [] if left is None else [mine]})
    arguments = {**PART, "remaining": remaining}
    if not happened:
        with pytest.raises(OutcomeUnknown):
            client.look_up(served.config(), "cancel_part", **arguments)
        return
    found = client.look_up(served.config(), "cancel_part", **arguments)
    assert found.data == {"entry": PART["entry"], "remaining": remaining, "status": "SUCCESSFULL"}


def test_only_reads_may_be_repeated() -> None:
    repeatable = {name for name, it in CONNECTOR.operations.items() if it.repeatable}
    assert repeatable == {"check", "orders", "order", "entries", "product"}
    found_out = {name for name, it in CONNECTOR.operations.items() if it.look_up}
    assert found_out == CONNECTOR.operations.keys() - repeatable - {"send_code"}
