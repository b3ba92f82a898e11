"""What stands in the way of asking about a visit, as far as it and the settings tell."""

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from uzel.connections.registry import Registry
from uzel.events.event import Decision, Event
from uzel.flows.review_requests.judge import SKIP, guest_phone
from uzel.flows.review_requests.letters import Guest, Request, Route, route_for
from uzel.flows.review_requests.settings import Business, Place
from uzel.messages.stop_list import address_of
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.rules import Guests, Rules
from uzel.model.visit import Visit

PURPOSE = "review_request"
# 59 bits: nobody guesses one of a million links in a lifetime.
CODE_LETTERS = string.ascii_letters + string.digits
CODE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What our memory says of the people concerned.

    stopped      (business, address) on a stop-list
    consented    (business, address) → how consent was given
    unreachable  (channel, address); `windows`: (connection, address), see `letters.Guest`
    been_here    (business, phone) of who was here before
    bounced      (business, e-mail address) that does not exist
    """

    stopped: frozenset[tuple[int, str]] = frozenset()
    consented: Mapping[tuple[int, str], str] | None = None
    unreachable: frozenset[tuple[str, str]] = frozenset()
    windows: frozenset[tuple[int, str]] = frozenset()
    been_here: frozenset[tuple[int, str]] = frozenset()
    bounced: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """A visit somebody could be asked about.

    phone, email  of the guest; at least one is there
    code          the word in the link
    due_at        when to ask; None: at once. `not_after`: when it is too late, None: never
    """

    event: Event
    visit: Visit
    business: Business
    place: Place
    phone: str | None
    email: str | None
    code: str
    route: Route
    due_at: datetime | None
    not_after: datetime | None
    consent: str | None

    @property
    def contact(self) -> str:
        """What the guest is known by."""
        return self.phone or self.email or ""


def contact_of(visit: Visit) -> tuple[str | None, str | None, str | None]:
    """(phone in E.164, its country, e-mail address) of the guest, as far as they can be used."""
    email = address_of(visit.email) if visit.email and "@" in visit.email else None
    try:
        phone = parse_phone(visit.phone)
    except PhoneRejected:
        return None, None, email
    return phone.e164, phone.region, email


def wish_for(
    registry: Registry, event: Event, visit: Visit, business: Business, known: Known, url: str
) -> Wish | Decision:
    """The wish, or why there is none. `url`: where our pages are."""
    phone, region, email = contact_of(visit)
    if email is not None and (business.id, email) in known.bounced:
        email = None
    place = business.place(event.connection.connector.name, visit.place)
    refusal = contact_refusal(event, visit, phone, email)
    if refusal is not None:
        return refusal
    if place is None:
        return Decision(event.id, SKIP, "place_unknown")
    contacts = [contact for contact in (phone, email) if contact]
    now = datetime.now(UTC)
    due_at, not_after = times(event, place, now)
    reason = unwanted(visit, place.rules, contacts) or (
        "too_late" if not_after is not None and not_after < (due_at or now) else None
    )
    consent = None
    if reason is None:
        reason, consent = forbidden(business.id, place.rules, contacts, visit, known)
    if reason is not None:
        return Decision(event.id, SKIP, reason)
    guest = guest_of(phone, region, email, known)
    code = new_code()
    route = route_for(
        registry, business, place, guest, Request(PURPOSE, values_of(visit, place, url, code))
    )
    if not route.letters:
        return Decision(event.id, SKIP, route.refusal)
    return Wish(
        event=event,
        visit=visit,
        business=business,
        place=place,
        phone=phone,
        email=email,
        code=code,
        route=route,
        due_at=due_at,
        not_after=not_after,
        consent=consent,
    )


def contact_refusal(
    event: Event, visit: Visit, phone: str | None, email: str | None
) -> Decision | None:
    """Why nobody can be reached: what is wrong with the phone."""
    if phone is None and email is None:
        return Decision(event.id, SKIP, guest_phone(visit)[1])
    return None


def unwanted(visit: Visit, rules: Rules, contacts: Sequence[str]) -> str | None:
    """Why the business does not want this guest asked."""
    if set(contacts) & {address_of(number) for number in rules.never}:
        return "staff_or_test"
    if visit.asked_elsewhere:
        return "asked_elsewhere"
    if visit.source and visit.source.casefold() in {s.casefold() for s in rules.skip_sources}:
        return "source_skipped"
    if rules.minimum is not None and visit.total is not None:
        try:
            return "below_minimum" if Decimal(visit.total) < rules.minimum else None
        except InvalidOperation:
            return None
    return None


def forbidden(
    business_id: int, rules: Rules, contacts: Sequence[str], visit: Visit, known: Known
) -> tuple[str | None, str | None]:
    """(why this guest must not be asked, how they consented)."""
    pairs = [(business_id, contact) for contact in contacts]
    if any(pair in known.stopped for pair in pairs):
        return "stopped", None
    consented = known.consented or {}
    consent = next((consented[pair] for pair in pairs if pair in consented), None)
    if consent is None and rules.require_consent:
        return "no_consent", None
    if rules.guests is not Guests.ALL:
        regular = visit.regular
        if regular is None:
            regular = any(pair in known.been_here for pair in pairs)
        if regular is not (rules.guests is Guests.REGULAR):
            return "guest_regular" if regular else "guest_new", None
    return None, consent or rules.attested


def times(event: Event, place: Place, now: datetime) -> tuple[datetime | None, datetime | None]:
    """(when to ask, None for at once; until when)."""
    visited_at = event.element.occurred_at or event.received_at
    return times_of(visited_at, event.connection.connector.name, place.rules, place.zone, now)


def times_of(
    visited_at: datetime, connector: str, rules: Rules, zone: ZoneInfo, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """The same for a visit that this source told of."""
    # A clock that is ahead must not put a request off.
    meant = min(visited_at, now) + rules.delay(connector)
    due_at = rules.hours.next_open(max(meant, now), zone)
    not_after = None
    if rules.expires_after_s is not None:
        not_after = rules.hours.next_open(meant, zone) + timedelta(seconds=rules.expires_after_s)
    return (due_at if due_at > now else None), not_after


def guest_of(phone: str | None, region: str | None, email: str | None, known: Known) -> Guest:
    """The guest as letters see them."""
    return Guest(
        phone,
        region,
        email,
        frozenset(channel for channel, address in known.unreachable if address == phone),
        frozenset(connection for connection, address in known.windows if address == phone),
    )


def values_of(visit: Visit, place: Place, url: str, code: str) -> dict[str, str]:
    """What the variables of a text stand for."""
    return {
        "place": place.name,
        "link": f"{url}/r/{code}",
        "code": code,
        "name": visit.name or "",
        "staff": visit.staff or "",
        "service": visit.service or "",
    }


def new_code() -> str:
    """A word nobody can guess."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
