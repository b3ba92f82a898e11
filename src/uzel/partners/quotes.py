"""Quotes: the cost of a payment, exact and for some minutes."""

import secrets
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.partners import quote_store as store
from uzel.partners.payment import Partner, Priced, Quote, Rate
from uzel.partners.price import Price

LASTS = timedelta(minutes=10)


async def make(connection: Connection, partner: Partner, priced: Priced) -> Quote:
    """Write down what was priced."""
    cost = priced.price
    row = (
        f"quote_{secrets.token_hex(8)}",
        partner.id,
        partner.book,
        priced.amount,
        cost.currency,
        cost.balance_currency,
        cost.total_minor,
        cost.exchange_minor,
        cost.commission_minor,
        cost.paid_minor,
        cost.rate,
        priced.rate.id,
        partner.settings.commission_percent,
    )
    return of_row(await store.add(connection, row, LASTS))


async def find(pool: Pool | Connection, partner: Partner, public_id: str) -> Quote | None:
    """One of this partner's."""
    row = await store.find(pool, partner.id, partner.book, public_id)
    return of_row(row) if row else None


def of_row(row: Any) -> Quote:
    cost = Price(
        row["currency"],
        row["balance_currency"],
        row["cost_minor"],
        row["exchange_minor"],
        row["commission_minor"],
        row["paid_minor"],
        row["rate"],
    )
    return Quote(
        row["id"],
        row["public_id"],
        Priced(row["amount"], cost, Rate(row["rate"], row["rate_id"])),
        row["commission_percent"],
        row["created_at"],
        row["expires_at"],
    )
