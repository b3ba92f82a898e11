from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.smsru.codes import delivery, explain, failure
from uzel.errors import (
    AuthFailed,
    CallFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.model.receipt import ReceiptState

NOW = datetime(2026, 3, 14, 20, 30, tzinfo=UTC)  # 23:30 in Moscow
CLASSES: dict[type[CallFailed], list[int]] = {
    AuthFailed: [200, 201, 221, 300, 301, 302],
    Rejected: [
        *(202, 203, 204, 205, 207, 208, 209),
        *range(210, 218),
        *(231, 232, 233, 303, 507, 550, 901, 902),
    ],
    RateLimited: [206, 230, 304, 305, *range(501, 507), 508],
    Unavailable: [220],
    OutcomeUnknown: [218, 500],
}


@pytest.mark.parametrize(
    ("code", "error"), [(code, error) for error, codes in CLASSES.items() for code in codes]
)
def test_every_documented_code_has_its_class(code: int, error: type[CallFailed]) -> None:
    caught = failure(code, effect=True, now=NOW)
    assert type(caught) is error
    assert caught.code == str(code)
    assert caught.detail == explain(code) != explain(None)


def test_only_stop_lists_suppress_the_number() -> None:
    codes = [code for codes in CLASSES.values() for code in codes]
    errors = [failure(code, effect=True, now=NOW) for code in codes]
    suppressed = [e.code for e in errors if isinstance(e, Rejected) and e.suppress]
    assert suppressed == ["209", "215"]


def test_a_server_error_of_a_read_may_be_asked_again() -> None:
    assert type(failure(500, effect=False, now=NOW)) is Unavailable


@given(st.integers() | st.none(), st.booleans())
def test_any_code_is_one_clean_error(code: int | None, effect: bool) -> None:
    error = failure(code, effect=effect, now=NOW)
    assert error.detail.startswith("SMS.ru: ")


def test_an_undocumented_code_is_a_refusal() -> None:
    assert type(failure(777, effect=True, now=NOW)) is Rejected
    assert type(failure(None, effect=True, now=NOW)) is Rejected


def test_a_limit_of_one_number_holds_no_other_one() -> None:
    for code, everyone in [(206, True), (508, True), (230, False), (304, False), (501, False)]:
        error = failure(code, effect=True, now=datetime(2026, 11, 20, tzinfo=UTC))
        assert isinstance(error, RateLimited) and error.everyone is everyone


@pytest.mark.parametrize("code", [206, 230])
def test_a_daily_limit_ends_at_midnight_in_moscow(code: int) -> None:
    error = failure(code, effect=True, now=NOW)
    assert isinstance(error, RateLimited)
    assert error.retry_at == datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
    assert error.retry_at.utcoffset() == timedelta(0)
    later = failure(code, effect=True, now=error.retry_at)
    assert isinstance(later, RateLimited)
    assert later.retry_at == error.retry_at + timedelta(days=1)


def test_shorter_limits_end_sooner() -> None:
    for code, wait in ((501, timedelta(hours=1)), (508, timedelta(minutes=5))):
        error = failure(code, effect=True, now=NOW)
        assert isinstance(error, RateLimited)
        assert error.retry_at == NOW + wait


def test_delivery_codes() -> None:
    states = {code: delivery(code)[0] for code in (-1, *range(100, 109), 110, 150, 109, 0)}
    assert {code for code, state in states.items() if state is ReceiptState.FAILED} == {
        *(-1, 104, 105, 106, 107, 108, 150)
    }
    assert states[103] is ReceiptState.DELIVERED
    assert states[110] is ReceiptState.READ
    assert {states[code] for code in (100, 101, 102, 109, 0)} == {ReceiptState.PENDING}
