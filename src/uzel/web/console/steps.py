"""The timeline of a life as the page shows it: each moment with what it happened to, and how long
after the one before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uzel.views.life import Life, MessageLife
from uzel.views.rows import Attempt, Call, MessageRow
from uzel.views.timeline import Moment

SETTLED = ("message_delivered", "message_failed")


@dataclass(frozen=True, slots=True)
class Step:
    """One moment. `item` is the row it happened to, `attempt` the entry of a call's history;
    `gap_s` the seconds since the step before, None for the first.
    """

    at: datetime
    what: str
    detail: str
    item: Any
    attempt: Attempt | None
    gap_s: float | None


def steps_of(life: Life | MessageLife) -> list[Step]:
    """What the page shows, oldest first."""
    calls = {call.row.id: call for call in life.calls}
    messages = {message.id: message for message in messages_of(life)}
    items: Mapping[str, Mapping[int, Any]] = {
        "call": calls,
        "message": messages,
        "act": {act.id: act for act in life.acts},
        "event": {event.id: event for event in events_of(life)},
        "request": {r.id: r for r in life.requests} if isinstance(life, Life) else {},
        "raw_event": {life.raw_event.row.id: life.raw_event} if isinstance(life, Life) else {},
    }
    accepted = {i: accepted_at(message, life.calls) for i, message in messages.items()}
    told = (corrected(moment, accepted) for moment in worth_telling(life, calls))
    moments = sorted(told, key=lambda moment: (moment.at, moment.what in SETTLED))
    return list(with_gaps(moments, items, calls))


def worth_telling(life: Life | MessageLife, calls: Mapping[int, Call]) -> Iterator[Moment]:
    """Without what another moment says as well: the start of a call that ended, the acceptance of
    a message beside that of its call, the request beside the decision, a decision beside the act.
    """
    answered = {f"message:{m.id}" for m in messages_of(life) if m.accepted_at is not None} & {
        call.row.effect for call in calls.values() if call.row.state == "accepted"
    }
    event = life.event if isinstance(life, Life) else None
    own = {event.id} if event else {e.id for e in events_of(life)}
    requests = {r.id: r for r in life.requests} if isinstance(life, Life) else {}
    for moment in life.timeline:
        if moment.what == "call_started" and ended(calls[moment.id], moment.at):
            continue
        if moment.what == "message_accepted" and f"message:{moment.id}" in answered:
            continue
        if moment.what == "asked" and requests[moment.id].event_id in own:
            continue
        if moment.what == "person" and is_decision(moment, life):
            continue
        yield moment


def ended(call: Call, started_at: datetime) -> bool:
    """Whether the attempt begun then has an end of its own in the timeline."""
    return any(a.started_at == started_at and a.finished_at is not None for a in call.history)


def is_decision(moment: Moment, life: Life | MessageLife) -> bool:
    """A person's word on a call stands in the call's history too."""
    return any(act.id == moment.id and act.action == "decide" for act in life.acts)


def corrected(moment: Moment, accepted: Mapping[int, datetime | None]) -> Moment:
    """A provider's clock tells whole seconds, but nothing is delivered before it was accepted."""
    if moment.what in SETTLED and (earliest := accepted[moment.id]) is not None:
        return replace(moment, at=max(moment.at, earliest))
    return moment


def accepted_at(message: MessageRow, calls: Sequence[Call]) -> datetime | None:
    """When the provider had accepted the message, by our clock."""
    effect = f"message:{message.id}"
    ends = [call.row.finished_at for call in calls if call.row.effect == effect]
    return max((at for at in (message.accepted_at, *ends) if at is not None), default=None)


def with_gaps(
    moments: Iterable[Moment],
    items: Mapping[str, Mapping[int, Any]],
    calls: Mapping[int, Call],
) -> Iterator[Step]:
    """The steps, each with what it is about."""
    last: datetime | None = None
    for moment in moments:
        attempt = attempt_of(calls[moment.id], moment) if moment.kind == "call" else None
        gap_s = (moment.at - last).total_seconds() if last else None
        item = items.get(moment.kind, {}).get(moment.id)
        yield Step(moment.at, moment.what, moment.detail, item, attempt, gap_s)
        last = max(moment.at, last) if last else moment.at


def attempt_of(call: Call, moment: Moment) -> Attempt | None:
    """The entry of the history this moment is the end of."""
    return next((a for a in call.history if a.finished_at == moment.at), None)


def messages_of(life: Life | MessageLife) -> Sequence[MessageRow]:
    """The messages of either kind of life."""
    return life.messages if isinstance(life, Life) else (life.message,)


def events_of(life: Life | MessageLife) -> Sequence[Any]:
    """The events of either kind of life, receipts among them."""
    if not isinstance(life, Life):
        return life.receipts
    # The event itself may stand on another page of the elements.
    event = () if life.event is None else (life.event,)
    return (*life.elements, *event, *life.receipts)
