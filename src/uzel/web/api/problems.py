"""Errors of the API: RFC 9457 problem+json, whatever went wrong."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from uzel.kit import database

log = logging.getLogger("uzel.api")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
# Status → (last part of the type, title, what it means and what to do).
KINDS: dict[int, tuple[str, str, str]] = {
    400: ("bad-request", "Bad request", "The request could not be read as HTTP or JSON."),
    401: (
        "unauthorized",
        "Not signed in",
        "Send the header `Authorization: Bearer <token>` with a living API token. "
        "An administrator makes one with: uzel token add NAME",
    ),
    403: (
        "forbidden",
        "Not allowed",
        "The token is good but lacks the scope that the operation needs.",
    ),
    404: ("not-found", "Not found", "There is no such thing, or no such address."),
    405: ("method-not-allowed", "Method not allowed", "The header Allow says which are."),
    409: ("conflict", "Not possible now", "The thing is in a state that does not allow this."),
    422: (
        "invalid-request",
        "Invalid request",
        "A parameter is missing, unknown or out of its range; `errors` says which and why.",
    ),
    500: (
        "internal-error",
        "An error of ours",
        "Nothing was changed by this request. The log has the details under its request id.",
    ),
    503: (
        "unavailable",
        "Not available now",
        "The database does not answer. Ask again after the seconds in Retry-After.",
    ),
}

pages = APIRouter(include_in_schema=False)


class InvalidField(BaseModel):
    """One thing wrong with a request."""

    location: str = Field(
        description="Where: `query.limit`, `path.event_id`, `body`.", examples=["query.limit"]
    )
    detail: str = Field(
        description="What is wrong with it.",
        examples=["Input should be less than or equal to 200"],
    )


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(
        description="A word for the kind of problem, as an address with an explanation.",
        examples=["/problems/not-found"],
    )
    title: str = Field(description="The kind of problem for people.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What happened this time.", examples=["There is no event with the id 17."]
    )
    request_id: str = Field(
        description="Under this id the log has more; also in the header X-Request-Id.",
        examples=["req-5f0c1b2a3d4e5f60"],
    )
    errors: list[InvalidField] | None = Field(
        default=None, description="With status 422: everything that is wrong."
    )


def handle_problems(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem."""
    app.add_exception_handler(HTTPException, on_http)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_invalid)  # type: ignore[arg-type]
    for lost in database.LOST:
        app.add_exception_handler(lost, on_lost)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, on_bug)


async def on_http(request: Request, error: HTTPException) -> JSONResponse:
    """What a handler or the routing says."""
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        detail = kind_of(error.status_code)[2]
    return answer(request, error.status_code, detail, headers=dict(error.headers or {}))


async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Parameters that do not fit. The values given are not repeated."""
    errors = [
        InvalidField(location=".".join(str(part) for part in item["loc"]), detail=item["msg"])
        for item in error.errors()
    ]
    named = ", ".join(dict.fromkeys(item.location for item in errors))
    return answer(request, 422, f"Not valid: {named}.", errors=errors)


async def on_lost(request: Request, error: Exception) -> JSONResponse:
    """The database is away."""
    log.warning("no database: %s", type(error).__name__)
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return answer(request, 503, "The database does not answer.", headers=headers)


async def on_bug(request: Request, error: Exception) -> JSONResponse:
    """An error of ours; the server logs it with its traceback."""
    return answer(request, 500, kind_of(500)[2])


def answer(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: list[InvalidField] | None = None,
) -> JSONResponse:
    """The response."""
    name, title, _ = kind_of(status)
    problem = Problem(
        type=f"/problems/{name}",
        title=title,
        status=status,
        detail=detail,
        request_id=getattr(request.state, "request_id", ""),
        errors=errors,
    )
    content: dict[str, Any] = problem.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


def kind_of(status: int) -> tuple[str, str, str]:
    """(type, title, meaning) of a status."""
    phrase = HTTPStatus(status).phrase
    return KINDS.get(status, (phrase.lower().replace(" ", "-"), phrase, phrase))


@pages.get("/problems/{name}")
async def explain(name: str) -> PlainTextResponse:
    """What a type of problem means: the address in `type` leads here."""
    for status, (known, title, meaning) in KINDS.items():
        if known == name:
            return PlainTextResponse(f"{title} (HTTP {status})\n\n{meaning}\n")
    raise HTTPException(404)
