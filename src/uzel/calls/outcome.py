"""From what happened to what to do next: the one table."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from uzel.connector import Answer, Operation, Patience
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


class State(StrEnum):
    """Of a call. `sending` belongs to one worker and attempt; the rest of the names say it all."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Health(StrEnum):
    """What a result tells about the connection it went through."""

    GOOD = "good"
    SHAKY = "shaky"
    LIMITED = "limited"
    BROKEN = "broken"
    SAYS_NOTHING = "says nothing"


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows from an error class.

    outcome  state of the call; `not_sent` is tried again until it gives up
    counts   whether the attempt counts towards giving up
    """

    outcome: State
    health: Health
    counts: bool = True


RULES: dict[type[Exception], Rule] = {
    Unavailable: Rule(State.NOT_SENT, Health.SHAKY),
    # Not a pause: it would be one for all, and a command in a shell may be set otherwise than the
    # service. The call waits, with the reason beside it.
    AddressRefused: Rule(State.NOT_SENT, Health.SAYS_NOTHING, counts=False),
    RateLimited: Rule(State.NOT_SENT, Health.LIMITED, counts=False),
    AuthFailed: Rule(State.NOT_SENT, Health.BROKEN, counts=False),
    ConfigError: Rule(State.NOT_SENT, Health.BROKEN, counts=False),
    Rejected: Rule(State.REJECTED, Health.GOOD),
    OutcomeUnknown: Rule(State.UNKNOWN, Health.SHAKY),
    TimeoutError: Rule(State.UNKNOWN, Health.SHAKY),
    # The effect may have happened, so the call is unknown; nothing more goes out until a person
    # has seen what changed on their side. What may be repeated is: see `of_answer_of_no_sense`.
    ContractBroken: Rule(State.UNKNOWN, Health.BROKEN),
}
# A bug of ours in mid-call: whatever had been sent had been sent.
UNEXPECTED = Rule(State.UNKNOWN, Health.SAYS_NOTHING)

# Code of a call whose answer nobody waited for any more.
STOPPED = "process_stopped"
FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 1800.0
MOST_ATTEMPTS = 12


def rule_for(error: BaseException) -> Rule:
    """The rule of the error's class or its nearest ancestor."""
    for kind in type(error).__mro__:
        if kind in RULES:
            return RULES[kind]
    return UNEXPECTED


def of_answer_of_no_sense(attempt: int) -> Rule:
    """The rule of a ContractBroken where asking again harms nobody. One such answer may be a page
    of maintenance; only what stays so after the usual attempts is a change on their side. Then the
    connection is paused, and the call waits with it: nobody has to decide about a question.
    """
    health = Health.SHAKY if attempt < MOST_ATTEMPTS else Health.BROKEN
    return Rule(State.NOT_SENT, health, counts=False)


def retry_delay_s(attempt: int, patience: Patience | None = None) -> float:
    """Seconds before the next try: doubling, or as the operation says, with up to a quarter of
    jitter on top, never less.
    """
    wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempt - 1, 20))
    if patience is not None:
        wait_s = patience.pauses_s[min(attempt, len(patience.pauses_s)) - 1]
    return wait_s * random.uniform(1.0, 1.25)  # noqa: S311 - spreading load, not guarding it


def next_try_s(operation: Operation, attempt: int, age_s: float, *, counts: bool) -> float | None:
    """Seconds before the next try; None: there is none. `age_s`: since the call was planned."""
    patience = operation.patience
    if patience is not None:
        left_s = patience.tries_for_s - age_s
        return min(retry_delay_s(attempt, patience), left_s) if left_s > 0 else None
    return retry_delay_s(attempt) if attempt < MOST_ATTEMPTS or not counts else None


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt of one call ended.

    state        accepted, rejected, unknown, not_sent (given up), or planned (again at `due_at`)
    suppress     the provider will never take messages for this recipient
    unreachable  this recipient has no such channel; `final`: no other may carry the message either
    """

    call_id: int
    connection_id: int
    attempt: int
    state: State
    health: Health
    due_at: datetime | None = None
    answer: Answer | None = None
    error_class: str | None = None
    code: str | None = None
    detail: str | None = None
    http_status: int | None = None
    suppress: bool = False
    unreachable: bool = False
    final: bool = False


def succeeded(call_id: int, connection_id: int, attempt: int, answer: Answer) -> Result:
    """The provider accepted."""
    return Result(call_id, connection_id, attempt, State.ACCEPTED, Health.GOOD, answer=answer)


def failed(
    call_id: int,
    connection_id: int,
    attempt: int,
    operation: Operation,
    error: Exception,
    now: datetime,
    *,
    in_doubt: bool = False,
    age_s: float = 0.0,
) -> Result:
    """What `error` makes of the call. `in_doubt`: an earlier attempt may have happened, so this one
    can end nothing but by success. `age_s`: since it was planned.
    """
    rule = rule_for(error)
    if isinstance(error, ContractBroken) and operation.repeatable:
        rule = of_answer_of_no_sense(attempt)
    outcome, due_at = rule.outcome, None
    health, counts = rule.health, rule.counts
    if isinstance(error, RateLimited) and not error.everyone:
        health, counts = Health.SAYS_NOTHING, True
    wait_s = next_try_s(operation, attempt, age_s, counts=counts)
    if outcome is State.UNKNOWN and operation.repeatable and wait_s is not None:
        outcome = State.NOT_SENT
    if outcome is State.NOT_SENT and wait_s is not None:
        outcome = State.PLANNED
        due_at = now + timedelta(seconds=wait_s)
        if isinstance(error, RateLimited):
            due_at = max(error.retry_at, now)
    if in_doubt and outcome in (State.NOT_SENT, State.REJECTED):
        outcome = State.UNKNOWN
    return ended(call_id, connection_id, attempt, outcome, health, error, due_at)


def ended(
    call_id: int,
    connection_id: int,
    attempt: int,
    outcome: State,
    health: Health,
    error: Exception,
    due_at: datetime | None,
) -> Result:
    """The result of an attempt that an error ended."""
    told = isinstance(error, CallFailed)
    return Result(
        call_id,
        connection_id,
        attempt,
        outcome,
        health,
        due_at=due_at,
        error_class=type(error).__name__,
        code=error.code if isinstance(error, CallFailed) else None,
        # The text of an unexpected exception may hold anything; its class is enough here.
        detail=str(error) if told or isinstance(error, ConfigError) else of_no_words(error),
        http_status=error.http_status if isinstance(error, CallFailed) else None,
        suppress=isinstance(error, Rejected) and error.suppress,
        unreachable=isinstance(error, Rejected) and error.unreachable,
        final=isinstance(error, Rejected) and error.final,
    )


def of_no_words(error: Exception) -> str:
    """What is said of an exception whose text may hold anything."""
    return "no answer came in time" if isinstance(error, TimeoutError) else "an error of ours"


def never_left(call_id: int, connection_id: int, attempt: int) -> Result:
    """This process was stopped, or cut off from the database, before the call could leave. It says
    nothing about the provider, and does not count.
    """
    return Result(
        call_id,
        connection_id,
        attempt,
        State.PLANNED,
        Health.SAYS_NOTHING,
        due_at=datetime.now(UTC),
        error_class=Unavailable.__name__,
        detail="this process was held up before the call left",
    )


def held_back(
    call_id: int,
    connection_id: int,
    attempt: int,
    reason: str,
    until: datetime | None,
    *,
    in_doubt: bool = False,
) -> Result:
    """The call may not leave: not before `until`, or not at all. It says nothing about the
    provider, nor about an earlier attempt that is in doubt.
    """
    never = State.UNKNOWN if in_doubt else State.CANCELLED
    return Result(
        call_id,
        connection_id,
        attempt,
        never if until is None else State.PLANNED,
        Health.SAYS_NOTHING,
        due_at=until,
        detail=reason,
    )
