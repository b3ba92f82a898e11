"""How the sandbox judges a send."""

import re
from collections.abc import Mapping
from typing import Any

from uzel.connectors.meta.doors import Template
from uzel.connectors.meta.graph import Content, Refused
from uzel.connectors.meta.miniature import Number
from uzel.kit.body import at
from uzel.kit.sandbox import Asked

LONGEST_TEXT = 4096
UNSENDABLE = {"PAUSED": 132015, "DISABLED": 132016}
BAD_SPACES = re.compile(r"[\n\t]| {5,}")


def accept(number: Number, asked: Asked) -> Content:
    """The answer to a send. Raises Refused."""
    fields = asked.fields
    if fields.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    phone = str(fields.get("to", ""))
    to = re.sub(r"\D", "", phone)
    if not 7 <= len(to) <= 15:
        raise Refused(131009, "to is not a valid phone number")
    category = judged(number, asked)
    number.demand_room(to)
    reference = fields.get("biz_opaque_callback_data")
    asked.effect = True
    wamid = number.accept(to, category, reference)
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": phone, "wa_id": to}],
        "messages": [{"id": wamid, "message_status": "accepted"}],
    }


def judged(number: Number, asked: Asked) -> str:
    """The category of the message, as pricing has it. Raises Refused."""
    if asked.fields.get("type", "text") == "template":
        return judged_template(number, asked.fields.get("template")).category.lower()
    body = at(asked.fields.get("text"), "body")
    if not isinstance(body, str) or not body:
        raise Refused(131008, "Parameter text.body is required.")
    if len(body) > LONGEST_TEXT:
        raise Refused(100, f"Param text['body'] must be at most {LONGEST_TEXT} characters long.")
    return "service"


def judged_template(number: Number, given: Any) -> Template:
    name, language = at(given, "name"), at(given, "language", "code")
    known = [part for part in number.settings().templates if part.name == name]
    found = next((part for part in known if part.language == language), None)
    if found is None:
        raise Refused(132001, f"template name ({name}) does not exist in {language}")
    if found.status != "APPROVED":
        raise Refused(UNSENDABLE.get(found.status, 132001))
    demand_parameters(found, at(given, "components") or [])
    return found


def demand_parameters(template: Template, components: Any) -> None:
    """Raises Refused unless the parameters are as many and of the kind that the template has."""
    parts = [part for part in components if isinstance(part, dict)]
    body = texts([part for part in parts if str(part.get("type")).lower() == "body"])
    buttons = texts([part for part in parts if str(part.get("type")).lower() == "button"])
    if len(body) != template.parameters:
        raise Refused(
            132000,
            f"body: number of localizable_params ({len(body)}) does not match the expected "
            f"number of params ({template.parameters})",
        )
    if template.url_button and not buttons:
        raise Refused(131008, "buttons: Button at index 0 of type Url requires a parameter")
    if not all(body):
        raise Refused(131008, "Parameter of type text is missing text value")
    if any(BAD_SPACES.search(text) for text in body):
        raise Refused(
            100,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )


def texts(parts: list[Content]) -> list[str]:
    """What the parameters of these components say."""
    return [
        str(at(parameter, "text") or at(parameter, "payload") or "")
        for part in parts
        for parameter in part.get("parameters") or []
    ]


def describe(asked: Asked) -> Mapping[str, Any]:
    """For the journal: phone (E.164), text or template with its texts, and our reference."""
    fields = asked.fields
    digits = re.sub(r"\D", "", str(fields.get("to", "")))
    template = fields.get("template")
    components = at(template, "components") or []
    described = {
        "phone": f"+{digits}" if digits else None,
        "text": at(fields.get("text"), "body"),
        "template": at(template, "name"),
        "language": at(template, "language", "code"),
        "parameters": texts([part for part in components if at(part, "type") == "body"]) or None,
        "buttons": texts([part for part in components if at(part, "type") == "button"]) or None,
        "reference": fields.get("biz_opaque_callback_data"),
        "message_id": fields.get("message_id"),
    }
    return {name: value for name, value in described.items() if value is not None}
