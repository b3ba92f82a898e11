"""Money that people move: what one may do alone, and what a second person has to approve.

All of this is called in a transaction of the caller's, whose end makes it real.
"""

from decimal import Decimal
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import LIVE, open_account, set_floor, standing
from uzel.ledger.command import Leg, No, Post, Standing
from uzel.ledger.post import post
from uzel.model.currency import minor
from uzel.partners import proposal_store as store
from uzel.partners.wish import (
    ADDING_UP,
    HOUSES,
    USUAL_LIMIT,
    Kind,
    Made,
    MoneyRefused,
    Rehearsed,
    State,
    Why,
    Wish,
    check,
    checked_reason,
    subject_of,
    wish_of,
)
from uzel.people.store import note
from uzel.rates.change import is_same_person, login_of


async def limit_of(connection: Connection | Pool) -> int:
    """What one person may move alone for a partner within a day, in whole units."""
    found = await store.limit(connection)
    return USUAL_LIMIT if found is None else found


async def ask(connection: Connection, wish: Wish) -> Made:
    """Do it, or have it wait for a second person where it is too much for one. Raises MoneyRefused:
    AMOUNT, REASON, FUNDS, CONFLICT (another wish had this key).
    """
    check(wish)
    await store.lock(connection, wish.partner_id)
    known = await store.by_origin(connection, wish.origin)
    if known is not None:
        if known["amount_minor"] != wish.amount_minor:
            raise MoneyRefused(Why.CONFLICT, "another amount was moved under this key")
        return Made(known["id"], State(known["state"]), known["entry_id"], repeated=True)
    weight = await weight_of(connection, wish)
    alone = await is_for_one(connection, wish, weight)
    entry, repeated = await do(connection, wish) if alone else (None, False)
    state = State.DONE if alone else State.WAITING
    number = await store.add(
        connection,
        partner_id=wish.partner_id,
        kind=wish.kind,
        amount_minor=wish.amount_minor,
        weight_minor=weight,
        reason=wish.reason,
        origin=wish.origin,
        state=state,
        by=wish.by,
        entry_id=entry,
    )
    if not repeated:
        said = {"amount_minor": wish.amount_minor, "reason": wish.reason, "proposal": number}
        more = {"entry": entry} if alone else {"kind": wish.kind}
        act = wish.kind if alone else "propose"
        await note(connection, wish.by, act, subject_of(wish.partner_id), said | more)
    return Made(number, state, entry, repeated)


async def approve(connection: Connection, number: int, *, by: str) -> Made:
    """Have it done, by the word of an administrator who did not make it. Raises MoneyRefused:
    UNKNOWN, DECIDED, SAME_PERSON, NO_ADMIN, FUNDS.
    """
    row = await waiting_one(connection, number)
    await demand_second(connection, row, by)
    wish = wish_of(row)
    entry, _ = await do(connection, wish, approved_by=by)
    await store.decide(connection, number, State.APPROVED, by, None, entry)
    said = {"proposal": number, "kind": wish.kind, "amount_minor": wish.amount_minor}
    await note(connection, by, "approve", subject_of(wish.partner_id), {**said, "entry": entry})
    return Made(number, State.APPROVED, entry)


async def reject(connection: Connection, number: int, *, by: str, reason: str) -> Made:
    """Have it never done. Raises MoneyRefused: UNKNOWN, DECIDED, SAME_PERSON, NO_ADMIN, REASON."""
    row = await waiting_one(connection, number)
    await demand_second(connection, row, by)
    return await end(connection, row, State.REJECTED, "reject", by, reason)


async def withdraw(connection: Connection, number: int, *, by: str, reason: str = "") -> Made:
    """Take back what one has proposed oneself. Raises MoneyRefused: UNKNOWN, DECIDED, NOT_YOURS."""
    row = await waiting_one(connection, number)
    if not is_same_person(row["proposed_by"], by):
        owner = login_of(row["proposed_by"])
        said = (
            f"{owner} has made it, and nobody else can take it back; an administrator of the "
            f"console can reject it: uzel partner reject {number} --reason WHY --by LOGIN"
        )
        raise MoneyRefused(Why.NOT_YOURS, said)
    return await end(connection, row, State.WITHDRAWN, "withdraw", by, reason or "withdrawn")


async def end(
    connection: Connection, row: Any, state: State, act: str, by: str, reason: str
) -> Made:
    """Without doing it."""
    reason = checked_reason(reason)
    await store.decide(connection, row["id"], state, by, reason)
    said = {"proposal": row["id"], "kind": row["kind"], "reason": reason}
    await note(connection, by, act, subject_of(row["partner_id"]), said)
    return Made(row["id"], state)


class Undone(Exception):
    """Takes back what was only tried."""


async def rehearse(pool: Pool, wish: Wish) -> Rehearsed:
    """What `ask` would do, by doing it in a transaction that is taken back. Raises MoneyRefused."""
    found: Rehearsed | None = None
    try:
        async with pool.acquire() as connection, connection.transaction():
            before = await standing_of(connection, wish)
            made = await ask(connection, wish)
            if made.state is State.WAITING:
                await do(connection, wish)
            found = Rehearsed(made.state, before, await standing_of(connection, wish))
            raise Undone
    except Undone:
        assert found is not None
    return found


async def standing_of(connection: Connection, wish: Wish) -> Standing:
    found = await standing(connection, wish.partner["account_id"])
    assert found is not None
    return found


async def do(
    connection: Connection, wish: Wish, approved_by: str | None = None
) -> tuple[int | None, bool]:
    """(the entry, whether it was there before). Raises MoneyRefused: FUNDS, CONFLICT."""
    if wish.kind is Kind.MONEY_LIMIT:
        return None, False
    account = wish.partner["account_id"]
    if wish.kind is Kind.CREDIT_LIMIT:
        if not await set_floor(connection, account, -wish.amount_minor):
            raise MoneyRefused(Why.FUNDS, "the balance is lower than that already")
        return None, False
    house = await open_account(connection, LIVE, HOUSES[wish.kind], wish.partner["currency"])
    legs = (Leg(account, wish.amount_minor), Leg(house, -wish.amount_minor))
    details = None if approved_by is None else {"approved_by": approved_by}
    entry = Post(wish.origin, wish.kind, legs, wish.by, wish.reason, details=details)
    (verdict,) = await post(connection, [entry])
    if verdict.refused is No.FUNDS:
        raise MoneyRefused(Why.FUNDS, "the balance has less than that available")
    if verdict.refused is No.CONFLICT:
        raise MoneyRefused(Why.CONFLICT, "another amount was moved under this key")
    if verdict.refused is not None:
        raise MoneyRefused(Why.AMOUNT, f"the ledger refuses: {verdict.refused}")
    return verdict.number, verdict.repeated


async def weight_of(connection: Connection, wish: Wish) -> int:
    """What counts towards the limit: the amount, or by how much a limit is raised."""
    if wish.kind is Kind.MONEY_LIMIT:
        return max(0, wish.amount_minor - await limit_of(connection))
    if wish.kind is Kind.CREDIT_LIMIT:
        floor = (await standing_of(connection, wish)).floor_minor or 0
        return max(0, wish.amount_minor + floor)
    return abs(wish.amount_minor)


async def is_for_one(connection: Connection, wish: Wish, weight: int) -> bool:
    """Whether one person may do it: with what was moved alone within a day it stays in the limit.
    Whoever could raise the limit alone would have none.
    """
    if wish.kind is Kind.MONEY_LIMIT or weight == 0:
        return weight == 0
    limit = minor(Decimal(await limit_of(connection)), wish.partner["currency"])
    before = await store.alone(connection, wish.partner["id"], ADDING_UP)
    return before + weight <= limit


async def waiting_one(connection: Connection, number: int) -> Any:
    """A proposal that waits, with its partner's money locked."""
    row = await store.one(connection, number)
    if row is None:
        raise MoneyRefused(Why.UNKNOWN, f"there is no proposal {number}")
    if row["state"] == State.DONE:
        said = f"№ {number} is no proposal: one person was enough for it, and it was done at once"
        raise MoneyRefused(Why.UNKNOWN, said)
    await store.lock(connection, row["partner_id"])
    row = await store.one(connection, number)
    if row["state"] != State.WAITING:
        by = f" by {login_of(row['decided_by'])}" if row["decided_by"] else ""
        raise MoneyRefused(Why.DECIDED, f"proposal {number} is {row['state']}{by} already")
    return row


async def demand_second(connection: Connection, row: Any, by: str) -> None:
    """Raises MoneyRefused; the database would refuse it, too."""
    if is_same_person(row["proposed_by"], by):
        said = f"{login_of(by)} has made it; somebody else has to decide"
        raise MoneyRefused(Why.SAME_PERSON, said)
    if not await store.is_known(connection, by, as_admin=True):
        raise MoneyRefused(Why.NO_ADMIN, f"{login_of(by)} is no administrator of the console")
