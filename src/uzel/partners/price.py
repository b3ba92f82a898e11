"""What a payment costs a partner: the only place where one is priced.

The partner's debit is rounded up, towards the house, once; the parts of it add up to it exactly.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from uzel.ledger.command import Leg
from uzel.model.currency import MOST_DIGITS, NotAnAmount, Rounding, minor

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Price:
    """All in minor units of the balance's currency, but `paid_minor`: of the payment's own.

    total       what the partner pays: `exchange` for the payment and `commission` on top
    paid_minor  what is paid out; finer amounts than the currency knows are rounded down
    """

    currency: str
    balance_currency: str
    total_minor: int
    exchange_minor: int
    commission_minor: int
    paid_minor: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class House:
    """Accounts of the house: `payments` of the payment's currency, `commission` of the balance's;
    those of exchange, where the two differ: `from` the balance, `to` the payment.
    """

    payments: int
    commission: int
    exchange_from: int | None = None
    exchange_to: int | None = None


def price(
    amount: Decimal, currency: str, balance_currency: str, rate: Decimal, percent: Decimal
) -> Price:
    """Of a payment of `amount` at `rate` (units of the balance for one unit of the payment's
    currency). Raises NotAnAmount: too large, no currency, less than its smallest unit.
    """
    with localcontext() as context:
        context.prec = MOST_DIGITS
        cost = amount * rate
        total = minor(cost * (HUNDRED + percent) / HUNDRED, balance_currency, Rounding.UP)
    exchange = min(minor(cost, balance_currency, Rounding.UP), total)
    # What no unit can pay is paid for and not paid out: towards the house, too.
    paid = minor(amount, currency, Rounding.DOWN)
    if paid == 0 and currency != balance_currency:
        raise NotAnAmount("less than the smallest unit of its currency")
    return Price(currency, balance_currency, total, exchange, total - exchange, paid, rate)


def legs(priced: Price, account: int, house: House) -> tuple[Leg, ...]:
    """The entry of a payment: within one currency, or through the accounts of exchange."""
    parts = [Leg(account, -priced.total_minor), Leg(house.commission, priced.commission_minor)]
    if house.exchange_from is None or house.exchange_to is None:
        parts.append(Leg(house.payments, priced.exchange_minor))
    else:
        parts += [
            Leg(house.exchange_from, priced.exchange_minor),
            Leg(house.exchange_to, -priced.paid_minor),
            Leg(house.payments, priced.paid_minor),
        ]
    return tuple(leg for leg in parts if leg.amount_minor)
