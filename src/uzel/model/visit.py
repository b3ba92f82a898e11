"""A visit: somebody came, ate, was served; or was meant to and did not."""

from dataclasses import dataclass
from enum import StrEnum


class VisitState(StrEnum):
    """What the source says of the visit at the time of the event."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as its source reports it.

    visit     the source's own id of the visit, unique within the connection
    place     the source's id of the place (iiko: organizationId), None if it does not say
    phone     as it came: text, a JSON number or None; `uzel.model.phone` judges it
    name      the guest's name as given, None if unknown
    source    where the order came from (`yandex_food`), None if the place itself
    total     sum of the order as decimal text, None if unknown
    note      why a visit was called off, in a word: `cancelled`, `deleted`; else None
    """

    state: VisitState
    visit: str
    place: str | None = None
    phone: str | int | None = None
    name: str | None = None
    source: str | None = None
    total: str | None = None
    note: str | None = None
