"""A wish of somebody to move money, and what can become of it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from uzel.errors import LedgerError
from uzel.ledger.command import Standing

# Whole units of a currency, whichever it is; moves without a second person add up for so long.
USUAL_LIMIT = 100_000
LARGEST_LIMIT = 10**12
ADDING_UP = timedelta(hours=24)
LONGEST_REASON = 500


class Kind(StrEnum):
    """TOP_UP: money that came in; CORRECTION: an amount more or less; CREDIT_LIMIT: how far below
    zero a balance may go; MONEY_LIMIT: above what all these need a second person.
    """

    TOP_UP = "top_up"
    CORRECTION = "correction"
    CREDIT_LIMIT = "credit_limit"
    MONEY_LIMIT = "money_limit"


class State(StrEnum):
    """DONE: within what one person may; WITHDRAWN: by who made it."""

    DONE = "done"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


# Accounts of the house on the other side.
HOUSES = {Kind.TOP_UP: "top-ups", Kind.CORRECTION: "corrections"}


class Why(StrEnum):
    """Why nothing was done."""

    AMOUNT = "amount"
    REASON = "reason"
    FUNDS = "funds"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    DECIDED = "decided"
    SAME_PERSON = "same_person"
    NO_ADMIN = "no_admin"
    NOT_YOURS = "not_yours"


class MoneyRefused(LedgerError):
    """`why` is for programs, the message for people."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody would like to move.

    partner  a row of table partner; None: the limit itself
    amount_minor  of CREDIT_LIMIT the new limit, of MONEY_LIMIT whole units
    key      the same wish under the same key is one
    """

    kind: Kind
    partner: Any
    amount_minor: int
    by: str
    reason: str
    key: str

    @property
    def origin(self) -> str:
        """Of the proposal and of the entry."""
        whose = self.partner["public_id"] if self.partner is not None else "limit"
        return f"{self.kind}:{whose}:{self.key}"

    @property
    def partner_id(self) -> int | None:
        """Whose it is."""
        return self.partner["id"] if self.partner is not None else None


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a wish. `repeated`: it was made before, and nothing was done now."""

    number: int
    state: State
    entry: int | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of a wish, and where the balance would stand once it is done."""

    state: State
    before: Standing
    after: Standing


def check(wish: Wish) -> None:
    """Raises MoneyRefused."""
    checked_reason(wish.reason)
    if not wish.by.strip():
        raise MoneyRefused(Why.REASON, "nobody asks for it")
    below = wish.amount_minor < 0 and wish.kind is not Kind.CORRECTION
    nothing = wish.amount_minor == 0 and wish.kind in HOUSES
    if below or nothing:
        raise MoneyRefused(
            Why.AMOUNT,
            "a top-up is above zero; a correction is anything but zero; a limit is not below zero",
        )
    if wish.kind is Kind.MONEY_LIMIT and wish.amount_minor > LARGEST_LIMIT:
        raise MoneyRefused(Why.AMOUNT, f"the limit is at most {LARGEST_LIMIT}")


def checked_reason(reason: str) -> str:
    """Raises MoneyRefused."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise MoneyRefused(Why.REASON, f"say why, in at most {LONGEST_REASON} characters")
    return reason.strip()


def wish_of(row: Any) -> Wish:
    """The wish that a row of proposal_store holds."""
    partner = None
    if row["partner_id"] is not None:
        names = ("name", "public_id", "currency", "account_id")
        partner = {name: row[name] for name in names} | {"id": row["partner_id"]}
    key = row["origin"].split(":", 2)[2]
    kind = Kind(row["kind"])
    return Wish(kind, partner, row["amount_minor"], row["proposed_by"], row["reason"], key)


def subject_of(partner_id: int | None) -> str:
    """Of a note in the audit."""
    return "partner_limit" if partner_id is None else f"partner:{partner_id}"
