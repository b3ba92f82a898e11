"""Receivers in miniature: each checks signatures by itself, as a partner's program would."""

import base64
import binascii
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from uzel.kit.sandbox import Asked

SECRET = "whsec_" + base64.b64encode(b"uzel sandbox, nobody's secret!!!").decode()
TOLERANCE_S = 300
KEPT = 10_000
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")


class Settings(BaseModel):
    """POST /_receivers: how the receiver `name` (the path of its address) behaves from now on.

    secrets      it takes a signature by any of these
    status       of its answers, to what is signed well; what is not gets 401
    retry_after  the header, with whatever status
    says         the body of its answers
    location     where it redirects to
    """

    model_config = ConfigDict(extra="forbid")

    name: str = "hook"
    secrets: tuple[str, ...] = (SECRET,)
    status: int = Field(default=204, ge=200, le=599)
    retry_after: str | None = None
    says: str = ""
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """One request. `again`: the event had been taken before."""

    receiver: str
    id: str
    timestamp: int
    signatures: int
    verified: bool
    again: bool
    query: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class Receiver:
    """One address of one partner."""

    settings: Settings
    taken: set[str] = field(default_factory=set)


class Receivers:
    """All of them, and what they were sent, the newest `KEPT`."""

    def __init__(self) -> None:
        self.known: dict[str, Receiver] = {}
        self.delivered: deque[Delivered] = deque(maxlen=KEPT)

    def named(self, name: str) -> Receiver:
        return self.known.setdefault(name, Receiver(Settings(name=name)))

    def forget(self) -> None:
        self.known.clear()
        self.delivered.clear()

    def take(self, name: str, asked: Asked) -> Response:
        """Check, note, answer; an event counts once, by its id."""
        receiver = self.named(name)
        settings = receiver.settings
        event_id = asked.headers.get("webhook-id", "")
        verified = is_signed(settings.secrets, asked.headers, asked.body, time.time())
        good = verified and 200 <= settings.status < 300
        self.delivered.append(noted(name, asked, verified, again=event_id in receiver.taken))
        if good:
            asked.effect = event_id not in receiver.taken
            receiver.taken.add(event_id)
        headers = {"retry-after": settings.retry_after} if settings.retry_after else {}
        if settings.location:
            headers["location"] = settings.location
        status = settings.status if verified else 401
        says = settings.says if verified else "the signature does not fit"
        return Response("" if status in (204, 304) else says, status, headers)


def noted(name: str, asked: Asked, verified: bool, *, again: bool) -> Delivered:
    sent_at = asked.headers.get("webhook-timestamp", "")
    return Delivered(
        name,
        asked.headers.get("webhook-id", ""),
        int(sent_at) if sent_at.isdecimal() else 0,
        len(asked.headers.get("webhook-signature", "").split()),
        verified,
        again,
        asked.query,
        {name: asked.headers.get(name, "") for name in HEADERS},
        asked.body.decode("utf-8", "replace"),
    )


def is_signed(keys: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether one of the signatures was made by one of the keys, and not long ago."""
    sent_at, event_id = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if not sent_at.isdecimal() or abs(now_s - int(sent_at)) > TOLERANCE_S or not event_id:
        return False
    signed = event_id.encode() + b"." + sent_at.encode() + b"." + body
    given = [part[3:] for part in headers.get("webhook-signature", "").split() if part[:3] == "v1,"]
    return any(fits(key, signed, signature) for key in keys for signature in given)


def fits(key: str, signed: bytes, signature: str) -> bool:
    try:
        made = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    secret = base64.b64decode(key.removeprefix("whsec_"))
    return hmac.compare_digest(made, hmac.digest(secret, signed, hashlib.sha256))
