"""Examples that other people collected: Kaspi's documentation and live answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from uzel.connector import Element, Received
from uzel.connectors.kaspi.api import CODES
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.poll import parse
from uzel.errors import PayloadInvalid, Rejected
from uzel.model.order import Order, OrderState

ROOT = Path(__file__).resolve().parents[3]
COLLECTED = ROOT / ".." / "shared" / "samples" / "kaspi"
CONFIG = KaspiConfig.model_validate({"token": "t"})

pytestmark = pytest.mark.skipif(not COLLECTED.is_dir(), reason="the collected samples are not here")


def read(name: str) -> list[Element]:
    body = (COLLECTED / name).read_bytes()
    return parse(Received(body, {}, "", datetime.now(UTC)), CONFIG)


def order(name: str) -> Order:
    (element,) = read(name)
    assert isinstance(element.data, Order)
    return element.data


def test_every_body_is_read_or_refused_and_orders_are_found_in_those_that_have_them() -> None:
    orders: list[str] = []
    for path in sorted(COLLECTED.glob("*.json")):
        content = json.loads(path.read_bytes())
        try:
            elements = read(path.name)
        except PayloadInvalid:
            assert not (isinstance(content, dict) and "data" in content), path.name
            continue
        data = content["data"]
        resources: list[Any] = data if isinstance(data, list) else [data]
        assert len(elements) == len(resources), path.name
        for element, resource in zip(elements, resources, strict=True):
            is_order = resource["type"] == "orders" and "code" in resource["attributes"]
            assert (element.reason is None) == is_order, path.name
            orders += [path.name] if is_order else []
    assert len(orders) >= 13


def test_a_list_whose_included_lacks_a_position() -> None:
    found = order("off_01_orders_list_pickup_include_entries.json")
    assert (found.code, found.order, found.total) == ("496149022", "NDk3MTQ6MDIx", "2000")
    assert (found.state, found.lines) == (OrderState.ACCEPTED, None)
    assert found.phone == "+77000000000"


def test_a_search_by_number() -> None:
    found = order("off_02_order_by_code_kaspi_delivery.json")
    assert found.state is OrderState.CANCELLING
    (line,) = found.lines or ()
    assert (line.sku, line.quantity, line.price, line.total) == (
        *("355654asiuowl", "1", "5990"),
        "5990",
    )
    assert found.note is not None
    assert found.note["Накладная"] == "101110589"
    assert found.note["Причина отмены"] == "покупатель не забрал вовремя"


def test_a_masked_phone_stays_as_it_is() -> None:
    assert order("guide_29_resp.json").phone == "7xx0xxxxxx"


def test_an_empty_list() -> None:
    assert read("live_03_empty_list.json") == []


def test_every_recorded_refusal_has_a_code_of_its_own(client: Any, served: Any) -> None:
    files = [*COLLECTED.glob("live_0[12]*.json"), *COLLECTED.glob("off_*_error_*.json")]
    codes: set[str | None] = set()
    for path in files:
        served.answers = [(400, path.read_bytes())]
        with pytest.raises(Rejected) as caught:
            client.run(served.config(), "check")
        codes.add(caught.value.code)
    assert codes == set(CODES.values())
