"""A company at the payments service in miniature, without the web: contractors, payments that move
from state to state, money that goes down.

What is not known of the service was made up and can be set otherwise, see `Settings`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.konsol.privacy import masked
from uzel.connectors.konsol.request import NAME_PARTS
from uzel.connectors.konsol.shapes import CURRENCY, KINDS, reference_in
from uzel.kit.pushing import Hook
from uzel.model.currency import text

CREATED, EXECUTED, FAILED = "created", "executed", "failed"
UNDONE = (FAILED, "nalog_unbound")
# Kopecks of the amount → what becomes of the payment, step by step. All others are executed.
ENDINGS: Mapping[int, tuple[str, ...]] = {
    91: ("manualpay",),
    92: (FAILED,),
    93: ("nalog_unbound",),
    94: ("manualpay", EXECUTED),
    95: ("on_hold",),
    96: (EXECUTED, FAILED),
    99: (),
}
ERRORS = {FAILED: "Отказ банка получателя", "nalog_unbound": "Исполнитель отказался от партнёрства"}
FIELDS = {
    "card": {"card_number"},
    "fps": {"fps_mobile_phone", "fps_bank_member_id"},
    "bank_account": {"bank_id", "bank_account_id", "bank_account_owner_name"},
}
AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}")
# Ten million roubles.
BALANCE_MINOR = 1_000_000_000
TOO_POOR = "Недостаточно средств на счёте"

Content = dict[str, Any]


class Settings(BaseModel):
    """What `POST /_settings` can change; a body names only what it changes.

    hook               where callbacks go; None: nowhere
    moves_after_s      from one state of a payment to the next
    listed_after_s     from the creation of a payment until the list has it
    list_shape         of a page: `items` with its total (another client's guess), `data`, `nested`
                       (data.items), or a bare list
    next_page          who says whether there is one: the main product's header, `total`, nobody
    paged              False: `page` is not read, every answer is the first page
    most_per           entries of a page at most
    newest_first       how lists are sorted
    brief              lists leave purposes and services out
    accounts           of `company_accounts`: a list within `data`, or one bare object
    unique_phones      a contractor's phone must be new
    idempotent         `Idempotency-Key` is understood: the same key, the same payment
    requisites         in callbacks: hidden in part, or whole as in the diagram
    contradictory      callbacks say `created` whatever the status, as in the diagram
    last_first         the callbacks of a payment come when it has ended, the last one first
    callback_attempts  until a 2xx, `callback_pause_s` apart; so the main product does
    """

    model_config = ConfigDict(extra="forbid")

    hook: Hook | None = None
    moves_after_s: float = Field(default=0.3, ge=0, le=86_400)
    listed_after_s: float = Field(default=0.0, ge=0, le=7 * 86_400)
    list_shape: Literal["items", "data", "nested", "bare"] = "items"
    next_page: Literal["header", "total", "nobody"] = "header"
    paged: bool = True
    most_per: int = Field(default=100, ge=1, le=1000)
    newest_first: bool = True
    brief: bool = False
    accounts: Literal["list", "object"] = "list"
    unique_phones: bool = False
    idempotent: bool = False
    requisites: Literal["masked", "full"] = "masked"
    contradictory: bool = False
    last_first: bool = False
    callback_attempts: int = Field(default=5, ge=1, le=20)
    callback_pause_s: float = Field(default=1.0, ge=0, le=60)


class Refused(Exception):
    """An answer in the 4xx with these words."""

    def __init__(self, words: str, status: int = 422) -> None:
        super().__init__(words)
        self.words = words
        self.status = status


@dataclass(slots=True)
class Payment:
    """One payment. `history`: (aware UTC, status)."""

    id: str
    contractor_id: str
    amount_minor: int
    asked: Content
    created_at: datetime
    status: str = CREATED
    paid_at: datetime | None = None
    error: str = ""
    history: list[tuple[datetime, str]] = field(default_factory=list)

    def become(self, status: str, error: str | None = None) -> None:
        now = datetime.now(UTC)
        self.status = status
        self.error = ERRORS.get(status, "") if error is None else error
        self.paid_at = now if status == EXECUTED else self.paid_at
        self.history.append((now, status))

    def show(self) -> Content:
        """As the service answers: requisites and all."""
        return {
            "id": self.id,
            "contractor_id": self.contractor_id,
            "amount": text(self.amount_minor, CURRENCY),
            "status": self.status,
            **{name: self.asked[name] for name in ASKED},
            "created_at": zulu(self.created_at),
            "updated_at": zulu(self.history[-1][0] if self.history else self.created_at),
            "paid_at": zulu(self.paid_at) if self.paid_at else None,
            "error_message": self.error,
        }

    def book(self) -> Content:
        """For the doors: nobody's whole number."""
        kind, details = self.asked["bank_details_kind"], self.asked["bank_details"]
        return {
            **{name: value for name, value in self.show().items() if name != "bank_details"},
            "amount_minor": self.amount_minor,
            "reference": reference_in(self.asked),
            "masked": masked(kind, details),
            "history": [[zulu(at), status] for at, status in self.history],
        }


ASKED = ("purpose", "services_list", "bank_details_kind", "bank_details")
Tell = Callable[[str, Payment], Awaitable[None]]


@dataclass(slots=True)
class Office:
    """One company: whoever has its token."""

    settings: Callable[[], Settings]
    balance_minor: int = BALANCE_MINOR
    contractors: dict[str, Content] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    by_key: dict[str, Payment] = field(default_factory=dict)

    def hire(self, asked: Content) -> Content:
        """A new contractor. Raises Refused."""
        phone = asked.get("phone")
        if asked.get("kind") not in ("individual", "self_employed"):
            raise Refused("kind is not included in the list")
        if not all(isinstance(asked.get(name), str) for name in NAME_PARTS[:2]):
            raise Refused("first_name and last_name can't be blank")
        taken = any(it.get("phone") == phone for it in self.contractors.values())
        if self.settings().unique_phones and phone and taken:
            raise Refused("phone has already been taken")
        made = {"id": str(uuid4()), **asked}
        self.contractors[made["id"]] = made
        return made

    def pay(self, asked: Content, key: str | None = None) -> Payment:
        """A new payment, its money set aside. Raises Refused."""
        if key is not None and self.settings().idempotent and key in self.by_key:
            return self.by_key[key]
        amount_minor = self.check(asked)
        payee = asked.get("contractor_id") or self.hire(
            {"kind": "individual", **(asked.get("contractor") or {})}
        )
        contractor_id = payee if isinstance(payee, str) else payee["id"]
        if contractor_id not in self.contractors:
            raise Refused("Contractor not found", 404)
        if amount_minor > self.balance_minor:
            raise Refused(TOO_POOR)
        self.balance_minor -= amount_minor
        made = Payment(str(uuid4()), contractor_id, amount_minor, asked, datetime.now(UTC))
        made.history.append((made.created_at, CREATED))
        self.payments[made.id] = made
        if key is not None:
            self.by_key[key] = made
        return made

    def check(self, asked: Content) -> int:
        """The kopecks of a request that has all it needs. Raises Refused."""
        amount, services = asked.get("amount"), asked.get("services_list")
        if not isinstance(amount, str) or not AMOUNT.fullmatch(amount) or amount == "0.00":
            raise Refused("amount is invalid")
        kind, details = asked.get("bank_details_kind"), asked.get("bank_details")
        if kind not in KINDS or not isinstance(details, dict) or details.keys() != FIELDS[kind]:
            raise Refused("bank_details is invalid")
        if not isinstance(services, list) or not all(isinstance(it, dict) for it in services):
            raise Refused("services_list is invalid")
        if [it.get("amount") for it in services] != [amount]:
            raise Refused("amount must be the sum of services_list")
        if not isinstance(asked.get("purpose"), str):
            raise Refused("purpose can't be blank")
        return int(amount.replace(".", ""))

    def move(self, payment: Payment, status: str, error: str | None = None) -> None:
        """To another state; the money of one that came to nothing is back."""
        was_undone = payment.status in UNDONE
        payment.become(status, error)
        if (status in UNDONE) != was_undone:
            self.balance_minor += payment.amount_minor * (-1 if was_undone else 1)

    async def live(self, payment: Payment, tell: Tell) -> None:
        """What becomes of a payment, and its callbacks."""
        steps = ENDINGS.get(payment.amount_minor % 100, (EXECUTED,))
        kept = [CREATED]
        in_order = not self.settings().last_first
        if in_order:
            await tell(CREATED, payment)
        for status in steps:
            await asyncio.sleep(self.settings().moves_after_s)
            if payment.status != kept[-1]:
                return  # somebody else has moved it: see `POST /_payments/{id}`
            self.move(payment, status)
            kept.append(status)
            if in_order:
                await tell(status, payment)
        for status in () if in_order else reversed(kept):
            await tell(status, payment)

    def listed(self) -> list[Payment]:
        """What the list has by now, oldest first."""
        until = datetime.now(UTC) - timedelta(seconds=self.settings().listed_after_s)
        found = list(self.payments.values())
        while found and found[-1].created_at > until:
            found.pop()
        return found


def zulu(moment: datetime) -> str:
    """As the diagram writes times, with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
