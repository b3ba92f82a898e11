"""The composition root: settings → database → connections → flows → web and worker."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.closing import Owner
from uzel.calls.guard import Guard, Strict
from uzel.calls.plan import WAKE as CALLS
from uzel.calls.reach import Reach
from uzel.calls.runner import Runner
from uzel.connections.grants import CALLBACK, Grants
from uzel.connections.registry import Registry
from uzel.errors import ConfigError
from uzel.events import typed
from uzel.events.event import Flow
from uzel.events.process import Processor
from uzel.events.receive import WAKE as EVENTS
from uzel.events.replay import wake_left_behind
from uzel.flows.bank_rates.take import BankRates
from uzel.flows.claim_bot.closed import on_closed as on_claim_calls_closed
from uzel.flows.claim_bot.files import Files
from uzel.flows.claim_bot.news import News
from uzel.flows.claim_bot.take import ClaimBot
from uzel.flows.claim_bot.turn import OWNER as CLAIMS
from uzel.flows.crm_writes import effects as crm_writes
from uzel.flows.crm_writes.closed import on_closed as on_crm_closed
from uzel.flows.kaspi_orders.advance import advance, advance_all
from uzel.flows.kaspi_orders.closed import on_closed as on_orders_closed
from uzel.flows.kaspi_orders.take import WAKE as ORDERS
from uzel.flows.kaspi_orders.take import on_told
from uzel.flows.kaspi_orders.tasks import Tasks
from uzel.flows.lead_deals.closed import on_closed as on_lead_calls_closed
from uzel.flows.lead_deals.take import on_told as on_deals_told
from uzel.flows.payouts import asks as payouts
from uzel.flows.payouts import claims
from uzel.flows.payouts.cards import purge as purge_cards
from uzel.flows.payouts.chores import Chores
from uzel.flows.payouts.closed import on_closed as on_payouts_closed
from uzel.flows.payouts.forgetting import forget_old as forget_requests
from uzel.flows.payouts.hints import on_told as on_payouts_told
from uzel.flows.payouts.stop import guard as guard_payouts
from uzel.flows.receipts import on_inbound, on_opt_outs, on_receipts
from uzel.flows.registry_deals import asks as registry_deals
from uzel.flows.registry_deals.advance import WAKE as MIRRORS
from uzel.flows.registry_deals.advance import advance as advance_mirrors
from uzel.flows.registry_deals.closed import on_closed as on_mirrored
from uzel.flows.registry_deals.mirrors import Mirrors
from uzel.flows.review_requests.flow import ReviewRequests
from uzel.flows.review_requests.late import give_up_late
from uzel.flows.review_requests.remind import remind
from uzel.jobs.queue import prune
from uzel.jobs.worker import Periodic, Worker
from uzel.kit import addresses, database
from uzel.kit.lifeline import watch_parent
from uzel.kit.secrets import KeyRing, read_key_ring
from uzel.kit.settings import Settings
from uzel.ledger import chain
from uzel.ledger.expire import expire as expire_holds
from uzel.messages.guard import guard
from uzel.messages.guard_store import reckon
from uzel.messages.receipts import match_early, poll_receipts
from uzel.messages.route import escalate, expire
from uzel.messages.send import belongs_to_another, on_closed
from uzel.partners import hooks
from uzel.partners.answers import forget_old
from uzel.payouts.programs import callbacks

# Who is asked before a call leaves, by the first word of its effect.
GUARDS: dict[str, Guard] = {"message": guard, payouts.OWNER: Strict(guard_payouts)}


@dataclass(frozen=True, slots=True)
class Parts:
    """What web, worker and commands share in one process."""

    settings: Settings
    pool: database.Pool
    ring: KeyRing
    registry: Registry
    reach: Reach


def flows(registry: Registry, url: str) -> Mapping[str, Flow]:
    """Which flow reacts to which type of event. `url`: where our own pages are."""
    review_requests = ReviewRequests(registry, url)
    return {
        "visit.completed": review_requests.on_completed,
        "visit.cancelled": review_requests.on_cancelled,
        "receipt.updated": on_receipts,
        "message.received": on_inbound,
        "recipient.stopped": on_opt_outs,
        "recipient.resumed": on_opt_outs,
        "order.told": on_told,
        "deal.told": on_deals_told,
        "payout.told": on_payouts_told,
        "chat.said": ClaimBot(registry, claims.approve, typed).on_said,
    }


def owners(registry: Registry, url: str) -> dict[str, Owner]:
    """Who is told how a call ended, by the first word of its effect."""
    return {
        "message": on_closed,
        "guest": ReviewRequests(registry, url).on_guests,
        "shop": on_orders_closed,
        hooks.OWNER: hooks.on_closed,
        "lead": on_lead_calls_closed,
        payouts.OWNER: on_payouts_closed,
        callbacks.OWNER: callbacks.on_closed,
        CLAIMS: on_claim_calls_closed(url),
        crm_writes.OWNER: on_crm_closed,
        registry_deals.OWNER: on_mirrored,
    }


@contextlib.asynccontextmanager
async def open_parts(settings: Settings, name: str, pool_size: int = 8) -> AsyncIterator[Parts]:
    """Connect to the database and load the connections. Raises ConfigError."""
    if settings.database_url is None:
        raise ConfigError("no database: set UZEL_DATABASE_URL or start through `uzel serve`")
    addresses.permit(settings.allow_private_addresses)
    ring = read_key_ring(settings.master_key, settings.data_dir)
    pool = await database.open_pool(settings.database_url, size=pool_size, name=name)
    try:
        registry = Registry(pool, ring)
        await registry.refresh()
        reach = Reach(pool, Grants(pool, ring, f"{settings.url}{CALLBACK}"))
        yield Parts(settings, pool, ring, registry, reach)
        await reach.aclose()
    finally:
        pool.terminate()


async def run_worker(settings: Settings) -> None:
    """Process events and make calls until SIGTERM or SIGINT."""
    async with open_parts(settings, "worker") as parts:
        me = uuid4()
        name = f"{socket.gethostname()}:{os.getpid()}"
        await calls_store.beat(parts.pool, me, name)
        known = owners(parts.registry, settings.url)
        runner = Runner(parts.pool, parts.registry, known, me, GUARDS, parts.reach)
        reactions = flows(parts.registry, settings.url)
        processor = Processor(parts.pool, parts.registry, reactions, runner.wake)

        async def plan_orders(crm_id: int) -> None:
            await advance(parts.pool, crm_id)

        async def plan_mirrors(crm_id: int) -> None:
            await advance_mirrors(parts.pool, crm_id)

        worker = Worker(
            settings.database_url or "",
            {
                EVENTS: processor.process,
                CALLS: runner.wake,
                ORDERS: plan_orders,
                MIRRORS: plan_mirrors,
            },
            (
                Periodic("beat", 2, lambda: calls_store.beat(parts.pool, me, name)),
                *chores(parts, runner),
            ),
        )

        def stop() -> None:
            runner.halt()
            worker.stop()

        on_stop(stop)
        await worker.run()
        await runner.stop()
        with contextlib.suppress(*database.LOST):
            await calls_store.bury(parts.pool, me)


def chores(parts: Parts, runner: Runner) -> tuple[Periodic, ...]:
    """What is looked at again and again, by every worker."""
    pool, registry, url = parts.pool, parts.registry, parts.settings.url

    tasks = Tasks(pool, registry, parts.reach)
    rates = BankRates(pool, registry, parts.reach)
    mirrors = Mirrors(pool, registry, parts.reach)

    async def look_up() -> None:
        await recover.look_up_unknown(pool, registry, runner, belongs_to_another)

    return (
        Periodic("registry", 1, registry.refresh),
        Periodic("abandoned", 2, lambda: recover.recover_abandoned(pool, registry, runner)),
        Periodic("taken back", 5, runner.take_back_lost),
        Periodic("overdue", 3, lambda: recover.wake_overdue(pool)),
        Periodic("given up", 60, lambda: recover.give_up_old(pool, registry, runner)),
        Periodic("lookups", 5, look_up),
        Periodic("left behind", 5, lambda: wake_left_behind(pool)),
        Periodic("early receipts", 3, lambda: match_early(pool)),
        Periodic("receipts", 20, lambda: poll_receipts(pool, registry, runner)),
        Periodic("next ways", 2, lambda: escalate(pool, registry)),
        Periodic("expired", 20, lambda: expire(pool)),
        Periodic("reminders", 20, lambda: remind(pool, registry, url)),
        Periodic("late lookups", 60, lambda: give_up_late(pool, registry)),
        Periodic("budgets", 30, lambda: reckon(pool)),
        Periodic("shops", 1, tasks.run_due),
        Periodic("orders", 2, lambda: advance_all(pool)),
        Periodic("rates", 30, rates.take_due),
        Periodic("mirrors", 2, mirrors.work),
        Periodic("vtigers", 5, mirrors.read_vtigers),
        Periodic("holds", 15, lambda: expire_holds(pool)),
        Periodic("answers", 60, lambda: forget_old(pool)),
        Periodic("chain", 1, lambda: chain.seal(pool)),
        Periodic("queue log", 60, lambda: prune(pool)),
        *chores_of_payouts(parts),
    )


def chores_of_payouts(parts: Parts) -> tuple[Periodic, ...]:
    """Those of payouts and claims."""
    pool, registry, url = parts.pool, parts.registry, parts.settings.url

    provider = Chores(pool, registry, parts.reach)
    news = News(pool, registry, url)
    files = Files(pool, registry, parts.reach, url)
    return (
        Periodic("banks of payouts", 60, provider.take_banks),
        Periodic("balances of payouts", 10, provider.take_balances),
        Periodic("payouts compared", 60, provider.reconcile),
        Periodic("old balances", 3600, provider.prune),
        Periodic("payout requests", 600, lambda: forget_requests(pool)),
        Periodic("held claims", 60, lambda: claims.pay_held(pool, parts.ring)),
        Periodic("cards of claims", 3600, lambda: claims.forget_cards(pool)),
        Periodic("cards", 60, lambda: purge_cards(pool)),
        Periodic("news of claims", 1, news.tell),
        Periodic("files of claims", 1, files.fetch),
    )


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM, SIGINT, or when the process that started us is gone."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    watch_parent(stop)
