"""An order at a marketplace: who bought what, and how far it is."""

from dataclasses import dataclass
from enum import StrEnum


class OrderState(StrEnum):
    """How far an order is, in one vocabulary for every marketplace.

    new        paid or financed, waits for the merchant
    accepted   the merchant has taken it on; assembling, handing over and delivery are within
    completed  the buyer has it
    cancelling a cancellation was asked for and is not decided
    cancelled  will not be delivered
    returning  on its way back
    returned   came back after it was completed or sent
    """

    NEW = "new"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    RETURNING = "returning"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Line:
    """One position of an order. Money is decimal text in the order's currency.

    line       the source's own id of the position
    sku        the merchant's article number, None where the source did not say
    product    where to ask for the article, in the words of the connector; None if nowhere
    quantity   decimal text, `2` or `0.35`
    price      of one unit; `total` of the position
    """

    line: str
    sku: str | None
    name: str | None
    quantity: str
    price: str | None
    total: str | None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its marketplace reports it at one moment.

    order      the source's id of the order, for its own API
    code       its number as buyer and merchant know it, unique within the connection
    status     the source's own word, `state` what it means; None: a word nobody knows
    currency   ISO 4217
    total      decimal text
    phone      as it came; `uzel.model.phone` judges it
    lines      None where the source did not tell all of them
    told_at    when the source was asked, ISO 8601 in UTC; None: it cannot be told
    note       what a person would want to read of it: delivery, waybill, reason of a cancellation,
               as label → text
    """

    order: str
    code: str
    status: str
    state: OrderState | None
    currency: str
    total: str | None
    phone: str | int | None = None
    first_name: str | None = None
    last_name: str | None = None
    created_at: str | None = None
    lines: tuple[Line, ...] | None = None
    told_at: str | None = None
    note: dict[str, str] | None = None
