"""What partners were told, and when, against the one order in which the ledger says it happened.

Every answer about money must fit one order of all changes of a balance (linearizability): a change
stands between its request and its answer, a balance that was read is one that stood between them,
and nothing that was answered is forgotten by who asks later.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

# Every change of what is available on an account, as the ledger wrote it: who holds, takes, gives.
# `rank` is the order within one transaction: holds and their ends have numbers, postings versions.
CHANGES = """
select extract(epoch from p.posted_at)::float8 as at, p.version as rank, p.amount_minor as amount,
       e.origin as what
  from ledger_posting p join ledger_entry e on e.id = p.entry_id where p.account_id = {account}
union all
select extract(epoch from h.created_at)::float8, h.id, -h.amount_minor, h.origin
  from ledger_hold h where h.account_id = {account}
union all
select extract(epoch from x.ended_at)::float8, h.id, h.amount_minor, h.origin || ':end'
  from ledger_hold_end x join ledger_hold h on h.id = x.hold_id where h.account_id = {account}
 order by 1, 2
"""
# The database's clock is read to the microsecond, and as a float it is off by less than this.
CLOCK_S = 0.000_01
# In the order in which a payment can go through them.
STATES = ("pending", "completed", "failed")


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: asked at `began`, there at `ended` (epoch seconds); of payments `began` is when
    the key was first used. `value` is what was told: a balance in minor units, or a state.
    """

    began: float
    ended: float
    value: Any


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that was told to be made: between `began` and `ended`, leaving `after_minor`."""

    public_id: str
    amount_minor: int
    after_minor: int
    began: float
    ended: float


@dataclass(slots=True)
class History:
    """Everything that was told of one balance. `states`: payment → what was said of it, in the
    order of asking (by one client each).
    """

    paid: list[Paid] = field(default_factory=list)
    balances: list[Told] = field(default_factory=list)
    states: dict[str, list[Told]] = field(default_factory=dict)


class Timeline:
    """What was available after each transaction, in the order of the ledger."""

    def __init__(self, changes: Iterable[Mapping[str, Any]]) -> None:
        self.times: list[float] = []
        self.after: list[int] = []
        self.place: dict[str, int] = {}
        available = 0
        for at, group in groupby(changes, key=lambda row: row["at"]):
            for row in group:
                available += row["amount"]
                self.place[row["what"]] = len(self.times)
            self.times.append(at)
            self.after.append(available)

    def last_until(self, moment: float) -> int:
        """The place of the last transaction that had begun by then; -1: none had."""
        return bisect_right(self.times, moment + CLOCK_S) - 1


def faults(history: History, timeline: Timeline) -> list[str]:
    """What does not fit, in words; nothing: it all does."""
    return [
        *(wrong for paid in history.paid for wrong in wrong_payment(paid, timeline)),
        *wrong_balances(history, timeline),
        *(wrong for told in history.states.items() for wrong in wrong_states(*told)),
    ]


def wrong_payment(paid: Paid, timeline: Timeline) -> Iterable[str]:
    """A payment happened once, between its request and its answer, and left what it said."""
    place = timeline.place.get(f"payment:{paid.public_id}")
    if place is None:
        yield f"{paid.public_id} was told to be paid, and is not in the ledger"
        return
    at = timeline.times[place]
    if not paid.began - CLOCK_S <= at <= paid.ended + CLOCK_S:
        yield f"{paid.public_id} happened at {at}, told of {paid.began} to {paid.ended}"
    before = timeline.after[place - 1] if place else 0
    low, high = sorted((before, timeline.after[place]))
    if not low <= paid.after_minor <= high:
        yield f"{paid.public_id} left {paid.after_minor}, where {before} became {low}"


def wrong_balances(history: History, timeline: Timeline) -> Iterable[str]:
    """A balance is one that stood while it was asked for, with all that was answered before."""
    answered = sorted(
        (paid.ended, timeline.place.get(f"payment:{paid.public_id}", -1)) for paid in history.paid
    )
    for told in history.balances:
        known = [place for ended, place in answered if ended < told.began]
        first = max(known, default=-1)
        last = timeline.last_until(told.ended)
        stood = timeline.after[max(first, 0) : last + 1]
        if told.value not in stood and not (first < 0 and told.value == 0):
            yield f"a balance of {told.value} at {told.began}, where {stood[:3]} … stood"


def wrong_states(public_id: str, told: Sequence[Told]) -> Iterable[str]:
    """Who asked later is not told an earlier state; what was given back stays so."""
    reached = 0
    for one in told:
        if one.value not in STATES:
            yield f"{public_id} was {one.value}"
        elif STATES.index(one.value) < reached:
            yield f"{public_id} was {STATES[reached]}, then {one.value}"
        else:
            reached = STATES.index(one.value)
