from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.meta.codes import ERRORS, GraphError, failure
from uzel.errors import (
    AuthFailed,
    CallFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLASSES: dict[type[CallFailed], list[int]] = {
    AuthFailed: [
        *(0, 3, 10, 33, 190, 200, 250, 299, 368),
        *(131005, 131031, 131037, 131042, 131045, 131063, 131064, 133010, 133016),
    ],
    RateLimited: [4, 80007, 130429, 131048, 131056],
    Unavailable: [131016, 131057, 133004],
    OutcomeUnknown: [1, 2, 131000],
    Rejected: [
        *(100, 130403, 130472, 130497, 131008, 131009, 131021, 131026, 131030, 131047, 131049),
        *(131050, 131051, 131052, 131053, 132000, 132001, 132005, 132007, 132008, 132012),
        *(132015, 132016, 132068, 132069, 135000),
    ],
}


def error_of(code: int, **more: Any) -> GraphError:
    error = GraphError.of({"code": code, **more})
    assert error is not None
    return error


def raised(code: int, *, effect: bool = True, **more: Any) -> CallFailed:
    return failure(error_of(code, **more), effect=effect, now=NOW)


@pytest.mark.parametrize(
    ("code", "error"), [(code, error) for error, codes in CLASSES.items() for code in codes]
)
def test_every_documented_code_has_its_class(code: int, error: type[CallFailed]) -> None:
    caught = raised(code, title="Meta's words")
    assert type(caught) is error
    assert caught.code == str(code)
    assert "Meta's words" not in caught.detail


def test_the_table_above_is_whole() -> None:
    assert {code for codes in CLASSES.values() for code in codes} | set(range(200, 300)) == set(
        ERRORS
    )


def test_who_must_not_be_written_to_and_who_cannot() -> None:
    rejected = [raised(code) for code in CLASSES[Rejected]]
    assert all(isinstance(error, Rejected) for error in rejected)
    assert [e.code for e in rejected if isinstance(e, Rejected) and e.suppress] == [
        "130403",
        "131050",
    ]
    assert [e.code for e in rejected if isinstance(e, Rejected) and e.unreachable] == [
        "131026",
        "131030",
    ]
    stops = {code: why for code in ERRORS if (why := error_of(code).stops)}
    assert stops == {130403: "blocked", 131050: "user_stopped"}


@pytest.mark.parametrize(
    ("code", "wait", "everyone"),
    [
        (131056, timedelta(minutes=1), False),
        (130429, timedelta(seconds=5), True),
        (4, timedelta(minutes=5), True),
        (80007, timedelta(minutes=5), True),
        (131048, timedelta(hours=1), True),
    ],
)
def test_limits_end_and_only_the_pairs_holds_no_other_person(
    code: int, wait: timedelta, everyone: bool
) -> None:
    caught = raised(code)
    assert isinstance(caught, RateLimited)
    assert (caught.retry_at, caught.everyone) == (NOW + wait, everyone)


def test_what_the_headers_ask_for_counts_more() -> None:
    caught = failure(error_of(80007), effect=False, now=NOW, wait=timedelta(minutes=19))
    assert isinstance(caught, RateLimited)
    assert caught.retry_at == NOW + timedelta(minutes=19)


def test_an_unclear_error_of_a_read_may_be_asked_again() -> None:
    assert {type(raised(code, effect=False)) for code in (1, 2, 131000)} == {Unavailable}


def test_code_100_with_subcode_33_is_a_wrong_account() -> None:
    assert type(raised(100, error_subcode=33)) is AuthFailed
    assert type(raised(100, error_subcode=2)) is Rejected


def test_an_unlisted_code_is_a_refusal_unless_meta_calls_it_transient() -> None:
    assert type(raised(131999)) is Rejected
    assert type(raised(131999, is_transient=True)) is OutcomeUnknown
    assert type(raised(131999, is_transient="true")) is Rejected


def test_metas_words_are_kept_where_ours_do_not_say_enough_and_phones_never() -> None:
    unlisted = raised(131999, message="Blocked for +7 (999) 000-00-01")
    assert "Blocked for" in unlisted.detail and "000-00" not in unlisted.detail
    details = {"details": "body: number of params (1) does not match (2), to 79990000001"}
    counted = raised(132000, error_data=details)
    assert "(1) does not match (2)" in counted.detail and "7999" not in counted.detail
    secret = raised(190, error_data={"details": "token EAAcanary"}, message="token EAAcanary")
    assert "canary" not in secret.detail


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.dictionaries(
            st.sampled_from(["code", "error_subcode", "title", "message", "error_data", "details"]),
            inner,
        ),
    )
)
def test_any_error_object_is_one_clean_error_or_none(value: Any) -> None:
    error = GraphError.of(value)
    if error is None:
        assert not (isinstance(value, dict) and isinstance(value.get("code"), int)) or isinstance(
            value["code"], bool
        )
    else:
        caught = failure(error, effect=True, now=NOW)
        assert caught.code == str(error.code) and caught.detail.startswith("WhatsApp: ")
