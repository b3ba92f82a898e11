"""Invoices: bills that are paid by one payout, once.

draft      it may still change
open       it can be paid
paid       its payout was paid; never stored, for it is the payout's word
cancelled  nobody pays it any more
"""

import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import asyncpg

from uzel.kit.database import Connection
from uzel.model.currency import minor
from uzel.payouts.payout import Refused, Wish
from uzel.payouts.programs import invoice_store as store
from uzel.payouts.programs.asked import (
    Asker,
    currency_of,
    forbid_cards,
    label,
    metadata_of,
    purpose_of,
    read_money,
)
from uzel.payouts.programs.documented import moment, number, user_of
from uzel.payouts.wish import CURRENCY, WishRejected

DRAFT, OPEN, CANCELLED, PAID = "draft", "open", "cancelled", "paid"
STATUSES = (DRAFT, OPEN, PAID, CANCELLED)
# After these the invoice can be paid by another payout.
FREES = ("failed", "cancelled")


class InvoiceRefused(Exception):
    """`code`: `external_id_reused`, `invoice_fixed`, `invoice_not_open`, `invoice_amount`,
    `invoice_taken`, `not_found`, `status_by_provider`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def make(
    connection: Connection, asker: Asker, connection_id: int, body: Mapping[str, Any]
) -> Any:
    """A new one's row. Under a number that is known: the one there is, if it says the same. In a
    transaction of the caller's. Raises WishRejected, InvoiceRefused.
    """
    forbid_cards(body)
    status = body.get("status", OPEN)
    if status not in (DRAFT, OPEN):
        raise WishRejected("status", "status")
    external_id = label("external_id", body.get("external_id"))
    currency = currency_of(body.get("currency", CURRENCY))
    asked = (
        external_id,
        label("user_id", body.get("user_id")),
        kopecks(body.get("amount")),
        currency,
        purpose_of(body.get("description")),
        metadata_of(body.get("metadata")),
    )
    public_id = f"inv_{secrets.token_hex(8)}"
    try:
        async with connection.transaction():
            row = (public_id, connection_id, asker.token_id, *asked, status)
            return await store.lock(connection, await store.add(connection, row))
    except asyncpg.UniqueViolationError:
        known = await store.find(connection, str(external_id), connection_id)
    same = known is not None and (known["user_id"], known["amount_minor"]) == asked[1:3]
    if not same:
        raise InvoiceRefused("external_id_reused")
    return known


async def change(connection: Connection, row: Any, body: Mapping[str, Any]) -> None:
    """What a PUT asks for; `row` is locked. An open one keeps its amount, for it is known to
    somebody. Raises WishRejected, InvoiceRefused.
    """
    forbid_cards(body)
    status = body.get("status", row["state"])
    if status == PAID and status_of(row) != PAID:
        raise InvoiceRefused("status_by_provider")
    if status not in (DRAFT, OPEN, CANCELLED, status_of(row)):
        raise WishRejected("status", "status")
    is_fixed = is_busy(row) or row["state"] == CANCELLED
    if is_fixed and (status != status_of(row) or {"amount", "description"} & set(body)):
        raise InvoiceRefused("invoice_fixed")
    if row["state"] == OPEN and (status == DRAFT or "amount" in body):
        raise InvoiceRefused("invoice_fixed")
    values = {
        "amount_minor": kopecks(body["amount"]) if "amount" in body else row["amount_minor"],
        "description": purpose_of(body.get("description", row["description"])),
        "metadata": metadata_of(body["metadata"]) if "metadata" in body else row["metadata"],
        "state": row["state"] if status == PAID else status,
    }
    await store.change(connection, row["id"], values)


async def cancel(connection: Connection, row: Any) -> None:
    """Nobody pays it any more; `row` is locked. Raises InvoiceRefused."""
    if row["state"] == CANCELLED:
        return
    if is_busy(row):
        raise InvoiceRefused("invoice_fixed")
    values = {name: row[name] for name in ("amount_minor", "description", "metadata")}
    await store.change(connection, row["id"], {**values, "state": CANCELLED})


async def pay(connection: Connection, wish: Wish, name: str, payout_id: int) -> None:
    """This payout pays it, and no other; in the transaction that begins it. Raises Refused."""
    found = await store.find(connection, name, wish.connection_id)
    if found is None:
        raise Refused("invoice_not_found", "there is no such invoice")
    row = await store.lock(connection, found["id"])
    if row["payout_id"] == payout_id:
        return
    if row["state"] != OPEN:
        raise Refused("invoice_not_open", "only an open invoice is paid")
    if is_busy(row):
        raise Refused("invoice_taken", "a payout pays it", payout=row["payment_id"])
    if row["amount_minor"] != wish.amount_minor:
        raise Refused("invoice_amount", "an invoice is paid with its own amount")
    await store.set_payout(connection, row["id"], payout_id)


def is_busy(row: Any) -> bool:
    """Whether a payout pays it, or has."""
    return row["payout_id"] is not None and row["payment_state"] not in FREES


def status_of(row: Any) -> str:
    return PAID if row["payment_state"] == PAID else str(row["state"])


def kopecks(raw: Any) -> int:
    amount = read_money(raw)
    return minor(Decimal(amount), CURRENCY)


def shown(row: Any) -> dict[str, Any]:
    """One, ready for orjson."""
    status = status_of(row)
    return {
        "id": row["public_id"],
        "status": status,
        "amount": number(row["amount_minor"], row["currency"]),
        "currency": row["currency"],
        "description": row["description"],
        "user_id": user_of(row["user_id"]),
        "external_id": row["external_id"],
        "payment_id": row["payment_id"],
        "metadata": row["metadata"],
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["updated_at"]),
        "paid_at": moment(row["payment_ended_at"]) if status == PAID else None,
    }
