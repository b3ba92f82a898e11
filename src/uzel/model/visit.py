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
    email     the guest's address as given, None if unknown
    guest     where the guest has to be asked for, in the words of the connector's `guest`
              operation; None where the visit came with its guest or nobody can tell
    part      the source's id of what makes up the visit (one of several bookings); a part that is
              called off does not call off the visit of another one. None: a visit has no parts
    regular   whether the guest has been here before, None if the source does not say
    staff     who served the guest, `service` what was done, for the text
    asked_elsewhere  True: the source itself has asked this guest for a review already
    """

    state: VisitState
    visit: str
    place: str | None = None
    phone: str | int | None = None
    name: str | None = None
    source: str | None = None
    total: str | None = None
    note: str | None = None
    email: str | None = None
    guest: str | None = None
    part: str | None = None
    regular: bool | None = None
    staff: str | None = None
    service: str | None = None
    asked_elsewhere: bool | None = None
