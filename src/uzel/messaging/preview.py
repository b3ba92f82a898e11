"""What would be sent, without sending it."""

from dataclasses import dataclass

from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError
from uzel.kit.database import Connection
from uzel.messages import route_store, stop_store
from uzel.messages.draft import Letter
from uzel.messages.guard import refuses
from uzel.messages.stop_list import BOUNCE, address_of
from uzel.messaging.asking import asked
from uzel.messaging.content import WHATSAPP, Content
from uzel.messaging.outcome import HELD
from uzel.model.rules import Rules, Sending
from uzel.model.sms_text import count_segments

RUSSIA = "RU"
PRICE = "sms_cost"


@dataclass(frozen=True, slots=True)
class Preview:
    """A message that was not sent.

    segments    parts that an SMS is billed by; None for other channels
    cost_minor  what it would cost, in minor units of `currency`: as the provider says, else by the
                rate card; None if neither does
    held        why it would not go out, None if it would
    notes       what may keep it from arriving
    """

    channel: str
    connection: str
    address: str
    body: str
    subject: str | None = None
    encoding: str | None = None
    segments: int | None = None
    cost_minor: int | None = None
    currency: str | None = None
    held: str | None = None
    notes: tuple[str, ...] = ()


async def preview(
    reach: Reach,
    connection: Connection,
    active: Active,
    content: Content,
    letter: Letter,
    rules: Rules,
    purpose: str,
) -> Preview:
    """Asks the provider for nothing but the price."""
    size = count_segments(content.body) if letter.channel == "sms" else None
    cost, currency = await price(reach, active, letter)
    return Preview(
        channel=content.channel,
        connection=active.title,
        address=content.address,
        body=content.body,
        subject=content.subject,
        encoding=size.encoding if size else None,
        segments=size.segments if size else None,
        cost_minor=cost,
        currency=currency,
        held=await held(connection, active.business_id, content, rules, purpose),
        notes=tuple(await notes_on(connection, active, content)),
    )


async def price(reach: Reach, active: Active, letter: Letter) -> tuple[int | None, str | None]:
    """(minor units, currency). That a provider does not tell is no reason not to send."""
    operation = active.connector.operations.get(PRICE) if letter.channel == "sms" else None
    if operation is not None:
        try:
            answer = await asked(reach, active, operation, letter.arguments)
        except (CallFailed, ConfigError):
            return letter.estimate_minor, letter.currency
        if answer.cost_minor is not None:
            return answer.cost_minor, answer.currency
    return letter.estimate_minor, letter.currency


async def held(
    connection: Connection, business_id: int, content: Content, rules: Rules, purpose: str
) -> str | None:
    """What the guard would say now; but for the budget, since asking for it spends it."""
    stopped = await stop_store.listed_pairs(connection, [(business_id, content.address)])
    for reason in stopped.values():
        if reason == BOUNCE or refuses(reason, purpose):
            return HELD.get(reason, HELD["stopped"])
    if rules.sending is Sending.RECORD:
        return HELD["recorded_only"]
    listed = content.address in map(address_of, rules.allowed)
    return HELD["not_on_allow_list"] if rules.sending is Sending.ALLOW_LIST and not listed else None


async def notes_on(connection: Connection, active: Active, content: Content) -> list[str]:
    """What may keep a WhatsApp message from arriving although it will be accepted."""
    found = []
    if content.channel == WHATSAPP:
        window = (active.id, content.address)
        if window not in await route_store.open_windows(connection, [content.address]):
            found.append("no message from this person within a day: free text will not arrive")
    if content.phone and content.channel != "sms" and content.region == RUSSIA:
        found.append("WhatsApp is blocked in Russia")
    return found
