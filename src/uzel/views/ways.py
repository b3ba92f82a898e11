"""What became of every way by which a message could have gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from uzel.kit.database import Pool
from uzel.views import ways_store as store
from uzel.views.rows import MessageRow


@dataclass(frozen=True, slots=True)
class Way:
    """One further way of a route.

    fate        taken (by the message `message_id`), next (takes over if the one before fails, or
                stays without a receipt until `at`), closed (`reason` is why it was none for this
                guest), arrived (not needed), unknown (the one before may have arrived), withdrawn
                and ended (what ended the route, `reason` is why)
    """

    channel: str
    fate: str
    message_id: int | None = None
    reason: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The further ways of the message `message_id`, in order; ran_out: all of them were of no
    use, and nothing else is tried.
    """

    message_id: int
    ways: tuple[Way, ...]
    ran_out: bool


async def routes_of(pool: Pool, messages: Iterable[MessageRow]) -> list[Route]:
    """The routes of these messages that have more than one way, the oldest first."""
    origins = sorted({message.origin.partition("#")[0] for message in messages})
    rows = await store.chains(pool, origins) if origins else []
    chains = (list(found) for _, found in groupby(rows, key=lambda row: row["first"]))
    known = [chain for chain in chains if chain[0]["hop"] == 0 and chain[0]["route"]]
    return sorted(map(route_of, known), key=lambda route: route.message_id)


def route_of(chain: Sequence[Any]) -> Route:
    """Rows of store.chains that stand in for each other, in order."""
    first, last = chain[0], chain[-1]
    found: list[Way] = []
    hop = 0
    for way in first["route"]["ways"]:
        if way["closed"] is not None:
            found.append(Way(way["channel"], "closed", reason=way["closed"]))
            continue
        if 0 < hop < len(chain):
            found.append(Way(way["channel"], "taken", chain[hop]["id"]))
        elif hop >= len(chain):
            found.append(left(way["channel"], last))
        hop += 1
    ran_out = last["state"] == "failed" and not last["more"]
    return Route(first["id"], tuple(found), ran_out)


def left(channel: str, last: Any) -> Way:
    """A way that nobody has gone, by what became of the message before it."""
    if last["more"] and last["state"] in ("planned", "accepted"):
        return Way(channel, "next", at=last["escalate_at"])
    if last["state"] in ("accepted", "delivered"):
        return Way(channel, "arrived")
    fate = {"unknown": "unknown", "cancelled": "withdrawn"}.get(last["state"], "ended")
    return Way(channel, fate, reason=last["state_reason"])
