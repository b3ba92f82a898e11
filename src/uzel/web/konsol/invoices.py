"""Invoices: made, looked at, listed, changed, cancelled. They are paid by a payout."""

from typing import Any

from starlette.responses import Response

from uzel.payouts.programs import invoice_store as store
from uzel.payouts.programs import invoices
from uzel.payouts.programs.invoices import InvoiceRefused, shown
from uzel.web.konsol.gate import Call
from uzel.web.konsol.reading import body_of, filter_of, listed, page_of
from uzel.web.konsol.reply import NotDone, done


async def create(call: Call) -> Response:
    """POST /konsol/invoices"""
    body = await body_of(call.request)
    through = call.means.through(call.asker)
    async with call.means.pool.acquire() as connection, connection.transaction():
        try:
            row = await invoices.make(connection, call.asker, through.id, body)
        except InvoiceRefused as refused:
            raise NotDone(refused.code) from None
    return done(shown(row), "Счёт выставлен")


async def one(call: Call) -> Response:
    """GET /konsol/invoices/{invoice_id}"""
    return done(shown(await found(call)), "Счёт найден")


async def many(call: Call) -> Response:
    """GET /konsol/invoices"""
    page, per_page = page_of(call.request)
    status = filter_of(call.request, "status", invoices.STATUSES.__contains__)
    user_id = filter_of(call.request, "user_id")
    asked = (call.asker.connection_id, status, user_id, page, per_page)
    total, rows = await store.page(call.means.pool, *asked)
    items = [shown(row) for row in rows]
    return done(listed("invoices", items, total, page, per_page), "Список счетов")


async def change(call: Call) -> Response:
    """PUT /konsol/invoices/{invoice_id}"""
    body = await body_of(call.request)
    row = await found(call)
    try:
        async with call.means.pool.acquire() as connection, connection.transaction():
            locked = await store.lock(connection, row["id"])
            await invoices.change(connection, locked, body)
    except InvoiceRefused as refused:
        raise NotDone(refused.code) from None
    return done(shown(await found(call)), "Счёт изменён")


async def cancel(call: Call) -> Response:
    """DELETE /konsol/invoices/{invoice_id}"""
    row = await found(call)
    try:
        async with call.means.pool.acquire() as connection, connection.transaction():
            await invoices.cancel(connection, await store.lock(connection, row["id"]))
    except InvoiceRefused as refused:
        raise NotDone(refused.code) from None
    return done(shown(await found(call)), "Счёт отменён")


async def found(call: Call) -> Any:
    """The invoice in the address. Raises NotDone."""
    name = str(call.request.path_params["invoice_id"])
    row = None
    if name.isprintable():
        row = await store.find(call.means.pool, name, call.asker.connection_id)
    if row is None:
        raise NotDone("invoice_not_found")
    return row
