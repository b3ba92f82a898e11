"""What is agreed with a partner."""

from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from uzel.ledger.accounts import TEST


def network(value: str) -> str:
    """Raises ValueError."""
    return str(ip_network(value.strip(), strict=False))


def zone(value: str) -> str:
    """Raises ValueError."""
    try:
        return ZoneInfo(value).key
    except (KeyError, OSError, ValueError):
        raise ValueError("a time zone, such as Asia/Almaty") from None


class Debit(StrEnum):
    """When a payment leaves the balance: HOLD: it is held until its end is known; AT_ONCE: taken
    at once, and given back if it fails.
    """

    HOLD = "hold"
    AT_ONCE = "at_once"


class PartnerSettings(BaseModel):
    """Of one partner.

    commission_percent  on top of every payment
    lead_price_minor    for an accepted lead, in minor units of the balance; 0: leads cost nothing
    debit               when payments leave the balance
    token_in_url        whether a token in the query of an address is taken
    addresses           networks the partner calls from; none: from anywhere
    per_minute          requests of one token
    time_zone           of the partner's days: of statements and of the cabinet
    hook_url            where we tell of changes; None: nowhere. Set by `hooks.set_address` alone,
                        since a connection belongs to it
    hook_test_url       the same for what test tokens do
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    commission_percent: Decimal = Field(default=Decimal(0), ge=0, le=100, decimal_places=4)
    lead_price_minor: int = Field(default=0, ge=0, lt=10**15)
    debit: Debit = Debit.HOLD
    token_in_url: bool = True
    addresses: tuple[Annotated[str, AfterValidator(network)], ...] = ()
    per_minute: int = Field(default=6000, ge=1, le=1_000_000)
    time_zone: Annotated[str, AfterValidator(zone)] = "Europe/Moscow"
    hook_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://")
    hook_test_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://")

    def hook_of(self, book: str) -> str | None:
        """Where changes in a book of the ledger are told."""
        return self.hook_test_url if book == TEST else self.hook_url
