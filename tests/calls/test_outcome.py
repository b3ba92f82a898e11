"""The one table from error to decision."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.calls.outcome import (
    FIRST_RETRY_S,
    LONGEST_RETRY_S,
    MOST_ATTEMPTS,
    Health,
    State,
    failed,
    retry_delay_s,
    rule_for,
)
from uzel.connector import Answer, Checked, Operation, Patience
from uzel.errors import (
    AddressRefused,
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
CANARY = "canary-7d20ab"


async def nothing() -> Answer:
    """The operations of this file are never run."""
    return Answer()


ONCE = Operation("once", nothing, (), Checked.DOCUMENTATION, date(2026, 11, 20))
OFTEN = Operation("often", nothing, (), Checked.DOCUMENTATION, date(2026, 11, 20), repeatable=True)
ERRORS: list[Exception] = [
    Unavailable("no connection"),
    RateLimited("slow down", retry_at=LATER),
    AuthFailed("who are you"),
    ConfigError("no address"),
    Rejected("no", code="207"),
    OutcomeUnknown("the answer was lost"),
    ContractBroken("what is this"),
    TimeoutError(),
    ValueError(CANARY),
    AddressRefused("a private address"),
]


@pytest.mark.parametrize(
    ("error", "once", "often", "health"),
    list(
        zip(
            ERRORS,
            ["planned"] * 4 + ["rejected"] + ["unknown"] * 4 + ["planned"],
            ["planned"] * 4 + ["rejected"] + ["planned"] * 5,
            [
                *(Health.SHAKY, Health.LIMITED, Health.BROKEN, Health.BROKEN, Health.GOOD),
                *(Health.SHAKY, Health.BROKEN, Health.SHAKY, Health.SAYS_NOTHING),
                Health.SAYS_NOTHING,
            ],
            strict=True,
        )
    ),
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_class_has_its_decision(
    error: Exception, once: str, often: str, health: Health
) -> None:
    assert failed(1, 2, 1, ONCE, error, NOW).state == once
    assert failed(1, 2, 1, OFTEN, error, NOW).state == often
    assert failed(1, 2, 1, ONCE, error, NOW).health is health


@given(st.sampled_from(ERRORS), st.integers(1, 50), st.booleans())
def test_only_what_certainly_did_not_happen_or_may_be_repeated_is_tried_again(
    error: Exception, attempt: int, repeatable: bool
) -> None:
    result = failed(1, 2, attempt, OFTEN if repeatable else ONCE, error, NOW)
    may_have_happened = rule_for(error).outcome is State.UNKNOWN
    if result.state is State.PLANNED:
        assert repeatable or not may_have_happened
        assert result.due_at is not None and result.due_at >= NOW
        waits = AddressRefused | AuthFailed | ConfigError | ContractBroken | RateLimited
        assert attempt < MOST_ATTEMPTS or isinstance(error, waits)
    else:
        assert result.due_at is None
    assert CANARY not in f"{result}"


def test_a_strange_answer_to_a_question_pauses_only_once_it_stays_strange() -> None:
    """A page of maintenance is no change of contract; and nobody has to decide about a read."""
    error = ContractBroken("what is this")
    for attempt in (1, MOST_ATTEMPTS - 1):
        result = failed(1, 2, attempt, OFTEN, error, NOW)
        assert (result.state, result.health) == (State.PLANNED, Health.SHAKY)
    last = failed(1, 2, MOST_ATTEMPTS, OFTEN, error, NOW)
    assert (last.state, last.health) == (State.PLANNED, Health.BROKEN)
    once = failed(1, 2, 1, ONCE, error, NOW)
    assert (once.state, once.health) == (State.UNKNOWN, Health.BROKEN)


def test_a_limit_is_waited_for_to_the_second() -> None:
    error = RateLimited("slow down", retry_at=LATER)
    assert failed(1, 2, 1, ONCE, error, NOW).due_at == LATER
    assert failed(1, 2, 1, ONCE, error, LATER + timedelta(hours=1)).due_at == LATER + timedelta(
        hours=1
    )


def test_the_limit_of_one_recipient_is_nobody_elses_and_ends() -> None:
    error = RateLimited("three a day", retry_at=LATER, everyone=False)
    result = failed(1, 2, 1, ONCE, error, NOW)
    assert (result.state, result.due_at, result.health) == ("planned", LATER, Health.SAYS_NOTHING)
    assert failed(1, 2, MOST_ATTEMPTS, ONCE, error, NOW).state == "not_sent"


def test_a_stop_list_is_passed_on() -> None:
    assert failed(1, 2, 1, ONCE, Rejected("no", suppress=True), NOW).suppress


HOUR = 3600.0
PATIENT = replace(OFTEN, patience=Patience((5.0, 300.0, 5 * HOUR), 72 * HOUR))


@given(st.sampled_from(ERRORS), st.integers(1, 500), st.floats(0, 100 * HOUR))
def test_patience_goes_by_time_and_not_by_attempts(
    error: Exception, attempt: int, age_s: float
) -> None:
    result = failed(1, 2, attempt, PATIENT, error, NOW, age_s=age_s)
    if isinstance(error, Rejected):
        assert result.state is State.REJECTED
    elif age_s >= 72 * HOUR:
        assert result.state in (State.NOT_SENT, State.UNKNOWN)
        assert result.due_at is None
    else:
        assert result.state is State.PLANNED
        assert result.due_at is not None
        if not isinstance(error, RateLimited):
            end = NOW + timedelta(seconds=72 * HOUR - age_s)
            assert NOW <= result.due_at <= end + timedelta(seconds=1)


@given(st.integers(1, 10))
def test_the_pauses_of_patience_are_those_it_names(attempt: int) -> None:
    assert PATIENT.patience is not None
    named = PATIENT.patience.pauses_s[min(attempt, 3) - 1]
    assert named <= retry_delay_s(attempt, PATIENT.patience) <= 1.25 * named


@given(st.integers(1, 10_000))
def test_waits_grow_and_stay_within_bounds(attempt: int) -> None:
    wait_s = retry_delay_s(attempt)
    assert FIRST_RETRY_S <= wait_s <= 1.25 * LONGEST_RETRY_S
    if attempt < 10:
        assert wait_s >= FIRST_RETRY_S * 2 ** (attempt - 1)


def test_a_subclass_follows_its_nearest_ancestor() -> None:
    class Late(OutcomeUnknown):
        """A kind of lost answer."""

    assert rule_for(Late("late")) == rule_for(OutcomeUnknown("lost"))
    assert rule_for(CallFailed("of no kind")).outcome is State.UNKNOWN
