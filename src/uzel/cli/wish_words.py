"""What `uzel payout` and `uzel claim` say where what was typed cannot be paid."""

from collections.abc import Mapping

from uzel.model.currency import text
from uzel.payouts.requisites import LONGEST_CARD, SBP_LIMITS, SHORTEST_CARD
from uzel.payouts.wish import (
    CURRENCY,
    LONGEST_NAME,
    LONGEST_NUMBER,
    LONGEST_PURPOSE,
    WishRejected,
)

LONGEST = {"purpose": LONGEST_PURPOSE, "name": LONGEST_NAME * 3, "external_id": LONGEST_NUMBER}
# By the code of a reason, or by field and code where the field says more.
SENTENCES: Mapping[str, str] = {
    "missing": "it is needed",
    "name missing": "last and first name are needed, in this order",
    "purpose missing": "say with --purpose what the receiver reads",
    "characters": "it has to be one line of letters, digits and punctuation",
    "name characters": "last name, first name and patronymic, of letters only",
    "too_long": "it is too long",
    **{f"{name} too_long": f"at most {most} characters" for name, most in LONGEST.items()},
    "both_ways": "either --card, or --phone with --bank",
    "currency": "payouts are in roubles",
    "reserved": "numbers that begin with claim: are those of claims",
    "card_number": "a card's number may stand here nowhere; give --card and type it then",
    "unreadable": "it cannot be read",
    "amount_unreadable": "roubles, such as 1000.50, and nothing finer than a kopeck",
    "amount_too_small": f"less than {text(SBP_LIMITS.least_minor, CURRENCY)} roubles",
    "amount_too_large": f"more than {text(SBP_LIMITS.most_minor, CURRENCY)} roubles",
    "card_missing": "no number came on standard input",
    "card_not_text": "the number of a card is given as a text",
    "card_characters": "the number of a card has digits, spaces and dashes only",
    "card_length": f"the number of a card has {SHORTEST_CARD} to {LONGEST_CARD} digits",
    "card_checksum": "a digit of the number is wrong: its check digit does not fit",
    "card_fake": "one digit repeated is nobody's card",
    "no_phone": "give --phone with --bank, or --card",
    "phone_invalid": "this is no phone number",
    "phone_fake": "this is nobody's phone number",
    "phone_extension": "a number with an extension cannot be paid to",
    "phone_landline": "a fixed line cannot be paid to; give a mobile number",
    "phone_not_mobile": "only a mobile number can be paid to",
    "phone_not_russian": "only a Russian mobile number, +79…, can be paid to",
    "phone_more_digits": "there is more in it than one number",
    "bank_missing": "say with --bank at which bank the phone is known",
    "bank_unknown": "no bank is called so; see: uzel payout banks",
    "bank_ambiguous": "several banks are called so; give the number of the one that is meant",
}


def wish_said(error: WishRejected) -> str:
    """`name: missing: last and first name are needed`, and which banks it could be."""
    which = ", ".join(f"{bank.name} ({bank.member_id})" for bank in error.candidates)
    said = reason_said(error.field, error.reason)
    return said + (f": {which}" if which else "")


def reason_said(field: str, reason: str) -> str:
    """The code stays for programs; what it means stands behind it."""
    means = SENTENCES.get(f"{field} {reason}", SENTENCES.get(reason))
    return f"{field}: {reason}" + (f": {means}" if means else "")
