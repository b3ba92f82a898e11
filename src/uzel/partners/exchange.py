"""The exchange rates that partners pay at: those that are in force."""

from decimal import ROUND_FLOOR, Context, Decimal

from uzel.kit.database import Connection
from uzel.partners.payment import NoRate, Rate
from uzel.rates.pair import Rate as Version
from uzel.rates.pair import RateMissing, RateRefused, RateTooOld
from uzel.rates.read import current

# A quotient without end is cut off below; what is missing is far less than any price, rounded up
# to whole minor units, could show.
DIGITS = 40


async def rates_in_force(connection: Connection, currency: str, of_balance: str) -> Rate:
    """Units of the balance for one unit of `currency`. Raises NoRate."""
    try:
        found = await current(connection, currency, of_balance)
    except RateTooOld:
        raise NoRate(currency, is_old=True) from None
    except (RateMissing, RateRefused):
        raise NoRate(currency) from None
    return Rate(multiplier(found), found.version)


def multiplier(rate: Version) -> Decimal:
    """What an amount is multiplied by."""
    if not rate.divides:
        return rate.value
    return Context(prec=DIGITS, rounding=ROUND_FLOOR).divide(Decimal(1), rate.value)
