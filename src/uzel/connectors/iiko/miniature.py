"""The inside of iiko in miniature: orders, their lives, and the arrays that tell of them.

Shapes: iiko OpenAPI, x-webhooks; an array holds updates of several orders and other events between
them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

import orjson
from pydantic import Field

from uzel.kit import pushing

ORGANIZATION_ID = "d1a7c3e5-2b4f-4a68-9c80-e1f2a3b4c5d6"
TERMINAL_GROUP_ID = "e2b8d4f6-3c50-4b79-8d91-f203b4c5d6e7"
DELIVERY_LIFE = ("CookingStarted", "OnWay", "Delivered", "Closed")
TABLE_LIFE = ("New", "Bill", "Closed")
COMPLETED = frozenset({"Delivered", "Closed"})
NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур")
STAFF_PHONE = "+79980000001"
TERMINAL_ZONE = timezone(timedelta(hours=3))

_ITEMS: tuple[Mapping[str, Any], ...] = tuple(
    {
        "type": "Product",
        "product": {"id": f"f3c9e507-4d61-4c8a-9ea2-{number:012d}", "name": name},
        "modifiers": [],
        "price": price,
        "cost": price,
        "pricePredefined": False,
        "positionId": f"04daf618-5e72-4d9b-afb3-{number:012d}",
        "resultSum": price,
        "status": "Served",
        "deleted": None,
        "amount": 1,
    }
    for number, (name, price) in enumerate((("Пицца с грибами", 690), ("Морс клюквенный", 600)))
)


class Plan(pushing.Plan):
    """What a run does; orders without a phone are those of tables.

    largest_array  most updates in one array; each array's size is drawn
    statuses       the life of a delivery
    """

    largest_array: int = Field(default=4, ge=1, le=1000)
    statuses: tuple[str, ...] = Field(default=DELIVERY_LIFE, min_length=1, max_length=20)


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery, or without a phone the order of a table."""

    id: str
    number: int
    phone: str | None
    name: str = NAMES[0]
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """One status that an order has reached."""

    order: Order
    status: str
    at: datetime

    def event(self) -> dict[str, Any]:
        kind = "TableOrderUpdate" if self.order.is_table else "DeliveryOrderUpdate"
        info = {
            "id": self.order.id,
            "posId": None,
            "externalNumber": None,
            "organizationId": ORGANIZATION_ID,
            "timestamp": int(self.at.timestamp() * 1000),
            "creationStatus": "Success",
            "errorInfo": None,
            "order": self._table() if self.order.is_table else self._delivery(),
        }
        return envelope(kind, info, self.at, self.order.id)

    def _delivery(self) -> dict[str, Any]:
        local = self.at.astimezone(TERMINAL_ZONE)
        done = self.status in COMPLETED
        return {
            **self._common(local),
            "customer": {"type": "one-time", "name": self.order.name},
            "cancelInfo": None,
            "courierInfo": {
                "courier": {"id": TERMINAL_GROUP_ID, "name": "Курьер", "phone": STAFF_PHONE},
                "isCourierSelectedManually": False,
            },
            "completeBefore": written(local + timedelta(minutes=30)),
            "cookingStartTime": written(local),
            "whenDelivered": written(local) if done else None,
            "operator": {"id": ORGANIZATION_ID, "name": "Оператор", "phone": STAFF_PHONE},
            "isDeleted": False,
            "movedToDeliveryId": None,
        }

    def _table(self) -> dict[str, Any]:
        return {
            **self._common(self.at.astimezone(TERMINAL_ZONE)),
            "tableIds": [TERMINAL_GROUP_ID],
            "customer": None,
            "waiter": {"id": ORGANIZATION_ID, "name": "Официант", "phone": STAFF_PHONE},
        }

    def _common(self, local: datetime) -> dict[str, Any]:
        return {
            "phone": self.order.phone,
            "status": self.status,
            "whenCreated": written(local),
            "whenClosed": written(local) if self.status == "Closed" else None,
            "sum": 1290,
            "number": self.order.number,
            "sourceKey": None,
            "items": _ITEMS,
            "payments": [],
            "terminalGroupId": TERMINAL_GROUP_ID,
        }


@dataclass(frozen=True, slots=True)
class Post:
    """One array as it goes out, and the updates in it."""

    body: bytes
    updates: tuple[Update, ...]


def envelope(kind: str, info: Mapping[str, Any], at: datetime, seed: str) -> dict[str, Any]:
    """One element of an array."""
    return {
        "eventType": kind,
        "eventTime": written(at),
        "organizationId": ORGANIZATION_ID,
        "correlationId": seed[::-1],
        "eventInfo": info,
    }


def written(at: datetime) -> str:
    """`2026-03-14 09:40:07.150`: a space and no zone, whichever zone is meant."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def post_of(updates: Sequence[Update], noise: Sequence[Mapping[str, Any]] = ()) -> Post:
    return Post(orjson.dumps([*(update.event() for update in updates), *noise]), tuple(updates))


class Shift:
    """The orders of one run, and the ticks at which their updates come.

    An order begun at tick i has reached its k-th status at tick i + k. Updates out of order are
    held back and then come last first, so that none tells of the future.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._random = Random(plan.seed)  # noqa: S311 - no secret depends on it
        self._prefix = f"{self._random.getrandbits(32):08x}-{self._random.getrandbits(16):04x}"
        self._phones = int(plan.first_phone[1:])
        self._due: dict[int, list[Update]] = {}

    def ticks(self) -> Iterator[list[Post]]:
        """The arrays of each tick; take each when its time has come."""
        tick = 0
        while tick < self.plan.count or self._due:
            now = datetime.now(UTC)
            noise = []
            if tick < self.plan.count:
                self._begin(tick, now)
                noise = [self._noise(now)] if self._happens(self.plan.noise) else []
            yield list(self._arrays(self._due.pop(tick, []), noise))
            tick += 1

    def _begin(self, tick: int, now: datetime) -> None:
        order = self._order(tick)
        life = TABLE_LIFE if order.is_table else self.plan.statuses
        last = len(life) - 1
        reverse = self._happens(self.plan.out_of_order)
        for nth, status in enumerate(life):
            at = now + timedelta(seconds=nth / self.plan.per_s)
            arrives = tick + (2 * last - nth if reverse else nth)
            self._due.setdefault(arrives, []).append(Update(order, status, at))

    def _order(self, index: int) -> Order:
        is_table = self._happens(self.plan.no_phone)
        phone = None if is_table else f"+{self._phones}"
        self._phones += not is_table
        return Order(
            id=f"{self._prefix}-4000-8000-{index:012x}",
            number=index + 1,
            phone=phone,
            name=NAMES[index % len(NAMES)],
            is_table=is_table,
        )

    def _arrays(
        self, updates: Sequence[Update], noise: Sequence[Mapping[str, Any]]
    ) -> Iterator[Post]:
        start = 0
        while start < len(updates) or (noise and start == 0):
            size = self._random.randint(1, self.plan.largest_array)
            yield post_of(updates[start : start + size], noise if start == 0 else ())
            start += size

    def _noise(self, at: datetime) -> dict[str, Any]:
        kind, info = self._random.choice(_NOISE)
        return envelope(kind, info, at, f"{self._random.getrandbits(128):032x}")

    def _happens(self, share: float) -> bool:
        return self._random.random() < share


_NOISE: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (
        "StopListUpdate",
        {"terminalGroupsStopListsUpdates": [{"id": TERMINAL_GROUP_ID, "isFull": False}]},
    ),
    (
        "PersonalShift",
        {"id": ORGANIZATION_ID, "opened": True, "terminalGroupId": TERMINAL_GROUP_ID},
    ),
    ("NomenclatureUpdate", {}),
)
