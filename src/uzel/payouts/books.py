"""The money of payouts in the ledger: the sum itself and each limit are holds of one transaction,
so that no two payouts fit where one does.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from uzel.errors import LedgerError
from uzel.kit.database import Connection
from uzel.ledger.accounts import LIVE, open_account
from uzel.ledger.command import Command, End, Hold, How, Leg, Post, Verdict
from uzel.ledger.judge import opposite
from uzel.ledger.post import post
from uzel.payouts.day import Day
from uzel.payouts.limits import PERSON_COUNT, Levelled, Limits, counted, level
from uzel.payouts.payout import Effect, Refused, Wish

SPENT = "payouts-paid"


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, and what is posted when it is taken. `amount_minor`: where it is not the payout's."""

    hold: int
    account: int
    house: int
    amount_minor: int | None = None

    def legs(self, amount_minor: int) -> tuple[Leg, ...]:
        moved = amount_minor if self.amount_minor is None else self.amount_minor
        return Leg(self.account, -moved), Leg(self.house, moved)


async def reserve(
    connection: Connection, public_id: str, wish: Wish, limits: Limits, day: Day
) -> list[Held]:
    """Hold the sum and its share of each limit, all or nothing. Raises Refused; then whatever was
    held is given back with the caller's transaction.
    """
    if limits.payout is not None and wish.amount_minor > limits.payout:
        raise Refused("limit_payout", "more than a single payout may be", limit=limits.payout)
    currency = wish.currency
    funds = await open_account(connection, LIVE, f"payouts:{wish.connection_id}", currency)
    paid = await open_account(connection, LIVE, SPENT, currency)
    levelled = [
        await level(connection, it, currency, wish, day) for it in counted(wish, limits, day)
    ]
    holds = [("funds", Held(0, funds, paid)), *((it.code, share(it)) for it in levelled)]
    fills = [(it.code, it.fill) for it in levelled if it.fill is not None]
    # All at once, so that the accounts are locked in one order.
    verdicts = await post(
        connection,
        [
            *(fill for _, fill in fills),
            *(hold_of(public_id, code, it, wish.amount_minor) for code, it in holds),
        ],
    )
    for place, ((code, _), verdict) in enumerate(zip([*fills, *holds], verdicts, strict=True)):
        if not verdict.is_done:
            raise over(code, verdict, lowered=place < len(fills))
    return [
        replace(it, hold=number_of(verdict.number))
        for (_, it), verdict in zip(holds, verdicts[len(fills) :], strict=True)
    ]


def share(levelled: Levelled) -> Held:
    return Held(0, levelled.account, levelled.house, levelled.amount_minor)


def hold_of(public_id: str, code: str, held: Held, amount_minor: int) -> Hold:
    mine = amount_minor if held.amount_minor is None else held.amount_minor
    return Hold(f"payout:{public_id}:{code}", "payout", held.account, mine)


def over(code: str, verdict: Verdict, *, lowered: bool) -> Refused:
    """A limit that has no room; `lowered`: below what is held or has left today."""
    standing = verdict.standing
    left = max(0, standing.available_minor) if standing and not lowered else 0
    unit = "payouts" if code == PERSON_COUNT else "minor units"
    return Refused(code, f"more than is left today: {left} {unit}", left=left)


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
    return [{name: value for name, value in asdict(it).items() if value is not None} for it in held]


def read(kept: Sequence[Any]) -> list[Held]:
    """What `written` wrote."""
    return [Held(**it) for it in kept]
