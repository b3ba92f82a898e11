"""What became of a message, in words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from uzel.calls.outcome import RULES, State
from uzel.messages.stop_list import BOUNCE


class Outcome(StrEnum):
    """accepted  the provider took it
    rejected  the provider said no; the same again changes nothing
    not_sent  it certainly did not go out, and will not by itself
    unknown   it may have gone out; nobody sends it again unless a person says so
    held      our own rules said no: stop-list, sending mode, budget
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    HELD = "held"


# Why the guard keeps a message back, see uzel.messages.guard, or somebody took it back.
HELD = {
    "stopped": "the recipient is on the stop-list",
    BOUNCE: "the recipient is on the stop-list: there is no such mailbox",
    "recorded_only": "the business records messages and sends none (its rules: sending)",
    "not_on_allow_list": "the business sends to listed addresses only, and this is none of them",
    "budget_spent": "the budget of the day is spent",
    "no_price": "there is a budget, and nobody knows yet what a message costs",
    "quiet_hours": "people must not be disturbed at this time of the day",
    "expired": "its time is over",
    "arrived_already": "it arrived by another channel",
}
# Of a message we took back since its provider could not be asked in time.
GAVE_UP = "gave_up"
# Errors of attempts that certainly had no effect, and how `calls.recover` words the proof of that
# for the others.
CERTAIN = {kind.__name__ for kind, rule in RULES.items() if rule.outcome is not State.UNKNOWN}
NOT_THERE = "looked up: it did not happen"
DELIVERY = {"delivered": "it was delivered", "failed": "it was accepted, but did not arrive"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message.

    message_id  in the journal and the console
    connection  what it goes through, for people
    reference   the provider's own id, where it gave one
    detail      the outcome in words, None where there is no more to say
    cost_minor  in minor units of `currency`, where the provider has told
    repeated    the key was known: this is the outcome of the first time, and nothing was sent now
    notes       what may keep it from arriving although it is accepted
    """

    outcome: Outcome
    message_id: int
    connection: str
    reference: str | None = None
    detail: str | None = None
    cost_minor: int | None = None
    currency: str | None = None
    repeated: bool = False
    notes: tuple[str, ...] = ()


def sent_of(row: Any, connection: str, notes: tuple[str, ...] = (), *, repeated: bool) -> Sent:
    """What a row of `store.found` whose call has ended says."""
    outcome, detail = outcome_of(row)
    return Sent(
        outcome=outcome,
        message_id=row["id"],
        connection=connection,
        reference=row["reference"],
        detail=detail,
        cost_minor=row["cost_minor"],
        # Before the cost is told, the currency is that of the estimate.
        currency=row["currency"] if row["cost_minor"] is not None else None,
        repeated=repeated,
        notes=notes,
    )


def outcome_of(row: Any) -> tuple[Outcome, str | None]:
    """(outcome, detail) of a row of `store.found` that nothing more is done for now."""
    match row["state"]:
        case State.ACCEPTED:
            return Outcome.ACCEPTED, DELIVERY.get(row["message_state"])
        case State.REJECTED:
            return Outcome.REJECTED, row["detail"]
        case State.UNKNOWN:
            return Outcome.UNKNOWN, row["detail"]
    if is_in_doubt(row) or row["decided_by"] is not None:
        return Outcome.UNKNOWN, tried(row)
    if row["state"] == State.CANCELLED and row["detail"] != GAVE_UP:
        return Outcome.HELD, HELD.get(row["detail"], row["detail"])
    return Outcome.NOT_SENT, tried(row) or obstacle(row)


def is_in_doubt(row: Any) -> bool:
    """Whether an attempt may have had its effect although the call is planned or taken back."""
    doubt = False
    for entry in row["history"]:
        if entry.get("error") and entry["error"] not in CERTAIN:
            doubt = True
        elif entry.get("detail") == NOT_THERE:
            doubt = False
    return doubt


def rule_that_holds(row: Any) -> str | None:
    """Why the guard put a planned call off, None if it did not."""
    if row["error_class"] is not None or row["detail"] == NOT_THERE:
        return None
    return row["detail"] or None


def tried(row: Any) -> str | None:
    """What the last attempt met; the call's own detail may be why it was taken back later."""
    met = [entry["detail"] for entry in row["history"] if entry.get("error")]
    return met[-1] if met else None


def obstacle(row: Any) -> str:
    """What keeps a call from being begun."""
    if row["connection_state"] != "active":
        return f"the connection is {row['connection_state']}: {row['connection_reason'] or '-'}"
    if (row["closed_for_s"] or 0.0) > 0:
        return f"the provider is left alone for a while: {row['closed_because']}"
    return "the provider could not be asked in time"
