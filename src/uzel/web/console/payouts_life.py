"""The life of a payout as one line through time: its steps, its calls, what the provider told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from uzel.views.payouts import PayoutLife
from uzel.views.rows import Call
from uzel.web.console.states import CALLS, IDLE, PAYOUTS, State


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened. kind: step, call, hint; code: a state or an operation; `said` by
    whoever did it; link: where more is to be read.
    """

    at: datetime
    kind: str
    code: str
    tone: str
    made_by: str = ""
    said: str = ""
    state: str = ""
    link: str = ""


def moments_of(life: PayoutLife) -> list[Moment]:
    """All of them, the oldest first."""
    return sorted([*steps(life), *calls(life), *hints(life)], key=lambda it: it.at)


def steps(life: PayoutLife) -> Iterator[Moment]:
    plain = State("", IDLE)
    for row in life.steps:
        tone = PAYOUTS.get(row["state"], plain).tone
        yield Moment(row["at"], "step", row["state"], tone, row["made_by"], row["reason"] or "")


def calls(life: PayoutLife) -> Iterator[Moment]:
    for call in life.calls:
        for attempt in call.history:
            at = attempt.started_at or attempt.finished_at
            if at is not None:
                yield Moment(
                    at, "call", call.row.operation, tone_of(attempt.state), attempt.by or "",
                    attempt.detail or "", attempt.state, f"/calls/{call.row.id}",
                )  # fmt: skip
        if not call.history:
            yield planned(call, life.payout.created_at)


def planned(call: Call, since: datetime) -> Moment:
    """One that nobody has made yet; it was planned with the step that led to it."""
    return Moment(
        max(call.row.created_at, since),
        "call",
        call.row.operation,
        tone_of(call.row.state),
        state=call.row.state,
        link=f"/calls/{call.row.id}",
    )


def hints(life: PayoutLife) -> Iterator[Moment]:
    for row in life.hints:
        yield Moment(row["at"], "hint", row["type"], IDLE, link=f"/events/{row['id']}")


def tone_of(state: str) -> str:
    known = CALLS.get(state)
    return known.tone if known else IDLE
