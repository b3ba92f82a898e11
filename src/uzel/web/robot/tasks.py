"""`/amogt/amodeals_json.php`: the leads, and taking some of them.

Without parameters it lists them all, as it always did. Beside that:

unprocessed=1        only those that nobody has reported on and nobody holds
state=new|done|failed, source=partner|amocrm, partner_id=…, since=2026-11-20 22:49:21
limit=…, before=…    pages, the newest page first; the oldest lead of a page first
claim=N, lease=S     take up to N free ones for S seconds: no other robot gets them until then
mine=1               those that this robot holds
release=ID           give one back, by its dealId or lead_id
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request

from uzel.kit.database import Pool
from uzel.partners import robot_store, tasks
from uzel.partners.lead import LeadState
from uzel.partners.robots import Robot
from uzel.partners.tasks import Page, Wanted
from uzel.web.partner.answering import Answering, demand_method
from uzel.web.partner.carriers import Given, read
from uzel.web.partner.gate import Gate
from uzel.web.partner.reply import Refusal, Reply, clock
from uzel.web.robot.entry import admit

# The second is what a later version called it.
PATHS = ("/amogt/amodeals_json.php", "/amogt/alldeals_json.php")
MESSAGE = "Current deals in JSON file."
SOURCES = {"partner": True, "amocrm": False}
YES = ("1", "true", "yes")
INFO = {
    "usage": "GET with the token of a robot.",
    "view_all": "Without further parameters: all leads.",
    "unprocessed": "?unprocessed=1: those without a report that nobody holds.",
    "filters": "?state=new|done|failed, source=partner|amocrm, partner_id, since (UTC)",
    "pages": "?limit=100, then &before= with the value of next_before.",
    "claim": "?claim=5&lease=600: take five for ten minutes. ?mine=1 lists them, ?release=ID.",
    "delete_all": "Leads cannot be deleted here.",
    "example_delete_all": "Leads cannot be deleted here.",
    "note": "Report with the dealId of a lead at /amogt/zeno_report.php.",
}  # fmt: skip


class TasksDoor(Answering):
    """The application of the address."""

    def __init__(self, pool: Pool, gate: Gate) -> None:
        self._pool = pool
        self._gate = gate

    async def do(self, request: Request) -> Reply:
        demand_method(request)
        given = await read(request)
        robot = await admit(self._pool, self._gate, given)
        if given.value("deleteall") is not None or given.value("delete") is not None:
            raise Refusal("invalid_parameters", "Leads cannot be deleted here.")
        if given.value("claim") is not None:
            lease_s = lease_of(given)
            page = await self._claim(given, robot, lease_s)
            return told(robot, page, "Claimed deals.", {"lease": lease_s})
        if given.value("release") is not None:
            return await self._release(given, robot)
        most = whole(given, "limit", 1, tasks.MOST, tasks.MOST)
        return told(robot, await tasks.page(self._pool, robot, wanted_of(given, robot), most))

    async def _claim(self, given: Given, robot: Robot, lease_s: int) -> Page:
        if given.method == "HEAD":
            return Page((), 0, None)
        most = whole(given, "claim", 1, tasks.MOST_CLAIMED, 1)
        return await tasks.claim(self._pool, robot, most, lease_s, source_of(given))

    async def _release(self, given: Given, robot: Robot) -> Reply:
        deal_id = readable(given, "release") or ""
        async with self._pool.acquire() as connection:
            done = await robot_store.release(connection, robot.book, robot.id, deal_id)
        return Reply(200, orjson.dumps({"status": "success", "released": done}))


def lease_of(given: Given) -> int:
    """Seconds; what is too short or too long is the shortest or longest there is."""
    return whole(given, "lease", tasks.SHORTEST_LEASE_S, tasks.LONGEST_LEASE_S, tasks.LEASE_S)


def wanted_of(given: Given, robot: Robot) -> Wanted:
    """The filters. Raises Refusal."""
    state = given.text("state") or None
    if state is not None and state not in [str(it) for it in LeadState]:
        raise Refusal("invalid_parameters", "state is one of: new, done, failed.")
    before = whole(given, "before", 1, 2**62, 0)
    return Wanted(
        state=state,
        of_partners=source_of(given),
        partner=readable(given, "partner_id"),
        changed_since=since_of(given),
        before=before or None,
        is_free=flag(given, "unprocessed") or flag(given, "new"),
        held_by=robot.id if flag(given, "mine") else None,
    )


def readable(given: Given, name: str) -> str | None:
    """A text that the database can be asked for. Raises Refusal."""
    text = given.text(name)
    if text and not text.isprintable():
        raise Refusal("invalid_parameters", f"{name} is no text.")
    return text or None


def flag(given: Given, name: str) -> bool:
    return str(given.value(name) or "").strip().lower() in YES


def source_of(given: Given) -> bool | None:
    source = given.text("source") or None
    if source is None:
        return None
    if source not in SOURCES:
        raise Refusal("invalid_parameters", "source is one of: partner, amocrm.")
    return SOURCES[source]


def since_of(given: Given) -> datetime | None:
    """A time in UTC, as the list shows it, or in ISO 8601."""
    text = given.text("since")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal("invalid_parameters", "since is a time: 2026-11-20 22:49:21.") from None


def whole(given: Given, name: str, least: int, most: int, usual: int) -> int:
    """A whole number within bounds; `usual` where none is given. Raises Refusal."""
    value = given.value(name)
    if value is None or value == "":
        return usual
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 19:
        raise Refusal("invalid_parameters", f"{name} is a whole number.")
    return min(max(int(text), least), most)


def told(
    robot: Robot, page: Page, message: str = MESSAGE, more: Mapping[str, Any] | None = None
) -> Reply:
    """The list as it goes out. `more`: further fields."""
    content = {
        "deals": [deal(row, robot) for row in page.leads],
        "total": page.total,
        "message": message,
        "info": INFO,
        "count": len(page.leads),
        "next_before": page.before,
        "now": clock(datetime.now(UTC)),
        **(more or {}),
    }
    return Reply(200, orjson.dumps(content, default=str))


def deal(row: Any, robot: Robot) -> dict[str, Any]:
    """One lead: what its partner sent, and over it what we say."""
    said = {
        "dealId": row["deal_id"],
        "paymentUrl": row["payment_url"],
        "created_at": clock(row["created_at"]),
        "last_updated": clock(row["updated_at"]),
        "lead_id": row["public_id"],
        "lead_state": row["state"],
        "link_version": row["version"],
    }
    if row["partner"] is not None:
        said |= {"partnerId": row["partner"], "partner_name": row["partner_name"]}
        said["partner_deal_id"] = row["external_id"]
    leased = row["leased_until"]
    if leased is not None and leased > datetime.now(UTC):
        said |= {"leased_until": clock(leased), "leased_by_you": row["leased_by"] == robot.id}
    return {**row["data"], **said}
