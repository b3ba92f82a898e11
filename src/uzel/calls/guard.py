"""The last look before a call leaves: whether its reason still holds.

A call may wait for hours, for its time, for a limit or for a provider that is down; what was right
when it was planned need not be right any more. So whoever planned it is asked once more after the
call was taken over and before its first byte leaves.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from uzel.kit.database import Connection


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a call may not leave now. `until` None: it may not leave at all."""

    reason: str
    until: datetime | None = None


Guard = Callable[[Connection, Sequence[str]], Awaitable[Mapping[str, Hold]]]


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
