"""How much may leave. Each limit of a day is an account with what may still leave that day, so that
no two payouts fit where one does; a limit that is changed counts from the next payout on.
"""

import hashlib
from dataclasses import dataclass, fields, replace

from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import LIVE, open_account
from uzel.ledger.command import Leg, Post
from uzel.payouts import limit_store as store
from uzel.payouts.day import Day
from uzel.payouts.payout import Wish

HOUSE = "payout-limits"
DAY, PERSON_DAY = "limit_day", "limit_person_day"
PERSON_COUNT, OPERATOR_DAY = "limit_person_count", "limit_operator_day"


@dataclass(frozen=True, slots=True)
class Limits:
    """Minor units of one currency, but for `person_count`; None: no such limit.

    payout        of a single one
    person_day    what one card or phone gets a day, whatever name stands beside it
    day           what leaves through the connection a day
    person_count  how many payouts one card or phone gets a day
    operator_day  what one asker (`made_by`) may have leave a day
    """

    payout: int | None = None
    person_day: int | None = None
    day: int | None = None
    person_count: int | None = None
    operator_day: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """One limit of a day, as a payout meets it.

    amount_minor  what of it this payout takes: None for its sum; payouts are counted as minor
                  units, since the ledger knows no other number
    target, made_by  whose payouts count; both None: everybody's
    """

    code: str
    name: str
    most: int = 0
    amount_minor: int | None = None
    target: bytes | None = None
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class Levelled:
    """The account of a limit, and what brings it to where the limit is now; None: it is there."""

    code: str
    account: int
    house: int
    amount_minor: int | None
    fill: Post | None


def counted(wish: Wish, limits: Limits, day: Day) -> list[Count]:
    """The limits of a day that this payout meets. All meet them in this order, so that nobody waits
    for another in a circle.
    """
    mine, person = f"{wish.connection_id}:{day.date}", wish.target.hex()[:32]
    asker = hashlib.sha256(wish.made_by.encode()).hexdigest()[:32]
    known = (
        (limits.day, Count(DAY, f"payouts-of-day:{mine}")),
        (limits.operator_day, Count(OPERATOR_DAY, f"payouts-of-operator:{mine}:{asker}",
                                    made_by=wish.made_by)),
        (limits.person_day, Count(PERSON_DAY, f"payouts-of-person:{mine}:{person}",
                                  target=wish.target)),
        (limits.person_count, Count(PERSON_COUNT, f"payouts-counted:{mine}:{person}",
                                    amount_minor=1, target=wish.target)),
    )  # fmt: skip
    return [replace(count, most=most) for most, count in known if most is not None]


async def level(
    connection: Connection, count: Count, currency: str, wish: Wish, day: Day
) -> Levelled:
    """Open the account of a limit, or find what it lacks or has too much since the limit changed.
    To lower it below what is held or has left is refused by the ledger: then nothing fits either.
    """
    house = await open_account(connection, LIVE, HOUSE, currency)
    account = await open_account(connection, LIVE, count.name, currency, floor_minor=0)
    known = await store.level(connection, account)
    if known is None:
        left = await store.before(
            connection, wish.connection_id, day.begun_at, count.target, count.made_by
        )
        is_sum = count.amount_minor is None
        await store.open_level(connection, account, left["sum"] if is_sum else left["count"])
    fill = None
    if known is None or known["filled_minor"] != max(0, count.most - known["before_minor"]):
        fill = await difference(connection, account, house, count.most)
    return Levelled(count.code, account, house, count.amount_minor, fill)


async def difference(connection: Connection, account: int, house: int, most: int) -> Post | None:
    """What brings an account to its limit."""
    known = await store.lock_level(connection, account)
    wanted = max(0, most - known["before_minor"])
    lacks = wanted - known["filled_minor"]
    if lacks == 0:
        return None
    nth = await store.set_level(connection, account, wanted)
    legs = (Leg(account, lacks), Leg(house, -lacks))
    return Post(f"limit:{account}:{nth}", "limit", legs)


async def limits_of(connection: Connection | Pool, connection_id: int) -> Limits:
    """What may leave through a connection."""
    row = await store.rules(connection, connection_id)
    return Limits() if row is None else Limits(*row)


async def set_limits(connection: Connection, connection_id: int, limits: Limits) -> None:
    """From the next payout on."""
    values = (getattr(limits, it.name) for it in fields(limits))
    await store.set_rules(connection, connection_id, *values)
