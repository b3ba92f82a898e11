"""What may be shown of whom a payment goes to: never a whole number of a card, account or phone."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from uzel.kit.body import storable
from uzel.model.phone import mask_phone

HIDDEN = "…"
MASK = "••••••"
LONGEST_SAID = 200
# So many digits of a private number in a row give it away.
TELLING = 5
# Six digits and more, whatever stands between them.
NUMBER = re.compile(r"\d(?:[^\w,;:«»]{0,3}\d){5,}")
SECRET_LIKE = re.compile(r"eyJ\S*|\S{40,}")
PHONE = re.compile(r"\+7[0-9]{10}")
WHOLE = re.compile(r"([0-9]{6})[0-9]{3,24}([0-9]{4})")
HIDDEN_BY_THEM = re.compile(r"([0-9]{6})[*xX•]{2,24}([0-9]{4})")
SHORTEST_NAME = 2


def masked(kind: str | None, details: Mapping[str, Any]) -> str | None:
    """First six and last four digits of a card or account, a phone without its middle; None where
    there is nothing to show or what there is cannot be hidden in part.
    """
    if kind == "fps":
        phone = str(details.get("fps_mobile_phone") or "")
        return mask_phone(phone) if PHONE.fullmatch(phone) else None
    name = {"card": "card_number", "bank_account": "bank_account_id"}.get(kind or "")
    return masked_number(str(details.get(name) or "")) if name else None


def masked_number(number: str) -> str | None:
    """`220000••••••0004`, whether it comes whole or hidden by them; None for anything else, and for
    what is too short to hide anything in it.
    """
    bare = re.sub(r"[ -]", "", number)
    found = WHOLE.fullmatch(bare) or HIDDEN_BY_THEM.fullmatch(bare)
    return f"{found[1]}{MASK}{found[2]}" if found else None


def said(text: str, private: Iterable[str]) -> str:
    """Their words as an operator may see them: without numbers, secrets, and without `private`
    values, which they may have repeated from what was asked. Empty where that cannot be sure.
    """
    private = [value for value in private if len(value) >= SHORTEST_NAME]
    text = " ".join(storable(text).split())
    for value in sorted(private, key=len, reverse=True):
        text = re.sub(re.escape(value), HIDDEN, text, flags=re.IGNORECASE)
    text = NUMBER.sub(HIDDEN, SECRET_LIKE.sub(HIDDEN, text))
    if any(gives_away(text, value) for value in private):
        return ""
    return text[:LONGEST_SAID].rstrip()


def gives_away(text: str, value: str) -> bool:
    """Whether digits of `text`, whatever parts them, are a piece of the number `value`."""
    seen, secret = digits_of(text), digits_of(value)
    return any(part in seen for part in windows(secret, TELLING))


def digits_of(text: str) -> str:
    """Decimal digits of any script as ASCII."""
    return "".join(str(int(character)) for character in text if character.isdecimal())


def windows(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def texts_in(value: Any) -> Iterator[str]:
    """Every text within the arguments of a call: what their answer must not bring back to us."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
