"""One line through everything that happened, by time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from uzel.views.rows import Act, Call, EventRow, MessageRow, RawEventRow, ReviewRequest


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened.

    what    a code: received, processed, parked, decided, duplicate, asked, withdrawn,
            message_planned, message_accepted, message_delivered, message_failed,
            message_cancelled, call_started, call_accepted, call_rejected, call_not_sent,
            call_unknown, call_planned (again later), call_cancelled, receipt, person
    detail  what there is to say about it: a decision and its reason, an error, a cost
    kind    what it happened to (raw_event, event, request, message, call, act), and its `id`
    """

    at: datetime
    what: str
    detail: str
    kind: str
    id: int


def timeline_of(
    raw_event: RawEventRow | None = None,
    events: Sequence[EventRow] = (),
    requests: Sequence[ReviewRequest] = (),
    messages: Sequence[MessageRow] = (),
    calls: Sequence[Call] = (),
    receipts: Sequence[EventRow] = (),
    acts: Sequence[Act] = (),
) -> tuple[Moment, ...]:
    """The moments of all these, oldest first."""
    shown = {receipt.id for receipt in receipts}
    moments = chain(
        of_raw_event(raw_event) if raw_event else (),
        *(of_event(event) for event in events if event.id not in shown),
        *(of_request(request) for request in requests),
        *(of_message(message) for message in messages),
        *(of_call(call) for call in calls),
        *(of_receipt(receipt) for receipt in receipts),
        (Moment(act.at, "person", f"{act.actor}: {act.action}", "act", act.id) for act in acts),
    )
    return tuple(sorted(moments, key=lambda moment: moment.at))


def of_raw_event(row: RawEventRow) -> Iterator[Moment]:
    """It came, and was understood or not."""
    yield Moment(row.received_at, "received", row.remote_addr or "", "raw_event", row.id)
    if row.processed_at is not None and row.state != "received":
        yield Moment(row.processed_at, row.state, row.error or "", "raw_event", row.id)


def of_event(event: EventRow) -> Iterator[Moment]:
    """What was decided about it, and why."""
    what = "duplicate" if event.duplicate_of is not None else "decided"
    detail = ": ".join(filter(None, (event.decision, event.reason)))
    yield Moment(event.created_at, what, detail, "event", event.id)


def of_request(request: ReviewRequest) -> Iterator[Moment]:
    """Asked, and perhaps withdrawn; what the guest did."""
    i = request.id
    if request.state == "cancelled":
        yield Moment(request.updated_at, "withdrawn", request.reason or "", "request", i)
    elif request.state == "asked":
        yield Moment(request.updated_at, "asked", request.visit, "request", i)
    if request.clicked_at is not None:
        yield Moment(request.clicked_at, "clicked", "", "request", i)
    if request.rated_at is not None:
        detail = " · ".join(filter(None, (str(request.rating), request.comment)))
        yield Moment(request.rated_at, "rated", detail, "request", i)


def of_message(message: MessageRow) -> Iterator[Moment]:
    """Planned, accepted, settled."""
    kind, i = "message", message.id
    yield Moment(message.created_at, "message_planned", message.body, kind, i)
    if message.accepted_at is not None:
        yield Moment(message.accepted_at, "message_accepted", message.reference or "", kind, i)
    if message.settled_at is not None:
        what, detail = f"message_{message.state}", message.state_reason or ""
        yield Moment(message.settled_at, what, detail, kind, i)


def of_call(call: Call) -> Iterator[Moment]:
    """Every attempt, and every decision of a person."""
    i = call.row.id
    for attempt in call.history:
        if attempt.started_at is not None and attempt.by is None:
            yield Moment(attempt.started_at, "call_started", call.row.operation, "call", i)
        if attempt.finished_at is not None:
            said = (attempt.by, attempt.error_class, attempt.code, attempt.detail)
            detail = " · ".join(filter(None, said))
            yield Moment(attempt.finished_at, f"call_{attempt.state}", detail, "call", i)
    if call.row.state == "sending" and call.row.started_at is not None:
        yield Moment(call.row.started_at, "call_started", call.row.operation, "call", i)
    if call.row.state == "cancelled" and call.row.finished_at is not None and not call.history:
        yield Moment(call.row.finished_at, "call_cancelled", call.row.detail or "", "call", i)


def of_receipt(receipt: EventRow) -> Iterator[Moment]:
    """What the provider reported, when it reached us."""
    data = receipt.data or {}
    detail = f"{data.get('state', '')}: {data.get('detail', '')}"
    yield Moment(receipt.created_at, "receipt", detail, "event", receipt.id)
