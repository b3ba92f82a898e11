"""The body that makes a payment (as two public clients of the service write it), from arguments
that are checked before anything leaves.
"""

import re
from collections.abc import Mapping
from typing import Any

from uzel.connectors.konsol.api import Arguments, Content, identifier
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.shapes import CURRENCY, LONGEST_PURPOSE, REFERENCE
from uzel.errors import Rejected
from uzel.kit.body import text_of
from uzel.model.currency import MOST_MINOR, text

CARD = re.compile(r"[0-9]{13,19}")
PHONE = re.compile(r"\+79[0-9]{9}")
# Twelve digits in the directory of the fast payment system; whether always is not confirmed.
BANK_MEMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
BIC = re.compile(r"[0-9]{9}")
ACCOUNT = re.compile(r"[0-9]{20}")
NAME_PARTS = ("first_name", "last_name", "patronymic")


def payment_body(config: KonsolConfig, arguments: Arguments) -> Content:
    """What `POST /payments` takes. Raises Rejected with the argument's name as its code and without
    its value.
    """
    reference = reference_of(arguments)
    amount = arguments.get("amount_minor")
    is_whole = isinstance(amount, int) and not isinstance(amount, bool)
    demand(is_whole and 0 < (amount or 0) <= MOST_MINOR, "amount_minor", "сумма не в копейках")
    wire = text(int(amount or 0), CURRENCY)
    kind = arguments.get("kind")
    demand(isinstance(kind, str) and kind in DETAILS, "kind", "такого вида реквизитов нет")
    words = arguments.get("purpose") or config.purpose
    demand(isinstance(words, str) and len(words) <= LONGEST_PURPOSE, "purpose", "назначение")
    purpose = f"{words} {reference}"
    return {
        **payee(arguments),
        "services_list": [{"title": purpose, "amount": wire}],
        "bank_details_kind": kind,
        "bank_details": DETAILS[str(kind)](arguments),
        "purpose": purpose,
        "amount": wire,
    }


def reference_of(arguments: Arguments) -> str:
    """Our own id of the payment, by which alone it is found again. Raises Rejected."""
    reference = arguments.get("reference")
    fits = isinstance(reference, str) and REFERENCE.fullmatch(reference)
    demand(bool(fits), "reference", "номер выплаты: от 4 до 36 латинских букв, цифр и «-»")
    return str(reference)


def payee(arguments: Arguments) -> Content:
    """A contractor they know, or one named on the spot; never both."""
    known, named = arguments.get("contractor_id"), arguments.get("contractor")
    demand((known is None) != (named is None), "contractor_id", "нужен один получатель")
    if known is not None:
        name = identifier(known)
        demand(name is not None, "contractor_id", "это не номер исполнителя")
        return {"contractor_id": name}
    demand(isinstance(named, Mapping), "contractor", "получатель назван не полями")
    return {"contractor": full_name(named or {})}


def full_name(given: Mapping[str, Any]) -> Content:
    """{first_name, last_name, patronymic}, the last one may be None. Raises Rejected."""
    parts = {name: text_of(given.get(name)) for name in NAME_PARTS}
    for name in NAME_PARTS[:2]:
        demand(parts[name] is not None, name, "нужны имя и фамилия")
    return parts


def card(arguments: Arguments) -> Content:
    number = arguments.get("card_number")
    fits = isinstance(number, str) and CARD.fullmatch(number)
    demand(bool(fits), "card_number", "номер карты: от 13 до 19 цифр")
    return {"card_number": number}


def fps(arguments: Arguments) -> Content:
    phone, bank = arguments.get("phone"), arguments.get("bank_member_id")
    fits = isinstance(phone, str) and PHONE.fullmatch(phone)
    demand(bool(fits), "phone", "телефон СБП: +79 и ещё девять цифр")
    known = isinstance(bank, str) and BANK_MEMBER.fullmatch(bank)
    demand(bool(known), "bank_member_id", "какой банк? один телефон бывает в нескольких")
    return {"fps_mobile_phone": phone, "fps_bank_member_id": bank}


def bank_account(arguments: Arguments) -> Content:
    bic, account = arguments.get("bank_id"), arguments.get("bank_account_id")
    demand(isinstance(bic, str) and bool(BIC.fullmatch(bic)), "bank_id", "БИК: девять цифр")
    fits = isinstance(account, str) and ACCOUNT.fullmatch(account)
    demand(bool(fits), "bank_account_id", "номер счёта: двадцать цифр")
    owner = text_of(arguments.get("owner_name"))
    demand(owner is not None, "owner_name", "чей это счёт?")
    return {"bank_id": bic, "bank_account_id": account, "bank_account_owner_name": owner}


DETAILS = {"card": card, "fps": fps, "bank_account": bank_account}


def demand(holds: bool, name: str, words: str) -> None:
    """Raise Rejected, nothing having been sent, unless it holds."""
    if not holds:
        raise Rejected(f"Консоль: {words}", code=name)
