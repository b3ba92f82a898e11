"""`kaspi shops|fetch-new|reconcile|proof|why|pause|resume`: orders that become deals."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from uzel.cli.kaspi_why import run_why
from uzel.cli.kaspi_words import (
    print_json,
    print_reports,
    task_words,
    words_of,
)
from uzel.cli.shops_meant import meant
from uzel.errors import CallFailed, ConfigError

DONE, FAILED, ALREADY = 0, 1, 3
STATUS = "exit status: 0 done, 1 failed, 3 somebody else is at it"
SAY_EVERY_S = 3.0
PROOF_WITHIN_S = 300.0
MOST_DAYS = 14


def register(commands: Any) -> None:
    """Add the commands of this part."""
    kaspi = commands.add_parser("kaspi", help="Kaspi orders that become deals in amoCRM")
    actions = kaspi.add_subparsers(required=True, metavar="ACTION")
    known = {
        "shops": ("the shops, and how their tasks go", run_shops),
        "fetch-new": ("fetch new orders now; the worker does it each minute", run_fetch),
        "reconcile": ("fetch all orders of the last 14 days; each ten minutes", run_reconcile),
        "proof": ("prove that each order has exactly one deal; each day", run_proof),
        "why": ("why an order is not in amoCRM, or what becomes of it", run_why),
        "pause": ("make no deals for now; orders are fetched all the same", run_pause),
        "resume": ("switch a shop on, or let it go on after a pause", run_resume),
    }
    for name, (told, run) in known.items():
        ends = STATUS if run in (run_fetch, run_reconcile, run_proof) else None
        action = actions.add_parser(name, help=told, epilog=ends)
        if name == "why":
            action.add_argument("code", metavar="CODE", help="the order's number at Kaspi")
        if name != "shops":
            action.add_argument("--shop", type=int, metavar="N", help="one shop, as `shops` counts")
        if name == "resume":
            action.add_argument(
                "--days", type=days, metavar="N", help="take the orders of the last N days, too"
            )
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run=run)


def run_shops(parsed: argparse.Namespace) -> int:
    """`uzel kaspi shops`."""
    from uzel.session import with_parts

    told = with_parts(shops_told, quiet=parsed.json)
    if parsed.json:
        print_json(told)
    elif not told:
        print("There is no shop. Make one: console, Заказы; or set KASPI_* and AMO_* and restart.")
    for shop in [] if parsed.json else told:
        print(f"{shop['shop']}\t{shop['source']} -> {shop['crm']}\t{shop['state']}")
        for task in shop["tasks"]:
            print(f"\t{task['task']}: {task_words(task)}")
    return DONE


async def shops_told(parts: Any) -> list[dict[str, Any]]:
    """All shops with their tasks, ready for JSON."""
    from uzel.flows.kaspi_orders import shop_store
    from uzel.views.shops import tasks_of

    told = []
    for shop in await shop_store.every(parts.pool):
        async with parts.pool.acquire() as connection:
            found = await tasks_of(connection, shop["id"])
        tasks = [asdict(task) for task in found.values()]
        names = {end: name_of(parts, shop[f"{end}_id"]) for end in ("source", "crm")}
        since = shop["since"]
        told.append(
            {"shop": shop["id"], **names, "state": shop["state"], "since": since, "tasks": tasks}
        )
    return told


def run_fetch(parsed: argparse.Namespace) -> int:
    """`uzel kaspi fetch-new [--shop N]`."""
    return run_task(parsed, "fetch")


def run_reconcile(parsed: argparse.Namespace) -> int:
    """`uzel kaspi reconcile [--shop N]`."""
    return run_task(parsed, "reconcile")


def run_proof(parsed: argparse.Namespace) -> int:
    """`uzel kaspi proof [--shop N]`: asked for here, read by the worker, waited for."""
    return run_task(parsed, "proof", wait_for_proof)


def run_task(
    parsed: argparse.Namespace,
    task: str,
    then: Callable[[Any, int], Awaitable[dict[str, Any]]] | None = None,
) -> int:
    """Run one task for the shops meant, one after the other, and print what it found."""
    from uzel.flows.kaspi_orders.tasks import Tasks
    from uzel.session import with_parts

    async def work(parts: Any) -> list[dict[str, Any]]:
        tasks, reports = Tasks(parts.pool, parts.registry, parts.reach), []
        for shop in await meant(parts, parsed.shop, on=True):
            told = asyncio.create_task(tell_progress(parts.pool, shop["id"], task))
            try:
                found = await tasks.run_now(shop["id"], task)
                if found is not None and then is not None:
                    found = await then(parts.pool, shop["id"])
                reports.append(report(shop["id"], found))
            except (CallFailed, ConfigError, TimeoutError) as error:
                problem = str(error) or "it took too long"
                reports.append({"shop": shop["id"], "state": "failed", "problem": problem})
            finally:
                told.cancel()
        return reports

    reports = with_parts(work, quiet=parsed.json)
    print_json(reports) if parsed.json else print_reports(reports)
    states = {it["state"] for it in reports}
    return FAILED if "failed" in states else ALREADY if "already running" in states else DONE


def report(shop_id: int, found: dict[str, Any] | None) -> dict[str, Any]:
    """What became of one run."""
    if found is None:
        return {"shop": shop_id, "state": "already running"}
    state = "failed" if "problem" in found else "done"
    return {"shop": shop_id, "state": state, **found}


async def tell_progress(pool: Any, shop_id: int, task: str) -> None:
    """Every few seconds, how far it is, on standard error."""
    from uzel.flows.kaspi_orders.why_store import told_since

    begun = time.monotonic()
    while True:
        await asyncio.sleep(SAY_EVERY_S)
        spent = time.monotonic() - begun
        told = await told_since(pool, shop_id, spent)
        said = "" if task == "proof" else f", {told} new or changed orders so far"
        print(f"shop {shop_id}: {task}, {spent:.0f} s{said}", file=sys.stderr, flush=True)


async def wait_for_proof(pool: Any, shop_id: int) -> dict[str, Any]:
    """What the proof that was begun found. Raises TimeoutError, ConfigError where nobody works."""
    from uzel.flows.kaspi_orders import task_store
    from uzel.views.overview_store import living_workers

    async with asyncio.timeout(PROOF_WITHIN_S):
        while True:
            rows = await task_store.of_shop(pool, shop_id)
            found: dict[str, Any] = next(row["found"] for row in rows if row["task"] == "proof")
            if "running" not in found:
                return found
            async with pool.acquire() as connection:
                if not await living_workers(connection):
                    raise ConfigError(
                        "the deals are read by a worker, and none gives a sign of life: uzel serve"
                    )
            await asyncio.sleep(0.5)


def run_pause(parsed: argparse.Namespace) -> int:
    """`uzel kaspi pause [--shop N]`."""
    return set_state(parsed, "paused")


def run_resume(parsed: argparse.Namespace) -> int:
    """`uzel kaspi resume [--shop N] [--days N]`."""
    return set_state(parsed, "on")


def set_state(parsed: argparse.Namespace, state: str) -> int:
    """Change the state of one shop, and write down who did it."""
    from uzel.cli.recipients import me
    from uzel.flows.kaspi_orders import shop_store
    from uzel.people.store import note
    from uzel.session import with_parts

    async def work(parts: Any) -> tuple[int, str]:
        shops = await meant(parts, parsed.shop)
        if len(shops) > 1:
            raise ConfigError(
                f"there are {len(shops)} shops; say which: --shop N (uzel kaspi shops)"
            )
        before = str(shops[0]["state"])
        if state == "paused" and before == "off":
            raise ConfigError("the shop is off, there is nothing to pause")
        back = getattr(parsed, "days", None)
        if before != state or back:
            async with parts.pool.acquire() as connection, connection.transaction():
                await shop_store.set_state(connection, shops[0]["id"], state)
                if back:
                    await shop_store.begin_earlier(connection, shops[0]["id"], back)
                said = {"state": state, "days": back}
                await note(connection, me(), "set_state", f"shop:{shops[0]['id']}", said)
        return shops[0]["id"], before

    shop_id, before = with_parts(work, quiet=parsed.json)
    if parsed.json:
        print_json({"shop": shop_id, "state": state, "before": before})
    else:
        print(f"shop {shop_id}: {words_of(before, state, getattr(parsed, 'days', None))}")
    return DONE


def days(text: str) -> int:
    """A number of days that orders are looked back for."""
    if not text.isdecimal() or not 0 < int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a number of days, 1 to {MOST_DAYS}")
    return int(text)


def name_of(parts: Any, connection_id: int) -> str:
    """`kaspi/default`."""
    active = parts.registry.get(connection_id)
    return f"{active.connector.name}/{active.name}" if active else str(connection_id)
