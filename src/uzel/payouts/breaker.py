"""When the payouts of a connection hold themselves back: a provider that answers nobody, or refuses
everybody, gets no more of them until one that was let through by way of trial was taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

# After each trial in vain the pause is twice as long, up to this.
LONGEST_PAUSE = timedelta(hours=1)
MOST_DOUBLINGS = 10


class Outcome(StrEnum):
    """How the sending of a payout ended: its answer was lost, it came to nothing by the provider's
    word, or the provider took it.
    """

    UNKNOWN = "unknown"
    REFUSED = "refused"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Rules:
    """0: that reason is off.

    most_unknown  so many without an answer `within` hold the rest back
    most_refused  so many people refused, one after the other and none taken in between; who is
                  refused again and again counts once
    pause         until one is let through by way of trial
    """

    most_unknown: int = 5
    within: timedelta = timedelta(minutes=10)
    most_refused: int = 5
    pause: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one sending ended, whose it was, and when (aware UTC)."""

    outcome: Outcome
    payee: int
    at: datetime


def verdict(endings: Sequence[Ending], now: datetime, rules: Rules) -> Outcome | None:
    """Why payouts are held back from now on; None: they are not. `endings`: the newest first, all
    since somebody last let payouts leave.
    """
    lost = sum(it.outcome is Outcome.UNKNOWN and it.at > now - rules.within for it in endings)
    if 0 < rules.most_unknown <= lost:
        return Outcome.UNKNOWN
    lately = takewhile(lambda it: it.outcome is not Outcome.TAKEN, endings)
    refused = {it.payee for it in lately if it.outcome is Outcome.REFUSED}
    return Outcome.REFUSED if 0 < rules.most_refused <= len(refused) else None


def ends_hold(reason: Outcome, trial: Outcome) -> bool:
    """Whether payouts may leave again after a trial. A refusal is an answer, too."""
    return trial is Outcome.TAKEN or (reason, trial) == (Outcome.UNKNOWN, Outcome.REFUSED)


def pause_of(rules: Rules, trials: int) -> timedelta:
    """Until the next trial, after so many in vain."""
    longest = max(LONGEST_PAUSE, rules.pause)
    return min(longest, rules.pause * (1 << min(trials, MOST_DOUBLINGS)))
