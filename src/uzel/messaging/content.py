"""What is to be sent to whom, checked before anything is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uzel.errors import ConfigError
from uzel.kit.body import storable
from uzel.messages.stop_list import address_of
from uzel.messages.template import check_length
from uzel.model.phone import Phone, PhoneRejected, parse_phone

SMS, WHATSAPP, TEMPLATE, EMAIL = "sms", "whatsapp", "whatsapp_template", "email"
LONGEST_WHATSAPP = 4096  # Meta, Cloud API: text.body
LONGEST_SUBJECT = 998  # RFC 5322, 2.1.1
LONGEST_LETTER = 1_000_000
REFUSED = {
    "no_phone": "there is no number",
    "phone_invalid": "that is no phone number",
    "phone_fake": "such a number is typed to fill a field",
    "phone_extension": "an extension cannot be texted",
    "phone_landline": "that is a landline",
    "phone_not_mobile": "nobody carries a phone with such a number",
}


@dataclass(frozen=True, slots=True)
class Content:
    """A message without its way.

    channel    as `Connector.channels` names it
    address    E.164, or an e-mail address
    arguments  of the operation, whoever the provider is; see `Connector.channels`
    body       the text, for people who look it up
    region     country of the phone
    """

    channel: str
    address: str
    arguments: Mapping[str, Any]
    body: str
    subject: str | None = None
    region: str | None = None

    @property
    def phone(self) -> str | None:
        """The address, unless it is a mailbox."""
        return None if self.channel == EMAIL else self.address


def sms(phone: str, text: str) -> Content:
    """A text message. Raises ConfigError."""
    text = written(text)
    check_length(text)
    return to_phone(SMS, phone, {"text": text}, text)


def whatsapp(phone: str, text: str) -> Content:
    """Free text, which WhatsApp delivers to who wrote within a day. Raises ConfigError."""
    text = written(text)
    limit("the text", text, LONGEST_WHATSAPP)
    return to_phone(WHATSAPP, phone, {"text": text}, text)


def whatsapp_template(
    phone: str,
    template: str,
    language: str = "ru",
    components: Sequence[Mapping[str, Any]] = (),
    parameters: Sequence[object] = (),
    buttons: Sequence[object] = (),
) -> Content:
    """An approved template. parameters: texts for {{1}}, {{2}}, … of its body; buttons: what each
    button with a variable gets, the end of its link; components: Meta's own `components` instead of
    both. Raises ConfigError.
    """
    if components and (parameters or buttons):
        raise ConfigError("give parameters and buttons of a template or its components, not both")
    if not all(isinstance(part, Mapping) for part in components):
        raise ConfigError("components are a list of objects, as Meta has them")
    values = [storable(str(value)) for value in parameters]
    arguments: dict[str, Any] = {
        "template": written(template),
        "language": written(language),
        "parameters": values,
        "buttons": [storable(str(value)) for value in buttons],
    }
    if components:
        arguments["components"] = [dict(part) for part in components]
    told = ", ".join(values or [str(part) for part in arguments.get("components", ())])
    body = f"{template} ({language})" + (f": {told}" if told else "")
    return to_phone(TEMPLATE, phone, arguments, body)


def email(to: str, subject: str, html: str | None = None, text: str | None = None) -> Content:
    """A letter to one mailbox, with a text, an HTML page, or both. Raises ConfigError."""
    address = address_of(to) if "@" in to else None
    if address is None or not all(address.rpartition("@")) or not address.isprintable():
        raise ConfigError(f"no e-mail can be sent to {to!r}: an address is name@host")
    subject = " ".join(storable(subject).split())
    if not subject:
        raise ConfigError("the subject is empty")
    limit("the subject", subject, LONGEST_SUBJECT)
    given = {"text": storable(text or ""), "html": storable(html or "")}
    bodies = {name: body for name, body in given.items() if body.strip()}
    if not bodies:
        raise ConfigError("the letter is empty: give it a text, HTML, or both")
    for name, body in bodies.items():
        limit(name, body, LONGEST_LETTER)
    shown = bodies.get("text") or bodies["html"]
    return Content(EMAIL, address, {"to": address, "subject": subject, **bodies}, shown, subject)


def to_phone(channel: str, phone: str, arguments: Mapping[str, Any], body: str) -> Content:
    """Raises ConfigError for what is no number of a mobile phone."""
    parsed = read_phone(phone)
    every = {"phone": parsed.e164, **arguments}
    return Content(channel, parsed.e164, every, body, region=parsed.region)


def read_phone(phone: str) -> Phone:
    """Raises ConfigError in words."""
    try:
        return parse_phone(phone)
    except PhoneRejected as refusal:
        raise ConfigError(f"nothing can be sent to {phone!r}: {REFUSED[refusal.reason]}") from None


def written(text: str) -> str:
    """A text as the database and providers take it. Raises ConfigError for an empty one."""
    if not (text := storable(text)).strip():
        raise ConfigError("the text is empty")
    return text


def limit(what: str, text: str, longest: int) -> None:
    """Raises ConfigError."""
    if len(text) > longest:
        raise ConfigError(f"{what} has {len(text)} characters; {longest} are the most")
