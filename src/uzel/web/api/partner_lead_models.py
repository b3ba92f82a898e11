"""Leads as partners send and get them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from uzel.web.api.partner_models import MINOR, OF_BALANCE, Number
from uzel.web.api.wording import in_one
from uzel.web.partner.leads import (
    DEEPEST,
    LONGEST_LINK,
    MOST_LEAD_BYTES,
    MOST_LEADS,
    dumps,
    is_deep,
)
from uzel.web.partner.wanted import LONGEST_KEY

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


@dataclass(frozen=True, slots=True)
class Wrong:
    """One that is not to be taken: why, and its number, where that can be read."""

    given: Any
    why: str

    @property
    def external_id(self) -> str | None:
        found = self.given.get("external_id") if isinstance(self.given, dict) else None
        return found[:LONGEST_KEY] if isinstance(found, str) else None


def kept_apart(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """What is wrong with one lead costs no other: `Wrong` instead of an error."""
    try:
        lead: NewLead = read(value)
    except ValidationError as error:
        return Wrong(value, in_one(error.errors(include_url=False, include_input=False)))
    if is_deep(lead.data):
        return Wrong(value, f"data: deeper than {DEEPEST} levels")
    if len(dumps(lead.data)) > MOST_LEAD_BYTES:
        return Wrong(value, "data: larger than 16 KiB")
    return lead


class OrWrong:
    """Says in the description of the API that whatever comes in the place of a lead is answered."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        wrong = {"description": "Anything else: its result is `invalid`."}
        return {"anyOf": [handler(schema), wrong]}


class LeadBatch(BaseModel):
    """Up to a thousand leads. What is wrong with one costs no other."""

    model_config = ConfigDict(extra="forbid")

    leads: list[Annotated[NewLead, WrapValidator(kept_apart), OrWrong()]] = Field(
        min_length=1, max_length=MOST_LEADS
    )

    @property
    def parts(self) -> list[NewLead | Wrong]:
        """The leads, and what is wrong with some, in their order."""
        return list(self.leads)


class LeadResult(BaseModel):
    """What became of one, in the order of the batch."""

    external_id: str | None = Field(
        description="Of an invalid one, where it could be read.", examples=["deal-118"]
    )
    lead_id: str | None = Field(
        pattern=LEAD_ID, description="Null: invalid.", examples=["lead_0123456789abcdef"]
    )
    result: Literal["accepted", "duplicate", "invalid"] = Field(
        description=(
            "`duplicate`: it is there from before; nothing was changed or charged. `invalid`: it "
            "was not taken, `error` says why."
        ),
        examples=["accepted"],
    )
    error: str | None = Field(
        default=None, description="What is wrong with an invalid one.", examples=[None]
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
