"""The last look before a call leaves: whether its reason still holds.

A call may wait for hours, for its time, for a limit or for a provider that is down; what was right
when it was planned need not be right any more. So whoever planned it is asked once more after the
call was taken over and before its first byte leaves.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from uzel.errors import Unavailable
from uzel.kit.database import PASSING, Connection, Pool
from uzel.kit.http_transport import Look


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a call may not leave now. `until` None: it may not leave at all."""

    reason: str
    until: datetime | None = None


Guard = Callable[[Connection, Sequence[str]], Awaitable[Mapping[str, Hold]]]


@dataclass(frozen=True, slots=True)
class Strict:
    """A guard that is asked again right before the first byte of each request, which may be seconds
    after the call was taken over: it may wait for its slot, and for a connection.
    """

    guard: Guard

    async def __call__(self, connection: Connection, effects: Sequence[str]) -> Mapping[str, Hold]:
        return await self.guard(connection, effects)


class HeldBack(Exception):
    """The call may not leave after all; nothing of it did."""

    def __init__(self, hold: Hold) -> None:
        super().__init__(hold.reason)
        self.hold = hold


async def held_back_by(
    guards: Mapping[str, Guard], connection: Connection, effects: Sequence[str]
) -> dict[str, Hold]:
    """Effect → why it may not leave. `guards`: first part of an effect (`message` of `message:17`)
    → who is asked about such calls; the others leave unasked.
    """
    held: dict[str, Hold] = {}
    for kind, guard in guards.items():
        if mine := [effect for effect in effects if effect.partition(":")[0] == kind]:
            held |= await guard(connection, mine)
    return held


def last_look(guards: Mapping[str, Guard], pool: Pool, effect: str) -> Look | None:
    """What is to be asked right before the request of this call leaves; None: nothing."""
    guard = guards.get(effect.partition(":")[0])
    if not isinstance(guard, Strict):
        return None

    async def look() -> None:
        try:
            async with pool.acquire() as connection:
                held = await guard(connection, [effect])
        except PASSING as error:
            raise Unavailable(f"the last look was not possible: {type(error).__name__}") from error
        if effect in held:
            raise HeldBack(held[effect])

    return look
