import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.bench.bodies import (
    DeliveryRequests,
    iiko_delivery,
    iiko_order_id,
    phone_number,
)

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples" / "iiko"
INDICES = st.integers(0, 10**9)
OCCURRED_AT = datetime(2026, 6, 1, 22, 30, 15, 250_000, tzinfo=UTC)
REQUESTS = DeliveryRequests(
    host="127.0.0.1:8000",
    path="/api/webhook/iiko?key=k",
    headers={"Authorization": "Bearer token"},
    run_id=77,
    occurred_at=OCCURRED_AT,
)


def update_of(body: bytes) -> Any:
    (update,) = json.loads(body)
    return update


@given(INDICES)
def test_a_body_is_one_delivered_order_of_its_own(i: int) -> None:
    body = iiko_delivery(i, "+79990000001", run_id=3, occurred_at=OCCURRED_AT)
    update = update_of(body)
    assert update["eventType"] == "DeliveryOrderUpdate"
    assert update["eventInfo"]["id"] == iiko_order_id(i, run_id=3)
    assert update["eventInfo"]["creationStatus"] == "Success"
    assert update["eventInfo"]["order"]["status"] == "Delivered"
    assert update["eventInfo"]["order"]["phone"] == "+79990000001"
    assert str(uuid.UUID(update["correlationId"])) == update["correlationId"]
    assert str(uuid.UUID(update["eventInfo"]["id"])) == update["eventInfo"]["id"]
    assert 1400 <= len(body) <= 1900


def test_its_times_are_as_iiko_writes_them() -> None:
    update = update_of(iiko_delivery(0, "+79990000001", occurred_at=OCCURRED_AT, status="Closed"))
    assert update["eventTime"] == "2026-06-01 22:30:15.250"
    assert update["eventInfo"]["timestamp"] == 1780353015250
    order = update["eventInfo"]["order"]
    assert order["status"] == "Closed"
    assert order["whenDelivered"] == "2026-06-02 01:30:15.250", "local to the terminal"


@given(st.sets(st.tuples(INDICES, st.integers(0, 2**32 - 1)), min_size=2, max_size=20))
def test_no_two_indices_or_runs_share_an_order(pairs: set[tuple[int, int]]) -> None:
    ids = {
        update_of(iiko_delivery(i, "+79990000001", run_id=run_id))["eventInfo"]["id"]
        for i, run_id in pairs
    }
    assert len(ids) == len(pairs)


@given(INDICES)
def test_a_request_announces_exactly_its_body(i: int) -> None:
    head, _, body = REQUESTS(i).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /api/webhook/iiko?key=k HTTP/1.1"
    assert f"Content-Length: {len(body)}" in lines
    assert "Authorization: Bearer token" in lines
    assert body == iiko_delivery(i, phone_number(i), run_id=77, occurred_at=OCCURRED_AT)


def paths(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        below = [paths(inner, f"{path}.{key}") for key, inner in value.items()]
        return {path}.union(*below)
    if isinstance(value, list):
        return {path}.union(*(paths(inner, f"{path}[]") for inner in value))
    return {path}


def test_its_fields_are_those_of_a_recorded_webhook() -> None:
    sample = SAMPLES / "01_delivery_closed_yandex_food_array.json"
    if not sample.exists():
        pytest.skip("the recorded payloads are not on this machine")
    ours = paths(json.loads(iiko_delivery(0, "+79990000001")))
    regular_customer_and_courier = {
        path for path in ours if ".customer." in path or ".courierInfo." in path
    }
    assert ours - regular_customer_and_courier <= paths(json.loads(sample.read_bytes()))
