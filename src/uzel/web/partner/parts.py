"""What both addresses of the partner API work with."""

from dataclasses import dataclass

from uzel.kit.database import Pool
from uzel.partners.payments import Payments, Rates
from uzel.partners.statement_files import StatementFiles
from uzel.web.partner.gate import Gate


@dataclass(frozen=True, slots=True)
class PartnerParts:
    """One for the web process: payments of all partners share their commits."""

    pool: Pool
    gate: Gate
    payments: Payments
    files: StatementFiles

    @classmethod
    def over(cls, pool: Pool, rates: Rates) -> "PartnerParts":
        return cls(pool, Gate(pool), Payments(pool, rates), StatementFiles(pool))
