"""From a wish to what is sent: the ways a guest can be reached, each with its text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from uzel.connections.registry import Active, Registry
from uzel.errors import ConfigError
from uzel.flows.review_requests.settings import Business, Place, Text
from uzel.kit.public_address import leads_inside
from uzel.messages.draft import Letter, Way, taken_by
from uzel.messages.template import check_length, render
from uzel.model.rules import Hop
from uzel.model.sms_text import count_segments

# SMS first: WhatsApp is blocked in Russia and not everybody has an address.
DEFAULT_ROUTE = (Hop(channel="sms"), Hop(channel="whatsapp"), Hop(channel="email"))
RUSSIA = "RU"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is to be reached, and by what.

    phone        E.164; `region` its country
    unreachable  channels that do not lead to this guest at present
    windows      connections to which the guest wrote within a day
    """

    phone: str | None
    region: str | None = None
    email: str | None = None
    unreachable: frozenset[str] = frozenset()
    windows: frozenset[int] = frozenset()

    @property
    def word(self) -> str:
        """What the guest is known by."""
        return self.phone or self.email or ""


@dataclass(frozen=True, slots=True)
class Request:
    """What to say: the purpose of the text and the values of its variables."""

    purpose: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """letters: the ways in order; ways: all that were thought of, the closed ones too."""

    letters: Sequence[Letter]
    ways: Sequence[Way]

    @property
    def refusal(self) -> str:
        """Why there is no letter: `link_inside`, `text_too_long`, `no_phone`, `no_channel`,
        `no_template`.
        """
        reasons = [way.closed for way in self.ways]
        order = ("link_inside", "text_too_long", "no_phone", "no_channel", "no_template")
        return next((reason for reason in order if reason in reasons), "no_channel")


def route_for(
    registry: Registry, business: Business, place: Place, guest: Guest, request: Request
) -> Route:
    """By which ways this guest can be reached, and why not by the others."""
    letters: list[Letter] = []
    ways: list[Way] = []
    for hop in business.rules.route or DEFAULT_ROUTE:
        made = letter_for(registry, business, place, guest, request, hop)
        if isinstance(made, Letter):
            letters.append(made)
            ways.append(Way(hop.channel))
        elif made is not None:
            ways.append(Way(hop.channel, made))
    return Route(letters, ways)


def leads_nowhere(request: Request, active: Active) -> bool:
    """Whether the link is of no use to who gets it: it leads to this machine or its network, and
    the provider is outside. A sandbox beside us takes anything.
    """
    link = request.values.get("link")
    theirs = str(getattr(active.config, "base_url", ""))
    return bool(link) and leads_inside(str(link)) and not leads_inside(theirs)


def letter_for(
    registry: Registry,
    business: Business,
    place: Place,
    guest: Guest,
    request: Request,
    hop: Hop,
) -> Letter | str | None:
    """One way; the reason why it is closed; None where this business does not use it."""
    text = business.text(request.purpose, hop.channel, place, guest.word)
    if text is None and hop.channel != "sms" and not business.rules.route:
        return None
    address = address_for(business, guest, hop.channel)
    if address is None:
        return letter_lacks(guest, hop.channel)
    if text is None:
        return "no_template"
    via = next(connections_for(registry, business.id, hop, text, guest), None)
    if via is None or leads_nowhere(request, via[0]):
        return "no_channel" if via is None else "link_inside"
    active, channel = via
    operation = active.connector.channels[channel].operation
    body = render(text.body, request.values)
    if hop.channel == "sms":
        try:
            check_length(body)
        except ConfigError:
            return "text_too_long"
    rate = business.rules.rate(hop.channel, guest.region)
    parts = count_segments(body).segments if hop.channel == "sms" else 1
    return Letter(
        channel=hop.channel,
        connection_id=active.id,
        operation=operation,
        arguments=arguments_for(channel, address, body, text, request),
        address=address,
        body=body,
        subject=render(text.subject, request.values) if text.subject else None,
        template_id=text.id,
        wait_s=hop.wait_s,
        estimate_minor=None if rate is None else rate * parts,
        currency=business.rules.currency if rate is not None else None,
        takes=taken_by(active.connector.operations[operation]),
    )


def letter_lacks(guest: Guest, channel: str) -> str:
    """Why this channel finds the guest nowhere."""
    if channel == "email":
        return "no_email"
    if guest.phone is None:
        return "no_phone"
    return "unreachable" if channel in guest.unreachable else "whatsapp_russia"


def address_for(business: Business, guest: Guest, channel: str) -> str | None:
    """Where this channel finds the guest; None where it does not, or must not."""
    if channel == "email":
        return guest.email
    if channel == "whatsapp":
        shut = guest.region == RUSSIA and not business.rules.whatsapp_russia
        return None if shut or channel in guest.unreachable else guest.phone
    return guest.phone


def connections_for(
    registry: Registry, business_id: int, hop: Hop, text: Text, guest: Guest
) -> Iterator[tuple[Active, str]]:
    """(connection, its channel) by which this hop can go. A paused connection counts: its messages
    wait; one that a person switched off does not.
    """
    for active in registry.all():
        if active.business_id != business_id or active.state == "off":
            continue
        if hop.connection_id not in (None, active.id):
            continue
        for channel in channels_of(hop, text, guest, active):
            if offers(active, channel):
                yield active, channel


def channels_of(hop: Hop, text: Text, guest: Guest, active: Active) -> Sequence[str]:
    """WhatsApp carries free text only to who wrote within a day, to others approved templates."""
    if hop.channel != "whatsapp":
        return [hop.channel]
    if text.approved:
        return ["whatsapp_template"]
    return ["whatsapp"] if active.id in guest.windows else []


def offers(active: Active, channel: str) -> bool:
    """Whether a connection has this channel, and it is switched on."""
    found = active.connector.channels.get(channel)
    if found is None:
        return False
    return found.needs is None or bool(getattr(active.config, found.needs, False))


def arguments_for(
    channel: str, address: str, body: str, text: Text, request: Request
) -> dict[str, object]:
    """The arguments of the operation; see Connector.channels."""
    if channel == "email":
        stop_url = f"{request.values['link']}/stop" if request.values.get("link") else None
        return {
            "to": address,
            "subject": render(text.subject or "{place}", request.values),
            "text": body,
            "html": html_of(body, request.values.get("link")),
            "unsubscribe_url": stop_url,
        }
    if channel == "whatsapp_template":
        approved = text.approved or {}
        return {
            "phone": address,
            "template": approved["name"],
            "language": approved.get("language", "ru"),
            "parameters": [
                request.values.get(n, "") or "—" for n in approved.get("parameters", [])
            ],
            "buttons": [request.values.get(n, "") for n in approved.get("buttons", [])],
        }
    return {"phone": address, "text": body}


def html_of(body: str, link: str | None) -> str:
    """A text as a plain page: paragraphs, and the link to click."""
    shown = escape(body)
    if link:
        shown = shown.replace(escape(link), f'<a href="{escape(link)}">{escape(link)}</a>')
    paragraphs = "".join(f"<p>{part}</p>" for part in shown.split("\n\n"))
    return f'<!doctype html><html lang="ru"><body>{paragraphs}</body></html>'
