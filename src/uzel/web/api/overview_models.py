"""Shapes of the overview, connections and search hits in answers."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from uzel.web.api.event_models import AT, Shape


class Volume(Shape):
    """How many in a period."""

    received: int = Field(description="Incoming requests.", examples=[120])
    asked: int = Field(description="Visits a review was asked for.", examples=[40])
    accepted: int = Field(description="Messages their provider took.", examples=[39])
    delivered: int = Field(examples=[37])
    failed: int = Field(examples=[1])


class Hour(Shape):
    """One hour; `starts_at` is full in the overview's time zone."""

    starts_at: datetime = Field(examples=["2026-11-20T09:00:00Z"])
    volume: Volume


class Stuck(Shape):
    """Something that waits for somebody."""

    kind: Literal[
        "parked", "unprocessed", "undecided", "unknown_calls", "looked_up_calls", "overdue_calls"
    ] = Field(
        description="Of unknown calls, those a person has to decide, and those whose provider is "
        "still being asked.",
        examples=["unknown_calls"],
    )
    count: int = Field(examples=[2])
    more: bool = Field(description="There are more than `count`.", examples=[False])
    oldest_at: datetime | None = Field(examples=[AT])
    target: Literal["raw_events", "events", "calls"] = Field(
        description="The list that shows them, narrowed to `state`.", examples=["calls"]
    )
    state: str = Field(examples=["unknown"])


class Paused(Shape):
    """A connection that is paused, whose settings or secrets cannot be read, or whose access has
    to be granted anew.
    """

    connection_id: int = Field(examples=[2])
    connector: str = Field(examples=["smsru"])
    name: str = Field(examples=["main"])
    reason: str | None = Field(examples=["ключ не принят"])
    since: datetime = Field(examples=[AT])
    anew: bool = Field(description="Its access has to be granted anew.", examples=[False])


class Breaker(Shape):
    """A connection that rests after failures."""

    connection_id: int = Field(examples=[2])
    connector: str = Field(examples=["smsru"])
    name: str = Field(examples=["main"])
    failures: int = Field(examples=[5])
    open_until: datetime = Field(examples=[AT])
    reason: str | None = Field(examples=["the provider does not answer"])


class Refused(Shape):
    """Requests turned away at the door since midnight UTC."""

    connector: str = Field(examples=["iiko"])
    reason: str = Field(
        description="key, signature, body, size, busy, method, cron.", examples=["signature"]
    )
    count: int = Field(examples=[3])


class Spend(Shape):
    """What the messages accepted today cost, as far as it is known."""

    currency: str = Field(description="ISO 4217.", examples=["RUB"])
    amount_minor: int = Field(examples=[15561])


class Latency(Shape):
    """From a webhook's receipt to its message's acceptance, over the last hour."""

    p50_s: float = Field(examples=[0.04])
    p99_s: float = Field(examples=[0.21])
    messages: int = Field(description="How many were measured.", examples=[39])


class Overview(Shape):
    """The state of the installation in one glance."""

    at: datetime = Field(examples=[AT])
    time_zone: str = Field(description="Of days and hours here.", examples=["Europe/Moscow"])
    hours: list[Hour] = Field(description="The last 24, oldest first; the last is under way.")
    today: Volume
    exact: bool = Field(
        description="False: counts and spend are scaled up from a sample.", examples=[True]
    )
    stuck: list[Stuck]
    paused: list[Paused]
    breakers: list[Breaker]
    refused: list[Refused]
    queue: dict[str, int] = Field(
        description="Jobs that wait or run, by kind.", examples=[{"events": 2}]
    )
    workers: int = Field(description="Living workers.", examples=[1])
    spend: list[Spend]
    latency: Latency | None = Field(description="Null if nothing was accepted.")


class Connection(Shape):
    """A configured account at a provider, without its settings and secrets."""

    id: int = Field(examples=[1])
    connector: str = Field(examples=["iiko"])
    title: str = Field(description="For people.", examples=["iiko · main"])
    name: str = Field(examples=["main"])
    business_id: int = Field(examples=[1])
    state: Literal["active", "paused", "off"] = Field(
        description="`paused` by Uzel, `off` by a person.", examples=["active"]
    )
    state_reason: str | None = Field(examples=[None])
    rate_per_s: float = Field(description="Calls a second at most.", examples=[5.0])
    receives: bool = Field(description="It has a webhook.", examples=[True])
    operations: list[str] = Field(description="What it can be asked.", examples=[["send_sms"]])


class Connections(Shape):
    """All connections, oldest first."""

    items: list[Connection]


class Hit(Shape):
    """Something the search found."""

    kind: Literal["event", "raw_event", "message", "call"] = Field(examples=["event"])
    id: int = Field(examples=[1042])
    title: str = Field(examples=["заказ 118"])
    subtitle: str = Field(examples=["visit.completed · +79990001001 · request"])
    at: datetime = Field(examples=[AT])


class Hits(Shape):
    """What a text may mean, the likeliest first."""

    items: list[Hit]
