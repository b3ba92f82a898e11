"""What a list may be narrowed to. None: whatever."""

from dataclasses import dataclass
from datetime import datetime

from uzel.model.phone import PhoneRejected, parse_phone


@dataclass(frozen=True, slots=True)
class EventFilter:
    """text: an order number, or a subject as it is shown; phone: in any spelling; without: types
    that are left out; `since` is inclusive, `until` is not.
    """

    connector: str | None = None
    connection_id: int | None = None
    type: str | None = None
    decision: str | None = None
    reason: str | None = None
    phone: str | None = None
    text: str | None = None
    without: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RawEventFilter:
    """state: received, processed, parked."""

    state: str | None = None
    connection_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """phone: in any spelling; reason: why it is as it is, a code."""

    state: str | None = None
    reason: str | None = None
    business_id: int | None = None
    phone: str | None = None
    connection_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """state: see `CallRow`."""

    state: str | None = None
    connection_id: int | None = None
    operation: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def phone_key(text: str) -> str:
    """A phone as the database has it; a text that is none comes back as it is and finds nothing."""
    try:
        return parse_phone(text).e164
    except PhoneRejected:
        return text.strip()
