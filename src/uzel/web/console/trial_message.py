"""*Send me a test message*: a real one through one connection, by the way every message goes."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from uzel.connections.registry import Active
from uzel.connector import Channel
from uzel.flows.review_requests.letters import html_of, offers
from uzel.flows.review_requests.settings import load
from uzel.kit.database import Connection
from uzel.messages.draft import Draft, Letter
from uzel.messages.send import plan_messages
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.people.store import note
from uzel.views import provider_store
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.reasons import REASONS
from uzel.web.console.typed import EMAIL

PURPOSE, ACTION = "test", "test_message"
TEXT = "Проверка: Узел отправляет через {name}."
SUBJECT = "Проверка Узла"
EMAIL_CHANNEL, WHATSAPP, TEMPLATE = "email", "whatsapp", "whatsapp_template"
# Every account at Meta has this one from the beginning.
SAMPLE_TEMPLATE = ("hello_world", "en_US")
NAMES = {
    "sms": "SMS",
    WHATSAPP: m("WhatsApp, свободный текст"),
    TEMPLATE: m("WhatsApp, шаблон"),
    EMAIL_CHANNEL: m("письмо"),
}
CLICK = re.compile(r"[A-Za-z0-9_-]{16,64}")
TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class Trial:
    """The form. channels: those that are on, code → name; click: makes what is sent twice by one
    press one message.
    """

    channels: Mapping[str, str]
    channel: str
    address: str
    template: str
    language: str
    click: str

    @classmethod
    def of(cls, desk: Desk, active: Active, wrong: Mapping[str, str] | None) -> "Trial":
        """The form for this connection, with what was typed if something is wrong with it."""
        channels = {code: NAMES[code] for code in NAMES if code in channels_on(active)}
        typed = desk.form if wrong else {}
        first = next(iter(channels), "")
        first = TEMPLATE if first == WHATSAPP and TEMPLATE in channels else first
        return cls(
            channels,
            typed.get("channel", first),
            typed.get("address", ""),
            typed.get("template", SAMPLE_TEMPLATE[0]),
            typed.get("language", SAMPLE_TEMPLATE[1]),
            secrets.token_urlsafe(16),
        )


def channels_on(active: Active) -> dict[str, Channel]:
    """The channels of a connection that are switched on."""
    known = active.connector.channels
    return {name: channel for name, channel in known.items() if offers(active, name)}


def refusal_of(desk: Desk, active: Active) -> Markup:
    """Why nothing can be sent through this connection now; empty where it can."""
    spoken = desk.language
    if active.state == "off":
        return spoken.text(
            "Подключение выключено. Включите его, и сообщение можно будет отправить."
        )
    if active.config is None:
        return spoken.text("Настройки подключения не читаются.")
    if active.state != "active":
        return spoken.text("Подключение на паузе: сообщение ждало бы в очереди.")
    if not channels_on(active):
        return spoken.text("Отправка через это подключение выключена в его настройках.")
    return Markup()


async def send(desk: Desk, active: Active) -> dict[str, str]:
    """Plan the message the form asks for; field → what is wrong with it, and nothing is planned."""
    form, wrong = desk.form, dict[str, str]()
    channel, click = form.get("channel", ""), form.get("click", "")
    if refusal := refusal_of(desk, active):
        return {"": refusal}
    if channel not in channels_on(active):
        wrong["channel"] = desk.language.text("Выберите одно из списка.")
    address, region = address_of(desk, channel, form.get("address", "").strip(), wrong)
    if channel == TEMPLATE:
        check_template(desk, form, wrong)
    if CLICK.fullmatch(click) is None:
        wrong[""] = desk.language.text("Форма устарела: отправьте её ещё раз.")
    if wrong:
        return wrong
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        letter = await letter_of(connection, desk, active, channel, address, region)
        ids = await plan_messages(connection, [draft_of(active, letter, click)])
        for message_id in ids:
            subject, said = f"connection:{active.id}", {"message": message_id}
            await note(connection, desk.person.login, ACTION, subject, said)
    return {}


def address_of(
    desk: Desk, channel: str, text: str, wrong: dict[str, str]
) -> tuple[str, str | None]:
    """(address, country of a phone); what cannot be one is noted in `wrong`."""
    if channel == EMAIL_CHANNEL:
        if EMAIL.fullmatch(text) is None:
            wrong["address"] = desk.language.text("Это не e-mail.")
        return text.casefold(), None
    try:
        phone = parse_phone(text)
    except PhoneRejected as error:
        known = REASONS.get(error.reason)
        wrong["address"] = desk.language.text(known.text if known else m("Это не телефон."))
        return "", None
    return phone.e164, phone.region


def check_template(desk: Desk, form: Mapping[str, str], wrong: dict[str, str]) -> None:
    """The name and the language of an approved template."""
    if TEMPLATE_NAME.fullmatch(form.get("template", "")) is None:
        wrong["template"] = desk.language.text("Имя шаблона: строчная латиница, цифры и _.")
    if LANGUAGE.fullmatch(form.get("language", "")) is None:
        wrong["language"] = desk.language.text("Язык вида ru или en_US.")


async def letter_of(
    connection: Connection,
    desk: Desk,
    active: Active,
    channel: str,
    address: str,
    region: str | None,
) -> Letter:
    """The message as this connection sends it."""
    rules = (await load(connection, [active.business_id]))[active.business_id].rules
    body = TEXT.format(name=active.connector.title)
    kind = WHATSAPP if channel == TEMPLATE else channel
    template, language = desk.form.get("template", ""), desk.form.get("language", "")
    rate = rules.rate(kind, region)
    return Letter(
        channel=kind,
        connection_id=active.id,
        operation=active.connector.channels[channel].operation,
        arguments=arguments_of(channel, address, body, template, language),
        address=address,
        body=template if channel == TEMPLATE else body,
        subject=SUBJECT if channel == EMAIL_CHANNEL else None,
        estimate_minor=rate,
        currency=None if rate is None else rules.currency,
    )


def arguments_of(
    channel: str, address: str, body: str, template: str, language: str
) -> dict[str, Any]:
    """The arguments of the operation; see Connector.channels."""
    if channel == EMAIL_CHANNEL:
        html = html_of(body, None)
        return {"to": address, "subject": SUBJECT, "text": body, "html": html}
    if channel == TEMPLATE:
        names = {"template": template, "language": language}
        return {"phone": address, **names, "parameters": [], "buttons": []}
    return {"phone": address, "text": body}


def draft_of(active: Active, letter: Letter, click: str) -> Draft:
    """One press, one message."""
    return Draft(
        business_id=active.business_id,
        purpose=PURPOSE,
        origin=f"{PURPOSE}:{active.id}:{click}",
        letters=[letter],
        phone=None if letter.channel == EMAIL_CHANNEL else letter.address,
    )


async def sent_message(desk: Desk, active: Active) -> Any:
    """The last test message through this connection (see provider_store.message_of), or None."""
    act = await provider_store.last_act(desk.deps.pool, f"connection:{active.id}", ACTION)
    if act is None:
        return None
    return await provider_store.message_of(desk.deps.pool, act["detail"]["message"])
