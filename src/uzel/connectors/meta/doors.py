"""What the control doors of the sandbox take."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.meta.graph import Content

NUMBER_ID = "106500000000001"
PHONE = r"^\+?[0-9]{7,15}$"
SECRET = "sandbox-app-secret-0000000000000"  # noqa: S105 - a dummy, written in the README
LINK = {
    "type": "URL",
    "text": "Оставить отзыв",
    "url": "https://r.example/{{1}}",
    "example": ["https://r.example/1a2b3c"],
}


class Template(BaseModel):
    """One template and language. `url_button`: its first button is a link with a variable."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str = "ru"
    status: str = "APPROVED"
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    body: str = "Спасибо за визит!"
    parameters: int = Field(default=0, ge=0)
    url_button: bool = False
    message_send_ttl_seconds: int | None = None

    def listed(self, number: int) -> Content:
        """As `message_templates` shows it."""
        shown = {"id": f"{1_000_000_000_000 + number}", "parameter_format": "POSITIONAL"}
        body: Content = {"type": "BODY", "text": self.body}
        if self.parameters:
            body["example"] = {"body_text": [["…"] * self.parameters]}
        parts = [body, *([{"type": "BUTTONS", "buttons": [LINK]}] if self.url_button else [])]
        fields = self.model_dump(include={"name", "language", "status", "category"})
        ttl = self.message_send_ttl_seconds
        return {
            **shown,
            **fields,
            "components": parts,
            **({"message_send_ttl_seconds": ttl} if ttl else {}),
        }


TEMPLATES = (
    Template(name="hello_world", language="en_US", body="Welcome and congratulations!"),
    Template(
        name="review_request",
        category="MARKETING",
        body="{{1}}, спасибо за визит в {{2}}! Оцените нас, пожалуйста.",
        parameters=2,
        url_button=True,
        message_send_ttl_seconds=43_200,
    ),
    Template(name="visit_thanks", body="Спасибо за визит в {{1}}!", parameters=1),
    Template(name="paused_offer", status="PAUSED", category="MARKETING"),
)


class Settings(BaseModel):
    """What `POST /meta/_settings` can change; a body names only what it changes.

    hook                 where statuses and messages go; none is posted without it
    app_secret           what they are signed with
    receipt_step_s       from acceptance to `sent`, to `delivered`, to `read`
    reads                whether people read what was delivered
    russia_delivers      whether Russian numbers ever get past `sent`
    window_enforced      131047 for a text to who did not write within a day
    pair_burst           131056 after so many messages to one person …
    pair_every_s         … and one more is free again after each of these
    throughput_per_s     130429 above it
    refuse_with          every send is refused at once with this code
    fail_with            every send is accepted and fails later with this code
    contacts_in_statuses whether statuses come with `contacts`
    retry_s, attempts    how often a post is repeated until its answer is 200
    """

    model_config = ConfigDict(extra="forbid")

    hook: str | None = None
    app_secret: str = SECRET
    receipt_step_s: float = Field(default=0.2, ge=0, le=3600)
    reads: bool = True
    russia_delivers: bool = True
    window_enforced: bool = True
    pair_burst: int = Field(default=45, ge=1)
    pair_every_s: float = Field(default=6.0, gt=0)
    throughput_per_s: int = Field(default=80, ge=1)
    refuse_with: int | None = None
    fail_with: int | None = None
    contacts_in_statuses: bool = True
    templates: list[Template] = Field(default_factory=lambda: list(TEMPLATES))
    retry_s: float = Field(default=1.0, gt=0)
    attempts: int = Field(default=120, ge=1)


class Subscription(BaseModel):
    """The body of `POST /_subscribe`."""

    model_config = ConfigDict(extra="forbid")

    url: str
    verify_token: str


class Incoming(BaseModel):
    """The body of `POST /_inbound`: a text, the label of a pressed button, or a whole message."""

    model_config = ConfigDict(extra="forbid")

    phone: str = Field(pattern=PHONE)
    name: str = "Гость"
    text: str | None = None
    button: str | None = None
    message: Content | None = None
    phone_number_id: str = NUMBER_ID

    def content(self) -> Content:
        if self.message is not None:
            return self.message
        if self.button is not None:
            return {"type": "button", "button": {"text": self.button, "payload": self.button}}
        return {"type": "text", "text": {"body": self.text or ""}}


class Preference(BaseModel):
    """The body of `POST /_preference`."""

    model_config = ConfigDict(extra="forbid")

    phone: str = Field(pattern=PHONE)
    stop: bool = True
    phone_number_id: str = NUMBER_ID


class Notice(BaseModel):
    """The body of `POST /_notice`."""

    model_config = ConfigDict(extra="forbid")

    field: str
    value: Content
