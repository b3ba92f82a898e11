"""What each refusal means. The statuses and names are those of Resend's page "Errors"."""

import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.resend.codes import BUSY_S, ERRORS, EVENTS, event, refusal
from uzel.errors import AuthFailed, CallFailed, RateLimited, Rejected
from uzel.model.receipt import ReceiptState


def response(
    status: int, name: str, message: str = "", headers: dict[str, str] | None = None
) -> httpx2.Response:
    content = {"statusCode": status, "message": message, "name": name}
    return httpx2.Response(status, json=content, headers=headers)


DOCUMENTED: list[tuple[int, str, str, type[CallFailed]]] = [
    (400, "invalid_idempotency_key", "between 1-256 chars", Rejected),
    (400, "validation_error", "an error with one or more fields", Rejected),
    (400, "validation_error", "API key is invalid", AuthFailed),
    (401, "missing_api_key", "Missing API key", AuthFailed),
    (401, "restricted_api_key", "restricted to only send emails", AuthFailed),
    (403, "restricted_api_key", "API key is not active", AuthFailed),
    (403, "invalid_api_key", "API key is invalid", AuthFailed),
    (403, "suspended_api_key", "This API key is suspended", AuthFailed),
    (403, "invalid_permission", "missing required scopes", AuthFailed),
    (403, "validation_error", "You can only send testing emails to your own", AuthFailed),
    (403, "validation_error", "The `kafe.example` domain is not verified", AuthFailed),
    (404, "not_found", "The requested endpoint does not exist", Rejected),
    (405, "method_not_allowed", "Method is not allowed", Rejected),
    (409, "concurrent_idempotent_requests", "another request in progress", RateLimited),
    (409, "invalid_idempotent_request", "the request body was modified", Rejected),
    (409, "resource_locked", "Another request is already updating", RateLimited),
    (422, "invalid_attachment", "Attachment must have either", Rejected),
    (422, "invalid_parameter", "The `parameter` must be a valid UUID", Rejected),
    (422, "missing_required_field", "Missing `to` field.", Rejected),
    (422, "missing_required_parameter", "missing", Rejected),
    (429, "rate_limit_exceeded", "Too many requests", RateLimited),
    (429, "daily_quota_exceeded", "your daily email sending quota", RateLimited),
    (429, "monthly_quota_exceeded", "your monthly email sending quota", AuthFailed),
]


@pytest.mark.parametrize(("status", "name", "message", "kind"), DOCUMENTED)
def test_every_documented_error_has_its_class(
    status: int, name: str, message: str, kind: type[CallFailed]
) -> None:
    error = refusal(response(status, name, message))
    assert type(error) is kind
    assert (error.code, error.http_status) == (name, status)
    assert error.detail.startswith("Resend: ")


def test_no_documented_error_is_missing_in_the_table() -> None:
    assert {name for _, name, _, _ in DOCUMENTED} == ERRORS.keys()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, AuthFailed), (403, AuthFailed), (422, Rejected), (429, RateLimited)],
)
def test_an_error_that_is_in_no_table_means_what_its_status_does(
    status: int, kind: type[CallFailed]
) -> None:
    error = refusal(response(status, "brand_new"))
    assert type(error) is kind
    assert error.code == "brand_new"


@pytest.mark.parametrize("status", [200, 302, 500, 503])
def test_other_statuses_speak_for_themselves(status: int) -> None:
    assert refusal(response(status, "application_error")) is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"name":1}', b'{"name":"A b"}', b"[" * 9999]
)
def test_a_body_that_says_nothing_leaves_the_word_to_the_status(body: bytes) -> None:
    assert refusal(httpx2.Response(403, content=body)) is None


def test_what_stands_before_resend_is_named() -> None:
    error = refusal(httpx2.Response(403, content=b"error code: 1010"))
    assert type(error) is AuthFailed
    assert (error.code, "Cloudflare" in error.detail) == ("1010", True)


def waits(error: CallFailed | None) -> timedelta:
    assert isinstance(error, RateLimited)
    return error.retry_at - datetime.now(UTC)


@given(st.integers(0, 100))
def test_a_moments_limit_waits_as_long_as_it_is_told(wait_s: int) -> None:
    for name in ("retry-after", "ratelimit-reset"):
        error = refusal(response(429, "rate_limit_exceeded", headers={name: str(wait_s)}))
        assert timedelta(seconds=wait_s - 10) < waits(error) <= timedelta(seconds=wait_s)
        assert isinstance(error, RateLimited) and error.everyone


def test_retry_after_comes_before_the_reset() -> None:
    headers = {"retry-after": "60", "ratelimit-reset": "1"}
    assert waits(refusal(response(429, "rate_limit_exceeded", headers=headers))).seconds > 40


def test_a_days_quota_ends_with_the_day_of_utc() -> None:
    error = refusal(response(429, "daily_quota_exceeded"))
    assert isinstance(error, RateLimited) and error.everyone
    assert error.retry_at.utcoffset() == timedelta(0)
    assert (error.retry_at.hour, error.retry_at.minute, error.retry_at.second) == (0, 0, 0)
    assert timedelta(0) < waits(error) <= timedelta(days=1)


@pytest.mark.parametrize("name", ["concurrent_idempotent_requests", "resource_locked"])
def test_what_is_being_worked_on_keeps_nobody_else_waiting(name: str) -> None:
    error = refusal(response(409, name))
    assert timedelta(0) < waits(error) <= timedelta(seconds=BUSY_S)
    assert isinstance(error, RateLimited) and not error.everyone


def test_a_key_used_with_another_body_ends_the_message() -> None:
    error = refusal(response(409, "invalid_idempotent_request"))
    assert isinstance(error, Rejected) and error.final


@pytest.mark.parametrize(
    ("message", "unreachable"),
    [
        ("Invalid `to` field. The email address needs to follow the `email@example.com`", True),
        ("Invalid `from` field.", False),
        ("Invalid `reply_to` field.", False),
        ("to", False),
    ],
)
def test_a_wrong_recipient_may_be_reached_in_another_way(message: str, unreachable: bool) -> None:
    error = refusal(response(422, "validation_error", message))
    assert isinstance(error, Rejected)
    assert (error.unreachable, error.final, error.suppress) == (unreachable, False, False)


def test_fields_are_named_and_people_are_not() -> None:
    message = "Invalid `from` field: `anna@post.example` of `post.example`, see anna@post.example"
    error = refusal(response(422, "validation_error", message))
    assert error is not None
    assert "(from)" in error.detail
    assert "post" not in error.detail + repr(error)


@given(st.integers(400, 499), st.text(), st.text())
def test_any_error_is_read(status: int, name: str, message: str) -> None:
    content = json.dumps({"name": name, "message": message}).encode()
    error = refusal(httpx2.Response(status, content=content))
    assert error is None or isinstance(error, CallFailed)


def test_an_unknown_word_settles_nothing() -> None:
    assert event("teleported")[0] is ReceiptState.PENDING
    assert {state for state, _ in EVENTS.values()} == set(ReceiptState)
