"""What the end of a call says to whoever planned it."""

from typing import Any

from uzel.calls.outcome import Result, State

DROPPED = "a person decided not to ask again"
# A call in one of these is not over.
OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)
# Nobody would say otherwise if it were asked again.
FINAL = (State.REJECTED, State.CANCELLED)


def named_in(result: Result) -> list[str]:
    """The `request_id`s that a refusal of a bulk names after the colon of its code."""
    names = (result.code or "").partition(":")[2]
    return names.split(",") if names else []


def answered(result: Result) -> dict[str, Any] | None:
    """The data of an answer; None where there is none, though it happened: a person said so."""
    if result.state is not State.ACCEPTED or result.answer is None:
        return None
    return dict(result.answer.data)


def reason_of(result: Result) -> str:
    """Why it did not come about."""
    return (
        result.detail
        or result.code
        or (DROPPED if result.state is State.CANCELLED else str(result.state))
    )
