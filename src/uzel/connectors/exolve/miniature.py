"""The inside of Exolve in miniature: applications, their messages and what is posted about them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

import httpx2
from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.exolve.listing import rfc3339
from uzel.connectors.exolve.webhook import BILLED, INCOMING, OUTGOING
from uzel.kit.body import utc_of
from uzel.kit.sandbox import Desk
from uzel.model.sms_text import count_segments

MESSAGES_KEPT = 100_000
# Of the size seen in public answers: above 2^53, where floats lose digits.
FIRST_ID = 575_976_245_313_900_001
# Last two digits of the recipient → how the message ends. All others are delivered.
ENDINGS = {"96": "UNDELIVERED", "97": "EXPIRED", "98": "REJECTED", "99": "SENT"}
# That events come before the billed one is known from the official example; this word is made up.
UNBILLED = "BILLING_STATUS_UNBILLED"

Content = dict[str, Any]


class Settings(BaseModel):
    """What `POST /exolve/_settings` can change; a body names only what it changes.

    hook             where incoming texts and statuses are posted, once each; None: nowhere
    receipt_delay_s  from the acceptance of a message to its end
    listed_after_s   from the acceptance of a message until GetList has it
    ids              how message_id is written: both ways were seen
    """

    model_config = ConfigDict(extra="forbid")

    hook: str | None = None
    receipt_delay_s: float = Field(default=0.3, ge=0, le=3600)
    listed_after_s: float = Field(default=0.0, ge=0, le=3600)
    ids: Literal["integer", "text"] = "integer"


@dataclass(slots=True)
class Message:
    """One message; `fields` as GetList shows them, but for what changes with time."""

    message_id: int
    at: datetime
    fields: Content
    delivery: str | None = None
    ends: str | None = None


@dataclass(slots=True)
class Application:
    """One API key: its messages, the newest last."""

    desk: Desk
    settings: Callable[[], Settings]
    ids: "count[int]"
    messages: dict[int, Message] = field(default_factory=dict)

    def accept(self, sender: str, receiver: str, text: str) -> Message:
        """An outgoing message, charged and on its way."""
        message = self._keep(OUTGOING, sender, receiver, text)
        message.delivery = "SENDING"
        message.ends = ENDINGS.get(receiver[-2:], "DELIVERED")
        self.desk.spawn(self._deliver(message, self.settings().hook))
        return message

    def receive(self, sender: str, receiver: str, text: str) -> Message:
        """An incoming message; several events about it, the billed one among them."""
        message = self._keep(INCOMING, sender, receiver, text)
        self.desk.spawn(self._announce(message, self.settings().hook))
        return message

    def listed(self, filters: Mapping[str, Any]) -> list[Content]:
        """What GetList shows, the newest first, before limit and offset."""
        until = datetime.now(UTC) - timedelta(seconds=self.settings().listed_after_s)
        messages = reversed(list(self.messages.values()))
        shown = [self.show(m) for m in messages if m.at <= until and within(m.at, filters)]
        return [item for item in shown if all(passes(item, filters, name) for name in FILTERS)]

    def show(self, message: Message, billing: str = BILLED) -> Content:
        delivery = f"DELIVERY_STATUS_{message.delivery}" if message.delivery else None
        known = {"delivery_status": delivery} if delivery else {}
        return {
            "message_id": self.written(message.message_id),
            "date": rfc3339(message.at),
            **message.fields,
            "billing_status": billing,
            **known,
        }

    def written(self, message_id: int) -> int | str:
        return message_id if self.settings().ids == "integer" else str(message_id)

    def _keep(self, direction: str, sender: str, receiver: str, text: str) -> Message:
        fields: Content = {
            "application_uuid": "5a4db0c5-0000-4000-8000-00000000e401",
            "number": sender if direction == OUTGOING else receiver,
            "sender": sender,
            "receiver": receiver,
            "text": text,
            "direction": direction,
            "segments_count": count_segments(text).segments,
        }
        message = Message(next(self.ids), datetime.now(UTC), fields)
        if len(self.messages) >= MESSAGES_KEPT:
            del self.messages[next(iter(self.messages))]
        self.messages[message.message_id] = message
        return message

    async def _deliver(self, message: Message, hook: str | None) -> None:
        await self._post(hook, self.show(message))
        await asyncio.sleep(self.settings().receipt_delay_s)
        message.delivery = message.ends
        for _ in range(self.desk.webhook_copies()):
            await self._post(hook, self.show(message))

    async def _announce(self, message: Message, hook: str | None) -> None:
        await self._post(hook, self.show(message, UNBILLED))
        for _ in range(self.desk.webhook_copies()):
            await self._post(hook, self.show(message))

    async def _post(self, hook: str | None, event: Content) -> None:
        """Once: whether Exolve repeats an event is not known."""
        if hook is None:
            return
        try:
            await self.desk.http.post(hook, json=event)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return


FILTERS = ("message_id", "number", "direction", "delivery_status", "billing_status")


def passes(item: Content, filters: Mapping[str, Any], name: str) -> bool:
    """Whether the message meets one filter: a value, or a list of them."""
    wanted = filters.get(name)
    if wanted in (None, "", []):
        return True
    values = wanted if isinstance(wanted, list) else [wanted]
    return str(item.get(name)) in map(str, values)


def within(at: datetime, filters: Mapping[str, Any]) -> bool:
    """Whether the message's time lies between `date_gte` and `date_lte`."""
    since, until = utc_of(filters.get("date_gte")), utc_of(filters.get("date_lte"))
    return (since is None or at >= since) and (until is None or at <= until)
