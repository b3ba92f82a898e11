"""What refusals say, in all of their shapes; message ids; what must never be shown."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.exolve.answers import message_id_of, quoted, refusal
from uzel.errors import AuthFailed, CallFailed, Rejected

JWT = "eyJhbGciOiJub25lIn0.eyJleHAiOjIwMDB9.c2FuZGJveA"
SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "samples" / "exolve"
SIGN = "customer has not signed, the number must match your confirmed phone number"


def refused(content: Any, status: int = 400, content_type: str = "application/json") -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"content-type": content_type}
    return refusal(httpx2.Response(status, headers=headers, content=body), JWT)


@pytest.mark.parametrize(
    "shape", [lambda t: t, lambda t: {"message": t}, lambda t: {"details": t}, lambda t: {"x": 1}]
)
def test_a_refusal_is_read_in_every_shape(shape: Any) -> None:
    error = refused({"error": shape("the weather is bad")})
    assert isinstance(error, Rejected)
    assert error.code == "400"
    assert ("the weather is bad" in error.detail) == (shape("") != {"x": 1})


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (401, "incorrect authorization token", AuthFailed),
        (400, "incorrect authorization token", AuthFailed),
        (400, SIGN, AuthFailed),
        (400, "invalid SendRequest.Number: value does not match regex pattern", AuthFailed),
        (400, "Insufficient funds", AuthFailed),
        (402, "pay first", AuthFailed),
        (403, "no", AuthFailed),
        (400, "invalid SendRequest.Destination: value does not match regex pattern", Rejected),
        (400, "rpc error: Number does not exist, sorry", Rejected),
        (404, "message not found", Rejected),
        (400, "", Rejected),
    ],
)
def test_words_and_status_tell_the_account_from_the_message(
    status: int, text: str, kind: type[CallFailed]
) -> None:
    error = refused({"error": {"message": text}}, status)
    assert type(error) is kind
    assert error.http_status == status
    if isinstance(error, Rejected):
        assert not (error.unreachable or error.suppress)


def test_a_missing_path_pauses_the_connection_and_5xx_and_429_are_left_to_their_status() -> None:
    assert isinstance(refused(b"404 page not found", 404, "text/plain"), AuthFailed)
    for status in (200, 302, 429, 500, 502):
        assert refused({"error": "x"}, status) is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b'{"error":', b"[" * 100_000])
def test_an_unreadable_refusal_is_still_one(body: bytes) -> None:
    assert isinstance(refused(body), Rejected)


def test_a_page_is_not_quoted() -> None:
    error = refused(b"<h1>Bad gateway</h1>", 400, "text/html")
    assert error.detail == "Exolve: HTTP 400"


@given(
    st.text(max_size=40),
    st.sampled_from([JWT, "eyJx", "+79990000001", "8 (999) 000-00-01", "79990000001"]),
    st.text(max_size=40),
)
def test_keys_and_numbers_are_never_quoted(before: str, secret: str, after: str) -> None:
    shown = quoted(f"{before} {secret} {after}", JWT)
    assert "eyJ" not in shown or "eyJ" in before + after
    assert secret not in shown
    assert "\x00" not in shown


def test_a_key_that_looks_like_nothing_is_not_quoted_either() -> None:
    assert quoted("token pass-word-1 is bad", "pass-word-1") == ": «token … is bad»"


@given(st.integers(10**5, 2**63 - 1))
def test_ids_stay_exact_whether_number_or_text(number: int) -> None:
    """Through the JSON of an answer, and never through a float."""
    for written in (number, str(number)):
        value = json.loads(json.dumps({"message_id": written}))["message_id"]
        assert message_id_of(value) == str(number)


@pytest.mark.parametrize(
    "value", [None, True, 0, -1, 2**63, 5.7e17, "", "0", "x", "١٢٣٤٥٦٧", "1" * 20, [], {}]
)
def test_what_is_no_id_is_none(value: object) -> None:
    assert message_id_of(value) is None
    assert message_id_of(10**5000) is None


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the collected samples are not here")
def test_refusals_that_were_seen() -> None:
    seen = json.loads((SAMPLES / "errors_seen.json").read_text())
    kinds = []
    for exchange in seen:
        text = exchange.get("body_text")
        body = text.encode() if text else json.dumps(exchange["body"]).encode()
        status = exchange["http"] if isinstance(exchange["http"], int) else 400
        content_type = exchange.get("content_type", "application/json")
        kinds.append(type(refused(body, status, content_type)))
    assert kinds == [Rejected, Rejected, AuthFailed, AuthFailed, AuthFailed, Rejected]
