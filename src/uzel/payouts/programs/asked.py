"""A payout as programs ask for it, by the fields of the documented interface."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from uzel.payouts.card_texts import MOST_BYTES, holds_card, is_long
from uzel.payouts.requisites import read_amount
from uzel.payouts.wish import (
    CURRENCY,
    LONGEST_NAME,
    LONGEST_NUMBER,
    LONGEST_PURPOSE,
    NOT_IN_NAMES,
    SPACES,
    Typed,
    WishRejected,
    line,
    told,
)

CARD, PHONE = "card_payment", "phone_payment"
PURPOSE = "Выплата"
# The last name of whoever is not named; the first one is the asker's own number of the payout.
UNNAMED = "Заявка"
LONGEST_URL = 2000
# Names of fields inside the house → those that programs know.
NAMES = {
    "card": "card_number",
    "phone": "phone_number",
    "purpose": "description",
    "name": "recipient",
}
# In these no card number may stand: they are shown, stored and told.
OPEN_FIELDS = (
    *("description", "user_id", "external_id", "callback_url", "metadata", "recipient", "bank"),
    *("number", "invoice_id"),
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose token it is. `connection_id`: the only one it is good for; None: for all of them."""

    token_id: int
    actor: str
    connection_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is whole.

    typed        what is to be paid; it has names where the request names somebody
    external_id  of the asker: a name for whoever is not named
    """

    typed: Typed
    user_id: str | None = None
    external_id: str | None = None
    callback_url: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    invoice_id: str | None = None


def read_asked(body: Mapping[str, Any]) -> Asked:
    """What a JSON body asks for; numbers with a fraction are Decimal. Fields that nobody knows are
    left alone. Raises WishRejected with the field's documented name.
    """
    forbid_cards(body)
    kind = body.get("payment_type")
    if kind not in (CARD, PHONE):
        raise WishRejected("payment_type", "missing" if kind is None else "payment_type")
    fitting(body, kind)
    external_id = label("external_id", body.get("external_id"))
    user_id = label("user_id", body.get("user_id"))
    typed = Typed(
        read_money(body.get("amount")),
        None,
        purpose_of(body.get("description")),
        currency_of(body.get("currency")),
        body.get("card_number"),
        body.get("phone_number"),
        body.get("bank"),
        external_id,
        {"user_id": user_id} if user_id else {},
        recipient_of(body.get("recipient")),
    )
    return Asked(
        typed,
        user_id,
        external_id,
        url_of(body.get("callback_url")),
        metadata_of(body.get("metadata")),
        label("invoice_id", body.get("invoice_id")),
    )


def forbid_cards(body: Mapping[str, Any]) -> None:
    """Raises WishRejected where a card number stands outside of its field, or where so much stands
    there that looking through it would keep everybody else waiting.
    """
    for name in OPEN_FIELDS:
        if is_long(body.get(name)):
            raise WishRejected(name, "too_long")
        if holds_card(body.get(name)):
            raise WishRejected(name, "card_misplaced")


def fitting(body: Mapping[str, Any], kind: str) -> None:
    """Raises WishRejected for fields of the other way to be paid, or without those of this."""
    needed = ("card_number",) if kind == CARD else ("phone_number", "bank")
    foreign = ("phone_number", "bank") if kind == CARD else ("card_number",)
    for name in foreign:
        if body.get(name) is not None:
            raise WishRejected(name, "other_way")
    for name in needed:
        if body.get(name) is None:
            raise WishRejected(name, "missing")


def read_money(raw: Any) -> Decimal | int:
    """Roubles: a JSON number, or a text such as `1000.50`. A number that no double holds exactly is
    taken as it was written, and nothing is rounded.
    """
    if raw is None:
        raise WishRejected("amount", "missing")
    if isinstance(raw, str):
        whole, point, fraction = raw.partition(".")
        is_plain = whole.isascii() and whole.isdigit() and len(whole) <= 12
        if not is_plain or (point and not (fraction.isascii() and fraction.isdigit())):
            raise WishRejected("amount", "amount_unreadable")
        raw = Decimal(raw) if len(raw) <= 40 else None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise WishRejected("amount", "amount_unreadable")
    told("amount", lambda: read_amount(raw))
    return raw


def currency_of(raw: Any) -> str:
    if raw is None:
        raise WishRejected("currency", "missing")
    if raw != CURRENCY:
        raise WishRejected("currency", "currency")
    return CURRENCY


def purpose_of(raw: Any) -> str:
    """In one line, whatever was put between its words."""
    if raw is None:
        return PURPOSE
    text = SPACES.sub(" ", raw).strip() if isinstance(raw, str) else raw
    return line("description", text, LONGEST_PURPOSE)


def recipient_of(raw: Any) -> tuple[str, str, str | None] | None:
    """(last, first, patronymic)."""
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise WishRejected("recipient", "characters")
    last, first = (name_of(raw, it) for it in ("last_name", "first_name"))
    third = name_of(raw, "patronymic") if raw.get("patronymic") else None
    return last, first, third


def name_of(raw: Mapping[str, Any], name: str) -> str:
    said = line(f"recipient.{name}", raw.get(name), LONGEST_NAME)
    if NOT_IN_NAMES.search(said):
        raise WishRejected(f"recipient.{name}", "characters")
    return SPACES.sub(" ", said)


def label(name: str, raw: Any) -> str | None:
    """A text of one line, or a whole number as one."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    return line(name, raw, LONGEST_NUMBER)


def url_of(raw: Any) -> str | None:
    return None if raw is None or raw == "" else line("callback_url", raw, LONGEST_URL)


def metadata_of(raw: Any) -> Mapping[str, Any]:
    """An object, as JSON has it."""
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise WishRejected("metadata", "no_object")
    found = plain(raw)
    try:
        size = len(orjson.dumps(found))
    except TypeError:
        raise WishRejected("metadata", "characters") from None
    if size > MOST_BYTES:
        raise WishRejected("metadata", "too_long")
    return dict(found)


def plain(value: Any) -> Any:
    """Without Decimal. Raises WishRejected."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        found = float(value)
        if not math.isfinite(found):
            raise WishRejected("metadata", "characters")
        return found
    return value
