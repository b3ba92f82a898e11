"""The daily proof: every order of the last fourteen days has exactly one deal."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.effect import Effect
from uzel.calls.outcome import Result, State
from uzel.calls.plan import Plan, plan
from uzel.flows.kaspi_orders import shop_store, task_store
from uzel.flows.kaspi_orders.asks import effect_of, plan_of
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.kit.database import Connection, Pool

BACK = timedelta(days=14)
PROOF = "proof"


async def begin(pool: Pool, shop: Any, every_s: float) -> None:
    """Ask for the first page of deals."""
    run = time.time_ns() // 1_000_000
    async with pool.acquire() as connection, connection.transaction():
        await plan(connection, [page_of(shop, run, 1)])
        await task_store.succeeded(connection, shop["id"], PROOF, every_s, {"running": run})


def begins_at(shop: Any, run: int) -> datetime:
    """The first moment whose orders are proved."""
    since: datetime = shop["since"]
    return max(datetime.fromtimestamp(run / 1000, UTC) - BACK, since)


def page_of(shop: Any, run: int, page: int) -> Plan:
    """The call for one page, the newest deals first."""
    settings = ShopSettings.model_validate(shop["settings"])
    since = int(begins_at(shop, run).timestamp()) - 3600
    return plan_of(
        shop["crm_id"],
        "list_leads",
        effect_of("proof", shop["id"], (run, page)),
        {
            "since": since,
            "page": page,
            "order_code_field_id": settings.order_code_field_id,
        },
    )


async def on_page(connection: Connection, effect: Effect, result: Result) -> int | None:
    """A page of deals was read, or could not be."""
    shop = await shop_store.one(connection, effect.number)
    run, page = effect.rest
    if result.state is not State.ACCEPTED or result.answer is None:
        found = {"problem": result.detail or result.code}
        await task_store.succeeded(connection, shop["id"], PROOF, 600.0, found)
        return None
    settings = ShopSettings.model_validate(shop["settings"])
    leads = [
        (lead["id"], code)
        for lead in result.answer.data["leads"]
        if (code := code_in(lead, settings)) is not None
    ]
    await task_store.prove(connection, shop["id"], run, leads)
    if result.answer.data["more"]:
        await plan(connection, [page_of(shop, run, page + 1)])
        return None
    await judge(connection, shop, run)
    return int(shop["crm_id"])


def code_in(lead: dict[str, Any], settings: ShopSettings) -> str | None:
    """The order a deal belongs to, by its field or, where there is none, by its name."""
    if settings.order_code_field_id is not None:
        return lead["order_code"] or None
    before, _, after = settings.name_of("\0").partition("\0")
    name = lead["name"] or ""
    if name.startswith(before) and name.endswith(after):
        return name[len(before) : len(name) - len(after)] or None
    return None


async def judge(connection: Connection, shop: Any, run: int) -> None:
    """What the pages prove. Deals that are gone are looked at once more, and made anew."""
    row = await task_store.judged(connection, shop["id"], run, begins_at(shop, run))
    found = {
        "orders": row["orders"],
        "missing": row["missing"],
        "doubles": row["doubles"],
        "waiting": row["waiting"],
        "at": run,
    }
    await task_store.compare_again(connection, shop["id"], row["missing"])
    await task_store.forget_proofs(connection, shop["id"], run)
    await task_store.succeeded(connection, shop["id"], PROOF, 86400.0, found)
