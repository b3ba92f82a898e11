"""Payments, contractors and amounts as the service writes them, read for what they are.

What a payment looks like was seen in other people's clients and in the callback of a diagram; in a
callback `amount` is a number, `services_list` a text and the kind is called `kind`.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from uzel.connectors.konsol.api import Content, entity_name, identifier
from uzel.connectors.konsol.privacy import masked, said
from uzel.connectors.konsol.statuses import meaning, word_of
from uzel.kit.body import at, text_of, utc_of
from uzel.model.currency import NotAnAmount, minor
from uzel.model.phone import mask_phone

CURRENCY = "RUB"
KINDS = ("card", "fps", "bank_account")
AMOUNT = re.compile(r"-?[0-9]{1,15}(?:[.,][0-9]{1,6})?")
# A reference of ours as the last word of a purpose or of a service's title.
REFERENCE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{2,34})[0-9A-Za-z]")
LETTER_AND_DIGIT = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])")
LONGEST_PURPOSE = 512
BANK = re.compile(r"[0-9]{12}")
CODE = re.compile(r"[A-Z]{3}")


def amount_minor(value: Any) -> int | None:
    """Kopecks of `"100.00"`, `100`, `100.0`; None for what is no exact amount of roubles."""
    if isinstance(value, str) and AMOUNT.fullmatch(value.strip()):
        value = value.strip().replace(",", ".")
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        return minor(Decimal(value), CURRENCY)
    except (NotAnAmount, InvalidOperation):
        return None


def payment_of(content: Content) -> dict[str, Any]:
    """One payment, without anything that says who is paid:

    {"id", "status" (their word), "meaning" (a Meaning), "contractor_id", "kind", "masked", "bank"
    (its number in SBP), "amount_minor", "currency" (as they write it), "reference" (ours, where one
    is readable), "created_at", "paid_at" (ISO, UTC), "error"}; each but "id" and "meaning" may be
    None.
    """
    status = word_of(content.get("status"))
    return {
        "id": entity_name(content),
        "status": status,
        "meaning": meaning(status).value,
        **payee_of(content),
        "bank": bank_of(content),
        "amount_minor": amount_minor(content.get("amount")),
        "currency": currency_of(content),
        "reference": reference_in(content),
        "created_at": iso(content.get("created_at")),
        "paid_at": iso(content.get("paid_at")),
        "error": said(text_of(content.get("error_message")) or "", ()) or None,
    }


def payee_of(content: Content) -> dict[str, Any]:
    """{"contractor_id", "kind", "masked"}, each may be None."""
    kind = next((it for it in (content.get("bank_details_kind"), content.get("kind")) if it), None)
    kind = kind if kind in KINDS else None
    details = content.get("bank_details")
    shown = masked(kind, details) if isinstance(details, Mapping) else None
    contractor = content.get("contractor_id") or at(content, "contractor", "id")
    return {
        "contractor_id": identifier(contractor),
        "kind": kind,
        "masked": shown,
    }


def bank_of(content: Content) -> str | None:
    """The bank of a phone that is paid; None where twelve digits do not say it."""
    bank = at(content, "bank_details", "fps_bank_member_id")
    return bank if isinstance(bank, str) and BANK.fullmatch(bank) else None


def currency_of(content: Content) -> str | None:
    """A code of three letters, where a payment says so; `RUR` is what roubles were called."""
    code = content.get("currency")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        return None
    return CURRENCY if code == "RUR" else code


def contractor_of(content: Content) -> dict[str, Any]:
    """One contractor: {"id", "kind", "status", "phone"}, the phone masked; no name."""
    phone = content.get("phone")
    digits = "".join(c for c in str(phone) if c in "0123456789") if phone else ""
    return {
        "id": entity_name(content),
        "kind": word_of(content.get("kind")),
        "status": word_of(content.get("status")),
        "phone": mask_phone(f"+{digits}") if digits else None,
    }


def texts_of(content: Content) -> list[str] | None:
    """Purpose and titles of the services: where our reference stands. None: the payment came
    without any, as a short form of it might.
    """
    services = content.get("services_list")
    titles = [at(it, "title") for it in services] if isinstance(services, list) else [services]
    found = [text for text in (content.get("purpose"), *titles) if isinstance(text, str)]
    return [text for text in found if text.strip()] or None


def names(content: Content, reference: str) -> bool:
    """Whether a payment bears exactly this reference."""
    word = re.compile(rf"(?<![0-9A-Za-z-]){re.escape(reference)}(?![0-9A-Za-z-])")
    return any(word.search(text) for text in texts_of(content) or ())


def reference_in(content: Content) -> str | None:
    """The last word of the purpose or of a title that looks like a reference of ours: of letters
    and digits. A number alone may be anybody's phone.
    """
    for text in texts_of(content) or ():
        word = text.split()[-1]
        if REFERENCE.fullmatch(word) and LETTER_AND_DIGIT.match(word):
            return word
    return None


def created_at(content: Content) -> datetime | None:
    return utc_of(content.get("created_at"))


def iso(value: Any) -> str | None:
    moment = utc_of(value)
    return moment.isoformat() if moment else None
