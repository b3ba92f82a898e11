"""What the read models give out. All times are aware UTC; money is minor units with a currency.

Names of fields are those of the database's columns; `connector` and `connection_name` come from
the connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Part of a list, newest first.

    next  what to pass as `before` for the following page; None: this was the last one
    cut   the page is short, or empty, because only so many rows were looked through; `next` goes on
    """

    items: tuple[Item, ...]
    next: int | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class RawEventRow:
    """One incoming request. state: received, processed, parked; `size` of the body in bytes."""

    id: int
    connection_id: int
    connector: str
    connection_name: str
    received_at: datetime
    remote_addr: str | None
    size: int
    state: str
    error: str | None
    replays: int
    processed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One element of a raw event. decision: pending, request, skip, cancel, noted; `reason` is a
    code; `duplicate_of` the event that came first.
    """

    id: int
    raw_event_id: int
    position: int
    connection_id: int
    connector: str
    connection_name: str
    type: str
    key: str | None
    subject: str | None
    phone: str | None
    occurred_at: datetime | None
    data: Mapping[str, Any] | None
    decision: str
    reason: str | None
    duplicate_of: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message to a person. state: planned, accepted, delivered, failed, unknown, cancelled;
    `origin` is why it is sent (`review_request:17`), `reference` the provider's id of it. `address`
    is where it goes, `hop` which of the ways of its route it is, from 0.
    """

    id: int
    business_id: int
    connection_id: int
    connector: str
    connection_name: str
    purpose: str
    origin: str
    event_id: int | None
    channel: str
    phone: str | None
    address: str
    subject: str | None
    hop: int
    body: str
    encoding: str
    segments: int
    template_id: int | None
    state: str
    state_reason: str | None
    reference: str | None
    cost_minor: int | None
    estimate_minor: int | None
    currency: str | None
    not_after: datetime | None
    created_at: datetime
    updated_at: datetime
    accepted_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One outward call. state: planned, sending, accepted, rejected, not_sent, unknown, cancelled;
    `effect` is what it is for (`message:17`), `reference` the provider's id of what it made.
    """

    id: int
    connection_id: int
    connector: str
    connection_name: str
    operation: str
    effect: str
    state: str
    attempt: int
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error_class: str | None
    code: str | None
    detail: str | None
    http_status: int | None
    reference: str | None
    request_id: str | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One entry of a call's history: an attempt, or (with `by`) a person's decision."""

    attempt: int
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    error_class: str | None = None
    code: str | None = None
    detail: str | None = None
    http_status: int | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call with what was asked, each attempt, and what the provider answered."""

    row: CallRow
    arguments: Mapping[str, Any]
    history: tuple[Attempt, ...]
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """What was decided about a visit, and what the guest made of it. state: looking, asked,
    cancelled; `event_id` the event behind it.
    """

    id: int
    business_id: int
    connection_id: int
    visit: str
    place_id: int | None
    event_id: int
    phone: str | None
    state: str
    reason: str | None
    occurred_at: datetime | None
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    consent: str | None
    clicked_at: datetime | None
    rating: int | None
    rated_at: datetime | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did: a row of the audit."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something the search found. kind: event, raw_event, message, call, order, payment, lead;
    `id` within it.
    """

    kind: str
    id: int
    title: str
    subtitle: str
    at: datetime
