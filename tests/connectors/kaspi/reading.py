"""What the sandbox lists and tells, read as a client reads it."""

import json
from typing import Any

import httpx2

from uzel.connector import Received
from uzel.connectors.kaspi.poll import parse
from uzel.model.order import Order

NOW_MS = 1794560000000
DAY_MS = 24 * 3600 * 1000
WINDOW = {"since_ms": NOW_MS - DAY_MS, "until_ms": NOW_MS}


def read(document: Any) -> Order:
    received = Received(json.dumps(document).encode(), {}, "", None)  # type: ignore[arg-type]
    (element,) = parse(received, None)  # type: ignore[arg-type]
    assert isinstance(element.data, Order), element
    return element.data


def titles(answered: httpx2.Response, status: int = 400) -> str:
    assert answered.status_code == status
    content = answered.json()
    assert list(content) == ["errors"] and [list(it) for it in content["errors"]] == [["title"]]
    return str(content["errors"][0]["title"])


def every(client: Any, shop: Any, state: str) -> list[Any]:
    """The documents of all pages."""
    found: list[Any] = []
    page, pages = 0, 1
    while page < pages:
        data = client.run(shop.config, "orders", state=state, page=page, **WINDOW).data
        found += data["orders"]
        page, pages = page + 1, data["pages"]
    return found
