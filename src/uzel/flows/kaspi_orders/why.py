"""Why an order is not in the CRM, or what becomes of it: what we know, else what the marketplace
says of it at this moment.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.errors import CallFailed, ConfigError
from uzel.flows.kaspi_orders import why_store
from uzel.flows.kaspi_orders.fetch import Fetcher
from uzel.kit.body import at
from uzel.kit.database import Pool

STEPS: Mapping[str, str] = {
    "lines": "its positions are being asked for",
    "finding": "it is being found out whether it has a deal already",
    "waiting": "it waits for its contact and its goods in the CRM",
    "making": "its deal is being made",
    "details": "it has its deal; goods and note are on their way",
    "done": "it has its deal",
    "stuck": "it waits for a person",
    "left_out": "a person wants no deal for it",
}
TEXTS: Mapping[str, str] = {
    "known": "",
    "absent": "the marketplace has no order with this number",
    "before_start": "it was made before the shop was switched on, so it gets no deal; to take "
    "the orders of earlier days, too: uzel kaspi resume --days N",
    "shop_off": "the marketplace has it, but the shop is off: uzel kaspi resume",
    "fetched": "it was not known; it has been fetched just now",
    "told": "it was fetched and led to nothing",
    "not_asked": "the connection to the marketplace is not in use",
    "no_answer": "the marketplace could not be asked",
}
KNOWN, FETCHED = "known", "fetched"
SOON = "its deal follows within a minute if a worker lives"
# In the year 5138; what is later is no time.
LATEST_MS = 10**14


async def look(
    pool: Pool, registry: Registry, reach: Reach, shop: Any, code: str
) -> dict[str, Any]:
    """{"shop", "code", "verdict" (a key of TEXTS), "text", "detail", "order", "calls"}."""
    async with pool.acquire() as connection:
        order = await why_store.order(connection, shop["id"], code)
        if order is not None:
            crm = registry.get(shop["crm_id"])
            calls = await why_store.calls(connection, shop, order)
            said = found(shop, code, KNOWN, obstacles(shop, crm))
            told = {**dict(order), "deal_url": deal_url(crm, order["lead_id"])}
            return {
                **said,
                "text": text_of(order),
                "order": told,
                "calls": [dict(it) for it in calls],
            }
        event = await why_store.last_event(connection, shop["source_id"], code)
    verdict, detail = await ask(pool, registry, reach, shop, code)
    if verdict == FETCHED and event is not None and event["reason"] is not None:
        detail = f"told before and left out: {event['reason']}"
    elif verdict == FETCHED:
        detail = obstacles(shop, registry.get(shop["crm_id"])) or SOON
    return found(shop, code, verdict, detail)


async def ask(
    pool: Pool, registry: Registry, reach: Reach, shop: Any, code: str
) -> tuple[str, str | None]:
    """(verdict, detail) on an order that we do not know: one or two requests to the marketplace."""
    source = registry.get(shop["source_id"])
    if source is None or source.config is None or source.state != "active":
        return "not_asked", source.state_reason if source else None
    try:
        answer = await reach.ask(source, source.connector.operations["order"], {"code": code})
        document = answer.data["order"]
        if document is None:
            return "absent", None
        if shop["state"] == "off":
            return "shop_off", None
        made_at = time_of(document)
        if made_at is not None and made_at < shop["since"]:
            return "before_start", f"made {said_at(made_at)}, counted from {said_at(shop['since'])}"
        await Fetcher(pool, reach, shop, source).one(code)
    except (CallFailed, ConfigError) as error:
        return "no_answer", str(error)
    return FETCHED, None


def text_of(order: Any) -> str:
    """How far an order is, and what became of a deal it had."""
    text, gone = STEPS[order["step"]], order["gone_lead_id"]
    if gone is None:
        return text
    became = "was made anew" if order["lead_id"] is not None else "is to be made anew"
    if order["step"] == "left_out":
        became = "is not made anew"
    return f"{text}; deal {gone} was deleted in the CRM and {became}"


def found(shop: Any, code: str, verdict: str, detail: str | None) -> dict[str, Any]:
    return {
        "shop": shop["id"],
        "code": code,
        "verdict": verdict,
        "text": TEXTS[verdict],
        "detail": detail,
        "order": None,
        "calls": [],
    }


def obstacles(shop: Any, crm: Active | None) -> str | None:
    """What keeps the deals of a shop from going on."""
    if shop["state"] != "on":
        return f"the shop is {shop['state']}: no deals are made until uzel kaspi resume"
    if crm is None or crm.state != "active":
        reason = crm.state_reason if crm else None
        return f"the connection to the CRM is {crm.state if crm else 'gone'}: {reason or ''}".strip(
            ": "
        )
    return None


def deal_url(crm: Active | None, lead_id: int | None) -> str | None:
    """Where people see the deal."""
    address = getattr(crm.config, "base_url", None) if crm is not None else None
    return f"{address}/leads/detail/{lead_id}" if address and lead_id else None


def time_of(document: Mapping[str, Any]) -> datetime | None:
    """When an order was made, as its document tells; in milliseconds there."""
    made = at(document, "data", "attributes", "creationDate")
    if not isinstance(made, int) or not 0 < made < LATEST_MS:
        return None
    return datetime.fromtimestamp(made / 1000, UTC)


def said_at(at: datetime) -> str:
    """For people."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
