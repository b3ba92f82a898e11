"""Kaspi's words for how far an order is (Kaspi, "Orders API", 2.2.1 and 3.1).

There are two: `status`, which decides here, and `state`, the drawer it lies in (NEW, SIGN_REQUIRED,
PICKUP, DELIVERY, KASPI_DELIVERY, ARCHIVE).
"""

from collections.abc import Mapping

from uzel.model.order import OrderState

# Those that we ask for are among them (ASSEMBLE, ARRIVED…): answers to changes repeat them.
MEANINGS: Mapping[str, OrderState] = {
    "APPROVED_BY_BANK": OrderState.NEW,
    "ACCEPTED_BY_MERCHANT": OrderState.ACCEPTED,
    "ASSEMBLE": OrderState.ACCEPTED,
    "ASSEMBLED": OrderState.ACCEPTED,
    "ARRIVED": OrderState.ACCEPTED,
    "COMPLETED": OrderState.COMPLETED,
    "CANCELLING": OrderState.CANCELLING,
    "CANCELLED": OrderState.CANCELLED,
    "KASPI_DELIVERY_RETURN_REQUESTED": OrderState.RETURNING,
    "ARRIVED_BACKWARD": OrderState.RETURNED,
    "RETURNED": OrderState.RETURNED,
}


def state_of(status: str) -> OrderState | None:
    """None for a word nobody knows."""
    return MEANINGS.get(status)
