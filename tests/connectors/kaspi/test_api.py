"""One request: what leaves, what comes back, what a refusal means."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.kaspi.api import MEDIA_TYPE, PERSONAL, USER_AGENT, writable
from uzel.connectors.kaspi.miniature import encoded
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    RateLimited,
    Rejected,
    Unavailable,
)

NAMED = {"order": "NzAwMTAwMDAx", "code": "700100001"}


EMPTY = {"data": [], "included": [], "meta": {"pageCount": 0, "totalCount": 0}}


def title(text: str) -> bytes:
    return json.dumps({"errors": [{"title": text}]}).encode()


def order(code: str, **attributes: Any) -> dict[str, Any]:
    return {"type": "orders", "id": encoded(code), "attributes": {"code": code, **attributes}}


def moved(status: str) -> dict[str, Any]:
    return {"data": order("700100001", status=status), "included": []}


def test_every_request_says_who_asks_and_in_what_form(client: Any, served: Any) -> None:
    served.give(EMPTY, moved("ACCEPTED_BY_MERCHANT"))
    client.run(served.config(), "order", code="700100001")
    client.run(served.config(), "accept", **NAMED)
    for _, headers, _ in served.got:
        assert headers["x-auth-token"] == "token-served"
        assert headers["user-agent"] == USER_AGENT
        assert headers["accept"] == headers["content-type"] == MEDIA_TYPE


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=9,
)


@given(value=JSON_VALUES)
def test_whatever_came_can_be_written_as_json(value: Any) -> None:
    kept = writable(value)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert "\\u0000" not in json.dumps(kept)


CASES: list[tuple[int, bytes, type[CallFailed], str | None]] = [
    (400, title("Required filter [orders][creationDate][$ge] is empty."), Rejected,
     "filter_required"),
    (400, title("Order is cancelled, so it can't be completed."), Rejected, "order_cancelled"),
    (400, title("Something new"), Rejected, "400"),
    (400, b"", Rejected, "400"),
    (400, b'{"errors":[]}', Rejected, "400"),
    (400, b'{"errors":[{"title":5}]}', Rejected, "400"),
    (400, b"[" * 9999, Rejected, "400"),
    (404, title("Resource not found"), Rejected, "404"),
    (406, b"", Rejected, "406"),
    (401, title("Unauthorized"), AuthFailed, None),
    (403, b"<html>", AuthFailed, None),
    (429, title("Order is cancelled"), RateLimited, None),
    (500, title("Order is cancelled"), Unavailable, None),
    (302, b"", ContractBroken, None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "error", "code"), CASES)
def test_refusals(
    client: Any,
    served: Any,
    status: int,
    body: bytes,
    error: type[CallFailed],
    code: str | None,
) -> None:
    served.answers = [(status, body)]
    with pytest.raises(error) as caught:
        client.run(served.config(), "check")
    assert (type(caught.value), caught.value.code, caught.value.http_status) == (
        *(error, code),
        status,
    )


def personal(digits: str) -> Iterator[str]:
    yield from (digits, f"+7{digits}", encoded(digits), encoded(digits, padded=True))


@given(digits=st.from_regex(r"[0-9]{10}", fullmatch=True))
def test_no_phone_gets_into_an_error_in_clear_or_as_an_id(digits: str) -> None:
    for text in personal(digits):
        assert text not in PERSONAL.sub("…", f"Customer [{text}] is unknown")


def test_a_refusal_keeps_its_words_without_the_buyer(client: Any, served: Any) -> None:
    served.answers = [(400, title(f"Customer {encoded('9990000001')} is not in order 700100001"))]
    with pytest.raises(Rejected) as caught:
        client.run(served.config(), "accept", **NAMED)
    assert caught.value.detail == "Kaspi: Customer … is not in order 700100001"
