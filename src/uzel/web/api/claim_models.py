"""What is sent and answered about claims."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from uzel.web.api.paging import ConnectionId
from uzel.web.api.partner_models import printable

ClaimState = Literal[
    "draft", "submitted", "approved", "paying", "paid", "failed", "rejected", "cancelled"
]
AMOUNT = r"^[0-9]{1,6}(\.[0-9]{1,2})?$"
AT = "2026-11-20T09:15:02Z"


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]
Number = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(printable)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\u0000]+$")]


class Claimant(BaseModel):
    """Who asks to be paid, as your program knows them."""

    model_config = ConfigDict(extra="forbid")

    id: Number = Field(description="Yours, the same for ever.", examples=["4711"])
    name: Line | None = Field(default=None, examples=["Анна"])


class ClaimFields(BaseModel):
    """What is asked for. To a card: `card`; to a phone at a bank: `phone` and `bank`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    amount: Annotated[str, StringConstraints(pattern=AMOUNT)] | None = Field(
        default=None, description="Roubles, as decimal text.", examples=["1000.50"]
    )
    name: Line | None = Field(
        default=None,
        description="Who is paid: last name, first name, patronymic.",
        examples=["Иванова Анна Петровна"],
    )
    purpose: Line | None = Field(
        default=None, description="What the receiver reads.", examples=["Приз"]
    )
    card: SecretStr | None = Field(
        default=None,
        max_length=100,
        description="The number of a card. It is sealed, never answered, and destroyed with the "
        "payment. Numbers of cards in other fields are refused.",
        examples=["2200 7702 1272 7079"],
    )
    phone: Line | None = Field(
        default=None, description="A Russian mobile number.", examples=["+7 999 000-00-01"]
    )
    bank: Line | None = Field(
        default=None, description="Its name, or its number of 12 digits.", examples=["Сбербанк"]
    )
    details: dict[str, str] | None = Field(
        default=None,
        max_length=20,
        description="Whatever of yours belongs to it.",
        examples=[{"campaign": "autumn"}],
    )


class NewClaim(ClaimFields):
    """A claim that is to be made."""

    external_id: Number = Field(
        description="Your own number of it: one claim for ever, however often it is sent.",
        examples=["prize-118"],
    )
    claimant: Claimant | None = None
    connection_id: ConnectionId | None = Field(
        default=None,
        description="Through which it is paid, where there are several.",
        examples=[1],
    )
    submit: bool = Field(
        default=False, strict=True, description="Have it decided on at once.", examples=[True]
    )


class ChangedClaim(ClaimFields):
    """What of a claim is to be another; what is not given stays."""

    version: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=2**31 - 1,
        description="Which you have looked at: where there is a newer one, nothing is changed.",
        examples=[2],
    )


class Approval(BaseModel):
    """A word for one version of a claim."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(
        strict=True, ge=1, le=2**31 - 1, description="Which you have looked at.", examples=[2]
    )


class Rejection(BaseModel):
    """Why it is not paid."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="The claimant is told. Numbers of cards are hidden.",
        examples=["чек не читается"],
    )
    version: int | None = Field(default=None, strict=True, ge=1, le=2**31 - 1, examples=[2])


class Cancellation(BaseModel):
    """Why it is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="", examples=["не нужно"]
    )


class NewMessage(BaseModel):
    """Something to be said."""

    model_config = ConfigDict(extra="forbid")

    text: Long = Field(description="Numbers of cards are hidden in it.", examples=["Пришлите чек"])
    from_claimant: bool = Field(
        default=False,
        strict=True,
        description="Whether the claimant says it, or you to them.",
        examples=[True],
    )


class Claim(BaseModel):
    """A claim, without anything that would tell a card's number."""

    id: int = Field(description="The number people know it by.", examples=[17])
    state: ClaimState = Field(examples=["submitted"])
    version: int = Field(description="Grows with each change; approvals name it.", examples=[2])
    amount_minor: int | None = Field(description="Kopecks.", examples=[100050])
    currency: str = Field(examples=["RUB"])
    name: str | None = Field(examples=["Иванова Анна Петровна"])
    purpose: str | None = Field(examples=["Приз"])
    kind: Literal["card", "fps"] | None = Field(
        description="To a card, or to a phone at a bank (СБП).", examples=["card"]
    )
    card: str | None = Field(
        description="First six and last four digits.", examples=["220077••••••7079"]
    )
    card_needed: bool = Field(
        description="Its number was destroyed: to be paid it has to be entered again.",
        examples=[False],
    )
    phone: str | None = Field(examples=["+79990000001"])
    bank_id: str | None = Field(examples=["100000000111"])
    bank_name: str | None = Field(examples=["Сбербанк"])
    external_id: str | None = Field(examples=["prize-118"])
    claimant: str | None = Field(
        description="`api:<token>:<your id>`, `telegram:<id>`; null: it was typed here.",
        examples=["api:shop:4711"],
    )
    claimant_name: str | None = Field(examples=["Анна"])
    details: dict[str, Any] = Field(examples=[{"campaign": "autumn"}])
    made_by: str = Field(examples=["token:shop"])
    edited_by: str = Field(examples=["token:shop"])
    reason: str | None = Field(
        description="Why it was rejected, failed, or is held back.", examples=["чек не читается"]
    )
    held_code: str | None = Field(
        description="Of an approved one: which limit holds it back.", examples=["limit_day"]
    )
    payout: str | None = Field(examples=["po_0123456789abcdef"])
    connection_id: int = Field(examples=[1])
    created_at: datetime = Field(examples=[AT])
    updated_at: datetime = Field(examples=[AT])
    submitted_at: datetime | None = Field(examples=[AT])
    decided_at: datetime | None = Field(examples=[AT])
    ended_at: datetime | None = Field(examples=[AT])


class ClaimStep(BaseModel):
    """One thing that was done."""

    act: str = Field(
        description="`made`, `edited`, `submitted`, `voted` (approved, and others have to), "
        "`approved`, `held` (by a limit), `paying`, `paid`, `failed`, `rejected`, `cancelled`, "
        "`said`.",
        examples=["submitted"],
    )
    state: ClaimState = Field(description="Where the claim was then.", examples=["submitted"])
    at: datetime = Field(examples=[AT])
    made_by: str = Field(examples=["token:shop"])
    reason: str | None = Field(examples=[None])


class ClaimPayout(BaseModel):
    """One payout that was made for it."""

    id: str = Field(examples=["po_0123456789abcdef"])
    state: str = Field(examples=["processing"])
    is_live: bool = Field(
        description="Whether it may still be paid, or was; one at most.", examples=[True]
    )


class ClaimMessage(BaseModel):
    """Something that was said."""

    id: int = Field(examples=[5])
    at: datetime = Field(examples=[AT])
    made_by: str = Field(examples=["vera"])
    from_claimant: bool = Field(examples=[False])
    text: str = Field(examples=["Пришлите чек"])


class ClaimFile(BaseModel):
    """A file kept with a claim."""

    id: int = Field(examples=[3])
    at: datetime = Field(examples=[AT])
    made_by: str = Field(examples=["token:shop"])
    name: str = Field(examples=["чек.png"])
    content_type: str = Field(description="As its content shows.", examples=["image/png"])
    size_bytes: int = Field(examples=[20480])


class ClaimMessages(BaseModel):
    """All that was said, oldest first."""

    items: list[ClaimMessage]


class ClaimFiles(BaseModel):
    """All files, oldest first."""

    items: list[ClaimFile]


class WholeClaim(Claim):
    """A claim with everything about it, each list oldest first."""

    approvals_needed: int = Field(examples=[1])
    approvals: list[str] = Field(description="Who has approved this version.", examples=[["vera"]])
    steps: list[ClaimStep]
    payouts: list[ClaimPayout]
    messages: list[ClaimMessage]
    files: list[ClaimFile]
