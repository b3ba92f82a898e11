"""The money of payouts in the ledger: the sum itself and each limit are holds of one transaction,
so that no two payouts fit where one does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from uzel.errors import LedgerError
from uzel.kit.database import Connection
from uzel.ledger.accounts import LIVE, open_account
from uzel.ledger.command import Command, End, Hold, How, Leg, Post
from uzel.ledger.judge import opposite
from uzel.ledger.post import post
from uzel.payouts.payout import Effect, Refused, Wish

SPENT, LIMITS = "payouts-paid", "payout-limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """Minor units of one currency; None: no such limit.

    payout      of a single one
    person_day  what one card or phone gets a day, whatever name stands beside it
    day         what leaves through the connection a day
    """

    payout: int | None = None
    person_day: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, and what is posted when it is taken."""

    hold: int
    account: int
    house: int

    def legs(self, amount_minor: int) -> tuple[Leg, ...]:
        return Leg(self.account, -amount_minor), Leg(self.house, amount_minor)


async def reserve(
    connection: Connection, public_id: str, wish: Wish, limits: Limits, day: date
) -> list[Held]:
    """Hold the sum and its share of each limit, all or nothing. Raises Refused; then whatever was
    held is given back with the caller's transaction.
    """
    if limits.payout is not None and wish.amount_minor > limits.payout:
        raise Refused("limit_payout", "more than a single payout may be", limit=limits.payout)
    currency = wish.currency
    funds = await open_account(connection, LIVE, f"payouts:{wish.connection_id}", currency)
    paid = await open_account(connection, LIVE, SPENT, currency)
    asked = [("funds", funds, paid)]
    counted = (
        ("limit_day", f"payouts-day:{wish.connection_id}:{day}", limits.day),
        (
            "limit_person_day",
            f"payouts-person:{wish.connection_id}:{wish.target.hex()[:32]}:{day}",
            limits.person_day,
        ),
    )
    for code, name, most in counted:
        if most is not None:
            asked.append((code, *await limit_account(connection, name, currency, most)))
    verdicts = await post(
        connection,
        [
            Hold(f"payout:{public_id}:{code}", "payout", account, wish.amount_minor)
            for code, account, _ in asked
        ],
    )
    for (code, *_), verdict in zip(asked, verdicts, strict=True):
        if not verdict.is_done:
            left = verdict.standing.available_minor if verdict.standing else 0
            raise Refused(code, f"more than is left today: {left} minor units", left=left)
    return [
        Held(number_of(verdict.number), account, house)
        for (_, account, house), verdict in zip(asked, verdicts, strict=True)
    ]


async def limit_account(
    connection: Connection, name: str, currency: str, most: int
) -> tuple[int, int]:
    """(an account with what may still leave today, where it comes from). A limit that was changed
    during the day counts from the next one on.
    """
    house = await open_account(connection, LIVE, LIMITS, currency)
    account = await open_account(connection, LIVE, name, currency, floor_minor=0)
    fill = Post(f"limit:{account}", "limit", (Leg(house, -most), Leg(account, most)))
    (verdict,) = await post(connection, [fill])
    if not verdict.is_done and verdict.refused != "conflict":
        raise LedgerError(f"a limit cannot be set: {verdict.refused}")
    return account, house


async def settle(
    connection: Connection,
    public_id: str,
    held: Sequence[Held],
    amount_minor: int,
    effect: Effect,
    made_by: str,
) -> None:
    """What a step does to the money. What was returned frees no limit: it did leave that day."""
    if effect is Effect.NOTHING:
        return
    commands: list[Command] = []
    for place, it in enumerate(held):
        origin, legs = f"payout:{public_id}:{place}", it.legs(amount_minor)
        entry = Post(f"{origin}:paid", "payout", legs, made_by)
        if effect is Effect.TAKE:
            commands.append(End(it.hold, How.POSTED, entry, made_by))
        elif effect is Effect.FREE:
            commands.append(End(it.hold, How.RELEASED, None, made_by))
        elif place == 0:
            after = Post(f"{origin}:after_all", "payout", legs, made_by)
            back = Post(f"{origin}:back", "payout_back", opposite(legs), made_by)
            commands.append(after if effect is Effect.TAKE_AFTER else back)
    for verdict in await post(connection, commands):
        if not verdict.is_done:
            raise LedgerError(f"the money of {public_id} is not where it was: {verdict.refused}")


def number_of(number: int | None) -> int:
    assert number is not None
    return number


def written(held: Sequence[Held]) -> list[dict[str, Any]]:
    """As a payout's row keeps them."""
    return [{"hold": it.hold, "account": it.account, "house": it.house} for it in held]


def read(kept: Sequence[Any]) -> list[Held]:
    """What `written` wrote."""
    return [Held(it["hold"], it["account"], it["house"]) for it in kept]
