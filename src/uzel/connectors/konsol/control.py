"""What the control doors of the sandbox take."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TOKEN = "sandbox-konsol-token"  # noqa: S105 - a dummy
Method = Literal[
    "balance",
    "fps_banks",
    "contractors",
    "create_contractor",
    "create_payment",
    "payment",
    "payments",
]


class AnswerAsked(BaseModel):
    """The body of `POST /_answers`: how the next `times` requests of an operation are answered.

    body, text  JSON, or a body as it is; `{card_number}` and the other names of bank_details in it
                become what the request had
    made        what was asked for is done all the same
    """

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    operation: Method = "create_payment"
    status: int = Field(default=200, ge=200, le=599)
    body: Any = None
    text: str | None = None
    made: bool = False
    times: int = Field(default=1, ge=1, le=1_000_000)


class MoveAsked(BaseModel):
    """The body of `POST /_payments/{id}`: somebody else moves a payment. `silent`: no callback."""

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    status: str = Field(min_length=1, max_length=100)
    error_message: str | None = None
    silent: bool = False


class CallbackAsked(BaseModel):
    """The body of `POST /_callbacks`: one callback about a payment, true or not."""

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    payment: str
    action_name: str = "created"
    status: str | None = None


class BalanceAsked(BaseModel):
    """The body of `POST /_balance`."""

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    balance_minor: int = Field(ge=0, le=10**15)
