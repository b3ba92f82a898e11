"""The records of salons in miniature: their lives, and the events that tell of them.

Shapes: YCLIENTS REST API, "Записи" and "Уведомления о событиях webhooks".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

import orjson
from pydantic import Field

from uzel.kit import pushing

COMPANY_ID = 120001
CAME, MISSED = 1, -1
# Waiting, confirmed, came; then the payment and the comment of the administrator.
LIFE = (0, 2, CAME, CAME, CAME)
ZONE = timezone(timedelta(hours=5))
# Between two changes of one record: `last_change_date` counts whole seconds.
STEP = timedelta(minutes=1)
NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур")
STAFF = ((2101, "Ольга"), (2102, "Даниил"))
SERVICES = ((3101, "Стрижка", 1800), (3102, "Укладка", 1200), (3103, "Маникюр", 2500))


class Plan(pushing.Plan):
    """What a run does. What the others call an order is a visit here, with one record or two.

    unmarked  share of the visits whose mark is taken back in the end
    several   share of the visits that hold two records
    arrays    share of the events that come in an array of one, as Altegio sends them
    life      `visit_attendance` of each event; the first is a `create`
    """

    unmarked: float = Field(default=0.0, ge=0, le=1)
    several: float = Field(default=0.0, ge=0, le=1)
    arrays: float = Field(default=0.3, ge=0, le=1)
    life: tuple[int, ...] = Field(default=LIFE, min_length=1, max_length=20)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a visit."""

    id: int
    visit_id: int
    phone: str | None
    name: str = NAMES[0]
    company_id: int = COMPANY_ID

    def data(self, attendance: int, at: datetime, deleted: bool) -> dict[str, Any]:
        """The entity, as the API and the events have it."""
        staff_id, staff = STAFF[self.id % len(STAFF)]
        service_id, service, cost = SERVICES[self.id % len(SERVICES)]
        local = at.astimezone(ZONE)
        return {
            "id": self.id,
            "company_id": self.company_id,
            "staff_id": staff_id,
            "services": [
                {
                    **{"id": service_id, "title": service, "cost": cost, "cost_to_pay": cost},
                    **{"manual_cost": cost, "cost_per_unit": cost, "first_cost": cost},
                    **{"discount": 0, "amount": 1},
                }
            ],
            "goods_transactions": [],
            "staff": {"id": staff_id, "name": staff, "specialization": "мастер"},
            "client": self._client(),
            "comer": None,
            "clients_count": 1,
            "date": f"{local:%Y-%m-%d %H:%M:%S}",
            "datetime": local.isoformat(timespec="seconds"),
            "create_date": written(at - timedelta(days=1)),
            "last_change_date": written(at),
            "comment": "",
            "online": True,
            "visit_id": self.visit_id,
            "visit_attendance": attendance,
            "attendance": attendance,
            "confirmed": 1,
            "review_requested": 0,
            "deleted": deleted,
            "paid_full": int(attendance == CAME),
            "activity_id": 0,
            "custom_fields": [],
            "documents": [],
        }

    def _client(self) -> dict[str, Any]:
        return {
            "id": 900_000 + self.visit_id,
            "name": self.name,
            "surname": "",
            "display_name": self.name,
            "phone": self.phone or "",
            "email": "",
            "success_visits_count": 1,
            "fail_visits_count": 0,
            "custom_fields": [],
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a record."""

    record: Record
    attendance: int
    at: datetime
    status: str = "update"
    deleted: bool = False

    @property
    def data(self) -> dict[str, Any]:
        return self.record.data(self.attendance, self.at, self.deleted or self.status == "delete")

    @property
    def is_visit(self) -> bool:
        """Whether a guest came who can be asked."""
        came = self.attendance == CAME and not self.deleted and self.status != "delete"
        return came and self.record.phone is not None

    def post(self, *, in_array: bool = False) -> "Post":
        """The event of this change."""
        company, record = self.record.company_id, self.record.id
        event = envelope(company, "record", record, self.status, self.data)
        return Post(orjson.dumps([event] if in_array else event), self)


@dataclass(frozen=True, slots=True)
class Post:
    """One body as it goes out, and the change in it; None where it is about no record."""

    body: bytes
    step: Step | None = None


def envelope(
    company_id: int, resource: str, resource_id: int, status: str, data: Any
) -> dict[str, Any]:
    """One event."""
    return {
        "company_id": company_id,
        "resource": resource,
        "resource_id": resource_id,
        "status": status,
        "data": data,
    }


def written(at: datetime) -> str:
    """`2026-03-14T14:40:07+0500`: an offset without a colon."""
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M:%S%z}"


class Shift:
    """The visits of one run, and the ticks at which their events come.

    A visit begun at tick i has reached its k-th step at tick i + k. The last step is dated now and
    each one before a minute earlier, however fast they come. Events out of order are held back and
    then come last first, so that none tells of the future.
    """

    def __init__(self, plan: Plan, company_id: int = COMPANY_ID) -> None:
        self.plan = plan
        self._company_id = company_id
        self._random = Random(plan.seed)  # noqa: S311 - no secret depends on it
        self._next_id = self._random.randrange(10**6, 10**9) * 1000
        self._phones = int(plan.first_phone[1:])
        self._due: dict[int, list[Post]] = {}

    def ticks(self) -> Iterator[list[Post]]:
        """The posts of each tick; take each when its time has come."""
        tick = 0
        while tick < self.plan.count or self._due:
            if tick < self.plan.count:
                self._begin(tick)
                if self._happens(self.plan.noise):
                    self._due.setdefault(tick, []).append(self._noise())
            yield self._due.pop(tick, [])
            tick += 1

    def _begin(self, tick: int) -> None:
        reverse = self._happens(self.plan.out_of_order)
        ends = self._end() if self._happens(self.plan.unmarked) else ()
        life = [(code, False) for code in self.plan.life] + list(ends)
        last = len(life) - 1
        now = datetime.now(UTC)
        for record in self._visit(tick):
            for nth, (code, deleted) in enumerate(life):
                status = "delete" if deleted else "update" if nth else "create"
                step = Step(record, code, now - (last - nth) * STEP, status, deleted)
                arrives = tick + (2 * last - nth if reverse else nth)
                post = step.post(in_array=self._happens(self.plan.arrays))
                self._due.setdefault(arrives, []).append(post)

    def _end(self) -> tuple[tuple[int, bool], ...]:
        """How the mark is taken back: set to waiting, to missed, or the record deleted."""
        return (self._random.choice(((0, False), (MISSED, False), (CAME, True))),)

    def _visit(self, index: int) -> list[Record]:
        phone = None if self._happens(self.plan.no_phone) else f"+{self._phones}"
        self._phones += phone is not None
        visit_id = self._new_id()
        records = 2 if self._happens(self.plan.several) else 1
        name = NAMES[index % len(NAMES)]
        return [
            Record(self._new_id(), visit_id, phone, name, self._company_id) for _ in range(records)
        ]

    def _noise(self) -> Post:
        resource, status, data = self._random.choice(_NOISE)
        event = envelope(self._company_id, resource, self._new_id(), status, data)
        return Post(orjson.dumps(event))

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _happens(self, share: float) -> bool:
        return self._random.random() < share


_NOISE: tuple[tuple[str, str, Any], ...] = (
    ("finances_operation", "create", {"amount": 1800, "client": {"phone": "+79990000999"}}),
    ("goods_operations_sale", "create", {"type_id": 1, "client": [], "master": []}),
    ("schedule", "update", []),
    ("client", "update", {"name": "Мария", "phone": "+79990000999"}),
)
