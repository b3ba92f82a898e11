"""`rates list|set|approve|refuse|end|fetch|history|limits`: exchange rates."""

import argparse
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from uzel.cli.kaspi_words import print_json
from uzel.cli.rates_words import (
    print_fetched,
    print_history,
    print_limits,
    print_list,
    told_policy,
    told_rate,
    told_waiting,
)
from uzel.cli.who import add_by, who
from uzel.errors import CallFailed, ConfigError

DONE, FAILED, WAITS = 0, 1, 3
MOST_DAYS = 3650


def register(commands: Any) -> None:
    """Add the commands of this part."""
    rates = commands.add_parser("rates", help="exchange rates, entered by people or from a bank")
    actions = rates.add_subparsers(required=True, metavar="ACTION")
    known = {
        "list": ("all pairs, what waits for a second person, and the banks", run_list),
        "set": ("enter a rate; a large move waits for a second person", run_set),
        "approve": ("bring a rate into force that somebody else has entered", run_approve),
        "refuse": ("have a rate that waits never come into force", run_refuse),
        "end": ("take back what was entered of a pair; a bank's rate is used again", run_end),
        "fetch": ("ask the banks now; the worker does it once a day", run_fetch),
        "history": ("what was said of a pair, and by whom", run_history),
        "limits": ("how far a rate may move, how old it may be, whose goes first", run_limits),
    }
    made = {}
    for name, (told, run) in known.items():
        made[name] = actions.add_parser(name, help=told, epilog=status_of(name))
        made[name].add_argument("--json", action="store_true", help="print JSON")
        made[name].set_defaults(run=run)
    add_arguments(made)


def status_of(name: str) -> str | None:
    """What the exit status tells, where it tells more than success."""
    if name == "set":
        return "exit status: 0 in force, 1 failed, 3 waits for a second person"
    return "exit status: 0 done, 1 failed, 3 somebody is at it" if name == "fetch" else None


def add_arguments(made: dict[str, argparse.ArgumentParser]) -> None:
    """What each takes."""
    for name in ("set", "approve", "refuse", "end", "limits"):
        add_by(made[name])
    for name in ("set", "end", "history"):
        made[name].add_argument("pair", metavar="PAIR", help="such as USD/RUB")
    made["set"].add_argument("value", metavar="VALUE", help="what one of the first costs: 92.413")
    for name in ("approve", "refuse"):
        made[name].add_argument("version", type=int, metavar="N", help="the number `list` shows")
    made["refuse"].add_argument("--reason", help="for those who ask later")
    made["fetch"].add_argument("--connection", type=int, metavar="ID", help="one bank only")
    made["history"].add_argument("--days", type=days, default=30, metavar="N", help="default: 30")
    limits = made["limits"]
    limits.add_argument(
        "--move", type=share, metavar="PERCENT", help="how far one person may move a rate"
    )
    limits.add_argument(
        "--jump", type=share, metavar="PERCENT", help="how far a bank may, in a day"
    )
    limits.add_argument("--bank-days", type=days, metavar="N", help="how old a bank's may be")
    limits.add_argument(
        "--admin-days", type=days_or_never, metavar="N|never", help="how old a person's may be"
    )
    limits.add_argument("--sources", metavar="A,B", help="whose goes first: admin,cbr,nbk")


def run_list(parsed: argparse.Namespace) -> int:
    """`uzel rates list`."""
    from uzel.flows.bank_rates import store
    from uzel.flows.bank_rates.take import BankRates
    from uzel.rates.read import standings, waiting
    from uzel.session import with_parts

    async def work(parts: Any) -> dict[str, Any]:
        rows = {row["connection_id"]: row for row in await store.every(parts.pool)}
        banks = BankRates(parts.pool, parts.registry, parts.reach).banks()
        return {
            "pairs": [
                {
                    "pair": str(it.pair),
                    "rate": it.rate and told_rate(it.rate),
                    "last": it.last and told_rate(it.last),
                }
                for it in await standings(parts.pool)
            ],
            "waiting": [told_waiting(it) for it in await waiting(parts.pool)],
            "banks": [{"connection": it.id, "bank": it.title, **dict(rows.get(it.id, {}))}
                      for it in banks],
        }  # fmt: skip

    told = with_parts(work, quiet=parsed.json)
    print_json(told) if parsed.json else print_list(told)
    return DONE


def run_set(parsed: argparse.Namespace) -> int:
    """`uzel rates set USD/RUB 92.413`."""
    from uzel.rates.change import State, propose
    from uzel.rates.pair import pair_of, value_of

    pair, value = pair_of(parsed.pair), value_of(parsed.value)

    async def work(connection: Any, by: str) -> tuple[Any, Any]:
        made = await propose(connection, pair, value, by=by)
        said = {"value": str(value), "state": made.state, "move": text_of(made.move)}
        return made, ("set_rate", f"rate:{made.version}", {"pair": str(pair), **said})

    made = change(parsed, work)
    waits = made.state is State.WAITING
    if parsed.json:
        said = {"state": made.state, "move": text_of(made.move), "doubt": made.doubt}
        print_json({"version": made.version, "pair": str(pair), "value": str(value), **said})
    elif waits:
        print(f"rate {made.version} moves {pair} by {percent(made.move)} and waits for somebody")
        print(f"else than you: uzel rates approve {made.version} --by LOGIN")
    else:
        print(f"rate {made.version} is in force: 1 {pair.base} = {value:f} {pair.quote}")
    return WAITS if waits else DONE


def run_approve(parsed: argparse.Namespace) -> int:
    """`uzel rates approve N`."""
    from uzel.rates.change import approve

    async def work(connection: Any, by: str) -> tuple[Any, Any]:
        at = await approve(connection, parsed.version, by=by)
        return at, ("approve_rate", f"rate:{parsed.version}", {})

    at = change(parsed, work)
    if parsed.json:
        print_json({"version": parsed.version, "state": "active", "since": at})
    else:
        print(f"rate {parsed.version} is in force from {at:%Y-%m-%d %H:%M} UTC")
    return DONE


def run_refuse(parsed: argparse.Namespace) -> int:
    """`uzel rates refuse N [--reason TEXT]`."""
    from uzel.rates.change import refuse

    async def work(connection: Any, by: str) -> tuple[Any, Any]:
        await refuse(connection, parsed.version, by=by, reason=parsed.reason)
        return None, ("refuse_rate", f"rate:{parsed.version}", {"reason": parsed.reason})

    change(parsed, work)
    if parsed.json:
        print_json({"version": parsed.version, "state": "refused"})
    else:
        print(f"rate {parsed.version} is refused")
    return DONE


def run_end(parsed: argparse.Namespace) -> int:
    """`uzel rates end USD/RUB`."""
    from uzel.rates.change import end
    from uzel.rates.pair import pair_of

    pair = pair_of(parsed.pair)

    async def work(connection: Any, by: str) -> tuple[Any, Any]:
        version = await end(connection, pair, by=by)
        return version, ("end_rate", f"rate:{version}", {"pair": str(pair)})

    version = change(parsed, work)
    if parsed.json:
        print_json({"version": version, "pair": str(pair), "state": "ended"})
    else:
        print(f"nobody's rate of {pair} is in force any more; that of a bank is, if there is one")
    return DONE


def run_fetch(parsed: argparse.Namespace) -> int:
    """`uzel rates fetch [--connection ID]`."""
    from uzel.flows.bank_rates.take import BankRates
    from uzel.session import with_parts

    async def work(parts: Any) -> list[dict[str, Any]]:
        rates, reports = BankRates(parts.pool, parts.registry, parts.reach), []
        meant = [it for it in rates.banks() if parsed.connection in (None, it.id)]
        if not meant:
            raise ConfigError("there is no such bank in use; make one: uzel connection add cbr")
        for active in meant:
            told = {"connection": active.id, "bank": active.title}
            try:
                found = await rates.take_now(active)
                told |= {"state": "already running"} if found is None else found | {"state": "done"}
            except (CallFailed, ConfigError, TimeoutError) as error:
                told |= {"state": "failed", "problem": str(error) or "it took too long"}
            reports.append(told)
        return reports

    reports = with_parts(work, quiet=parsed.json)
    print_json(reports) if parsed.json else print_fetched(reports)
    states = {it["state"] for it in reports}
    return FAILED if "failed" in states else WAITS if "already running" in states else DONE


def run_history(parsed: argparse.Namespace) -> int:
    """`uzel rates history USD/RUB [--days N]`."""
    from uzel.rates.pair import pair_of
    from uzel.rates.read import history
    from uzel.session import with_parts

    pair = pair_of(parsed.pair)
    since = datetime.now(UTC) - timedelta(days=parsed.days)

    async def work(parts: Any) -> list[Any]:
        return await history(parts.pool, pair.base, pair.quote, since)

    points = with_parts(work, quiet=parsed.json)
    print_history(pair, points, as_json=parsed.json)
    return DONE


def run_limits(parsed: argparse.Namespace) -> int:
    """`uzel rates limits [--move PERCENT] …`: shows them, or changes those that are given."""
    from uzel.rates.policy import policy, set_policy

    given = {"move_percent": parsed.move, "jump_percent": parsed.jump}
    changes: dict[str, Any] = {name: it for name, it in given.items() if it is not None}
    if parsed.bank_days is not None:
        changes["bank_days"] = parsed.bank_days
    if parsed.admin_days is not None:
        changes["admin_days"] = parsed.admin_days or None
    if parsed.sources is not None:
        changes["sources"] = tuple(parsed.sources.split(","))

    async def work(connection: Any, by: str) -> tuple[Any, Any]:
        if not changes:
            return await policy(connection), None
        made = await set_policy(connection, by=by, **changes)
        return made, ("set_rate_limits", None, told_policy(made))

    made = change(parsed, work)
    print_json(told_policy(made)) if parsed.json else print_limits(made)
    return DONE


def change(
    parsed: argparse.Namespace, work: Callable[[Any, str], Awaitable[tuple[Any, Any]]]
) -> Any:
    """Do it in a transaction, and write down who did: `work` gives its result and the words of the
    audit, or None for nothing to tell.
    """
    from uzel.people.store import note
    from uzel.session import with_parts

    async def run(parts: Any) -> Any:
        async with parts.pool.acquire() as connection, connection.transaction():
            by = await who(connection, parsed.by)
            done, said = await work(connection, by)
            if said is not None:
                await note(connection, by, *said)
            return done

    return with_parts(run, quiet=parsed.json)


def days(text: str) -> int:
    """A number of days."""
    if not text.isdecimal() or not text.isascii() or not 0 < int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a number of days, 1 to {MOST_DAYS}")
    return int(text)


def days_or_never(text: str) -> int:
    """A number of days, 0 for `never`."""
    return 0 if text == "never" else days(text)


def share(text: str) -> Decimal:
    """A part in per cent: `5`, `2.5`."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,4})?", text):
        raise argparse.ArgumentTypeError("must be a number of per cent, 0 to 99")
    return Decimal(text)


def text_of(value: Any) -> str | None:
    """A decimal as it goes into JSON."""
    return None if value is None else format(value, "f")


def percent(move: Any) -> str:
    """0.0512 as `5.12 %`."""
    return f"{move * 100:.2f} %"
