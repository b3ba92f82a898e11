"""A payment as its partner sees it: the same in the API and in webhooks."""

from decimal import Context, Decimal
from typing import Any

from uzel.model.currency import plain
from uzel.partners.payment import Taken

Shown = dict[str, Any]
# Of a quotient, which may have no end, so many digits are shown; what is paid is reckoned with all.
# A rate that somebody entered has fewer than the second, and is shown as it is.
SHOWN_DIGITS, MOST_ENTERED = 10, 20


def rate_shown(rate: Decimal) -> Decimal:
    """A rate as it goes out."""
    if len(rate.normalize(Context(prec=100)).as_tuple().digits) <= MOST_ENTERED:
        return rate
    return Context(prec=SHOWN_DIGITS).plus(rate)


def of_taken(
    taken: Taken, amount: Decimal, details: str | None, number: str | None, quote_id: str | None
) -> Shown:
    """One that was made just now; `number` is the partner's own."""
    priced = taken.priced
    return {
        "id": taken.public_id,
        "kind": "payment",
        "state": taken.state.value,
        "amount": plain(amount),
        "currency": priced.currency,
        "cost_minor": priced.total_minor,
        "commission_minor": priced.commission_minor,
        "balance_currency": priced.balance_currency,
        "rate": plain(rate_shown(priced.rate)),
        "available_before_minor": taken.before_minor,
        "available_after_minor": taken.after_minor,
        "quote_id": quote_id,
        "external_id": number,
        "details": details,
        "error": None,
        "created_at": taken.at,
        "updated_at": taken.at,
        "lead_external_id": None,
    }


def of_row(row: Any) -> Shown:
    """One as it is in the database (payment_store.COLUMNS)."""
    return {
        "id": row["public_id"],
        "kind": row["kind"],
        "state": row["state"],
        "amount": plain(row["amount"]),
        "currency": row["currency"],
        "cost_minor": row["cost_minor"],
        "commission_minor": row["commission_minor"],
        "balance_currency": row["balance_currency"],
        "rate": plain(rate_shown(row["rate"])),
        "available_before_minor": row["before_minor"],
        "available_after_minor": row["after_minor"],
        "quote_id": row["quote"],
        "external_id": row["external_id"],
        "details": row["details"],
        "error": row["error"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "lead_external_id": row["lead_external_id"],
    }
