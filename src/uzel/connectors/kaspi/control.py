"""What the control doors of the sandbox take, and what they do to a shop."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.kaspi.miniature import (
    ACCEPTED,
    BY_BANK,
    WAYS,
    Line,
    Order,
    Shop,
    article,
)

TOKEN = "sandbox-kaspi-token"  # noqa: S105 - a dummy
# Orders for the examples of the sandbox, older than any list of orders reaches back.
EXAMPLES_AGE_MS = 30 * 24 * 3600 * 1000
TO_ACCEPT, TO_ASSEMBLE, TO_COMPLETE = "600000001", "600000002", "600000003"
TO_CANCEL, TO_REDUCE = "600000004", "600000005"
EXAMPLES = (
    (TO_ACCEPT, "delivery", BY_BANK),
    (TO_ASSEMBLE, "kaspi", ACCEPTED),
    (TO_COMPLETE, "pickup", ACCEPTED),
    (TO_CANCEL, "delivery", BY_BANK),
    (TO_REDUCE, "pickup", ACCEPTED),
)

Way = Literal["pickup", "delivery", "kaspi", "postomat"]
Status = Literal[
    "APPROVED_BY_BANK",
    "ACCEPTED_BY_MERCHANT",
    "COMPLETED",
    "CANCELLED",
    "CANCELLING",
    "RETURNED",
    "KASPI_DELIVERY_RETURN_REQUESTED",
]
State = Literal["NEW", "SIGN_REQUIRED", "PICKUP", "DELIVERY", "KASPI_DELIVERY", "ARCHIVE"]


class Settings(BaseModel):
    """How this Kaspi behaves; a body of `POST /_settings` names only what it changes.

    offers              positions come with the merchant's article, as since 2025
    included            what of the positions asked for comes along: `all`, all but the first one of
                        each order (`incomplete`), or `none`, nor then a list of them
    padded_ids          ids of orders and positions keep the padding of their base64; new orders
                        get numbers of eight digits, as old ones had, so that there is some
    hang                no answer to requests without a User-Agent or with a library's
    state_required      400 to a list without a state; clients are said to do without
    newest_first        how a list is sorted; Kaspi does not say
    part_cancel_status  what a partial cancellation says of itself
    latency_ms          before each answer
    """

    model_config = ConfigDict(extra="forbid")

    offers: bool = True
    included: Literal["all", "incomplete", "none"] = "all"
    padded_ids: bool = False
    hang: bool = True
    state_required: bool = True
    newest_first: bool = True
    part_cancel_status: Literal["SUCCESSFULL", "INPROGRESS"] = "SUCCESSFULL"
    latency_ms: int = Field(default=0, ge=0, le=60_000)


class OrdersAsked(BaseModel):
    """The body of `POST /_orders`: so many new orders, the same for the same seed.

    customers, skus  how many different buyers and articles they spread over
    lines            positions of an order at most
    way              of delivery; None: by turns
    until_ms         when the last one was made; None: now; the others `apart_ms` before each other
    status           of all of them, `to_sign`: papers are to be signed first
    """

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    count: int = Field(default=1, ge=1, le=100_000)
    customers: int = Field(default=1000, ge=1, le=1_000_000)
    skus: int = Field(default=100, ge=1, le=99_999)
    lines: int = Field(default=3, ge=1, le=20)
    seed: int = 1
    way: Way | None = None
    until_ms: int | None = Field(default=None, ge=0, le=10**13)
    apart_ms: int = Field(default=1000, ge=0, le=10**9)
    status: Status = "APPROVED_BY_BANK"
    to_sign: bool = False
    pre_order: bool = False


class LineAsked(BaseModel):
    """One position as a door is told it, or as the books show it: then its `number` is not read,
    positions are counted anew.
    """

    model_config = ConfigDict(extra="forbid")

    number: int | None = None
    sku: str = Field(min_length=1, max_length=60)
    name: str = "Товар"
    quantity: int = Field(default=1, ge=0, le=10_000)
    price: Decimal = Field(default=Decimal(1000), ge=0, le=10**9)


class ChangeAsked(BaseModel):
    """The body of `POST /_orders/{code}`; it names only what it changes. `state` without `status`
    may be one that does not go with it; `status` alone brings its state along. A `word` is a status
    that nobody knows.
    """

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    status: Status | None = None
    word: str | None = Field(default=None, pattern="^[A-Z_]{1,60}$")
    state: State | None = None
    total: Decimal | None = Field(default=None, ge=0, le=10**10)
    lines: list[LineAsked] | None = Field(default=None, min_length=1, max_length=50)
    phone: str | None = Field(default=None, max_length=20)
    first_name: str | None = Field(default=None, max_length=100)
    last_name: str | None = Field(default=None, max_length=100)
    reason: str | None = Field(default=None, max_length=60)
    assembled: bool | None = None
    to_sign: bool | None = None


def make(shop: Shop, asked: OrdersAsked, settings: Settings) -> list[Order]:
    """The orders, the oldest first."""
    digits = 8 if settings.padded_ids else 9
    drawn = Random(asked.seed)  # noqa: S311 - no secret depends on it
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    last_ms = now_ms if asked.until_ms is None else asked.until_ms
    ways = [asked.way] if asked.way else list(WAYS)
    made: list[Order] = []
    for place in range(asked.count):
        created_ms = last_ms - (asked.count - 1 - place) * asked.apart_ms
        way = ways[place % len(ways)]
        order = shop.made(drawn, created_ms, way, asked.customers, asked.skus, asked.lines, digits)
        order.to_sign, order.pre_order = asked.to_sign, asked.pre_order
        if asked.status != BY_BANK:
            order.become(asked.status, "door")
        made.append(order)
    return made


def change(order: Order, asked: ChangeAsked) -> None:
    """What somebody at Kaspi, or the buyer, did to it."""
    plain = ("first_name", "last_name", "phone", "reason", "assembled", "to_sign")
    for name in plain:
        if (value := getattr(asked, name)) is not None:
            setattr(order, name, value)
    if asked.lines is not None:
        order.lines = [
            Line(place, it.sku, it.name, it.quantity, it.price)
            for place, it in enumerate(asked.lines)
        ]
        order.total_told = None
    if asked.total is not None:
        order.total_told = asked.total
    if asked.status is not None:
        order.become(asked.status, "door")
    order.status = asked.word or order.status
    order.state = asked.state or order.state


def book(order: Order) -> dict[str, Any]:
    """An order as the sandbox's books show it; money as decimal text."""
    return {
        "code": order.code,
        "created_ms": order.created_ms,
        "status": order.status,
        "state": order.state,
        "way": order.way,
        "total": str(order.total),
        "phone": order.phone,
        "first_name": order.first_name,
        "last_name": order.last_name,
        "lines": [
            {
                "number": line.number,
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "price": str(line.price),
            }
            for line in order.lines
        ],
        "assembled": order.assembled,
        "parcels": order.parcels,
        "code_sent": order.code_sent,
        "security_code": order.security_code,
        "reason": order.reason,
        "comment": order.comment,
        "history": [
            {"at": at.isoformat(), "status": status, "by": who} for at, status, who in order.history
        ],
    }


def examples(shop: Shop) -> None:
    """The orders that the sandbox's examples name; a buyer of the one to complete has a code."""
    created_ms = int(datetime.now(UTC).timestamp() * 1000) - EXAMPLES_AGE_MS
    for place, (code, way, status) in enumerate(EXAMPLES):
        lines = [article(0, place, 3), article(1, place + 1, 1)]
        order = Order(code, created_ms, f"999000000{place}", "Мария", "Иванова", way, lines)
        shop.add(order)
        if status != BY_BANK:
            order.become(status, "door")
        order.code_sent = code == TO_COMPLETE
