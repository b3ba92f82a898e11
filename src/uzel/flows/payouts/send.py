"""A payout is sent, taken back, asked after: what is planned next, in a caller's transaction."""

from typing import Any

from uzel.calls import store as calls_store
from uzel.calls.plan import plan
from uzel.errors import ConfigError
from uzel.flows.payouts import asks
from uzel.flows.payouts.asks import Effect
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.payouts import begin as intents
from uzel.payouts import payout_store as store
from uzel.payouts.begin import Begun
from uzel.payouts.limits import Limits
from uzel.payouts.payout import State, Wish
from uzel.payouts.steps import move


async def begin(connection: Connection, ring: KeyRing, wish: Wish, limits: Limits) -> Begun:
    """Take a payout in and have it sent; see `payouts.begin`."""
    begun = await intents.begin(connection, ring, wish, limits)
    if not begun.repeated:
        row = await store.lock(connection, begun.id)
        await go_on(connection, row)
    return begun


async def go_on(connection: Connection, row: Any) -> None:
    """Send it; or first have its person made known to the provider, once for all their payouts."""
    payee = await store.lock_payee(connection, row["payee_id"])
    if payee["reference"] is not None or payee["phone"] is None:
        await send(connection, row, payee)
    elif not payee["asking"]:
        await ask_person(connection, payee)


async def ask_person(connection: Connection, payee: Any) -> None:
    nth = await store.ask_payee(connection, payee["id"])
    await plan(connection, [asks.ask_person(payee, nth)])


async def send(connection: Connection, row: Any, payee: Any) -> None:
    """Plan the one call that moves money."""
    nth = await store.next_send(connection, row["id"])
    await plan(connection, [asks.ask_send(row, payee, nth)])


async def ask_after(
    connection: Connection, row: Any, provider_id: str, *, now: bool = False
) -> None:
    """Plan a look at what became of it."""
    nth = await store.next_look(connection, row["id"])
    await plan(connection, [asks.ask_after(row, provider_id, nth, now=now)])


async def cancel(connection: Connection, name: str, made_by: str, reason: str) -> Any:
    """Take back a payout that has not been sent; its row. Raises ConfigError where it has, or may
    have.
    """
    found = await store.find(connection, name)
    if found is None:
        raise ConfigError(f"there is no payout {name}")
    row = await store.lock(connection, found["id"])
    if State(row["state"]) is not State.WAITING:
        raise ConfigError(f"{row['public_id']} is {row['state']}: only what waits is taken back")
    if row["sent"]:
        effect = str(Effect(asks.SEND, row["id"], row["sent"]))
        taken = await calls_store.cancel(connection, [effect], reason, doubtful=True)
        if taken.get(effect) != "cancelled":
            raise ConfigError(f"{row['public_id']} is just being sent: what comes of it is awaited")
    await move(connection, row, State.CANCELLED, made_by=made_by, reason=reason)
    return await store.lock(connection, row["id"])
