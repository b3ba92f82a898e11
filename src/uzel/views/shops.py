"""Orders of a shop beside their deals, and how the shop is doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from uzel.flows.kaspi_orders import task_store
from uzel.kit.database import Connection, Pool
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.views import shops_store as store
from uzel.views.query_store import Conditions, sane
from uzel.views.rows import Hit, Page
from uzel.views.shops_proof import as_it_stands

WAITING = ("lines", "finding", "waiting", "making", "details")
# What a list may be narrowed to.
GROUPS = ("waiting", "stuck", "done", "differs", "left_out")
TASKS = ("fetch", "reconcile", "proof")
REGION = "KZ"
DAY_H = 24


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """step: one of GROUPS; text: the order's number, or the buyer's phone in any spelling; `since`
    and `until` are about when it was made.
    """

    shop_id: int
    step: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order; see table shop_order."""

    id: int
    shop_id: int
    code: str
    status: str
    state: str | None
    currency: str
    total: Decimal | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    ordered_at: datetime | None
    told_at: datetime
    step: str
    reason: str | None
    lead_id: int | None
    checking: str | None
    changes: Mapping[str, Any] | None
    difference: Mapping[str, Mapping[str, Any]] | None
    compared_at: datetime | None
    first_seen_at: datetime
    deal_at: datetime | None
    updated_at: datetime
    tried: bool
    source_order: str
    gone_lead_id: int | None
    gone_at: datetime | None

    @property
    def name(self) -> str:
        """The buyer's."""
        return " ".join(filter(None, (self.first_name, self.last_name)))

    @property
    def total_minor(self) -> int | None:
        """The sum in hundredths."""
        return None if self.total is None else int((self.total * 100).to_integral_value())

    @property
    def lag_s(self) -> float | None:
        """From the order to the first deal we made of it; None where nobody waited for it."""
        if self.deal_at is None or self.ordered_at is None or not self.tried or self.gone_lead_id:
            return None
        return max(0.0, (self.deal_at - self.ordered_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Hour:
    """Orders made in one hour; `waiting` have no deal yet and go on by themselves."""

    starts_at: datetime
    deals: int = 0
    waiting: int = 0
    stuck: int = 0

    @property
    def orders(self) -> int:
        """All of them."""
        return self.deals + self.waiting + self.stuck


@dataclass(frozen=True, slots=True)
class Heap:
    """Orders that are not done: where they are and, of those that are stuck, why."""

    step: str
    reason: str | None
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """What is done again and again; see table shop_task."""

    task: str
    watermark: datetime | None
    next_at: datetime
    leased_until: datetime | None
    started_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    problem: str | None
    found: Mapping[str, Any]

    def runs(self, now: datetime) -> bool:
        """Whether somebody is at it."""
        return self.leased_until is not None and self.leased_until > now


@dataclass(frozen=True, slots=True)
class Glance:
    """A shop today."""

    hours: tuple[Hour, ...]
    heaps: tuple[Heap, ...]
    tasks: Mapping[str, Task]
    p50_s: float | None = None
    longest_s: float | None = None

    @property
    def orders(self) -> int:
        """Made today."""
        return sum(hour.orders for hour in self.hours)

    @property
    def deals(self) -> int:
        """Of them with a deal."""
        return sum(hour.deals for hour in self.hours)

    @property
    def waiting(self) -> int:
        """Orders of any day without a deal, that go on by themselves."""
        return sum(h.count for h in self.heaps if h.step in WAITING and h.step != "details")

    @property
    def stuck(self) -> int:
        """Orders of any day that wait for a person."""
        return sum(heap.count for heap in self.heaps if heap.step == "stuck")


async def list_orders(
    pool: Pool, wanted: OrderFilter, before: int | None, limit: int
) -> Page[OrderRow]:
    """Orders that pass the filter, the newest first; `before` is the id the page before ended
    with.
    """
    found_by, checked = Conditions(), Conditions()
    found_by.add("shop_id = {}", wanted.shop_id)
    if wanted.text is not None:
        found_by.add("code = {} or phone = {}", wanted.text, phone_of(wanted.text))
    if wanted.step in ("waiting", "stuck", "left_out"):
        steps = WAITING if wanted.step == "waiting" else (wanted.step,)
        found_by.add("step <> 'done' and step = any({})", list(steps))
    elif wanted.step == "done":
        checked.add("step = 'done'")
    elif wanted.step == "differs":
        checked.add("difference is not null")
    if wanted.since is not None:
        found_by.add("ordered_at >= {}", sane(wanted.since))
    if wanted.until is not None:
        found_by.add("ordered_at < {}", sane(wanted.until))
    if before is not None:
        await go_on(pool, wanted.shop_id, before, found_by)
    rows, more = await store.listed(pool, found_by, checked, limit)
    items = tuple(map(to_order, rows))
    return Page(items, more, cut=more is not None and len(items) < limit)


async def go_on(pool: Pool, shop_id: int, before: int, found_by: Conditions) -> None:
    """Only what comes after this order; nothing where the shop has no such order."""
    place = await store.place_of(pool, shop_id, before)
    if place is None:
        found_by.add("false")
    elif place["ordered_at"] is None:
        found_by.add("ordered_at is not null or id < {}", before)
    else:
        found_by.add("(ordered_at, id) < ({}, {})", place["ordered_at"], before)


def to_order(row: Any) -> OrderRow:
    """A row with the columns of OrderRow, and maybe more."""
    return OrderRow(**{f.name: row[f.name] for f in fields(OrderRow)})


def phone_of(text: str) -> str:
    """E.164 of what may be a phone; a text that is none finds nothing."""
    try:
        return parse_phone(text, region=REGION).e164
    except PhoneRejected:
        return ""


async def glance(pool: Pool, shop_id: int, midnight: datetime) -> Glance:
    """A shop since midnight, and all that is not done."""
    until = midnight + timedelta(hours=DAY_H)
    async with pool.acquire() as connection:
        counted = {r["hour"]: r for r in await store.hours(connection, shop_id, midnight, until)}
        late = await store.lag(connection, shop_id, midnight, until)
        heaps = [Heap(**row) for row in await store.open_steps(connection, shop_id)]
        tasks = await tasks_of(connection, shop_id)
    hours = tuple(hour_of(midnight, n, counted.get(n)) for n in range(DAY_H))
    return Glance(hours, tuple(heaps), tasks, late["p50_s"], late["longest_s"])


async def tasks_of(connection: Connection | Pool, shop_id: int) -> dict[str, Task]:
    """The tasks of a shop, by name; what the proof found is as it stands now."""
    rows = await task_store.of_shop(connection, shop_id)
    tasks = {row["task"]: Task(**row) for row in rows}
    if (proof := tasks.get("proof")) is not None:
        tasks["proof"] = replace(proof, found=await as_it_stands(connection, shop_id, proof.found))
    return tasks


def hour_of(midnight: datetime, number: int, row: Any) -> Hour:
    """One hour of the day."""
    starts_at = midnight + timedelta(hours=number)
    if row is None:
        return Hour(starts_at)
    waiting = row["orders"] - row["deals"] - row["stuck"]
    return Hour(starts_at, row["deals"], max(0, waiting), row["stuck"])


async def find_orders(connection: Connection, text: str) -> list[Hit]:
    """Orders with this number, or of this phone; for the search box."""
    rows: Sequence[Any] = await store.found_by_code(connection, text)
    if phone := phone_of(text):
        rows = [*rows, *await store.found_by_phone(connection, phone)]
    return [
        Hit("order", r["id"], r["code"], " · ".join(filter(None, (r["step"], r["phone"]))), r["at"])
        for r in rows
    ]
