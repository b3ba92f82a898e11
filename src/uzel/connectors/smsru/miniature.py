"""The inside of SMS.ru in miniature: accounts, their messages and the reports about them."""

import asyncio
import heapq
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import count
from time import monotonic
from typing import Literal

import httpx2
from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.smsru.client import LONGEST_TTL_MINUTES
from uzel.connectors.smsru.codes import MOSCOW
from uzel.connectors.smsru.webhook import signature
from uzel.kit.sandbox import Desk

MESSAGES_KEPT = 200_000
REPORTS_KEPT = 200_000
RECORDS_PER_POST = 100
REPEAT_WINDOW_S = 60.0
TICK_S = 0.05
LONGEST_TICK_S = 0.25
SECOND_COPY_AFTER_S = 0.2
MOST_PARTS = 8


class Settings(BaseModel):
    """What `POST /smsru/_settings` can change; a body names only what it changes.

    receipt_delay_s    from the acceptance of a message to its final report
    outcome            how messages end; mixed: every `fail_every`-th fails
    price_minor        kopecks per part of a message
    balance_minor      kopecks on every account, those there are included
    repeat_protection  code 231 for the same text to a number within a minute
    daily_per_number   code 230 above it
    daily_limit        code 206 above it
    refuse_with        every recipient gets ERROR with this code, and an sms_id, as recorded
    heartbeat_every    a `test` record opens every n-th post of reports
    retry_s, attempts  how often a report is posted until its answer is 100
    """

    model_config = ConfigDict(extra="forbid")

    receipt_delay_s: float = Field(default=0.3, ge=0, le=3600)
    outcome: Literal["delivered", "failed", "mixed"] = "delivered"
    fail_every: int = Field(default=4, ge=1)
    price_minor: int = Field(default=500, ge=0)
    balance_minor: int = 100_000_000
    repeat_protection: bool = True
    daily_per_number: int = Field(default=100, ge=0)
    daily_limit: int = Field(default=1_000_000, ge=0)
    refuse_with: int | None = None
    heartbeat_every: int = Field(default=10, ge=1)
    retry_s: float = Field(default=1.0, gt=0)
    attempts: int = Field(default=120, ge=1)


@dataclass(frozen=True, slots=True)
class Message:
    final_code: int
    final_at_s: float
    cost_minor: int

    def code(self) -> int:
        """What /sms/status says now."""
        return self.final_code if monotonic() >= self.final_at_s else 102


@dataclass(order=True, slots=True)
class Due:
    """A report that waits for its time. `again`: the second copy that a fault asked for."""

    at_s: float
    sms_id: str
    code: int
    again: bool = False


@dataclass(slots=True)
class Courier:
    """Posts records to one address, at most 100 at once, in order, until it answers 100."""

    desk: Desk
    api_id: str
    url: str
    settings: Callable[[], Settings]
    waiting: deque[str] = field(default_factory=lambda: deque(maxlen=REPORTS_KEPT))
    posts: int = 0
    busy: bool = False
    dismissed: bool = False

    def take(self, records: Iterable[str]) -> None:
        self.waiting.extend(records)
        if self.waiting and not self.busy:
            self.busy = True
            self.desk.spawn(self._deliver())

    async def _deliver(self) -> None:
        try:
            while self.waiting and not self.dismissed:
                await self._post_until_taken(self._batch())
        finally:
            self.busy = False

    def _batch(self) -> list[str]:
        self.posts += 1
        beat = self.posts % self.settings().heartbeat_every == 0
        batch = [f"test\n{unix_now()}"] if beat else []
        while self.waiting and len(batch) < RECORDS_PER_POST:
            batch.append(self.waiting.popleft())
        return batch

    async def _post_until_taken(self, records: list[str]) -> None:
        form = {f"data[{index}]": record for index, record in enumerate(records)}
        form["hash"] = signature(self.api_id, records)
        for _ in range(self.settings().attempts):
            if self.dismissed or await self._post(form):
                return
            await asyncio.sleep(self.settings().retry_s)

    async def _post(self, form: dict[str, str]) -> bool:
        try:
            response = await self.desk.http.post(self.url, data=form)
        except httpx2.HTTPError:
            return False
        return response.is_success and response.content == b"100"


class Account:
    """One API key: its money, its limits, its stop-list, its messages and its couriers."""

    def __init__(self, desk: Desk, api_id: str, settings: Callable[[], Settings]) -> None:
        self.desk = desk
        self.api_id = api_id
        self.settings = settings
        self.balance_minor = settings().balance_minor
        self.stoplist: dict[str, str] = {}
        self.couriers: dict[str, Courier] = {}
        self.messages: dict[str, Message] = {}
        self.today: date | None = None
        self.used_today = 0
        self.sent_today: Counter[str] = Counter()
        self._recent: dict[tuple[str, bytes], float] = {}
        self._numbers = count(1_000_000)
        self._due: list[Due] = []
        self._reporting = False

    def refusal(self, phone: str, text: str, sender: str) -> int | None:
        """Why this recipient gets nothing, as SMS.ru's code; None: it gets the message."""
        self._turn_the_day()
        settings = self.settings()
        checks = (
            (settings.refuse_with is not None, settings.refuse_with),
            (not 10 <= len(phone) <= 15, 202),
            (phone in self.stoplist, 209),
            (not (phone.startswith("79") and len(phone) == 11), 207),
            (sender.lower().startswith("bad"), 204),
            (parts(text) > MOST_PARTS, 205),
            (self.sent_today[phone] >= settings.daily_per_number, 230),
            (settings.repeat_protection and self._repeated(phone, text), 231),
            (self.used_today >= settings.daily_limit, 206),
        )
        return next((code for refused, code in checks if refused), None)

    def accept(self, phone: str, text: str) -> str:
        """Charge and send; the sms_id."""
        settings = self.settings()
        cost_minor = parts(text) * settings.price_minor
        self.balance_minor -= cost_minor
        self.used_today += 1
        self.sent_today[phone] += 1
        if settings.repeat_protection:
            self._recent[phone, digest(text)] = monotonic()
        number = next(self._numbers)
        sms_id = self._sms_id(number)
        unlucky = settings.outcome == "mixed" and number % settings.fail_every == 0
        failed = settings.outcome == "failed" or unlucky
        code, at_s = 104 if failed else 103, monotonic() + settings.receipt_delay_s
        if len(self.messages) >= MESSAGES_KEPT:
            del self.messages[next(iter(self.messages))]
        self.messages[sms_id] = Message(code, at_s, cost_minor)
        self._report(Due(at_s, sms_id, code))
        return sms_id

    def refused_id(self) -> str:
        """SMS.ru numbers refused recipients too."""
        return self._sms_id(next(self._numbers))

    def register(self, url: str) -> None:
        self.couriers.setdefault(url, Courier(self.desk, self.api_id, url, self.settings))

    def unregister(self, url: str) -> bool:
        courier = self.couriers.pop(url, None)
        if courier:
            courier.dismissed = True
        return courier is not None

    def _sms_id(self, number: int) -> str:
        year, week, _ = datetime.now(MOSCOW).isocalendar()
        return f"{year}{week:02d}-{number}"

    def _turn_the_day(self) -> None:
        today = datetime.now(MOSCOW).date()
        if today != self.today:
            self.today = today
            self.used_today = 0
            self.sent_today.clear()

    def _repeated(self, phone: str, text: str) -> bool:
        oldest_s = monotonic() - REPEAT_WINDOW_S
        while self._recent and self._recent[first := next(iter(self._recent))] < oldest_s:
            del self._recent[first]
        return (phone, digest(text)) in self._recent

    def _report(self, due: Due) -> None:
        heapq.heappush(self._due, due)
        if not self._reporting:
            self._reporting = True
            self.desk.spawn(self._report_what_is_due())

    async def _report_what_is_due(self) -> None:
        try:
            while self._due:
                wait_s = self._due[0].at_s - monotonic()
                await asyncio.sleep(min(max(wait_s, TICK_S), LONGEST_TICK_S))
                records = self._due_records()
                for courier in tuple(self.couriers.values()):
                    courier.take(records)
        finally:
            self._reporting = False

    def _due_records(self) -> list[str]:
        now_s, records = monotonic(), []
        while self._due and self._due[0].at_s <= now_s:
            due = heapq.heappop(self._due)
            copies = 1 if due.again else self.desk.webhook_copies()
            if copies:
                records.append(f"sms_status\n{due.sms_id}\n{due.code}\n{unix_now()}")
            if copies > 1:
                again = Due(now_s + SECOND_COPY_AFTER_S, due.sms_id, due.code, again=True)
                heapq.heappush(self._due, again)
        return records


def parts(text: str) -> int:
    """How many SMS a text needs: 160 or 153 characters of ASCII, else 70 or 67 UTF-16 units.

    Simpler than the real alphabet (GSM 03.38), which also knows some Greek and counts [ as two.
    """
    units = len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
    whole, split = (160, 153) if text.isascii() else (70, 67)
    return 1 if units <= whole else -(-units // split)


def bare(phone: str) -> str:
    """Digits only, with the 7 that people leave out or write as 8."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 10:
        return f"7{digits}"
    return f"7{digits[1:]}" if len(digits) == 11 and digits.startswith("8") else digits


def is_ttl(minutes: object) -> bool:
    """Whether a message may live so long: 1 to 1440 minutes. What SMS.ru says of others is not
    documented; here it is 208, the code of a wrong time.
    """
    text = str(minutes)
    return re.fullmatch(r"[0-9]{1,4}", text) is not None and 1 <= int(text) <= LONGEST_TTL_MINUTES


def digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def unix_now() -> int:
    return int(datetime.now(UTC).timestamp())
