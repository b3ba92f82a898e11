"""What each address under `/r/` does.

The places to write a review stand on the page from the beginning, before any rating, and are the
same in the same order after one star and after five: nobody has to say how it was to get there, so
nothing can depend on it (docs/decisions/0008). A message to the owner is beside them, and comes
after the rating: two forms at once would lose what was typed into the other.

Going on to a platform is a plain link. A form would make browsers ask the policy of this page for
leave (`form-action` holds for the redirect too), and what it notes is a figure, no more: programs
that follow links are not counted.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from uzel.flows.review_requests import feedback
from uzel.flows.review_requests.feedback import Page
from uzel.flows.review_requests.said import text_of
from uzel.flows.review_requests.wish import CODE_LENGTH, CODE_LETTERS
from uzel.kit.database import Connection
from uzel.web.allowance import Allowance
from uzel.web.console.form import read_form
from uzel.web.deps import deps_of
from uzel.web.guest.dead_ends import HANDLERS
from uzel.web.guest.look import headers, render
from uzel.web.guest.platforms import platforms
from uzel.web.guest.visitor import is_person

PREFIX = "/r"
CODE = re.compile(f"[{CODE_LETTERS}]{{{CODE_LENGTH}}}")
STARS = {str(stars): stars for stars in range(1, 6)}
NO_STARS = "Выберите от одной до пяти звёзд."
NO_TEXT = "Напишите хотя бы пару слов."


def register(app: FastAPI) -> None:
    """Put the pages into an application, with their own idea of what an error looks like. They end
    where they happen: passed on, they would be shown and logged in the way of the console, with the
    address in it.
    """
    routes = [
        Route("/{code}", Review),
        Route("/{code}/message", Message),
        Route("/{code}/go/{platform}", go),
        Route("/{code}/stop", Stop),
    ]
    app.state.allowance = Allowance()
    app.mount(PREFIX, ExceptionMiddleware(Router(routes, redirect_slashes=False), HANDLERS))


class Review(HTTPEndpoint):
    """`/r/{code}`: the page, and where its stars are sent."""

    async def get(self, request: Request) -> Response:
        """Show the page; a person who opens it gets no reminder any more."""
        async with opened(request) as (connection, page):
            if is_person(request):
                await feedback.click(connection, page)
            return review(request, page)

    async def post(self, request: Request) -> Response:
        """Give or change the rating: field `stars`, 1 to 5."""
        stars = STARS.get((await fields_of(request)).get("stars", ""))
        deps = deps_of(request)
        async with opened(request) as (connection, page):
            if page.expired:
                return review(request, page)
            if stars is None:
                return review(request, page, status=422, stars_error=NO_STARS)
            if stars != page.rating:
                spend(request, page)
                await feedback.rate(connection, deps.registry, page, stars, deps.settings.url)
        return back(request)


class Message(HTTPEndpoint):
    """`/r/{code}/message`: where a private message is sent."""

    async def get(self, request: Request) -> Response:
        """A reloaded tab: the form stands on the page."""
        return back(request)

    async def post(self, request: Request) -> Response:
        """Tell the owner: field `text`."""
        said = text_of((await fields_of(request)).get("text", ""))
        deps = deps_of(request)
        async with opened(request) as (connection, page):
            if page.expired:
                return review(request, page)
            if not said:
                return review(request, page, status=422, text_error=NO_TEXT)
            spend(request, page)
            await feedback.tell(connection, deps.registry, page, said, deps.settings.url)
        return back(request)


async def go(request: Request) -> Response:
    """On to a platform: only to an address that the owner entered for this very place."""
    async with opened(request) as (connection, page):
        name = request.path_params["platform"]
        if name not in {platform.name for platform in platforms(page.links)}:
            raise HTTPException(404)
        if is_person(request):
            await feedback.follow(connection, page, name)
        return RedirectResponse(page.links[name], 303, headers())


class Stop(HTTPEndpoint):
    """`/r/{code}/stop`: no more messages. It works for ever, on an expired link too."""

    async def get(self, request: Request) -> Response:
        """Ask first: mail gateways open every link of a letter."""
        async with opened(request) as (_, page):
            return render("stop.html", **shared(request, page))

    async def post(self, request: Request) -> Response:
        """Do it. Mail providers post here by themselves when somebody presses *unsubscribe* at
        their place (RFC 8058): as a form of either kind, so the body is not looked at, and with no
        redirect, which they would not follow.
        """
        async with opened(request) as (connection, page):
            await feedback.want_no_more(connection, page)
            return render("stop.html", **shared(request, page) | {"stopped": True})


@contextlib.asynccontextmanager
async def opened(request: Request) -> AsyncIterator[tuple[Connection, Page]]:
    """The page behind the code, and the transaction to change it in. Raises HTTPException 404."""
    code = code_of(request)
    async with deps_of(request).pool.acquire() as connection, connection.transaction():
        page = await feedback.see(connection, code)
        if page is None:
            raise HTTPException(404)
        yield connection, page


def code_of(request: Request) -> str:
    """The code, if it can be one: nothing else gets as far as the database."""
    code: str = request.path_params["code"]
    if CODE.fullmatch(code) is None:
        raise HTTPException(404)
    return code


async def fields_of(request: Request) -> Mapping[str, str]:
    """The posted form, kept for the page that asks to send it again."""
    code_of(request)
    fields = await read_form(request)
    request.state.fields = {name: fields[name] for name in ("stars", "text") if name in fields}
    return fields


def spend(request: Request, page: Page) -> None:
    """One change less. Raises HTTPException 429."""
    allowance: Allowance = request.app.state.allowance
    if not allowance.take(page.request_id):
        raise HTTPException(429)


def review(
    request: Request,
    page: Page,
    *,
    status: int = 200,
    stars_error: str | None = None,
    text_error: str | None = None,
) -> Response:
    """The page as things stand now."""
    return render(
        "review.html",
        410 if page.expired else status,
        **shared(request, page),
        rating=page.rating,
        commented=page.commented,
        expired=page.expired,
        platforms=platforms(page.links),
        stars_error=stars_error,
        text_error=text_error,
    )


def shared(request: Request, page: Page) -> dict[str, Any]:
    """What every page of a request shows. Nothing about the guest: links get passed on."""
    address = f"{PREFIX}/{request.path_params['code']}"
    return {"address": address, "place": page.place, "stopped": page.stopped}


def back(request: Request) -> Response:
    """To the page, by GET: reloading it sends nothing twice."""
    return RedirectResponse(f"{PREFIX}/{code_of(request)}", 303, headers())
