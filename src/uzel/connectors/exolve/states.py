"""Exolve's words for what became of a message.

That `delivery_status` is there is documented, its values are not (GetList); they are read by name,
with or without the prefix that Exolve's other enumerations have (`BILLING_STATUS_BILLED`). A word
that is not in the table settles nothing: to take it for a failure would have the guest written to
by another channel too.
"""

from typing import Any

from uzel.kit.body import label_of
from uzel.model.receipt import ReceiptState

LONGEST_WORD = 64
PREFIXES = ("DELIVERY_STATUS_", "STATUS_")
UNSPECIFIED = frozenset({"", "UNSPECIFIED", "UNKNOWN"})

STATES: dict[str, tuple[ReceiptState, str]] = {
    "DELIVERED": (ReceiptState.DELIVERED, "доставлено"),
    "READ": (ReceiptState.READ, "прочитано"),
    "SEEN": (ReceiptState.READ, "прочитано"),
    "UNDELIVERED": (ReceiptState.FAILED, "не доставлено"),
    "NOT_DELIVERED": (ReceiptState.FAILED, "не доставлено"),
    "UNDELIVERABLE": (ReceiptState.FAILED, "не доставлено"),
    "FAILED": (ReceiptState.FAILED, "не доставлено: ошибка"),
    "ERROR": (ReceiptState.FAILED, "не доставлено: ошибка"),
    "REJECTED": (ReceiptState.FAILED, "отклонено"),
    "EXPIRED": (ReceiptState.FAILED, "не доставлено: истёк срок"),
    "DELETED": (ReceiptState.FAILED, "не доставлено: удалено"),
    "CANCELLED": (ReceiptState.FAILED, "отменено"),
    "CANCELED": (ReceiptState.FAILED, "отменено"),
    "NEW": (ReceiptState.PENDING, "в очереди"),
    "QUEUED": (ReceiptState.PENDING, "в очереди"),
    "PENDING": (ReceiptState.PENDING, "в пути"),
    "ACCEPTED": (ReceiptState.PENDING, "принято"),
    "ENROUTE": (ReceiptState.PENDING, "в пути"),
    "SENDING": (ReceiptState.PENDING, "в пути"),
    "SENT": (ReceiptState.PENDING, "отправлено"),
}


def word_of(value: Any) -> str | None:
    """`DELIVERY_STATUS_DELIVERED` → `DELIVERED`; None where nothing is said."""
    word = (label_of(value) or "")[:LONGEST_WORD].upper()
    for prefix in PREFIXES:
        word = word.removeprefix(prefix)
    return None if word in UNSPECIFIED else word


def delivery(word: str | None) -> tuple[ReceiptState, str]:
    """State and meaning of a word that `word_of` gave."""
    if word is None:
        return ReceiptState.PENDING, "о доставке ещё ничего не известно"
    return STATES.get(word, (ReceiptState.PENDING, f"незнакомый статус доставки {word}"))
