"""What the control doors of the sandbox take."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

TOKEN = "110201543:sandbox-telegram-token-0000000000"  # noqa: S105 - a dummy
LARGEST = 2**53


class Settings(BaseModel):
    """What `POST /telegram/_settings` can change; a body names only what it changes.

    retry_s        between two posts of an update that was not acknowledged
    attempts       how often an update is posted at most
    retry_after_s  what a 429 asks to wait
    file_bytes     size of each file
    """

    model_config = ConfigDict(extra="forbid")

    retry_s: float = Field(default=0.2, gt=0, le=3600)
    attempts: int = Field(default=20, ge=1, le=1000)
    retry_after_s: int = Field(default=1, ge=0, le=10**6)
    file_bytes: int = Field(default=1000, ge=0, le=10_000_000)


class Contact(BaseModel):
    """A contact that is shared; without `user_id` it is nobody's in Telegram."""

    model_config = ConfigDict(extra="forbid")

    phone_number: str
    user_id: int | None = None


class Said(BaseModel):
    """A person writes to a bot, or presses one of its buttons (`press`: what is behind it).

    chat_id     where; None: in private
    photo       ids of files; with them `text` is their caption
    message_id  whose button was pressed
    reply_to    the message that is answered
    copies      how often the update comes although it was acknowledged
    """

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    user_id: int = Field(gt=0, le=LARGEST)
    chat_id: int | None = Field(default=None, ge=-LARGEST, le=LARGEST)
    first_name: str = "Мария"
    last_name: str | None = None
    username: str | None = None
    text: str | None = None
    photo: str | None = None
    document: str | None = None
    contact: Contact | None = None
    press: str | None = None
    message_id: int | None = None
    reply_to: int | None = None
    copies: int = Field(default=1, ge=1, le=100)


class Happened(BaseModel):
    """Any update at all; its `update_id` is given by the bot. `kind` as in Update."""

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    kind: str = Field(pattern=r"^[a-z_]{1,64}$")
    content: dict[str, Any]
    copies: int = Field(default=1, ge=1, le=100)
