"""The application under `/konsol/`: which address is answered by what, always in JSON."""

import logging
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from uzel.connections.hook_url import HookRefused
from uzel.flows.payouts.means import Refusal
from uzel.kit import database
from uzel.kit.logs import without_text
from uzel.payouts.payout import Refused
from uzel.payouts.wish import WishRejected
from uzel.people.scopes import PAYOUTS_READ, PAYOUTS_WRITE
from uzel.web.deps import Deps
from uzel.web.konsol import invoices, payments
from uzel.web.konsol.balance import Balances
from uzel.web.konsol.gate import Call, admit
from uzel.web.konsol.reply import NotDone
from uzel.web.konsol.webhook import Webhook, log
from uzel.web.konsol.words import CODES, reason_said

PREFIX = "/konsol/"
Handler = Callable[[Call], Awaitable[Response]]
Open = Callable[[Request], Awaitable[Response]]
LOG = logging.getLogger("uzel.konsol")


class KonsolDoor:
    """One for a web process."""

    def __init__(self, deps: Deps) -> None:
        balances, webhook = Balances(), Webhook(time.monotonic)
        payment, invoice = "/payments/{payment_id}", "/invoices/{invoice_id}"
        routes = [
            route("POST", "/payments", PAYOUTS_WRITE, payments.create),
            route("GET", "/payments", PAYOUTS_READ, payments.many),
            route("GET", payment, PAYOUTS_READ, payments.one),
            route("PUT", payment, PAYOUTS_WRITE, payments.change),
            route("DELETE", payment, PAYOUTS_WRITE, payments.cancel),
            route("POST", "/invoices", PAYOUTS_WRITE, invoices.create),
            route("GET", "/invoices", PAYOUTS_READ, invoices.many),
            route("GET", invoice, PAYOUTS_READ, invoices.one),
            route("PUT", invoice, PAYOUTS_WRITE, invoices.change),
            route("DELETE", invoice, PAYOUTS_WRITE, invoices.cancel),
            route("GET", "/balance", PAYOUTS_READ, balances.answer),
            route("GET", "/webhooks", PAYOUTS_READ, log),
            Route(f"{PREFIX}webhook", answering(webhook.take), methods=["POST"]),
        ]
        self._app = Starlette(routes=routes, exception_handlers={HTTPException: on_http})
        self._app.state.deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self._app(scope, receive, send)


def route(method: str, path: str, scope: str, handler: Handler) -> Route:
    """For a token with a scope."""

    async def admitted(request: Request) -> Response:
        return await handler(await admit(request, scope))

    return Route(f"{PREFIX[:-1]}{path}", answering(admitted), methods=[method])


def answering(work: Open) -> Open:
    """With an answer whatever goes wrong."""

    async def answered(request: Request) -> Response:
        try:
            return await work(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except database.PASSING as error:
            LOG.warning("somebody was told to come again (%s)", type(error).__name__)
            return NotDone("unavailable", headers={"retry-after": "5"}).response()
        except RecursionError:
            return NotDone("invalid_json").response()
        except Exception as error:  # noqa: BLE001 - the answer to whoever asked
            return refusal_of(error).response()

    return answered


def refusal_of(error: Exception) -> NotDone:
    """What is said of an error."""
    if isinstance(error, NotDone):
        return error
    if isinstance(error, WishRejected):
        about = {"field": error.field, "reason": error.reason}
        candidates = [{"name": it.name, "id": it.member_id} for it in error.candidates]
        more = {"candidates": candidates} if candidates else {}
        said = reason_said(error.field, error.reason)
        return NotDone("invalid_request", said, {**about, **more})
    if isinstance(error, HookRefused):
        about = {"field": "callback_url", "reason": error.code}
        return NotDone("callback_refused", None, about)
    if isinstance(error, Refused):
        about = {name: error.about[name] for name in ("limit", "left") if name in error.about}
        return NotDone(error.code if error.code in CODES else "limit", None, about)
    if isinstance(error, Refusal):
        return NotDone(error.code, None, error.about)
    # Without its text: what stands in a request must not get into the log by it.
    LOG.error("a request to /konsol failed: %s", type(error).__name__, exc_info=without_text(error))
    return NotDone("internal_error")


async def on_http(request: Request, error: Exception) -> Response:
    """What the routing says."""
    assert isinstance(error, HTTPException)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    code = "method_not_allowed" if error.status_code == 405 else "not_found"
    return NotDone(code, headers=headers).response()
