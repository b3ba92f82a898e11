"""What we may ask of Meta's WhatsApp Cloud API (Graph API, JSON, Bearer token).

A 200 to a send means accepted, not sent: what became of it comes by webhook only. Meta knows no key
against doubles, and whether ordinary apps may read `message_history` is not confirmed, so a lost
answer stays unknown until a status with our own `biz_opaque_callback_data` tells.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import httpx2

from uzel.connector import Answer
from uzel.connectors.meta.api import Content, call
from uzel.connectors.meta.config import WARN_BEFORE_DAYS, MetaConfig, days_left
from uzel.errors import ConfigError, ContractBroken, OutcomeUnknown, Rejected
from uzel.kit.body import at, label_of, storable, text_of

LONGEST_REFERENCE = 64
LONGEST_WAMID = 250
TEMPLATES_PER_PAGE = 100
MOST_PAGES = 20
NUMBER_FIELDS = (
    *("display_phone_number", "verified_name", "quality_rating", "status", "platform_type"),
    *("throughput", "whatsapp_business_manager_messaging_limit"),
)
TEMPLATE_FIELDS = ("name", "language", "status", "category", "message_send_ttl_seconds")
PLACEHOLDER = re.compile(r"\{\{\s*([0-9A-Za-z_]+)\s*\}\}")

Arguments = Mapping[str, Any]


async def send_whatsapp(
    http: httpx2.AsyncClient, config: MetaConfig, arguments: Arguments
) -> Answer:
    """Write `text` (at most 4096 characters) to `phone` (E.164). Meta delivers it only within a day
    of the person's last message; after that the send is accepted and then fails with 131047.

    Answer: as of `send`. Raises every CallFailed but ContractBroken.
    """
    text = {"preview_url": False, "body": arguments["text"]}
    return await send(http, config, arguments, {"type": "text", "text": text})


async def send_whatsapp_template(
    http: httpx2.AsyncClient, config: MetaConfig, arguments: Arguments
) -> Answer:
    """Write the approved `template` in `language` (`ru`) to `phone` (E.164).

    parameters  texts for the body's {{1}}, {{2}}, … in order
    buttons     what each button with a variable gets, by its place: a text is the end of the
                address of a link; {"type": "quick_reply", "payload": …} the payload of a reply;
                None or an empty text a button without a variable
    components  Meta's own `components`, sent as they are instead of the two above

    Answer: as of `send`. Raises every CallFailed but ContractBroken.
    """
    template: Content = {
        "name": arguments["template"],
        "language": {"code": arguments["language"]},
    }
    if parts := arguments.get("components") or components(arguments):
        template["components"] = parts
    return await send(http, config, arguments, {"type": "template", "template": template})


async def send(
    http: httpx2.AsyncClient, config: MetaConfig, arguments: Arguments, message: Content
) -> Answer:
    """Answer: reference = wamid, data {"wa_id", "status"}. `wa_id` is WhatsApp's id of the person,
    which may differ from the phone; `status` is Meta's `message_status`, where it gives one.
    """
    body: Content = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": arguments["phone"],
        **message,
    }
    if reference := arguments.get("reference"):
        body["biz_opaque_callback_data"] = str(reference)[:LONGEST_REFERENCE]
    content = await call(
        http, config, "POST", f"{config.phone_number_id}/messages", effect=True, body=body
    )
    sent, contact = first(content.get("messages")), first(content.get("contacts"))
    wamid = sent.get("id")
    if not isinstance(wamid, str) or not 0 < len(wamid) <= LONGEST_WAMID:
        raise OutcomeUnknown("WhatsApp: в ответе нет номера сообщения")
    wa_id, status = text_of(contact.get("wa_id")), text_of(sent.get("message_status"))
    return Answer(reference=wamid, data={"wa_id": wa_id, "status": status})


async def mark_read(http: httpx2.AsyncClient, config: MetaConfig, arguments: Arguments) -> Answer:
    """Show the person that the message `message_id` (wamid) and those before it were read; with
    `typing` also that an answer is being written.
    """
    body: Content = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": arguments["message_id"],
    }
    if arguments.get("typing"):
        body["typing_indicator"] = {"type": "text"}
    await call(http, config, "POST", f"{config.phone_number_id}/messages", effect=True, body=body)
    return Answer()


async def phone_number(
    http: httpx2.AsyncClient, config: MetaConfig, arguments: Arguments
) -> Answer:
    """What Meta says of our number. Answer: data {"display_phone_number", "verified_name",
    "quality_rating", "status", "platform_type", "throughput", "messaging_limit", "warning"}, each
    may be None. Raises ConfigError for a version of the API that has ended.
    """
    warning = version_warning(config.version, datetime.now(UTC).date())
    path = f"{config.phone_number_id}?fields={','.join(NUMBER_FIELDS)}"
    content = await call(http, config, "GET", path)
    if not isinstance(content.get("id"), str):
        raise ContractBroken("WhatsApp: в ответе о номере нет id")
    *names, limit = NUMBER_FIELDS
    said = {name: text_of(content.get(name)) for name in names}
    said["throughput"] = text_of(at(content, "throughput", "level"))
    limit_text = label_of(content.get(limit))
    return Answer(data={**said, "messaging_limit": limit_text, "warning": warning})


async def templates(http: httpx2.AsyncClient, config: MetaConfig, arguments: Arguments) -> Answer:
    """The account's templates. Answer: data {"templates": [{"name", "language", "status",
    "category", "message_send_ttl_seconds", "body", "parameters"}]}, where `parameters` counts the
    variables of the body. Raises Rejected without `business_account_id`.
    """
    if config.business_account_id is None:
        raise Rejected("WhatsApp: впишите WhatsApp Business Account ID", code="business_account_id")
    path = f"{config.business_account_id}/message_templates?limit={TEMPLATES_PER_PAGE}"
    path += f"&fields={','.join((*TEMPLATE_FIELDS, 'components'))}"
    found: list[Content] = []
    after = ""
    for _ in range(MOST_PAGES):
        content = await call(http, config, "GET", path + after)
        listed = content.get("data")
        if not isinstance(listed, list):
            raise ContractBroken("WhatsApp: в ответе нет списка шаблонов")
        found += [template_of(entry) for entry in listed if isinstance(entry, dict)]
        cursor = at(content, "paging", "cursors", "after")
        if not at(content, "paging", "next") or not isinstance(cursor, str):
            break
        after = f"&after={quote(cursor, safe='')}"
    return Answer(data={"templates": found})


def components(arguments: Arguments) -> list[Content]:
    """Meta's components of `parameters` and `buttons`."""
    found: list[Content] = []
    if parameters := arguments.get("parameters"):
        texts = [{"type": "text", "text": one_line(text)} for text in parameters]
        found.append({"type": "body", "parameters": texts})
    found += [
        button(index, given)
        for index, given in enumerate(arguments.get("buttons") or ())
        if given not in (None, "")
    ]
    return found


def button(index: int, given: Any) -> Content:
    """The component of the button at `index` (the first is 0, and Meta wants it as text)."""
    if not isinstance(given, Mapping):
        given = {"type": "url", "text": given}
    match given:
        case {"type": "url", "text": text}:
            parameter = {"type": "text", "text": one_line(text)}
        case {"type": "quick_reply", "payload": payload}:
            parameter = {"type": "payload", "payload": str(payload)}
        case _:
            raise Rejected("WhatsApp: кнопка не читается: нужен текст или payload", code="buttons")
    return {
        "type": "button",
        "sub_type": given["type"],
        "index": str(index),
        "parameters": [parameter],
    }


def one_line(value: Any) -> str:
    """A parameter as Meta takes it: no line ends, no tabs, no rows of spaces."""
    return " ".join(storable(str(value)).split())


def template_of(entry: Content) -> Content:
    said = {name: entry.get(name) for name in TEMPLATE_FIELDS}
    parts = entry.get("components")
    bodies = [at(part, "text") for part in parts if at(part, "type") == "BODY"] if parts else []
    body = next((text for text in bodies if isinstance(text, str)), None)
    return {**said, "body": body, "parameters": len(set(PLACEHOLDER.findall(body or "")))}


def version_warning(version: str, today: date) -> str | None:
    """That the version ends soon, None if it does not. Raises ConfigError once it has ended."""
    left = days_left(version, today)
    if left is None or left > WARN_BEFORE_DAYS:
        return None
    if left < 0:
        raise ConfigError(f"версия {version} отключена Meta: впишите более новую в «Версия API»")
    return f"версия {version} перестанет работать через {left} дн.: впишите более новую"


def first(listed: Any) -> Mapping[str, Any]:
    """The first object of a list, an empty one where there is none."""
    found = listed[0] if isinstance(listed, list) and listed else None
    return found if isinstance(found, dict) else {}
