"""What partners send and get."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from uzel.web.partner.wanted import LONGEST_DETAILS, LONGEST_KEY, amount_of

PaymentState = Literal["pending", "completed", "failed"]
DeliveryState = Literal["pending", "delivered", "failed"]
MINOR = "Minor units of `balance_currency`."
OF_BALANCE = "The currency of the balance."
QUOTE_ID = r"^quote_[0-9a-f]{16}$"
PAYMENT_ID = r"^(lead_)?txn_[0-9a-f]{16}$"
DELIVERY_ID = r"^dlv_[0-9a-f]{32}$"


def above_zero(value: str) -> str:
    """Raises ValueError."""
    if amount_of(value) is None:
        raise ValueError("an amount is above zero and below 10^18")
    return value


def printable(value: str) -> str:
    """Raises ValueError."""
    if not value.isprintable() or value != value.strip():
        raise ValueError("only printable characters, and no spaces around them")
    return value


Amount = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,18}(\.[0-9]{1,18})?$"),
    AfterValidator(above_zero),
    Field(
        description="What is to be paid: decimal text, so that no program rounds it.",
        examples=["20.00"],
    ),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    Field(description="ISO 4217.", examples=["USD"]),
]
Number = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_KEY), AfterValidator(printable)
]
Details = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_DETAILS), AfterValidator(printable)
]


class Balance(BaseModel):
    """Where the balance stands."""

    partner_id: str = Field(examples=["partner_5f0c1b2a3d4e5f"])
    partner_name: str = Field(examples=["Ромашка"])
    balance_currency: str = Field(description=OF_BALANCE, examples=["RUB"])
    available_minor: int = Field(
        description=f"What is there and not held, without the credit. {MINOR}", examples=[90060]
    )
    held_minor: int = Field(description=f"For pending payments. {MINOR}", examples=[9990])
    total_minor: int = Field(
        description=f"Both. It changes only by what a statement shows. {MINOR}", examples=[100050]
    )
    is_test: bool = Field(description="Money of a test token: it is not real.", examples=[False])
    credit_minor: int = Field(
        description=f"How far below zero the balance may go, as agreed. {MINOR}", examples=[500000]
    )
    spendable_minor: int = Field(
        description=f"What can be spent: what is available and the credit. {MINOR}",
        examples=[590060],
    )


class QuoteRequest(BaseModel):
    """What is to be priced."""

    model_config = ConfigDict(extra="forbid")

    amount: Amount
    currency: Currency


class Quote(BaseModel):
    """A price that holds until `expires_at`, for one payment."""

    id: str = Field(pattern=QUOTE_ID, examples=["quote_0123456789abcdef"])
    amount: str = Field(examples=["20"])
    currency: str = Field(examples=["USD"])
    cost_minor: int = Field(description=f"What the payment costs. {MINOR}", examples=[207000])
    commission_minor: int = Field(description=f"Of it, the commission. {MINOR}", examples=[27000])
    commission_percent: str = Field(examples=["15"])
    balance_currency: str = Field(description=OF_BALANCE, examples=["RUB"])
    rate: str = Field(
        description="Units of the balance for one unit of `currency`.", examples=["90"]
    )
    created_at: datetime = Field(examples=["2026-11-20T09:15:02Z"])
    expires_at: datetime = Field(examples=["2026-11-20T09:25:02Z"])


class PaymentRequest(BaseModel):
    """A payment: by a quote, or by amount and currency at the rate of now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"amount": "20.00", "currency": "USD", "external_id": "order-118"},
                {"quote_id": "quote_0123456789abcdef", "external_id": "order-118"},
            ]
        },
    )

    quote_id: str | None = Field(
        default=None, pattern=QUOTE_ID, examples=["quote_0123456789abcdef"]
    )
    amount: Amount | None = Field(default=None, examples=["20.00"])
    currency: Currency | None = Field(default=None, examples=["USD"])
    external_id: Number | None = Field(
        default=None,
        description="Your own number of it. It pays once, for ever.",
        examples=["order-118"],
    )
    details: Details | None = Field(
        default=None, description="What it is for.", examples=["One month"]
    )


class Payment(BaseModel):
    """A payment. `pending`: the money is spoken for; `completed` and `failed` are its ends. Rarely
    a completed one fails after all, and is given back.
    """

    id: str = Field(pattern=PAYMENT_ID, examples=["txn_0123456789abcdef"])
    kind: Literal["payment", "lead"] = Field(
        description="`lead`: the price of a lead.", examples=["payment"]
    )
    state: PaymentState = Field(examples=["pending"])
    amount: str = Field(examples=["20"])
    currency: str = Field(examples=["USD"])
    cost_minor: int = Field(description=f"What it costs. {MINOR}", examples=[207000])
    commission_minor: int = Field(description=f"Of it, the commission. {MINOR}", examples=[27000])
    balance_currency: str = Field(description=OF_BALANCE, examples=["RUB"])
    rate: str = Field(examples=["90"])
    available_before_minor: int = Field(description=MINOR, examples=[500000])
    available_after_minor: int = Field(description=MINOR, examples=[293000])
    quote_id: str | None = Field(examples=["quote_0123456789abcdef"])
    external_id: str | None = Field(examples=["order-118"])
    details: str | None = Field(examples=["One month"])
    error: str | None = Field(description="Why it failed.", examples=["card refused"])
    created_at: datetime = Field(examples=["2026-11-20T09:15:02Z"])
    updated_at: datetime = Field(examples=["2026-11-20T09:15:02Z"])
    lead_external_id: str | None = Field(
        default=None,
        description="Of the price of a lead: your own number of that lead.",
        examples=[None],
    )


class Payments(BaseModel):
    """Part of the list, newest first."""

    items: list[Payment]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` to get the next page; null: this was the last one.",
        examples=["txn_0123456789abcdef"],
    )


class WebhookDelivery(BaseModel):
    """One event on its way to your address, with its repeats. `pending`: it is tried, or will be
    again; `delivered`: you answered 2xx; `failed`: you did not within three days, or said 410.
    """

    id: str = Field(pattern=DELIVERY_ID, examples=["dlv_00112233445566778899aabbccddeeff"])
    event_id: str = Field(
        description="The header `webhook-id`.", examples=["evt_00112233445566778899aabbccddeeff"]
    )
    type: str = Field(examples=["payment.completed"])
    subject: str | None = Field(
        description="What it is about: the `id` of its data.", examples=["txn_0123456789abcdef"]
    )
    state: DeliveryState = Field(examples=["delivered"])
    attempts: int = Field(examples=[1])
    http_status: int | None = Field(
        description="Of your last answer; null: there was none.", examples=[204]
    )
    error: str | None = Field(
        description="Why it did not arrive at the last attempt.",
        examples=["HTTP 500: no database today"],
    )
    created_at: datetime = Field(examples=["2026-11-20T09:15:02Z"])
    next_attempt_at: datetime | None = Field(
        description="Of a pending one.", examples=["2026-11-20T09:20:02Z"]
    )
    ended_at: datetime | None = Field(examples=["2026-11-20T09:15:03Z"])


class WebhookDeliveries(BaseModel):
    """Part of the list, newest first."""

    items: list[WebhookDelivery]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` to get the next page; null: this was the last one.",
        examples=["dlv_00112233445566778899aabbccddeeff"],
    )


class StatementEntry(BaseModel):
    """One entry of the ledger."""

    at: datetime = Field(examples=["2026-11-20T09:15:02Z"])
    kind: str = Field(
        description="`payment`, `payment_back`, `top_up`, `correction`, and others to come.",
        examples=["payment"],
    )
    amount_minor: int = Field(description="Negative: it left the balance.", examples=[-207000])
    balance_minor: int = Field(description="After it.", examples=[293000])
    payment_id: str | None = Field(examples=["txn_0123456789abcdef"])
    external_id: str | None = Field(examples=["order-118"])
    reason: str | None = Field(examples=["invoice 17"])


class Statement(BaseModel):
    """`opening_minor` and all amounts add up to `closing_minor`."""

    partner_id: str = Field(examples=["partner_5f0c1b2a3d4e5f"])
    balance_currency: str = Field(description=OF_BALANCE, examples=["RUB"])
    since: datetime = Field(examples=["2026-11-01T00:00:00Z"])
    until: datetime = Field(examples=["2026-12-01T00:00:00Z"])
    opening_minor: int = Field(description=MINOR, examples=[500000])
    entries: list[StatementEntry]
    closing_minor: int = Field(description=MINOR, examples=[293000])
    next_cursor: str | None = Field(
        description=(
            "There are more entries: pass it as `cursor`, with the same `from` and `to`. What is "
            "the closing balance here is the opening balance there."
        ),
        examples=["c0000000000000011"],
    )
