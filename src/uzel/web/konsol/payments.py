"""Payouts: asked for, looked at, listed, changed, taken back."""

from typing import Any

from starlette.responses import Response

from uzel.flows.payouts import changes, requests
from uzel.payouts import payout_store
from uzel.payouts.payout import Kind
from uzel.payouts.programs import request_store as store
from uzel.payouts.programs.asked import CARD, PHONE
from uzel.payouts.programs.documented import STATUS_WORDS, shown, states_of
from uzel.web.konsol.gate import Call
from uzel.web.konsol.reading import body_of, filter_of, key_of, listed, page_of
from uzel.web.konsol.reply import JSON, content_of, done

REPLAYED = {"idempotent-replayed": "true"}
METHODS = {"card": Kind.CARD, CARD: Kind.CARD, "phone": Kind.FPS, PHONE: Kind.FPS}


async def create(call: Call) -> Response:
    """POST /konsol/payments"""
    body, key = await body_of(call.request), key_of(call.request)
    reply = await requests.take(call.means, call.asker, body, key, render)
    return Response(reply.content, 200, REPLAYED if reply.repeated else {}, JSON)


def render(row: Any, stopped: bool) -> bytes:
    """A payout that was taken in."""
    said = "Платёж принят" + (", но выплаты остановлены: он ждёт" if stopped else "")
    return content_of(shown(row, stopped=stopped), said)


async def one(call: Call) -> Response:
    """GET /konsol/payments/{payment_id}"""
    row = await changes.refreshed(call.means, call.asker, name_of(call))
    return await answered(call, row, "Платёж найден")


async def many(call: Call) -> Response:
    """GET /konsol/payments"""
    page, per_page = page_of(call.request)
    status = filter_of(call.request, "status", STATUS_WORDS.__contains__)
    method = filter_of(call.request, "payment_method", METHODS.__contains__)
    filters = {
        "currency": filter_of(call.request, "currency"),
        "kind": METHODS[method] if method else None,
        "user_id": filter_of(call.request, "user_id"),
    }
    states = states_of(status) if status else None
    asked = (call.asker.connection_id, states, filters, page, per_page)
    total, rows = await store.page(call.means.pool, *asked)
    stopped = await is_stopped(call)
    items = [shown(row, stopped=stopped) for row in rows]
    return done(listed("payments", items, total, page, per_page), "Список платежей")


async def change(call: Call) -> Response:
    """PUT /konsol/payments/{payment_id}"""
    body = await body_of(call.request)
    row = await changes.change(call.means, call.asker, name_of(call), body)
    return await answered(call, row, "Платёж изменён")


async def cancel(call: Call) -> Response:
    """DELETE /konsol/payments/{payment_id}"""
    row = await changes.cancel(call.means, call.asker, name_of(call))
    return await answered(call, row, "Платёж отменён")


async def answered(call: Call, row: Any, message: str) -> Response:
    return done(shown(row, stopped=await is_stopped(call)), message)


async def is_stopped(call: Call) -> bool:
    return await payout_store.stopped(call.means.pool) is not None


def name_of(call: Call) -> str:
    """Of the payout in the address."""
    return str(call.request.path_params["payment_id"])
