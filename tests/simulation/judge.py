"""What may never be, by the provider's own books and by ours."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from simulation.clock import loop
from simulation.world import World
from uzel.connectors.konsol.miniature import EXECUTED, UNDONE, Payment
from uzel.payouts.payout import OPEN, State

# A request that was begun when the switch was turned may still leave.
WITHIN_S = 1.0
PAID = (State.PAID,)
VOID = (State.FAILED, State.CANCELLED, State.RETURNED)


@dataclass
class Verdict:
    """`faults`: what must not be. `turned`: payments that the provider took back without a word
    that reached us, which the daily reconciliation is for.
    """

    faults: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    turned: int = 0
    digest: str = ""


async def judge(world: World) -> Verdict:
    """After `World.play`."""
    verdict = Verdict()
    pool = world.house.console
    rows = await pool.fetch(
        "select id, public_id, external_id, mark, state, amount_minor, provider_id, ended_at, "
        "vault_id, connection_id, kind from payout where external_id = any($1) order by id",
        list(world.wishes),
    )
    theirs: defaultdict[str, list[Payment]] = defaultdict(list)
    for payment in world.house.provider.office.payments.values():
        theirs[str(payment.book()["reference"])].append(payment)
    verdict.states.update(row["state"] for row in rows)
    for row in rows:
        judge_one(verdict, world, row, theirs.pop(row["mark"], []))
    if theirs:
        verdict.faults.append(f"payments that nobody asked for: {sorted(theirs)}")
    missing = world.wishes.keys() - {row["external_id"] for row in rows} - world.refused.keys()
    if missing:
        verdict.faults.append(f"wishes without a payout: {sorted(missing)}")
    await judge_books(verdict, world, rows)
    verdict.digest = await digest_of(world, rows)
    return verdict


def judge_one(verdict: Verdict, world: World, row: Any, payments: list[Payment]) -> None:
    """One payout against the provider's payments with its mark."""
    state, name = State(row["state"]), row["external_id"]
    if state in OPEN:
        verdict.faults.append(f"stuck: {name} is {state}")
        return
    if len(payments) > 1:
        told = [it.status for it in payments]
        verdict.faults.append(f"double payment: {name} {told}")
    if row["vault_id"] is not None:
        verdict.faults.append(f"the card of {name} is still there")
    executed = any(it.status == EXECUTED for it in payments)
    live = any(it.status not in (EXECUTED, *UNDONE) for it in payments)
    if (state in PAID) == executed and not live:
        return
    if payments and turned_silently(world, row, payments[0]):
        verdict.turned += 1
        return
    kind = "wrong void" if state in VOID else "paid without a payment"
    histories = [[(f"{at:%d %H:%M:%S}", it) for at, it in one.history] for one in payments]
    verdict.faults.append(f"{kind}: {name} ({row['id']}) is {state}, theirs {histories}")


def turned_silently(world: World, row: Any, payment: Payment) -> bool:
    """Whether the provider changed its mind after we had its last word, and told us nothing."""
    ends = [at for at, status in payment.history if status in (EXECUTED, *UNDONE)]
    if len(ends) < 2:
        return False
    told = world.house.told.get(payment.id, [])
    return all(at < ends[-1] for at in told)


async def judge_books(verdict: Verdict, world: World, rows: list[Any]) -> None:
    """The ledger says what the payouts say."""
    pool, through = world.house.console, world.house.through
    paid = await pool.fetchval(
        "select coalesce(sum(amount_minor), 0)::bigint from payout "
        "where connection_id = $1 and state = 'paid'",
        through,
    )
    accounts = await pool.fetch(
        "select a.name, b.posted_minor, b.held_minor from ledger_account a "
        "join ledger_balance b on b.account_id = a.id where a.name like 'payouts%:' || $1 || '%' "
        "and (b.held_minor <> 0 or a.name = 'payouts:' || $1 or b.posted_minor < 0)",
        str(through),
    )
    for account in accounts:
        if account["held_minor"]:
            verdict.faults.append(f"{account['name']} still holds {account['held_minor']}")
        is_money = account["name"] == f"payouts:{through}"
        if is_money and account["posted_minor"] != -paid:
            verdict.faults.append(f"posted {account['posted_minor']}, paid {paid}")
        if not is_money and account["posted_minor"] < 0:
            verdict.faults.append(f"{account['name']} is exceeded")
    if await pool.fetchval("select count(*) from vault"):
        verdict.faults.append("the vault is not empty")
    for row in await pool.fetch(
        "select effect, state, detail from call where state in ('planned', 'sending', 'unknown')"
    ):
        verdict.faults.append(f"a call is left: {dict(row)}")
    for begun_at, ended_at in world.stops:
        for at, operation in world.house.asked:
            late = (at - begun_at).total_seconds() > WITHIN_S
            if operation == "create_payment" and late and (ended_at is None or at < ended_at):
                verdict.faults.append(f"a payment left at {at}, stopped since {begun_at}")


async def digest_of(world: World, rows: list[Any]) -> str:
    """Of everything that happened, in its order; the same seed, the same digest."""
    steps = await world.house.console.fetch(
        "select s.payout_id, s.at, s.number, s.state, s.made_by, s.reason from payout_step s "
        "where s.payout_id = any($1) order by s.payout_id, s.number",
        [row["id"] for row in rows],
    )
    first = min((row["id"] for row in rows), default=0)
    found = hashlib.sha256()
    for said in world.house.trace:
        found.update(repr(said).encode())
    for step in steps:
        found.update(repr((step[0] - first, step[1] - loop().start, *tuple(step)[2:])).encode())
    return found.hexdigest()[:16]
