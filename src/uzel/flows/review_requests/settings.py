"""What a business set up for asking: its rules, places and texts."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from uzel.flows.review_requests import settings_store as store
from uzel.kit.database import Connection
from uzel.model.rules import Rules, rules_at


@dataclass(frozen=True, slots=True)
class Text:
    """A template in use; see the table."""

    id: int
    purpose: str
    channel: str
    place_id: int | None
    variant: str
    weight: int
    body: str
    subject: str | None
    approved: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Place:
    """A place, and the rules that hold there."""

    id: int
    name: str
    zone: ZoneInfo
    rules: Rules


@dataclass(frozen=True, slots=True)
class Business:
    """A business as the flow sees it.

    places  reference in a source (`4564`, or `yclients:4564` for one connector alone) → the place;
            None → the one for all that is not listed
    """

    id: int
    rules: Rules
    places: Mapping[str | None, Place]
    texts: Sequence[Text]

    def place(self, connector: str, reference: str | None) -> Place | None:
        """The place a source means."""
        if reference is not None:
            for name in (f"{connector}:{reference}", reference):
                if name in self.places:
                    return self.places[name]
        return self.places.get(None)

    def text(self, purpose: str, channel: str, place: Place, guest: str) -> Text | None:
        """The text for this guest: of the place's own ones, or else of the business's. The same
        guest gets the same variant for ever.
        """
        fitting = [
            text
            for text in self.texts
            if (text.purpose, text.channel) == (purpose, channel) and text.weight > 0
        ]
        own = [text for text in fitting if text.place_id == place.id]
        offered = own or [text for text in fitting if text.place_id is None]
        return pick(sorted(offered, key=lambda text: text.variant), f"{self.id}:{guest}")


def pick(texts: Sequence[Text], word: str) -> Text | None:
    """One of the texts, by weight; the word decides, always in the same way."""
    total = sum(text.weight for text in texts)
    if not total:
        return None
    draw = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big") % total
    for text in texts:
        draw -= text.weight
        if draw < 0:
            return text
    raise AssertionError


class Settings:
    """Businesses, read anew when anything about them has changed: that is asked each time, which is
    one question instead of three, and little to read.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Business]] = {}

    async def of(self, connection: Connection, business_ids: Sequence[int]) -> dict[int, Business]:
        """The businesses, by id."""
        ids = sorted(set(business_ids))
        versions = await store.versions(connection, ids)
        old = [i for i in ids if i not in self._known or self._known[i][0] != versions[i]]
        for number, business in (await load(connection, old) if old else {}).items():
            self._known[number] = (versions[number], business)
        return {number: self._known[number][1] for number in ids}


async def load(connection: Connection, business_ids: Sequence[int]) -> dict[int, Business]:
    """The businesses, by id."""
    ids = sorted(set(business_ids))
    texts = await store.texts(connection, ids)
    places = await store.places(connection, ids)
    return {
        business["id"]: Business(
            business["id"],
            rules_at(business["rules"], None),
            by_reference([row for row in places if row["business_id"] == business["id"]]),
            [text_of(row) for row in texts if row["business_id"] == business["id"]],
        )
        for business in await store.businesses(connection, ids)
    }


def by_reference(rows: Sequence[Any]) -> dict[str | None, Place]:
    """Places by each of their references; the column lists them with spaces or commas between."""
    found: dict[str | None, Place] = {}
    for row in rows:
        place = Place(
            row["id"],
            row["name"],
            ZoneInfo(row["zone"]),
            rules_at(row["business_rules"], row["place_rules"]),
        )
        references: list[str | None] = [*references_of(row["source_ref"])] or [None]
        for reference in references:
            found.setdefault(reference, place)
    return found


def references_of(listed: str | None) -> list[str]:
    """The references in a place's column."""
    return (listed or "").replace(",", " ").split()


def text_of(row: Any) -> Text:
    """A row of store.texts."""
    return Text(
        row["id"],
        row["purpose"],
        row["channel"],
        row["place_id"],
        row["variant"],
        row["weight"],
        row["body"],
        row["subject"],
        row["approved"],
    )
