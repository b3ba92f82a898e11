"""Status words nobody has explained, and what would follow if somebody did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from uzel.connections.registry import Active, Registry
from uzel.connector import Config, Element, Received
from uzel.errors import PayloadInvalid
from uzel.events.event import Decision, Event
from uzel.flows.review_requests.flow import ReviewRequests
from uzel.kit.database import Connection, Pool
from uzel.model.unmapped import Unmapped
from uzel.views import mapping_store as store

# Requests a trial looks at.
MOST_TRIED = 500
COMPLETED, CANCELLED = "visit.completed", "visit.cancelled"


@dataclass(frozen=True, slots=True)
class Word:
    """A status word of a connection. orders: that came with it; raw_events: the requests they came
    in; newest_id: an event with it; explained: the settings know it by now, and only these events
    are from before.
    """

    word: str
    label: str
    orders: int
    raw_events: int
    newest_id: int
    newest_at: datetime
    explained: bool


@dataclass(slots=True)
class Trial:
    """What would follow from an explanation.

    tried    orders that were tried, of the newest requests; `more`: there are older ones
    decided  `request`, `pending` (the source is asked for the guest), `cancel` → how many
    reasons  why nothing would follow from the others → how many
    busy     the rows were in use; nothing can be said now
    """

    tried: int = 0
    more: bool = False
    decided: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    busy: bool = False


class Undone(Exception):
    """Ends a trial: nothing of it stays."""


async def words_of(pool: Pool, active: Active) -> list[Word]:
    """The words of a connection, the newest first."""
    found = []
    for row in await store.words(pool, active.id):
        places = await store.places(pool, [row["newest_raw_id"]], row["word"])
        readings = [reading(active, place) for place in places]
        explained = bool(readings) and not any(is_unknown(e) for e in readings)
        found.append(
            Word(
                row["word"],
                row["label"] or row["word"],
                row["orders"],
                row["raw_events"],
                row["newest_id"],
                row["newest_at"],
                explained,
            )
        )
    return found


def explained_as(
    settings: Mapping[str, Any], active: Active, word: str, meaning: str
) -> dict[str, list[str]]:
    """Setting → the words it lists once this one means that. `settings` as they are stored; what is
    left out there has its default.
    """
    lists: dict[str, list[str]] = {}
    for kind, name in active.connector.meanings.items():
        default = active.connector.config.model_fields[name].get_default() or ()
        listed = [item for item in settings.get(name, default) if item != word]
        lists[name] = [*listed, word] if kind == meaning else listed
    return lists


def with_words(active: Active, lists: Mapping[str, Sequence[str]]) -> Active:
    """The connection as if these were its settings."""
    assert isinstance(active.config, Config)
    changed = {name: tuple(words) for name, words in lists.items()}
    return replace(active, config=active.config.model_copy(update=changed))


async def try_out(pool: Pool, registry: Registry, url: str, active: Active, word: str) -> Trial:
    """What would follow from the orders with a word at a connection whose settings explain it.
    Decided by the flow itself, with the memory of now, in a transaction that is undone.
    """
    ids = await store.raw_ids(pool, active.id, word, MOST_TRIED + 1)
    places = await store.places(pool, ids[:MOST_TRIED], word)
    trial = Trial(len(places), len(ids) > MOST_TRIED)
    events = [event_of(active, place) for place in places]
    async with pool.acquire() as connection:
        try:
            async with connection.transaction():
                await store.wait_briefly(connection)
                decisions = await decide(connection, ReviewRequests(registry, url), events)
                raise Undone
        except Undone:
            for decision in decisions:
                count(trial, decision)
        except asyncpg.LockNotAvailableError:
            trial.busy = True
    return trial


async def decide(
    connection: Connection, flow: ReviewRequests, events: Sequence[Event]
) -> list[Decision]:
    """What the flow says of the events that are for it, and why the others are not."""
    decisions = [
        Decision(event.id, "skip", event.element.reason or "event_type")
        for event in events
        if event.element.reason is not None or event.element.type not in (COMPLETED, CANCELLED)
    ]
    meant = [event for event in events if event.element.reason is None]
    if completed := once_each([e for e in meant if e.element.type == COMPLETED]):
        decisions += await flow.on_completed(connection, completed)
    if cancelled := [e for e in meant if e.element.type == CANCELLED]:
        decisions += await flow.on_cancelled(connection, cancelled)
    return decisions


def once_each(events: Sequence[Event]) -> list[Event]:
    """The first event with each key: the others would be its duplicates."""
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.element.key or f"event:{event.id}", event)
    return list(first.values())


def count(trial: Trial, decision: Decision) -> None:
    """One more order."""
    if decision.decision == "skip":
        trial.reasons[decision.reason or ""] += 1
    else:
        trial.decided[decision.decision] += 1


def event_of(active: Active, place: Any) -> Event:
    """The event as it would be read now: a row of store.places."""
    element = reading(active, place) or Element("unknown.received", reason="malformed")
    request_id = f"raw-{place['raw_event_id']}"
    return Event(place["id"], active, element, place["received_at"], request_id)


def reading(active: Active, place: Any) -> Element | None:
    """The element that stood there, by the settings of `active`; None if it cannot be read."""
    webhook = active.connector.webhook
    if webhook is None or active.config is None:
        return None
    received = Received(
        place["body"], orjson.loads(place["headers"]), place["query"], place["received_at"]
    )
    try:
        elements = webhook.parse(received, active.config)
    except PayloadInvalid:
        return None
    return elements[place["position"]] if place["position"] < len(elements) else None


def is_unknown(element: Element | None) -> bool:
    """Whether nobody has said what its status means."""
    return element is None or isinstance(element.data, Unmapped)
