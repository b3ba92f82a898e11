"""Leads as partners send and get them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from uzel.web.api.partner_models import MINOR, OF_BALANCE, Number
from uzel.web.partner.leads import LONGEST_LINK, MOST_LEADS

LEAD_ID = r"^lead_[0-9a-f]{16}$"
LeadState = Literal["new", "done", "failed"]
Link = Annotated[
    str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=LONGEST_LINK),
    Field(description="What is to be paid.", examples=["https://pay.example/c/1"]),
]  # fmt: skip


class NewLead(BaseModel):
    """One lead. Other fields of yours go to `data`: whoever works on it sees them."""

    model_config = ConfigDict(extra="forbid")

    external_id: Number = Field(description="Your own number of it.", examples=["deal-118"])
    payment_url: Link | None = Field(default=None, examples=["https://pay.example/c/1"])
    data: dict[str, Any] = Field(default_factory=dict, examples=[{"comment": "monthly"}])


class LeadBatch(BaseModel):
    """Up to a thousand leads."""

    model_config = ConfigDict(extra="forbid")

    leads: list[NewLead] = Field(min_length=1, max_length=MOST_LEADS)


class LeadResult(BaseModel):
    """What became of one, in the order of the batch."""

    external_id: str = Field(examples=["deal-118"])
    lead_id: str = Field(pattern=LEAD_ID, examples=["lead_0123456789abcdef"])
    result: Literal["accepted", "duplicate"] = Field(
        description="`duplicate`: it is there from before; nothing was changed or charged.",
        examples=["accepted"],
    )


class LeadResults(BaseModel):
    """What became of a batch."""

    leads: list[LeadResult]
    cost_minor: int = Field(description=f"Of the accepted ones. {MINOR}", examples=[2500])
    available_minor: int = Field(description=f"After that. {MINOR}", examples=[90060])
    balance_currency: str = Field(description=OF_BALANCE, examples=["RUB"])


class Lead(BaseModel):
    """A lead and what is known of it."""

    id: str = Field(pattern=LEAD_ID, examples=["lead_0123456789abcdef"])
    external_id: str = Field(examples=["deal-118"])
    state: LeadState = Field(examples=["done"])
    payment_url: str | None = Field(examples=["https://pay.example/c/1"])
    data: dict[str, Any] = Field(examples=[{"comment": "monthly"}])
    payment_id: str | None = Field(
        description="Its price, where it has one.", examples=["lead_txn_0123456789abcdef"]
    )
    report_status: str | None = Field(
        description="In the words of who worked on it last.", examples=["Успешно"]
    )
    reported_at: datetime | None = Field(examples=["2026-11-20T09:20:00Z"])
    created_at: datetime = Field(examples=["2026-11-20T09:15:02Z"])
    updated_at: datetime = Field(examples=["2026-11-20T09:20:00Z"])


class Leads(BaseModel):
    """Part of the list, newest first."""

    items: list[Lead]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` to get the next page; null: this was the last one.",
        examples=["lead_0123456789abcdef"],
    )
