"""What a provider of payouts tells by itself: that something became of one of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PayoutHint:
    """Nobody signs it, so it is a hint to ask. `payment_id`: the provider's; `status`: as told."""

    payment_id: str
    status: str | None = None
