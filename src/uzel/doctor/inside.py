"""What the database tells: about itself, about the work, about the connections."""

import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime

import asyncpg

from uzel import migrations
from uzel.connections.registry import Active, Registry
from uzel.doctor.finding import Finding, good, warning, wrong
from uzel.doctor.missing import of_missing
from uzel.doctor.money import of_money
from uzel.doctor.payouts import of_payouts
from uzel.doctor.shops import of_shops
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.logs import redact_text
from uzel.kit.secrets import KeyRing, read_key_ring
from uzel.kit.settings import Settings
from uzel.setup import CANNOT_CONNECT, OLDEST_POSTGRES
from uzel.views.overview import Overview, Stuck, overview
from uzel.views.partners import money_trouble
from uzel.views.reconciliation import payout_trouble
from uzel.views.server_store import LastError, Server, last_errors, server_of

SKEW_S, LARGE_SKEW_S = 2.0, 30.0
LOOKED_UP = "looked_up_calls"
# Kind of what is stuck → (what it is, what it means, what to do).
STUCK = {
    "parked": (
        "requests could not be understood",
        "They are kept as they came; nothing has followed from them.",
        "Look at them in the console under Parked; once the cause is mended: uzel replay --parked",
    ),
    "unprocessed": (
        "requests wait to be processed",
        "Nothing is lost, but nothing follows from them either.",
        "See whether a worker lives and what its log says.",
    ),
    "undecided": (
        "events have no decision",
        "Their processing broke off half way.",
        "This is an error of ours: keep the log and report it.",
    ),
    "unknown_calls": (
        "calls have an unknown outcome",
        "They may have happened or not, and their provider cannot tell; Uzel does not repeat them "
        "by itself.",
        "Decide on each in the console under Calls.",
    ),
    LOOKED_UP: ("calls had no answer: their provider is being asked whether they happened", "", ""),
    "overdue_calls": (
        "calls should have gone out by now",
        "Messages wait.",
        "See whether a worker lives, and whether their connection is paused or rests.",
    ),
}


async def of_database(settings: Settings, dsn: str) -> AsyncIterator[Finding]:
    """The database, and everything that is known from it."""
    try:
        pool = await database.open_pool(dsn, size=1, name="doctor")
    except CANNOT_CONNECT as error:
        yield no_connection(settings, error)
        return
    try:
        server, skew_s = await look_at(pool)
        for finding in (*of_server(server), *of_durability(server), of_clock(skew_s)):
            yield finding
        if server.revision == migrations.newest():
            for finding in await of_content(settings, pool):
                yield finding
    finally:
        pool.terminate()


def no_connection(settings: Settings, error: BaseException) -> Finding:
    """Why the database cannot be reached, and where to look."""
    log = settings.data_dir / "postgres.log"
    advice = f"Look into {log}; `uzel serve` starts the database again by itself."
    if settings.database_url is not None:
        advice = "Check that the server runs and what UZEL_DATABASE_URL says."
    if isinstance(error, asyncpg.DiskFullError):
        advice = "Free some space on the disk of the database."
    return wrong(
        "database",
        f"no connection: {redact_text(str(error)) or type(error).__name__}",
        "Webhooks are answered with 503, so senders come again; nothing is sent.",
        advice,
    )


async def look_at(pool: database.Pool) -> tuple[Server, float]:
    """The server, and how many seconds its clock is ahead of ours."""
    async with pool.acquire() as connection:
        before = datetime.now(UTC)
        server = await server_of(connection)
        after = datetime.now(UTC)
    return server, (server.now - before - (after - before) / 2).total_seconds()


def of_server(server: Server) -> Iterator[Finding]:
    """Its version, and whether our schema is in it."""
    if server.major >= OLDEST_POSTGRES:
        yield good("database", f"PostgreSQL {server.version}")
    else:
        meaning = f"Uzel needs {OLDEST_POSTGRES} or newer."
        yield wrong("database", f"PostgreSQL {server.version}", meaning, "Upgrade the server.")
    newest = migrations.newest()
    if server.revision == newest:
        yield good("schema", f"revision {newest}")
    elif server.revision is None:
        meaning = "This is an empty database, or not the one meant."
        yield wrong("schema", "there is no schema", meaning, "uzel migrate, or UZEL_DATABASE_URL")
    else:
        yield wrong(
            "schema",
            f"revision {server.revision}, this Uzel works with {newest}",
            "Processes of this version cannot work with it.",
            "Older than ours: uzel migrate. Newer: install the newer Uzel here as well.",
        )


def of_durability(server: Server) -> Iterator[Finding]:
    """Whether what is committed survives a power cut."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = getattr(server, name)
        if value == "off":
            yield wrong(
                "durability",
                f"{name} is off",
                "What Uzel has acknowledged can be lost in a crash of the machine.",
                f"alter system set {name} = on; select pg_reload_conf();",
            )
            return
    yield good("durability", "what is committed survives a power cut")


def of_clock(skew_s: float) -> Finding:
    """Whether the clocks of this process and the database agree."""
    what = f"the database's clock is {abs(skew_s):.1f} s {'ahead' if skew_s > 0 else 'behind'}"
    if abs(skew_s) <= SKEW_S:
        return good("clock", "this machine and the database agree")
    make = wrong if abs(skew_s) > LARGE_SKEW_S else warning
    meaning = "Retries and limits come too early or too late."
    return make("clock", what, meaning, "Run a time service (chrony, systemd-timesyncd) on both.")


async def of_content(settings: Settings, pool: database.Pool) -> list[Finding]:
    """The work and the connections."""
    seen = await overview(pool)
    findings = [*of_workers(seen), *(of_stuck(item) for item in seen.stuck)]
    if all(item.kind == LOOKED_UP for item in seen.stuck):
        findings.append(good("work", "nothing is stuck"))
    findings += [of_missing(part) for part in seen.missing]
    async with pool.acquire() as connection:
        findings += of_money(await money_trouble(connection))
        findings += of_payouts(await payout_trouble(connection, datetime.now(UTC)))
    if settings.master_key is None and not os.access(settings.data_dir / "master.key", os.F_OK):
        return findings
    try:
        ring = read_key_ring(settings.master_key, settings.data_dir)
    except (ConfigError, OSError):
        return findings  # said already, where the key is looked at
    return [*findings, *await of_connections(settings, pool, ring, seen)]


async def of_connections(
    settings: Settings, pool: database.Pool, ring: KeyRing, seen: Overview
) -> list[Finding]:
    """Whether the key fits, and the state of every connection."""
    registry = Registry(pool, ring)
    await registry.refresh()
    async with pool.acquire() as connection:
        errors = await last_errors(connection)
    resting = {breaker.connection_id: breaker.reason for breaker in seen.breakers}
    # `of_shops` says what to do about these.
    anew = {paused.connection_id for paused in seen.paused if paused.anew}
    findings = [
        of_connection(a, resting, errors.get(a.id))
        for a in registry.all()
        if a.id not in anew or a.config is None
    ]
    findings += of_allowances(registry.all())
    findings += [finding async for finding in of_shops(settings, pool, registry)]
    closed = [name_of(a) for a in registry.all() if a.config is None]
    if not closed:
        return findings
    what = f"it does not open the settings of {', '.join(closed)}"
    meaning = "They were sealed with another key (or are damaged); these connections do not work."
    advice = (
        "Give Uzel the key that was in use then (UZEL_MASTER_KEY, or master.key in the data folder)"
        " and start it again. Is that key lost, type the secrets anew: console, the connection, "
        "Изменить."
    )
    return [wrong("master key", what, meaning, advice), *findings]


def name_of(active: Active) -> str:
    """`smsru/main`."""
    return f"{active.connector.name}/{active.name}"


def of_workers(seen: Overview) -> Iterator[Finding]:
    """Whether anybody does the work."""
    if seen.workers:
        yield good("workers", f"{seen.workers} alive")
        return
    meaning = "Webhooks are stored, but nothing follows from them until one lives."
    yield wrong("workers", "no worker gives a sign of life", meaning, "Start one: uzel serve")


def of_stuck(item: Stuck) -> Finding:
    """One kind of what waits for somebody."""
    what, meaning, advice = STUCK[item.kind]
    if item.kind == LOOKED_UP:
        return good("work", f"{item.count} {what}")
    count = f"{item.count}{' or more' if item.more else ''}"
    since = f", the oldest since {item.oldest_at:%Y-%m-%d %H:%M} UTC" if item.oldest_at else ""
    return wrong("work", f"{count} {what}{since}", meaning, advice)


def of_allowances(connections: Iterable[Active]) -> Iterator[Finding]:
    """Connections that may share an allowance at their provider without knowing of each other."""
    active = [a for a in connections if a.state == "active" and a.connector.most_per_s is not None]
    for name in sorted({a.connector.name for a in active}):
        mine = [a for a in active if a.connector.name == name]
        if len(mine) > 1:
            together = sum(a.rate_per_s for a in mine)
            yield warning(
                f"connections {', '.join(name_of(a) for a in mine)}",
                f"together they may ask {together:g} times a second from one address",
                f"Each keeps to the {mine[0].connector.most_per_s} a second that one account takes;"
                f" {mine[0].connector.title} blocks addresses, too, and tells no rate for them.",
                "Two to the same account: keep one of them. Else give each a smaller rate"
                " (console, the connection, Изменить).",
            )


def of_connection(
    active: Active, resting: Mapping[int, str | None], last: LastError | None
) -> Finding:
    """The state of one connection, and what went wrong last."""
    check = f"connection {name_of(active)}"
    at = f"{last.finished_at:%Y-%m-%d %H:%M} UTC: " if last and last.finished_at else ""
    error = f" (last error, {at}{last.detail or last.error_class})" if last else ""
    if active.config is None:
        meaning = "Nothing goes out through it, and what comes in is kept but cannot be read."
        reason = active.state_reason or "its settings cannot be read"
        return wrong(check, reason, meaning, "See the finding about the master key.")
    if active.state == "paused":
        meaning = "Nothing goes out through it; what is planned waits."
        if active.connector.poll is not None:
            meaning = (
                "Nothing is fetched: no new orders, no changes. All of it once it works again."
            )
        return wrong(
            check,
            f"paused: {active.state_reason or 'without a reason'}",
            meaning,
            "Mend the cause, press Test in the console, and switch it on again.",
        )
    if active.id in resting:
        meaning = "It is given a rest after failures; the next call is a trial."
        what = f"rests: {resting[active.id] or 'the provider fails'}"
        return warning(check, what, meaning, "Nothing, unless it lasts: ask the provider.")
    if active.state == "off":
        return good(check, f"off, as somebody decided{error}")
    return good(check, f"active{error}")
