"""Shapes of messages and calls in answers, and of a whole life."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from uzel.web.api.event_models import (
    AT,
    PHONE,
    ConnectionIdField,
    ConnectionNameField,
    ConnectorField,
    Event,
    ReviewRequest,
    Shape,
    WholeRawEvent,
)

MessageState = Literal["planned", "accepted", "delivered", "failed", "unknown", "cancelled"]
CallState = Literal[
    "planned", "sending", "accepted", "rejected", "not_sent", "unknown", "cancelled"
]


class Message(Shape):
    """One message to a person."""

    id: int = Field(examples=[205])
    business_id: int = Field(examples=[1])
    connection_id: ConnectionIdField
    connector: ConnectorField
    connection_name: ConnectionNameField
    purpose: str = Field(examples=["review_request"])
    origin: str = Field(
        description="Why it is sent; the same origin never makes two messages.",
        examples=["review_request:311"],
    )
    event_id: int | None = Field(description="The event that led to it.", examples=[1042])
    channel: str = Field(examples=["sms"])
    phone: str | None = Field(
        description="E.164; null where only an e-mail address is known.", examples=[PHONE]
    )
    address: str = Field(
        description="Where it goes: a phone, or an e-mail address.", examples=[PHONE]
    )
    subject: str | None = Field(description="Of an e-mail.", examples=[None])
    hop: int = Field(description="Which way of its route it is, from 0.", examples=[0])
    body: str = Field(examples=["Спасибо, что были у нас! https://reviews.example/uzel"])
    encoding: str = Field(examples=["UCS-2"])
    segments: int = Field(description="How many text messages it takes.", examples=[1])
    template_id: int | None = Field(examples=[1])
    state: MessageState = Field(
        description=(
            "`planned` not sent yet, `accepted` by the provider, `delivered` or `failed` for good, "
            "`unknown` it may have been sent: a person decides, `cancelled` withdrawn in time."
        ),
        examples=["delivered"],
    )
    state_reason: str | None = Field(examples=["доставлено"])
    reference: str | None = Field(
        description="The provider's id of it.", examples=["202647-1000001"]
    )
    cost_minor: int | None = Field(
        description="In minor units of `currency`; null until it is known.", examples=[399]
    )
    estimate_minor: int | None = Field(
        description="What it was expected to cost, by the rate card.", examples=[450]
    )
    currency: str | None = Field(description="ISO 4217.", examples=["RUB"])
    not_after: datetime | None = Field(
        description="It does not go out later than this.", examples=[None]
    )
    created_at: datetime = Field(examples=[AT])
    updated_at: datetime = Field(examples=[AT])
    accepted_at: datetime | None = Field(examples=[AT])
    settled_at: datetime | None = Field(
        description="When it was delivered, failed or was withdrawn.", examples=[AT]
    )


class Call(Shape):
    """One outward call: an entry of the journal."""

    id: int = Field(examples=[205])
    connection_id: ConnectionIdField
    connector: ConnectorField
    connection_name: ConnectionNameField
    operation: str = Field(examples=["send_sms"])
    effect: str = Field(
        description="What it is for; one effect has one call for ever.", examples=["message:205"]
    )
    state: CallState = Field(
        description=(
            "`accepted` the provider took it, `rejected` it said no, `not_sent` it certainly did "
            "not happen, `unknown` it may have happened; `planned`, `sending`, `cancelled`."
        ),
        examples=["accepted"],
    )
    attempt: int = Field(description="How often it was tried.", examples=[1])
    due_at: datetime = Field(description="When it may be tried next.", examples=[AT])
    started_at: datetime | None = Field(examples=[AT])
    finished_at: datetime | None = Field(examples=[AT])
    error_class: str | None = Field(examples=[None])
    code: str | None = Field(description="The provider's own code.", examples=[None])
    detail: str | None = Field(examples=[None])
    http_status: int | None = Field(examples=[None])
    reference: str | None = Field(examples=["202647-1000001"])
    request_id: str | None = Field(
        description="The webhook it follows from.", examples=["raw-1007"]
    )
    decided_by: str | None = Field(
        description="Who decided about an unknown outcome.", examples=[None]
    )
    decided_at: datetime | None = Field(examples=[None])
    created_at: datetime = Field(examples=[AT])


class Attempt(Shape):
    """One attempt of a call, or (with `by`) a person's decision about it."""

    attempt: int = Field(examples=[1])
    state: str = Field(examples=["accepted"])
    started_at: datetime | None = Field(examples=[AT])
    finished_at: datetime | None = Field(examples=[AT])
    error_class: str | None = Field(examples=[None])
    code: str | None = Field(examples=[None])
    detail: str | None = Field(examples=[None])
    http_status: int | None = Field(examples=[None])
    by: str | None = Field(examples=[None])


class WholeCall(Call):
    """A call with what was asked, each attempt, and what the provider answered."""

    arguments: dict[str, Any] = Field(examples=[{"phone": PHONE, "text": "Спасибо!"}])
    history: list[Attempt]
    answer: dict[str, Any] | None = Field(
        description="What is worth keeping of the answer.", examples=[{"balance_minor": 99999000}]
    )


class Act(Shape):
    """What a person or a token did."""

    id: int = Field(examples=[12])
    at: datetime = Field(examples=[AT])
    actor: str = Field(examples=["token:report"])
    action: str = Field(examples=["replay"])
    subject: str | None = Field(examples=["raw_event:1007"])
    detail: dict[str, Any] = Field(examples=[{}])


class Moment(Shape):
    """Something that happened."""

    at: datetime = Field(examples=[AT])
    what: str = Field(
        description="A code: received, processed, decided, message_planned, call_started, …",
        examples=["received"],
    )
    detail: str = Field(examples=["192.0.2.7"])
    kind: Literal["raw_event", "event", "request", "message", "call", "act"] = Field(
        description="What it happened to.", examples=["raw_event"]
    )
    id: int = Field(description="The id of that.", examples=[1007])


class Life(Shape):
    """Everything about one event, or about all elements of a raw event."""

    event: Event | None = Field(description="Null in the life of a raw event.")
    raw_event: WholeRawEvent
    elements: list[Event] = Field(
        description="Elements of the raw event, in their order; a page of them."
    )
    elements_total: int = Field(description="How many there are.", examples=[2])
    elements_next_cursor: str | None = Field(
        description=(
            "Pass it as `elements_cursor` to get the next page, and what followed from it; null: "
            "this was the last one."
        ),
        examples=["c0000000000000064"],
    )
    requests: list[ReviewRequest] = Field(description="What was decided about the visits.")
    messages: list[Message]
    calls: list[WholeCall]
    receipts: list[Event] = Field(description="Delivery reports about the messages.")
    acts: list[Act] = Field(description="What people did about it.")
    timeline: list[Moment] = Field(description="All of it, by time.")
    cut: bool = Field(
        description="Of the receipts or the acts only the newest are here.", examples=[False]
    )


class MessageLife(Shape):
    """Everything about one message."""

    message: Message
    calls: list[WholeCall]
    receipts: list[Event] = Field(description="Delivery reports about it.")
    acts: list[Act] = Field(description="What people did about it.")
    timeline: list[Moment] = Field(description="All of it, by time.")
    cut: bool = Field(
        description="Of the receipts or the acts only the newest are here.", examples=[False]
    )
