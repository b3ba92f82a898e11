"""The inside of WhatsApp in miniature: numbers, windows, limits, and what becomes of messages."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import httpx2
import orjson

from uzel.connectors.meta.doors import Settings
from uzel.connectors.meta.graph import Content, Refused, error_in_status, new_wamid
from uzel.connectors.meta.webhook import OBJECT, signature
from uzel.kit.sandbox import Desk

ACCOUNT_ID = "109900000000001"
DISPLAY_NUMBER = "79990000555"
WINDOW_S = 24 * 3600.0
CHANGES_KEPT = 100_000
CHANGES_PER_POST = 100
PAIRS_KEPT = 100_000

# How a message ends, by the last four digits of its recipient; see the README.
ENDINGS: Mapping[str, int] = {"0026": 131026, "0049": 131049, "0050": 131050}
NOT_ALLOWED = "0030"
RUSSIAN = re.compile(r"7[3489][0-9]{9}")


@dataclass(slots=True)
class Courier:
    """Posts changes to the hook, signed, in order, until its answer is 200."""

    desk: Desk
    settings: Callable[[], Settings]
    waiting: deque[Content] = field(default_factory=lambda: deque(maxlen=CHANGES_KEPT))
    busy: bool = False

    def take(self, changes: Iterable[Content]) -> None:
        if self.settings().hook is None:
            return
        self.waiting.extend(changes)
        if self.waiting and not self.busy:
            self.busy = True
            self.desk.spawn(self._deliver())

    async def _deliver(self) -> None:
        try:
            while self.waiting:
                few = min(len(self.waiting), CHANGES_PER_POST)
                await self._post_until_taken([self.waiting.popleft() for _ in range(few)])
        finally:
            self.busy = False

    async def _post_until_taken(self, changes: list[Content]) -> None:
        entry = {"id": ACCOUNT_ID, "time": unix_now(), "changes": changes}
        body = orjson.dumps({"object": OBJECT, "entry": [entry]})
        for _ in range(self.settings().attempts):
            hook = self.settings().hook
            if hook is None or await self._post(hook, body):
                return
            await asyncio.sleep(self.settings().retry_s)

    async def _post(self, hook: str, body: bytes) -> bool:
        headers = {
            "content-type": "application/json",
            "x-hub-signature-256": signature(self.settings().app_secret, body),
        }
        try:
            response = await self.desk.http.post(hook, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return False
        return response.status_code == 200


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted message. `to` is digits without a plus; `ends_with` its error code, if any."""

    wamid: str
    to: str
    category: str
    reference: str | None
    ends_with: int | None


class Number:
    """One phone number of ours: who may be written to, and what became of it."""

    def __init__(self, number_id: str, desk: Desk, settings: Callable[[], Settings]) -> None:
        self.number_id = number_id
        self.desk = desk
        self.settings = settings
        self.courier = Courier(desk, settings)
        self.stopped: set[str] = set()
        self._windows: dict[str, float] = {}
        self._pairs: dict[str, float] = {}
        self._recent: deque[float] = deque()

    def demand_room(self, to: str) -> None:
        """Raises Refused where a limit or a setting says so."""
        settings, now_s = self.settings(), monotonic()
        if settings.refuse_with is not None:
            raise Refused(settings.refuse_with)
        if to.endswith(NOT_ALLOWED):
            raise Refused(131030)
        while self._recent and self._recent[0] <= now_s - 1:
            self._recent.popleft()
        if len(self._recent) >= settings.throughput_per_s:
            raise Refused(130429)
        # When the pair would be at rest again, each message pushing that further away.
        rest_s = max(self._pairs.get(to, 0.0), now_s)
        if rest_s - now_s > (settings.pair_burst - 1) * settings.pair_every_s:
            raise Refused(131056)
        self._recent.append(now_s)
        self._pairs.pop(to, None)
        self._pairs[to] = rest_s + settings.pair_every_s
        if len(self._pairs) > PAIRS_KEPT:
            del self._pairs[next(iter(self._pairs))]

    def accept(self, to: str, category: str, reference: str | None) -> str:
        """Send; the wamid. `category` as in pricing: `service` for a text."""
        ends_with = self._ending(to, category)
        message = Message(new_wamid(), to, category, reference, ends_with)
        self.desk.spawn(self._live(message))
        return message.wamid

    def hear(self, sender: str, name: str, content: Mapping[str, Any]) -> str:
        """A person writes to us: the window opens. The wamid."""
        self._windows[sender] = monotonic() + WINDOW_S
        wamid = new_wamid()
        message = {"from": sender, "id": wamid, "timestamp": str(unix_now()), **content}
        self._tell("messages", {"contacts": [contact(sender, name)], "messages": [message]})
        return wamid

    def prefer(self, wa_id: str, *, stop: bool) -> None:
        """A person stops or resumes our marketing."""
        (self.stopped.add if stop else self.stopped.discard)(wa_id)
        word = "stop" if stop else "resume"
        preference = {
            "wa_id": wa_id,
            "detail": f"User requested to {word} marketing messages",
            "category": "marketing_messages",
            "value": word,
            "timestamp": unix_now(),
        }
        contacts = [contact(wa_id, "Гость")]
        self._tell("user_preferences", {"contacts": contacts, "user_preferences": [preference]})

    def _ending(self, to: str, category: str) -> int | None:
        settings = self.settings()
        if settings.fail_with is not None:
            return settings.fail_with
        if to[-4:] in ENDINGS:
            return ENDINGS[to[-4:]]
        if category == "service" and settings.window_enforced and not self._open(to):
            return 131047
        if category == "marketing" and to in self.stopped:
            return 131050
        return None

    def _open(self, to: str) -> bool:
        return self._windows.get(to, 0.0) > monotonic()

    async def _live(self, message: Message) -> None:
        settings = self.settings()
        words = ["sent", "delivered", *(["read"] if settings.reads else [])]
        if message.ends_with is not None:
            words = ["failed"]
        elif RUSSIAN.fullmatch(message.to) and not settings.russia_delivers:
            words = ["sent"]
        for word in words:
            await asyncio.sleep(settings.receipt_step_s)
            self._report(message, word)

    def _report(self, message: Message, word: str) -> None:
        status: Content = {
            "id": message.wamid,
            "status": word,
            "timestamp": str(unix_now()),
            "recipient_id": message.to,
        }
        if message.reference is not None:
            status["biz_opaque_callback_data"] = message.reference
        if word == "sent":
            price = {"billable": True, "pricing_model": "PMP", "type": "regular"}
            status["pricing"] = {**price, "category": message.category}
        if message.ends_with is not None:
            status["errors"] = [error_in_status(message.ends_with)]
        value: Content = {"statuses": [status]}
        if self.settings().contacts_in_statuses:
            value = {"contacts": [contact(message.to, "Гость")], **value}
        self._tell("messages", value)

    def _tell(self, field_name: str, content: Content) -> None:
        metadata = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": self.number_id}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **content}
        change = {"field": field_name, "value": value}
        self.courier.take([change] * self.desk.webhook_copies())


def contact(wa_id: str, name: str) -> Content:
    user_id = f"RU.{int(wa_id) * 7}"
    return {"profile": {"name": name}, "wa_id": wa_id, "user_id": user_id}


def unix_now() -> int:
    return int(datetime.now(UTC).timestamp())
