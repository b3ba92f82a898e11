"""What each address under `/partner/` does, and who may."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from uzel.web.cabinet import (
    leads,
    overview,
    rates,
    reference,
    sign_in,
    statement,
    tokens,
    transactions,
    webhooks,
)
from uzel.web.cabinet.dead_ends import HANDLERS
from uzel.web.cabinet.desk import PREFIX, Desk, open_desk, signed_in

Page = Callable[[Desk], Awaitable[Response]]


def anybody(page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await page(await open_desk(request))

    return endpoint


def own(page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await page(await signed_in(request))

    return endpoint


def get(path: str, page: Page) -> Route:
    return Route(path, own(page), methods=["GET"])


def post(path: str, page: Page) -> Route:
    return Route(path, own(page), methods=["POST"])


ROUTES = [
    Route("/sign-in", anybody(sign_in.show_form), methods=["GET"]),
    Route("/sign-in", anybody(sign_in.enter), methods=["POST"]),
    Route("/preferences", anybody(sign_in.prefer), methods=["POST"]),
    post("/sign-out", sign_in.leave),
    get("/", overview.show),
    get("/transactions", transactions.show_list),
    get("/transactions.csv", transactions.as_csv),
    get("/transactions/{payment_id}", transactions.show_one),
    get("/leads", leads.show_list),
    get("/leads.csv", leads.as_csv),
    get("/leads/{lead_id}", leads.show_one),
    get("/statement", statement.show),
    get("/statement.{kind}", statement.as_file),
    get("/rates", rates.show),
    get("/tokens", tokens.show),
    post("/tokens", tokens.create),
    post("/tokens/{token_id}/rotate", tokens.rotate),
    post("/tokens/{token_id}/revoke", tokens.revoke),
    get("/webhooks", webhooks.show),
    post("/webhooks/address", webhooks.set_address),
    post("/webhooks/secret", webhooks.rotate),
    post("/webhooks/test", webhooks.test),
    post("/webhooks/{delivery_id}/resend", webhooks.resend),
    get("/api", reference.show),
    post("/api/try", reference.try_it),
]


def register(app: FastAPI) -> None:
    """Put the cabinet into an application, with its own idea of what an error looks like."""
    app.mount(PREFIX, ExceptionMiddleware(Router(ROUTES, redirect_slashes=False), HANDLERS))
