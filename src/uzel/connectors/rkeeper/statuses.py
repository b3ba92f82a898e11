"""Which status a body names, and what it means by a connection's settings."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from uzel.connectors.rkeeper.config import RkeeperConfig
from uzel.kit.body import label_of, text_of
from uzel.model.unmapped import Unmapped


class Meaning(StrEnum):
    """What follows from a status; a connector's `meanings` has these names."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Status:
    """A status by its name, its id, or both. Users change the name, never the id."""

    name: str | None
    id: str | None

    def unmapped(self) -> Unmapped:
        """What a person is asked about, where no setting knows this status."""
        if self.name is None:
            return Unmapped(f"id:{self.id}", f"id {self.id}")
        return Unmapped(self.name, f"{self.name} ({self.id})" if self.id else self.name)


def status_of(layers: Sequence[Mapping[str, Any]]) -> Status | None:
    """The status in the first layer that has one.

    Name and id are of the same layer: further out may stand the `ok` of an envelope, and a person
    who told what *that* means would have told it of every order.
    """
    return next((found for layer in layers if (found := _status_in(layer))), None)


def _status_in(layer: Mapping[str, Any]) -> Status | None:
    told = (
        Status(text_of(layer.get("orderStatusName")), label_of(layer.get("orderStatusId"))),
        _told_by(layer.get("orderStatus")),
        _told_by(layer.get("status")),
    )
    name = next((status.name for status in told if status.name), None)
    number = next((status.id for status in told if status.id), None)
    return Status(name, number) if name or number else None


def _told_by(value: Any) -> Status:
    """A status as a word, a number, `{id, name}` (Delivery) or `{value}` (White Server)."""
    if isinstance(value, dict):
        inner = _told_by_scalar(value.get("value"))
        return Status(
            text_of(value.get("name")) or inner.name, label_of(value.get("id")) or inner.id
        )
    return _told_by_scalar(value)


def _told_by_scalar(value: Any) -> Status:
    return Status(text_of(value), None if isinstance(value, str) else label_of(value))


def meaning_of(status: Status, config: RkeeperConfig) -> Meaning | None:
    """What the status means, None where no setting lists it.

    The id first: the defaults have none, so an id in a list was put there on purpose.
    """
    known = _meanings(
        tuple(config.completed_statuses),
        tuple(config.cancelled_statuses),
        tuple(config.ignored_statuses),
    )
    words = (normal(word) for word in (status.id, status.name) if word)
    return next((known[word] for word in words if word in known), None)


@lru_cache(maxsize=64)  # per connection, and again after each change of its settings
def _meanings(
    completed: tuple[str, ...], cancelled: tuple[str, ...], ignored: tuple[str, ...]
) -> Mapping[str, Meaning]:
    # Of a word in several lists the last counts: asking a guest whose order was called off is worse
    # than not asking.
    lists = (
        (ignored, Meaning.IGNORED),
        (completed, Meaning.COMPLETED),
        (cancelled, Meaning.CANCELLED),
    )
    return {normal(word): meaning for words, meaning in lists for word in words}


def normal(word: str) -> str:
    """A word as it is compared: `Отменён `, `отменен` and `ОТМЕНЕН` are one, `id:7` and `7` too."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("ё", "е")
    return " ".join(folded.split()).removeprefix("id:").strip()
