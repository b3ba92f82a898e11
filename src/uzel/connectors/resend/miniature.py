"""The inside of Resend in miniature: a team, its e-mails, the keys against doubles, the webhook."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx2
from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.resend.signature import sign, signing_key
from uzel.kit.sandbox import Desk

LETTERS_KEPT = 50_000
SVIX_AGENT = "Svix-Webhooks/1.0 (sandbox)"

Content = dict[str, Any]

# What follows `sent`, by the recipient's name before `+` and `@`. The first four are Resend's own
# test addresses; whoever is not here gets what `delivered` gets.
STORIES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("delivered",),
    "bounced": ("bounced",),
    "complained": ("delivered", "complained"),
    "suppressed": ("suppressed",),
    "transient": ("delivery_delayed", "bounced"),
    "delayed": ("delivery_delayed", "delivered"),
    "opened": ("delivered", "opened"),
    "clicked": ("delivered", "opened", "clicked"),
    "failed": ("failed",),
}
# Events that come instead of `sent`, not after it.
NEVER_SENT = frozenset({"suppressed", "failed"})
DETAILS: Mapping[str, Content] = {
    "bounced": {
        "bounce": {
            "type": "Permanent",
            "subType": "General",
            "message": "The mail server of the recipient refused the e-mail for good.",
            "diagnosticCode": ["smtp; 550 5.1.1 user unknown"],
        }
    },
    "suppressed": {
        "suppressed": {
            "type": "OnAccountSuppressionList",
            "reason": "previous_bounce",
            "message": "The address is on the suppression list of the account.",
        }
    },
    "failed": {"failed": {"reason": "reached_daily_quota"}},
    "clicked": {
        "click": {
            "ipAddress": "192.0.2.1",
            "link": "https://r.example/1",
            "timestamp": "2026-11-20T09:00:00.000Z",
            "userAgent": "sandbox",
        }
    },
}
SOFT: Content = {"bounce": {"type": "Transient", "subType": "MailboxFull", "message": "Full."}}


class Settings(BaseModel):
    """What `POST /resend/_settings` can change; a body names only what it changes.

    receipt_delay_s    between the events of an e-mail
    rate_per_s         requests a second, above which comes 429
    daily_quota        e-mails until 429 `daily_quota_exceeded`, `monthly_quota` likewise
    verified           domains that may be sent from
    remember_s         how long a key against doubles is remembered
    retry_s, attempts  how often an event is posted until the answer is 2xx
    """

    model_config = ConfigDict(extra="forbid")

    receipt_delay_s: float = Field(default=0.3, ge=0, le=3600)
    rate_per_s: int = Field(default=100, ge=1)
    daily_quota: int = Field(default=1_000_000, ge=0)
    monthly_quota: int = Field(default=1_000_000, ge=0)
    verified: tuple[str, ...] = ("mail.kafe.example", "send.uzel.example")
    remember_s: float = Field(default=24 * 3600.0, ge=0)
    retry_s: float = Field(default=1.0, gt=0)
    attempts: int = Field(default=60, ge=1)


class Hook(BaseModel):
    """Where events are posted, and the `whsec_…` they are signed with."""

    model_config = ConfigDict(extra="forbid")

    url: str
    secret: str


@dataclass(slots=True)
class Letter:
    """An e-mail as it was accepted."""

    id: str
    body: Content
    key: str | None
    created_at: datetime
    last_event: str = "queued"

    def recipient(self) -> str:
        to = self.body["to"]
        return str(to[0] if isinstance(to, list) else to)

    def listed(self) -> Content:
        """As an entry of GET /emails; times there are PostgreSQL's."""
        body = self.body
        return {
            "id": self.id,
            "message_id": f"<{self.id}@email.sandbox>",
            "to": as_list(body["to"]),
            "from": body["from"],
            "created_at": self.created_at.strftime("%Y-%m-%d %H:%M:%S.%f+00"),
            "subject": body["subject"],
            **{name: body.get(name) for name in ("bcc", "cc", "reply_to", "scheduled_at")},
            "last_event": self.last_event,
        }

    def retrieved(self) -> Content:
        """As GET /emails/{id}."""
        texts = {name: self.body.get(name) for name in ("html", "text")}
        return {"object": "email", **self.listed(), **texts, "tags": self.body.get("tags", [])}

    def mailed(self) -> Content:
        """As `/_mailbox` shows it: what was asked for, and what came of it."""
        return {**self.body, **self.retrieved(), "idempotency_key": self.key}

    def event(self, word: str) -> Content:
        """A webhook's body. Its tags are an object, those of the API a list."""
        tags = {tag["name"]: tag["value"] for tag in self.body.get("tags") or []}
        details = SOFT if word == "bounced" and self.story_name() == "transient" else {}
        return {
            "type": f"email.{word}",
            "created_at": now_text(),
            "data": {
                "created_at": as_text(self.created_at),
                "email_id": self.id,
                "message_id": f"<{self.id}@email.sandbox>",
                "from": self.body["from"],
                "to": as_list(self.body["to"]),
                "subject": self.body["subject"],
                **({"tags": tags} if tags else {}),
                **(details or DETAILS.get(word, {})),
            },
        }

    def story_name(self) -> str:
        address = self.recipient().rpartition("<")[2]
        return address.partition("@")[0].partition("+")[0].lower()

    def story(self) -> tuple[str, ...]:
        """The words of its events, in order."""
        words = STORIES.get(self.story_name(), STORIES["delivered"])
        return words if words[0] in NEVER_SENT else ("sent", *words)


@dataclass(slots=True)
class Remembered:
    """What a key against doubles stands for: the body it came with, and the answer."""

    digest: bytes
    email_id: str
    until_s: float


@dataclass(slots=True)
class Team:
    """One team; every key that is not refused belongs to it."""

    desk: Desk
    settings: Settings = field(default_factory=Settings)
    letters: dict[str, Letter] = field(default_factory=dict)
    hook: Hook | None = None
    _remembered: dict[str, Remembered] = field(default_factory=dict)
    _asked_at_s: deque[float] = field(default_factory=deque)

    def room_left(self) -> int:
        """Requests that may still come within this second, this one not counted; negative: it is
        one too many.
        """
        now_s = monotonic()
        while self._asked_at_s and self._asked_at_s[0] <= now_s - 1.0:
            self._asked_at_s.popleft()
        left = self.settings.rate_per_s - len(self._asked_at_s) - 1
        if left >= 0:
            self._asked_at_s.append(now_s)
        return left

    def remembered(self, key: str) -> Remembered | None:
        """What `key` was used for, if that is not too long ago."""
        found = self._remembered.get(key)
        return found if found and found.until_s > monotonic() else None

    def accept(self, body: Content, key: str | None) -> Letter:
        """Send, and report what becomes of it."""
        letter = Letter(str(uuid4()), body, key, datetime.now(UTC))
        if len(self.letters) >= LETTERS_KEPT:
            del self.letters[next(iter(self.letters))]
        self.letters[letter.id] = letter
        if key:
            if len(self._remembered) >= LETTERS_KEPT:
                del self._remembered[next(iter(self._remembered))]
            until_s = monotonic() + self.settings.remember_s
            self._remembered[key] = Remembered(digest(body), letter.id, until_s)
        self.desk.spawn(self._tell(letter))
        return letter

    def forget(self) -> None:
        """An empty mailbox; the keys are forgotten too."""
        self.letters.clear()
        self._remembered.clear()

    async def _tell(self, letter: Letter) -> None:
        for number, word in enumerate(letter.story()):
            if number:
                await asyncio.sleep(self.settings.receipt_delay_s)
            letter.last_event = word
            self.post(letter.event(word))

    def post(self, event: Content) -> str | None:
        """Have an event posted to the hook, if there is one; its `svix-id`."""
        if self.hook is None:
            return None
        message_id = f"msg_{uuid4().hex}"
        for _ in range(self.desk.webhook_copies()):
            self.desk.spawn(self._post_until_taken(self.hook, message_id, event))
        return message_id

    async def _post_until_taken(self, hook: Hook, message_id: str, event: Content) -> None:
        body = json.dumps(event, ensure_ascii=False).encode()
        for _ in range(self.settings.attempts):
            if await self._post(hook, message_id, body):
                return
            await asyncio.sleep(self.settings.retry_s)

    async def _post(self, hook: Hook, message_id: str, body: bytes) -> bool:
        timestamp = str(int(datetime.now(UTC).timestamp()))
        headers = {
            "content-type": "application/json",
            "user-agent": SVIX_AGENT,
            "svix-id": message_id,
            "svix-timestamp": timestamp,
            "svix-signature": sign(signing_key(hook.secret), message_id, timestamp, body),
        }
        try:
            response = await self.desk.http.post(hook.url, content=body, headers=headers)
        except httpx2.HTTPError:
            return False
        return response.is_success


def digest(body: Content) -> bytes:
    return sha256(json.dumps(body, sort_keys=True).encode()).digest()


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def as_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def now_text() -> str:
    return as_text(datetime.now(UTC))
