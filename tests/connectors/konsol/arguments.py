"""Arguments of payments."""

from itertools import count
from typing import Any

references = count(1)
CARD = "2200000000000004"


def new_reference() -> str:
    return f"po-test-{next(references):04d}"


def to_card(**changes: Any) -> dict[str, Any]:
    """Arguments of a payment to a card, with a reference of its own."""
    return {
        "reference": new_reference(),
        "planned_at": None,
        "amount_minor": 100_00,
        "kind": "card",
        "contractor": {"first_name": "Иван", "last_name": "Образцов", "patronymic": None},
        "card_number": CARD,
        **changes,
    }
