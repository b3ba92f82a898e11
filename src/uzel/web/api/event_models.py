"""Shapes of events and raw events in answers."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

AT = "2026-11-20T09:15:02.100000Z"
PHONE = "+79990001001"

Decision = Literal["pending", "request", "skip", "cancel", "noted"]
RawEventState = Literal["received", "processed", "parked"]


class Shape(BaseModel):
    """Made from the read models."""

    model_config = ConfigDict(from_attributes=True)


ConnectionIdField = Annotated[
    int, Field(description="The connection it came or goes through.", examples=[1])
]
ConnectorField = Annotated[str, Field(description="The outside system.", examples=["iiko"])]
ConnectionNameField = Annotated[
    str, Field(description="The connection's name within its connector.", examples=["main"])
]


class Event(Shape):
    """One element of an incoming request, and what was decided about it."""

    id: int = Field(examples=[1042])
    raw_event_id: int = Field(description="The request it came in.", examples=[1007])
    position: int = Field(description="Its place in that request, from 0.", examples=[0])
    connection_id: ConnectionIdField
    connector: ConnectorField
    connection_name: ConnectionNameField
    type: str = Field(description="`noun.past_verb`.", examples=["visit.completed"])
    key: str | None = Field(
        description="Unique per connection for one real-world happening.",
        examples=["visit:6b1f6a0e:00000101:completed"],
    )
    subject: str | None = Field(description="What it is about.", examples=["заказ 118"])
    phone: str | None = Field(description="The guest's phone, E.164.", examples=[PHONE])
    occurred_at: datetime | None = Field(
        description="When it happened; null where the source does not say.", examples=[AT]
    )
    data: dict[str, Any] | None = Field(
        description="What the element says, in our own terms.",
        examples=[{"visit": "6b1f6a0e:00000101", "state": "completed"}],
    )
    decision: Decision = Field(
        description=(
            "`request` a review is asked for, `skip` nothing follows, `cancel` what had not gone "
            "out was withdrawn, `noted` it was taken note of, `pending` not decided yet."
        ),
        examples=["skip"],
    )
    reason: str | None = Field(description="Why, as a code.", examples=["phone_landline"])
    duplicate_of: int | None = Field(
        description="The event with the same key that came first.", examples=[None]
    )
    created_at: datetime = Field(examples=[AT])


class RawEvent(Shape):
    """One incoming request that passed the door."""

    id: int = Field(examples=[1007])
    connection_id: ConnectionIdField
    connector: ConnectorField
    connection_name: ConnectionNameField
    received_at: datetime = Field(examples=[AT])
    remote_addr: str | None = Field(description="The sender's address.", examples=["192.0.2.7"])
    size: int = Field(description="Of the body, in bytes.", examples=[1312])
    state: RawEventState = Field(
        description=(
            "`received` waits to be processed, `processed` every element has its decision, "
            "`parked` could not be understood and waits for a replay."
        ),
        examples=["processed"],
    )
    error: str | None = Field(description="Why it is parked.", examples=[None])
    replays: int = Field(description="How often it was processed again.", examples=[0])
    processed_at: datetime | None = Field(examples=[AT])


class Body(Shape):
    """The body for reading: JSON indented, a form by its fields, else text or hex."""

    kind: Literal["json", "form", "text", "hex", "empty"] = Field(examples=["json"])
    text: str = Field(examples=['{\n  "eventType": "DeliveryOrderUpdate"\n}'])
    size: int = Field(description="Of the body as it came, in bytes.", examples=[38])
    cut: bool = Field(description="`text` is the beginning only.", examples=[False])


class WholeRawEvent(RawEvent):
    """A raw event with everything it brought but secrets, which are never stored."""

    request_id: str = Field(description="Its word in the logs.", examples=["raw-1007"])
    digest: str = Field(
        description="BLAKE2b of query and body, hex: equal ones are one request.",
        examples=["9fa36ac14b34b6b0b58a6246" + "9f2456a9"],
    )
    query: str = Field(description="Without the key.", examples=[""])
    headers: dict[str, str] = Field(examples=[{"content-type": "application/json"}])
    body: Body
    content_base64: str = Field(
        description="The body byte for byte, base64.",
        examples=["eyJldmVudFR5cGUiOiJEZWxpdmVyeU9yZGVyVXBkYXRlIn0="],
    )


class ReviewRequest(Shape):
    """What was decided about a visit."""

    id: int = Field(examples=[311])
    business_id: int = Field(examples=[1])
    connection_id: ConnectionIdField
    visit: str = Field(description="The source's own id of it.", examples=["6b1f6a0e:00000101"])
    place_id: int | None = Field(examples=[1])
    event_id: int = Field(description="The event behind it.", examples=[1042])
    phone: str | None = Field(examples=[PHONE])
    state: Literal["looking", "asked", "cancelled"] = Field(
        description="`looking`: the source is being asked who the guest was.", examples=["asked"]
    )
    reason: str | None = Field(examples=[None])
    occurred_at: datetime | None = Field(examples=[AT])
    created_at: datetime = Field(examples=[AT])
    updated_at: datetime = Field(examples=[AT])
    due_at: datetime | None = Field(description="Not before this; null: at once.", examples=[AT])
    consent: str | None = Field(description="How the guest agreed.", examples=["анкета"])
    clicked_at: datetime | None = Field(description="The link was opened.", examples=[None])
    rating: int | None = Field(description="1 to 5.", examples=[5])
    rated_at: datetime | None = Field(examples=[AT])
    comment: str | None = Field(description="To the owner, in private.", examples=[None])


class Replayed(BaseModel):
    """The raw event waits to be processed again."""

    raw_event_id: int = Field(examples=[1007])
    request_id: str = Field(description="Its word in the logs.", examples=["raw-1007"])
    state: Literal["received"] = Field(examples=["received"])
