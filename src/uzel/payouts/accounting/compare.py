"""Our books of payouts beside the provider's list: what each has that the other has not, and where
they say different things of the same payout. Nothing here asks, writes or repairs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from uzel.model.phone import mask_phone
from uzel.payouts.payout import OPEN, State

# Of a number that is hidden in part these stay.
SHOWN_FIRST, SHOWN_LAST = 6, 4


class Kind(StrEnum):
    """Of a difference.

    missing_here   the provider has a payment, and no payout of ours stands behind it
    missing_there  ours is with the provider or paid, and its list has none
    amount         both have it, of different sums
    currency       of different currencies
    status         one side has ended it and the other has not, or each in another way
    duplicate      one mark, several payments: somebody may have been paid twice
    requisites     it goes to another card, phone or bank than ours says
    stale          open for too long
    """

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATUS = "status"
    DUPLICATE = "duplicate"
    REQUISITES = "requisites"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Ours:
    """A payout of ours. `target`: the card's number hidden in part, or the phone."""

    id: int
    public_id: str
    mark: str
    state: State
    amount_minor: int
    currency: str
    kind: str
    target: str
    bank: str | None
    provider_id: str | None
    created_at: datetime
    updated_at: datetime

    def seen(self) -> dict[str, Any]:
        """As a difference keeps it."""
        target = self.target if self.kind == "card" else mask_phone(self.target)
        return {
            "payout": self.public_id, "state": self.state.value, "amount_minor": self.amount_minor,
            "currency": self.currency, "kind": self.kind, "target": target, "bank": self.bank,
            "provider_id": self.provider_id,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Theirs:
    """A payment in the provider's list. Of what it does not say there is None."""

    id: str
    reference: str | None
    status: str | None
    meaning: str
    amount_minor: int | None
    currency: str | None
    kind: str | None
    target: str | None
    bank: str | None
    created_at: datetime | None
    paid_at: datetime | None

    @property
    def is_undone(self) -> bool:
        """Whether it came to nothing, by the provider's word."""
        return self.meaning == "failed"

    def seen(self) -> dict[str, Any]:
        """As a difference keeps it."""
        return {
            "id": self.id, "reference": self.reference, "status": self.status,
            "amount_minor": self.amount_minor, "currency": self.currency, "kind": self.kind,
            "target": self.target, "bank": self.bank,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """What a run looks at: what came to be from `since` on and before `until`. `read_at`: when the
    list began to be read; `lag`: how long one side may be behind the other; `stale_after`: how long
    a payout may be open.
    """

    since: datetime
    until: datetime
    read_at: datetime
    lag: timedelta
    stale_after: timedelta

    def has(self, at: datetime | None) -> bool:
        """What does not say when it came to be may belong here."""
        return at is None or self.since <= at < self.until

    def is_young(self, *times: datetime | None) -> bool:
        """Whether the other side may not know of it yet."""
        return any(at is not None and at > self.read_at - self.lag for at in times)


@dataclass(frozen=True, slots=True)
class Difference:
    """One of them. `subject`: the mark of ours, else the provider's id; with `kind` it is known
    again the next time.
    """

    kind: Kind
    subject: str
    subject_at: datetime
    ours: Ours | None
    theirs: tuple[Theirs, ...]

    @property
    def provider_id(self) -> str | None:
        if self.theirs:
            return self.theirs[0].id
        return self.ours.provider_id if self.ours else None


@dataclass(slots=True)
class Compared:
    """What came of it. `skipped`: subjects that are too young to be judged."""

    differences: list[Difference] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    ours: int = 0
    ours_minor: int = 0
    theirs: int = 0
    theirs_minor: int = 0


# In these the provider has it, or had it.
THERE = frozenset({State.PROCESSING, State.REVIEW, State.PAID, State.RETURNED})
# What the provider may say of it while ours says so. A word nobody knows ends nothing; that ours
# is unknown and theirs is there is what a person waits to hear.
WAY = frozenset({"pending", "manual", "unknown"})
AGREES: Mapping[State, frozenset[str]] = {
    State.WAITING: frozenset(),
    State.UNKNOWN: frozenset(),
    State.PROCESSING: WAY,
    State.REVIEW: WAY,
    State.PAID: frozenset({"succeeded"}),
    State.FAILED: frozenset({"failed"}),
    State.CANCELLED: frozenset(),
    State.RETURNED: frozenset({"failed"}),
}


def compare(
    ours: Sequence[Ours], theirs: Sequence[Theirs], window: Window, known: Iterable[str] = ()
) -> Compared:
    """Both books of a window. `ours`: all that were made in it, all that are open, and all that a
    payment in the list names by mark or id; `theirs`: the whole list; `known`: marks and ids of
    payouts through other connections, which are not judged here.
    """
    found, elsewhere = Compared(), set(known)
    by_id = {it.id: it for it in theirs}
    by_mark: dict[str, list[Theirs]] = {}
    for it in theirs:
        if it.reference is not None:
            by_mark.setdefault(it.reference, []).append(it)
    taken: set[str] = set()
    for one in ours:
        mine = belonging(one, by_id, by_mark)
        taken.update(it.id for it in mine)
        if window.has(one.created_at) or any(window.has(it.created_at) for it in mine):
            judge(one, mine, window, found)
        if one.state in OPEN and one.created_at <= window.read_at - window.stale_after:
            found.differences.append(
                Difference(Kind.STALE, one.mark, one.created_at, one, mine[:1])
            )
    for it in theirs:
        if window.has(it.created_at):
            count(it, found)
            is_known = it.id in taken or it.id in elsewhere or it.reference in elsewhere
            if not is_known:
                lonely(it, window, found)
    return found


def belonging(
    one: Ours, by_id: Mapping[str, Theirs], by_mark: Mapping[str, list[Theirs]]
) -> tuple[Theirs, ...]:
    """The payments that are this payout's: those that bear its mark, and the one whose id the
    provider gave it, unless that bears another mark. The one it is known by comes first.
    """
    found = {it.id: it for it in by_mark.get(one.mark, ())}
    named = by_id.get(one.provider_id) if one.provider_id else None
    if named is not None and named.reference in (None, one.mark):
        found[named.id] = named
    return tuple(sorted(found.values(), key=lambda it: (it.id != one.provider_id, it.id)))


def count(it: Theirs, found: Compared) -> None:
    """Into the sums of the provider's side."""
    found.theirs += 1
    if not it.is_undone:
        found.theirs_minor += it.amount_minor or 0


def judge(one: Ours, mine: tuple[Theirs, ...], window: Window, found: Compared) -> None:
    """One payout of ours with what the provider has of it."""
    if one.state in THERE or mine:
        found.ours += 1
        found.ours_minor += one.amount_minor if one.state in (THERE - {State.RETURNED}) else 0
    if len(mine) > 1 or is_another(one, mine):
        found.differences.append(Difference(Kind.DUPLICATE, one.mark, one.created_at, one, mine))
    if is_another(one, mine):
        return
    theirs = [at for it in mine[:1] for at in (it.created_at, it.paid_at)]
    if window.is_young(one.updated_at, *theirs):
        found.skipped.add(one.mark)
        return
    kinds = different(one, mine[0]) if mine else missing(one)
    for kind in kinds:
        found.differences.append(Difference(kind, one.mark, one.created_at, one, mine[:1]))


def is_another(one: Ours, mine: tuple[Theirs, ...]) -> bool:
    """Whether those that bear the mark are not the one that the provider gave us the id of."""
    return bool(mine) and one.provider_id is not None and mine[0].id != one.provider_id


def missing(one: Ours) -> Iterator[Kind]:
    if one.state in THERE:
        yield Kind.MISSING_THERE


def different(one: Ours, it: Theirs) -> Iterator[Kind]:
    """In what two sides of one payout differ. What theirs does not say differs in nothing."""
    if it.amount_minor is not None and it.amount_minor != one.amount_minor:
        yield Kind.AMOUNT
    if it.currency is not None and it.currency != one.currency:
        yield Kind.CURRENCY
    if it.meaning not in AGREES[one.state]:
        yield Kind.STATUS
    if goes_elsewhere(one, it):
        yield Kind.REQUISITES


def goes_elsewhere(one: Ours, it: Theirs) -> bool:
    if it.kind is not None and it.kind != one.kind:
        return True
    if it.target is not None and ends(it.target, it.kind) != ends(one.target, one.kind):
        return True
    return it.bank is not None and one.bank is not None and it.bank != one.bank


def ends(target: str, kind: str | None) -> str:
    """What is shown of a number on either side, however the rest of it is hidden."""
    if kind == "fps":
        return mask_phone(target) if target.isascii() else target
    return target[:SHOWN_FIRST] + target[-SHOWN_LAST:]


def lonely(it: Theirs, window: Window, found: Compared) -> None:
    """A payment that no payout of ours stands behind."""
    if window.is_young(it.created_at):
        found.skipped.add(it.id)
        return
    subject_at = it.created_at or window.since
    found.differences.append(Difference(Kind.MISSING_HERE, it.id, subject_at, None, (it,)))
