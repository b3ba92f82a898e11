"""What both addresses of the partner API work with."""

from dataclasses import dataclass

from uzel.kit.database import Connection, Pool
from uzel.partners.payment import NoRate, Rate
from uzel.partners.payments import Payments, Rates
from uzel.web.partner.gate import Gate


@dataclass(frozen=True, slots=True)
class PartnerParts:
    """One for the web process: payments of all partners share their commits."""

    pool: Pool
    gate: Gate
    payments: Payments

    @classmethod
    def over(cls, pool: Pool, rates: Rates) -> "PartnerParts":
        return cls(pool, Gate(pool), Payments(pool, rates))


async def no_rates(connection: Connection, currency: str, of_balance: str) -> Rate:
    """Where nobody enters rates: payments in the currency of the balance work, others find none."""
    raise NoRate(currency)
