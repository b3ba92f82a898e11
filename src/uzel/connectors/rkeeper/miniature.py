"""The inside of r_keeper in miniature: orders, their lives, and the pushes that tell of them.

What a template of r_keeper Delivery looks like is up to the customer's admin panel, so there are
several shapes. The order in them has the fields of the Delivery API ("Получение заказов по ID").
Orders without a phone are those of a till, told of by White Server ("OrderStatusChanged").
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from random import Random
from typing import Any

import orjson
from pydantic import Field

from uzel.kit import pushing

RESTAURANT_ID = "b7d0c2a4-18e6-4f53-9a7b-c0d1e2f3a4b5"
CORPORATION_ID = "c8e1d3b5-29f7-4064-8b8c-d1e2f3a4b5c6"
OBJECT_ID = 199990777
DELIVERY_LIFE = ("Новый", "Передан на кухню", "Доставлен", "Выполнен")
TILL_LIFE = ("Created", "Complited")
COMPLETED = frozenset({"Доставлен", "Выполнен"})
# Only 3 is known to be r_keeper's; the other numbers are invented.
STATUS_IDS = {"Новый": 1, "Принят в ресторане": 3, "Передан на кухню": 4, "Готовится": 5}
STATUS_IDS |= {"У курьера": 8, "Доставлен": 10, "Выполнен": 11, "Отменен": 12}
NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур")
STAFF_PHONE = "+79980000001"
TILL_ZONE = timezone(timedelta(hours=3))


class Shape(StrEnum):
    """Where in a push the order stands."""

    FLAT = "flat"
    ORDER = "order"
    DATA = "data"
    DATA_ORDER = "data.order"
    RESULT = "result"
    PAYLOAD = "payload"
    ARRAY = "array"
    LIST = "list"
    STATUS_OBJECT = "status_object"


Fields = Mapping[str, Any]
_SHAPED: Mapping[Shape, Callable[[Fields], Any]] = {
    Shape.FLAT: dict,
    Shape.ORDER: lambda order: {"order": order},
    Shape.DATA: lambda order: {"data": order},
    Shape.DATA_ORDER: lambda order: {"data": {"order": order}},
    Shape.RESULT: lambda order: {"result": order},
    Shape.PAYLOAD: lambda order: {"payload": order},
    Shape.ARRAY: lambda order: [order],
    Shape.LIST: lambda order: {"data": [order]},
    Shape.STATUS_OBJECT: lambda order: {
        **{name: value for name, value in order.items() if "Status" not in name},
        "status": {"id": order["orderStatusId"], "name": order["orderStatusName"]},
    },
}


class Plan(pushing.Plan):
    """What a run does; orders without a phone are a till's, noise is what we cannot read, too.

    statuses  the life of a delivery, in r_keeper's own words
    renamed   r_keeper's word → what this customer calls it
    shapes    where the order stands; each push has one of them, drawn
    """

    statuses: tuple[str, ...] = Field(default=DELIVERY_LIFE, min_length=1, max_length=20)
    renamed: dict[str, str] = Field(default_factory=dict, max_length=20)
    shapes: tuple[Shape, ...] = Field(default=(Shape.ORDER,), min_length=1, max_length=20)


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery, or without a phone the order of a till."""

    id: str
    number: int
    phone: str | None
    name: str = NAMES[0]


@dataclass(frozen=True, slots=True)
class Update:
    """One status that an order has reached. `shown` is what the customer calls it."""

    order: Order
    status: str
    shown: str
    at: datetime

    @property
    def completes(self) -> bool:
        return self.order.phone is not None and self.status in COMPLETED

    def delivery(self) -> dict[str, Any]:
        done = self.status in COMPLETED
        return {
            "orderId": str(self.order.number),
            "id": self.order.id,
            "orderExternalId": None,
            "guest": {
                "email": None,
                "phone": (self.order.phone or "").removeprefix("+"),
                "firstName": self.order.name,
                "lastName": "",
                "callToGuest": False,
            },
            "corporationId": CORPORATION_ID,
            "restaurantId": RESTAURANT_ID,
            "restaurantName": "Ресторан на Садовой",
            "courier": {"name": "Курьер", "phone": STAFF_PHONE},
            "operator": {"name": "Оператор", "phone": STAFF_PHONE},
            "orderStatusId": STATUS_IDS.get(self.status, 99),
            "orderStatusName": self.shown,
            "originalOrderId": None,
            "createdAt": self.at.isoformat(timespec="milliseconds"),
            "updatedAt": self.at.isoformat(timespec="milliseconds"),
            "completedAt": self.at.isoformat(timespec="milliseconds") if done else None,
            "orderSourceName": "Сайт",
            "fullAmount": 1290.0,
            "amount": 1290.0,
        }

    def till_event(self) -> dict[str, Any]:
        return {
            "responseEventCommon": {
                "objectId": OBJECT_ID,
                "agentGuid": CORPORATION_ID,
                "eventGuid": f"{self.order.id[:-1]}f",
                "dateTimeServerReceiveEventFromAgent": self.at.astimezone(TILL_ZONE).isoformat(),
                "eventType": "OrderStatusChanged",
            },
            "response": {
                "originalOrderId": "",
                "orderGuid": self.order.id,
                "status": {"value": self.status, "isBillPrinted": self.status == "Complited"},
            },
        }


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it goes out, and the update in it; None: it is noise."""

    body: bytes
    update: Update | None = None
    content_type: str = "application/json"


def post_of(update: Update, shape: Shape) -> Post:
    is_till = update.order.phone is None
    body = update.till_event() if is_till else _SHAPED[shape](update.delivery())
    return Post(orjson.dumps(body), update)


NOISE = (
    Post(
        b'<?xml version="1.0" encoding="utf-8"?>\n<Event EventGuid="0b9e6d52-7f31-4c58-8a64-'
        b'd2e3f4a5b6c7" ObjectId="199990777" EventType="OrdersChanged"><ChangedOrders/></Event>',
        content_type="text/xml",
    ),
    Post(
        orjson.dumps(
            {
                "responseEventCommon": {"objectId": OBJECT_ID, "eventType": "OrderChanged"},
                "response": {},
            }
        )
    ),
)


class Shift:
    """The orders of one run, and the ticks at which their updates come.

    An order begun at tick i has reached its k-th status at tick i + k. Updates out of order are
    held back and then come last first, so that none tells of the future.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._random = Random(plan.seed)  # noqa: S311 - no secret depends on it
        self._prefix = f"{self._random.getrandbits(32):08x}-{self._random.getrandbits(16):04x}"
        self._first_number = 10_000 + self._random.randrange(10**6) * 1000
        self._phones = int(plan.first_phone[1:])
        self._due: dict[int, list[Update]] = {}

    def ticks(self) -> Iterator[list[Post]]:
        """The posts of each tick; take each when its time has come."""
        tick = 0
        while tick < self.plan.count or self._due:
            noise = []
            if tick < self.plan.count:
                self._begin(tick, datetime.now(UTC))
                noise = [self._random.choice(NOISE)] if self._happens(self.plan.noise) else []
            due = self._due.pop(tick, [])
            yield [post_of(update, self._random.choice(self.plan.shapes)) for update in due] + noise
            tick += 1

    def _begin(self, tick: int, now: datetime) -> None:
        order = self._order(tick)
        life = TILL_LIFE if order.phone is None else self.plan.statuses
        last = len(life) - 1
        reverse = self._happens(self.plan.out_of_order)
        for nth, status in enumerate(life):
            at = now + timedelta(seconds=nth / self.plan.per_s)
            arrives = tick + (2 * last - nth if reverse else nth)
            update = Update(order, status, self.plan.renamed.get(status, status), at)
            self._due.setdefault(arrives, []).append(update)

    def _order(self, index: int) -> Order:
        is_till = self._happens(self.plan.no_phone)
        phone = None if is_till else f"+{self._phones}"
        self._phones += not is_till
        return Order(
            id=f"{self._prefix}-4000-8000-{index:012x}",
            number=self._first_number + index,
            phone=phone,
            name=NAMES[index % len(NAMES)],
        )

    def _happens(self, share: float) -> bool:
        return self._random.random() < share
