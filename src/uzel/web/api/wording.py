"""What is wrong with a request, in words for whoever programs against the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.model.cards import masked

# A regular expression that something has to match, in words.
PATTERNS: Mapping[str, str] = {
    r"^[0-9]{1,18}(\.[0-9]{1,18})?$": 'a decimal number as text, such as "20.00"',
    r"^[0-9]{1,6}(\.[0-9]{1,2})?$": 'roubles as text, such as "1000.50"',
    r"^[A-Z]{3}$": "three capital letters (ISO 4217), such as USD",
    r"^https?://[!-~]+$": "a link that begins with https:// or http://, without spaces",
    r"^[!-~]([ -~]*[!-~])?$": "printable ASCII characters, and no spaces around them",
    r"^[^\u0000]+$": "a text without NUL characters",
    r"^c[0-7][0-9a-f]{15}$": "the next_cursor of a page",
    r"^quote_[0-9a-f]{16}$": "the id of a quote, such as quote_0123456789abcdef",
    r"^(lead_)?txn_[0-9a-f]{16}$": "the id of a payment, such as txn_0123456789abcdef",
    r"^lead_[0-9a-f]{16}$": "the id of a lead, such as lead_0123456789abcdef",
    r"^dlv_[0-9a-f]{32}$": "the id of a delivery: dlv_ and 32 signs of 0-9 and a-f",
}
OBJECT = "a JSON object is needed, sent with Content-Type: application/json"
TYPES: Mapping[str, str] = {
    "missing": "it is needed, and missing",
    "extra_forbidden": "there is no such parameter here",
    "model_attributes_type": OBJECT,
    "model_type": OBJECT,
    "dict_type": "an object is needed",
    "list_type": "a list is needed",
}
PREFIX = "Value error, "


def location_of(item: Mapping[str, Any]) -> str:
    """`query.limit`, `body.leads.0.data`, `body`."""
    parts = list(item["loc"])
    if item["type"] == "json_invalid":
        parts = parts[:1]  # behind it stands a place in the text, which the words name
    # A name that is not one of ours may be anything, a card's number too.
    return masked(".".join(str(part) for part in parts))


def said_of(item: Mapping[str, Any]) -> str:
    """One error of pydantic's."""
    context = item.get("ctx") or {}
    if item["type"] == "json_invalid":
        return f"no JSON: {context.get('error', 'unreadable')}, at character {item['loc'][-1]}"
    if item["type"] == "string_pattern_mismatch":
        known = PATTERNS.get(str(context.get("pattern")))
        return f"needed is {known}" if known else "it is not of the form that is needed"
    known = TYPES.get(item["type"])
    return known or str(item["msg"]).removeprefix(PREFIX)


def in_one(errors: Sequence[Any]) -> str:
    """Several, in one line."""
    said = ((location_of(item), said_of(item)) for item in errors)
    return "; ".join(f"{where}: {what}" if where else what for where, what in said)
