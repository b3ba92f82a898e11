"""From what somebody filled in to what a claim can hold."""

from typing import Any

from uzel.payouts.banks import Directory
from uzel.payouts.card_texts import holds_card, is_long
from uzel.payouts.claims.claim import Filled, Form
from uzel.payouts.payout import Card, Kind, Payee, Wish
from uzel.payouts.requisites import CardNumber, read_amount
from uzel.payouts.wish import (
    LONGEST_NUMBER,
    LONGEST_PURPOSE,
    WishRejected,
    line,
    names_of,
    person_print,
    phone_print,
    requisites,
    told,
)

# What has to be there before it can be submitted: column → field of the form.
NEEDED = {"amount_minor": "amount", "purpose": "purpose", "last_name": "name", "kind": "requisites"}


def fill(form: Form, directory: Directory, key: bytes) -> Filled:
    """What is given, checked; raises WishRejected for the first thing that is wrong."""
    columns: dict[str, Any] = {}
    if form.amount is not None:
        columns["amount_minor"] = told("amount", lambda: read_amount(form.amount))
    if form.purpose is not None:
        columns["purpose"] = no_card("purpose", line("purpose", form.purpose, LONGEST_PURPOSE))
    if form.name is not None:
        names = ("last_name", "first_name", "patronymic")
        columns |= zip(names, names_of(form.name), strict=True)
    if form.details:
        columns["details"] = no_card("details", dict(form.details))
    if form.card is None and form.phone is None and form.bank is None:
        return Filled(columns)
    number, phone, bank = requisites(form.card, form.phone, form.bank, directory)
    columns |= {
        "kind": Kind.CARD if number else Kind.FPS,
        "phone": phone,
        "bank_id": bank.member_id if bank else None,
        "bank_name": bank.name if bank else None,
        "card_shown": number.masked if number else None,
        "target": target_of(key, number, phone),
    }
    return Filled(columns, number.reveal() if number else None)


def number_of(external_id: str) -> str:
    """The asker's own number. Raises WishRejected."""
    return str(no_card("external_id", line("external_id", external_id, LONGEST_NUMBER)))


def no_card(name: str, given: Any) -> Any:
    """What was given, where no number of a card stands in it: those have a field of their own, and
    everything else is kept for ever. Raises WishRejected.
    """
    if is_long(given):
        raise WishRejected(name, "too_long")
    if holds_card(given):
        raise WishRejected(name, "card_number")
    return given


def target_of(key: bytes, number: CardNumber | None, phone: str | None) -> bytes:
    """By what a card or phone is found again."""
    return number.fingerprint(key) if number else phone_print(key, phone or "")


def missing(row: Any) -> list[str]:
    """Fields that are still to be filled in."""
    return [name for column, name in NEEDED.items() if row[column] is None]


def wish_of(row: Any, key: bytes, made_by: str, external_id: str) -> Wish:
    """The payout that a claim asks for; its card lies in the vault already."""
    names = (row["last_name"], row["first_name"], row["patronymic"])
    person = person_print(key, row["target"], names)
    card = Card(row["card_shown"], row["target"]) if row["kind"] == Kind.CARD else None
    return Wish(
        row["connection_id"],
        Payee(person, row["first_name"], row["last_name"], row["patronymic"], row["phone"]),
        row["amount_minor"], row["currency"], row["purpose"], made_by, row["target"],
        external_id, row["phone"], row["bank_id"], row["bank_name"], card,
        vault_id=row["vault_id"], details={"claim": row["id"]},
    )  # fmt: skip
