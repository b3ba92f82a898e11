"""A hint that a payout may have moved on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PayoutHint:
    """What an unsigned callback says of a payout. It proves nothing: the provider has to be asked.

    payment_id  the provider's own id of the payout
    status      the provider's word as it came, None where there was none
    """

    payment_id: str
    status: str | None = None
