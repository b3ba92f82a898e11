"""A message as it is wanted: to whom, why, and by which ways in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from uzel.connector import Operation
from uzel.model.sms_text import count_segments

FILLED_IN = ("reference", "lifetime_s")


@dataclass(frozen=True, slots=True)
class Letter:
    """One way a message may go.

    channel         `sms`, `whatsapp` or `email`
    operation       of the connection's connector, with its `arguments` but for those in `takes`
    takes           which of `reference` and `lifetime_s` (see Operation) are to be filled in
    address         E.164 or an e-mail address
    body            the text, for people who look it up
    wait_s          without a receipt for so long the next letter takes over; None: only a failure
                    makes it do so
    estimate_minor  what it will cost, by the rate card, in minor units of `currency`
    """

    channel: str
    connection_id: int
    operation: str
    arguments: Mapping[str, Any]
    address: str
    body: str
    subject: str | None = None
    template_id: int | None = None
    wait_s: int | None = None
    estimate_minor: int | None = None
    currency: str | None = None
    takes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a route; closed: why it is none for this person, a code, None where it is."""

    channel: str
    closed: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message somebody wants sent.

    origin     why it is sent (`review_request:17`); the same origin never makes two messages
    letters    the ways, the first one first; at least one
    route      all ways that were thought of, in order: those of the letters and the closed ones
    phone      of the person, None if only an e-mail address is known
    due_at     not before; None: now. `not_after`: not later; None: whenever
    polite     keeps to the hours in which people may be disturbed, as its place or business says
    """

    business_id: int
    purpose: str
    origin: str
    letters: Sequence[Letter]
    phone: str | None = None
    event_id: int | None = None
    place_id: int | None = None
    request_id: str | None = None
    due_at: datetime | None = None
    not_after: datetime | None = None
    polite: bool = False
    route: Sequence[Way] = ()


def pack(letters: Sequence[Letter]) -> dict[str, Any] | None:
    """Letters as they are kept until their turn; None where there are none. An object, since a
    column of several rows would take lists for one array of two dimensions.
    """
    return {"letters": [asdict(letter) for letter in letters]} if letters else None


def pack_route(ways: Sequence[Way]) -> dict[str, Any] | None:
    """A route as it is kept with the first message of its chain; None where it says no more than
    the message itself.
    """
    return {"ways": [asdict(way) for way in ways]} if len(ways) > 1 else None


def unpack(kept: Mapping[str, Any]) -> list[Letter]:
    """What `pack` packed."""
    return [Letter(**item) for item in kept["letters"]]


def taken_by(operation: Operation) -> list[str]:
    """The arguments of an operation that only the message knows."""
    return [name for name in FILLED_IN if name in operation.arguments]


def size_of(letter: Letter) -> tuple[str, int]:
    """(encoding, parts) as the message list shows them; parts are what an SMS is billed by."""
    counted = count_segments(letter.body)
    return counted.encoding, counted.segments if letter.channel == "sms" else 1
