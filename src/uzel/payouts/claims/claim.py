"""A claim: the states it goes through, what may be done in each, and why something may not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from uzel.payouts.payout import State as Payout


class State(StrEnum):
    """Where a claim is.

    draft      it is being filled in
    submitted  it waits for those who approve it; what is asked for can still be changed
    approved   enough of them did, and no payout could be made yet: `held_code` says why
    paying     its payout is on the way
    paid       the provider says that it was executed
    failed     it was not paid, or came back; it can be asked for again
    rejected   it was refused, with a reason
    cancelled  taken back before it was paid
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


S = State
MOVES: Mapping[State, frozenset[State]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.CANCELLED}),
    # Paid: an earlier payout of the same claim that had failed was executed after all.
    S.SUBMITTED: frozenset({S.APPROVED, S.REJECTED, S.CANCELLED, S.PAID}),
    S.APPROVED: frozenset({S.PAYING, S.REJECTED, S.CANCELLED, S.PAID}),
    S.PAYING: frozenset({S.PAID, S.FAILED}),
    S.PAID: frozenset({S.FAILED}),
    S.FAILED: frozenset({S.SUBMITTED, S.PAID, S.CANCELLED}),
    S.REJECTED: frozenset({S.PAID}),
    S.CANCELLED: frozenset({S.PAID}),
}
EDITABLE = frozenset({S.DRAFT, S.SUBMITTED})
ENDED = frozenset({S.PAID, S.REJECTED, S.CANCELLED})


class Act(StrEnum):
    """What a step was."""

    MADE = "made"
    EDITED = "edited"
    SUBMITTED = "submitted"
    VOTED = "voted"
    APPROVED = "approved"
    HELD = "held"
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    # Written to the claimant, or by them.
    SAID = "said"
    # What is written to the claimant does not arrive.
    UNREACHABLE = "unreachable"


# What a payout's end means for its claim.
FOLLOWS: Mapping[Payout, State] = {
    Payout.PAID: S.PAID,
    Payout.FAILED: S.FAILED,
    Payout.CANCELLED: S.FAILED,
    Payout.RETURNED: S.FAILED,
}


class ClaimRefused(Exception):
    """It is not done. `code` for programs:

    unknown           there is no such claim
    state             in this state it cannot be done; `about["state"]`
    incomplete        `about["missing"]` fields are needed before it can be submitted
    changed           it was changed since it was looked at; `about["version"]`
    same_person       nobody decides on what they asked for or changed themselves
    voted             they have approved this version already
    no_approver       they may not approve
    reason            a reason is needed
    card_needed       its card number was destroyed: it has to be entered again
    blocked           the claimant is blocked
    external_id_reused, owner, too_many, too_large, file_type
    """

    def __init__(self, code: str, message: str, **about: Any) -> None:
        super().__init__(message)
        self.code = code
        self.about = about


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in; what is not given stays as it was. Either `card`, or `phone` with
    `bank`. The number of a card is given here and nowhere else.
    """

    amount: Any = None
    purpose: Any = None
    name: Any = None
    card: Any = field(default=None, repr=False)
    phone: Any = None
    bank: Any = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """What of a form is good: columns of the table, and the number of a card."""

    columns: Mapping[str, Any]
    number: str | None = field(default=None, repr=False)
