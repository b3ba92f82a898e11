"""What can be asked of the ledger, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Leg:
    """`amount_minor` comes to the account; where it is negative, it leaves it."""

    account: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Post:
    """An entry.

    origin    the same entry is made once: whoever asks again under its origin gets its number
    reverses  the entry that this one takes back
    """

    origin: str
    kind: str
    legs: tuple[Leg, ...]
    made_by: str | None = None
    reason: str | None = None
    reverses: int | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Money of an account spoken for until it is taken, given back, or `expires_at`."""

    origin: str
    kind: str
    account: int
    amount_minor: int
    expires_at: datetime | None = None
    details: Mapping[str, Any] | None = None


class How(StrEnum):
    """How a hold ends."""

    POSTED = "posted"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class End:
    """The end of a hold. POSTED: `post` takes at most what is held from the hold's account; the
    rest is available again.
    """

    hold: int
    how: How
    post: Post | None = None
    made_by: str | None = None
    reason: str | None = None


Command = Post | Hold | End


class No(StrEnum):
    """Why the ledger did nothing."""

    ACCOUNT_UNKNOWN = "account_unknown"
    CONFLICT = "conflict"
    FUNDS = "insufficient_funds"
    HOLD_ENDED = "hold_ended"
    HOLD_EXPIRED = "hold_expired"
    HOLD_OPEN = "hold_open"
    HOLD_UNKNOWN = "hold_unknown"
    OUT_OF_RANGE = "out_of_range"
    REVERSED = "already_reversed"
    TOO_MUCH = "more_than_held"
    UNBALANCED = "unbalanced"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of an account: what was posted, what of it is held, how far below zero it may go."""

    posted_minor: int
    held_minor: int
    floor_minor: int | None = None

    @property
    def available_minor(self) -> int:
        return self.posted_minor - self.held_minor

    @property
    def credit_minor(self) -> int:
        """How far below zero it may go; 0 also where there is no limit."""
        return -(self.floor_minor or 0)

    @property
    def spendable_minor(self) -> int:
        """What is available, and the credit."""
        return max(0, self.available_minor + self.credit_minor)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a command.

    refused   why nothing was done; None: it was done, or had been done before (`repeated`)
    number    of the entry (Post, End POSTED) or of the hold (Hold, any other End)
    standing  of the account that decided, after the command: that of the first leg, or of the hold
    before    of the same account, before it
    ended     HOLD_ENDED: how
    """

    number: int | None = None
    refused: No | None = None
    repeated: bool = False
    standing: Standing | None = None
    before: Standing | None = None
    ended: How | None = None

    @property
    def is_done(self) -> bool:
        return self.refused is None
