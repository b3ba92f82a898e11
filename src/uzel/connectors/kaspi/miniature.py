"""A shop at Kaspi in miniature, without the web: its orders and what may become of them (Kaspi,
"Orders API", 2.3 and 3.1).
"""

import base64
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from random import Random

FIRST_CODE = 710_000_001
FIRST_PHONE = 9_990_000_000
NAMES = ("Айгерим", "Мария", "Данияр", "Иван", "Алия", "Ерлан", "Ольга", "Тимур")
SURNAMES = ("Сериков", "Иванов", "Ахметов", "Петров", "Омаров", "Ким")
GOODS = ("Чайник", "Линейка", "Крышка", "Лампа", "Кружка", "Зонт", "Плед", "Полка")
PRICES = ("990", "1490", "2000", "3499.5", "5990", "12450", "19990.99")
BY_BANK, ACCEPTED = "APPROVED_BY_BANK", "ACCEPTED_BY_MERCHANT"
COMPLETED, CANCELLED, CANCELLING = "COMPLETED", "CANCELLED", "CANCELLING"
RETURN_REQUESTED, RETURNED = "KASPI_DELIVERY_RETURN_REQUESTED", "RETURNED"
ENDED = (COMPLETED, CANCELLED, RETURNED)
# Way of delivery → (isKaspiDelivery, deliveryMode, the state an accepted order lies in).
WAYS: Mapping[str, tuple[bool, str, str]] = {
    "pickup": (False, "DELIVERY_PICKUP", "PICKUP"),
    "delivery": (False, "DELIVERY_LOCAL", "DELIVERY"),
    "kaspi": (True, "DELIVERY_REGIONAL_TODOOR", "KASPI_DELIVERY"),
    "postomat": (True, "DELIVERY_PICKUP", "KASPI_DELIVERY"),
}
# The answer to completing an order that is not accepted.
NOT_COMPLETED: Mapping[str, str] = {
    CANCELLED: "Order is cancelled, so it can't be completed.",
    CANCELLING: "Order is cancelled, so it can't be completed.",
    COMPLETED: "Order already has been completed, so it can't be completed again.",
}
BAD_CODE = "Security code is not valid. And the order cannot be completed without it"
TO_SIGN = "Order is not may complete allowed"


class Refused(Exception):
    """An answer with `title` in its errors."""

    def __init__(self, title: str, status: int = 400) -> None:
        super().__init__(title)
        self.title = title
        self.status = status


@dataclass(slots=True)
class Line:
    """One position; `number` within its order."""

    number: int
    sku: str
    name: str
    quantity: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity

    @property
    def master(self) -> str:
        """Kaspi's own number of the article, the same in every shop."""
        return f"1{zlib.crc32(self.sku.encode()):010d}"


@dataclass(slots=True)
class Order:
    """One order as the shop sees it. `history` is what happened: (aware UTC, status, by whom)."""

    code: str
    created_ms: int
    phone: str
    first_name: str
    last_name: str
    way: str
    lines: list[Line]
    status: str = BY_BANK
    state: str = "NEW"
    total_told: Decimal | None = None
    to_sign: bool = False
    pre_order: bool = False
    assembled: bool = False
    parcels: int = 0
    code_sent: bool = False
    reason: str | None = None
    comment: str | None = None
    history: list[tuple[datetime, str, str]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """The sum of its positions, unless a door of the sandbox told another."""
        if self.total_told is not None:
            return self.total_told
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def security_code(self) -> str:
        """What the buyer gets pushed; here the end of the order's number."""
        return self.code[-4:]

    def become(self, status: str, who: str) -> None:
        """Have this status, in the state that goes with it."""
        self.status = status
        if status == BY_BANK:
            self.state = "NEW"
        elif status in ENDED:
            self.state = "ARCHIVE"
        else:
            self.state = "SIGN_REQUIRED" if self.to_sign else WAYS[self.way][2]
        self.history.append((datetime.now(UTC), status, who))

    def accept(self) -> None:
        self._demand(ACCEPTED, BY_BANK)
        self.become(ACCEPTED, "api")

    def assemble(self, parcels: int) -> None:
        self._demand("ASSEMBLE", ACCEPTED)
        if self.state != "KASPI_DELIVERY" or self.assembled:
            raise Refused("Order can't be assembled in its state")
        if parcels < 1:
            raise Refused("Required attribute [numberOfSpace] is empty.")
        self.assembled, self.parcels = True, parcels
        self.history.append((datetime.now(UTC), "ASSEMBLE", "api"))

    def complete(self, security_code: str) -> bool:
        """In two steps: without a code the buyer gets it. Whether the order is completed now."""
        if self.status in NOT_COMPLETED:
            raise Refused(NOT_COMPLETED[self.status])
        self._demand(COMPLETED, ACCEPTED)
        if self.state == "SIGN_REQUIRED":
            raise Refused(TO_SIGN)
        if not security_code:
            self.code_sent = True
            return False
        if not self.code_sent or security_code != self.security_code:
            raise Refused(BAD_CODE)
        self.become(COMPLETED, "api")
        return True

    def cancel(self, reason: str, comment: str) -> None:
        self._demand(CANCELLED, BY_BANK, ACCEPTED)
        if not reason:
            raise Refused("Required attribute [cancellationReason] is empty.")
        if len(comment) > 1000:
            raise Refused("Attribute [cancellationComment] is too long.")
        self.reason, self.comment = reason, comment or None
        self.become(CANCELLED, "api")

    def arrive(self) -> None:
        self._demand("ARRIVED", ACCEPTED)
        if not self.pre_order:
            raise Refused("Order is not a pre-order")
        self.history.append((datetime.now(UTC), "ARRIVED", "api"))

    def arrive_backward(self) -> None:
        self._demand("ARRIVED_BACKWARD", CANCELLING, RETURN_REQUESTED)
        self.become(CANCELLED if self.status == CANCELLING else RETURNED, "api")

    def leave(self, number: int, remaining: int) -> None:
        """Partial cancellation: so many pieces of a position remain."""
        line = next((it for it in self.lines if it.number == number), None)
        if line is None or self.status not in (BY_BANK, ACCEPTED):
            raise Refused("Entry can't be cancelled")
        if not 0 <= remaining < line.quantity:
            raise Refused("Remained quantity is not less than the quantity")
        if remaining == 0 and len(self.lines) == 1:
            raise Refused("The only entry can't be cancelled")
        line.quantity = remaining
        if remaining == 0:
            self.lines.remove(line)
        self.total_told = None
        self.history.append((datetime.now(UTC), f"entry {number}: {remaining}", "api"))

    def _demand(self, wanted: str, *allowed: str) -> None:
        # What Kaspi says here is not known; only the rule is documented.
        if self.status not in allowed:
            raise Refused(f"Status {wanted} is not allowed for order in status {self.status}")


class Shop:
    """What one token sees."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self._articles: dict[str, Line] = {}
        self._codes = count(FIRST_CODE)

    def add(self, order: Order) -> Order:
        self.orders[order.code] = order
        order.history.append((datetime.now(UTC), order.status, "buyer"))
        return order

    def next_code(self, digits: int) -> str:
        return str(next(self._codes))[-digits:]

    def made(
        self,
        drawn: Random,
        created_ms: int,
        way: str,
        customers: int,
        skus: int,
        lines: int,
        digits: int,
    ) -> Order:
        """A new order of one of so many customers, of up to so many of so many articles; its number
        has so many digits.
        """
        customer = drawn.randrange(customers)
        articles = drawn.sample(range(skus), drawn.randint(1, min(lines, skus)))
        return self.add(
            Order(
                code=self.next_code(digits),
                created_ms=created_ms,
                phone=f"{FIRST_PHONE + 1 + customer}",
                first_name=NAMES[customer % len(NAMES)],
                last_name=SURNAMES[customer % len(SURNAMES)],
                way=way,
                lines=[
                    article(place, it, drawn.randint(1, 3)) for place, it in enumerate(articles)
                ],
            )
        )

    def article(self, master: str) -> Line | None:
        """A position of the article that Kaspi knows by this number."""
        if master not in self._articles:
            lines = (line for order in self.orders.values() for line in order.lines)
            self._articles = {line.master: line for line in lines}
        return self._articles.get(master)

    def listed(self, wanted: Callable[[Order], bool], *, newest_first: bool) -> list[Order]:
        """Those that are wanted, by the time they were made."""
        found = [order for order in self.orders.values() if wanted(order)]
        return sorted(found, key=lambda order: order.created_ms, reverse=newest_first)


def article(place: int, number: int, quantity: int) -> Line:
    """A position of the article with this number; the price belongs to the article."""
    name = f"{GOODS[number % len(GOODS)]} {number + 1}"
    price = Decimal(PRICES[number % len(PRICES)])
    return Line(place, f"SKU-{number + 1:05d}", name, quantity, price)


def encoded(text: str, *, padded: bool = False) -> str:
    """An id as Kaspi makes them: base64 of what it names, mostly without its padding."""
    whole = base64.b64encode(text.encode()).decode()
    return whole if padded else whole.rstrip("=")


def decoded(text: str) -> str:
    """What an id names, with or without padding; empty for what is none."""
    try:
        bare = text.rstrip("=")
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except ValueError:
        return ""
