"""Errors of the API: RFC 9457 problem+json, whatever went wrong."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from uzel.kit import database
from uzel.web.api.claim_codes import CLAIM_CODES
from uzel.web.api.wording import location_of, said_of
from uzel.web.partner.codes import CODES

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
    402: (
        "insufficient-funds",
        "Insufficient funds",
        "What is available on the balance does not suffice. Nothing was taken.",
    ),
    403: (
        "forbidden",
        "Not allowed",
        "The token is good but lacks the scope that the operation needs.",
    ),
    404: ("not-found", "Not found", "There is no such thing, or no such address."),
    405: ("method-not-allowed", "Method not allowed", "The header Allow says which are."),
    409: ("conflict", "Not possible now", "The thing is in a state that does not allow this."),
    413: ("body-too-large", "Too large", "`detail` says how much is taken."),
    415: ("unsupported-media-type", "Not of this type", "`detail` says what is taken."),
    422: (
        "invalid-request",
        "Invalid request",
        "A parameter is missing, unknown or out of its range; `errors` says which and why.",
    ),
    429: (
        "rate-limited",
        "Too many requests",
        "Ask again after the seconds in Retry-After.",
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


class Candidate(BaseModel):
    """One bank that is meant, perhaps."""

    id: str = Field(description="Its number.", examples=["100000000111"])
    name: str = Field(examples=["Сбербанк"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(
        description="A word for the kind of problem, as an address with an explanation.",
        examples=["/problems/not-found"],
    )
    title: str = Field(description="The kind of problem for people.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    code: str = Field(
        description="The same word for programs. Each has one status.", examples=["not_found"]
    )
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
    required_minor: int | None = Field(
        default=None,
        description="With status 402: what is needed, in minor units of `balance_currency`.",
        examples=[207000],
    )
    available_minor: int | None = Field(
        default=None, description="With status 402: the balance without the credit.", examples=[500]
    )
    credit_minor: int | None = Field(
        default=None, description="With status 402: how far below zero it may go.", examples=[1000]
    )
    spendable_minor: int | None = Field(
        default=None, description="With status 402: what can be spent, of both.", examples=[1500]
    )
    balance_currency: str | None = Field(
        default=None, description="With status 402.", examples=["RUB"]
    )
    state: str | None = Field(
        default=None, description="With `claim_state`: where the claim is.", examples=["paid"]
    )
    version: int | None = Field(
        default=None, description="With `claim_changed`: the one there is.", examples=[3]
    )
    missing: list[str] | None = Field(
        default=None, description="With `claim_incomplete`: fields.", examples=[["amount"]]
    )
    field: str | None = Field(
        default=None, description="With `claim_invalid`: what is wrong.", examples=["bank"]
    )
    reason: str | None = Field(
        default=None, description="With `claim_invalid`: why.", examples=["bank_ambiguous"]
    )
    candidates: list[Candidate] | None = Field(
        default=None, description="With `claim_invalid` of a bank: those that may be meant."
    )


# Of everybody's refusals: the code, its status and what it means.
EVERY_CODE = CODES | CLAIM_CODES
# Beside CODES, the words of KINDS that partners get, at the new address alone.
OF_KINDS = ("bad_request", "conflict", "invalid_request")


def partner_codes() -> dict[str, int]:
    """All codes of errors of the partner API, with their statuses."""
    known = {name: code.status for name, code in CODES.items()}
    return known | {name: status_of(name) for name in OF_KINDS}


class Coded(HTTPException):
    """A refusal with a code of its own: one of `CODES`, or of KINDS. `more`: further fields."""

    def __init__(
        self,
        code: str,
        detail: str,
        headers: dict[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        status = EVERY_CODE[code].status if code in EVERY_CODE else status_of(code)
        super().__init__(status, detail, headers)
        self.code = code
        self.more = more or {}


def handle_problems(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem."""
    app.add_exception_handler(HTTPException, on_http)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_invalid)  # type: ignore[arg-type]
    for lost in database.LOST:
        app.add_exception_handler(lost, on_lost)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, on_bug)


async def on_http(request: Request, error: HTTPException) -> JSONResponse:
    """What a handler or the routing says."""
    if isinstance(error, Coded):
        return JSONResponse(
            problem_of(request, error).model_dump(exclude_none=True),
            error.status_code,
            dict(error.headers or {}),
            media_type=MEDIA_TYPE,
        )
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        detail = kind_of(error.status_code)[2]
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == 405 and (allowed := methods_at(request)):
        headers["allow"] = ", ".join(allowed)
    return answer(request, error.status_code, detail, headers=headers)


def methods_at(request: Request) -> list[str]:
    """What an address takes; the routing knows only the first operation there."""
    from uzel.web.api.openapi import describe  # it describes problems, too

    return sorted(
        method.upper()
        for path, operations in describe(request.app)["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
        for method in operations
    )


async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Parameters that do not fit. The values given are not repeated."""
    errors = [
        InvalidField(location=location_of(item), detail=said_of(item)) for item in error.errors()
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
        code=name.replace("-", "_"),
        detail=detail,
        request_id=getattr(request.state, "request_id", ""),
        errors=errors,
    )
    content: dict[str, Any] = problem.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


def problem_of(request: Request, error: Coded) -> Problem:
    """What a refusal with a code says."""
    known = EVERY_CODE.get(error.code)
    title = known.title if known else kind_of(error.status_code)[1]
    return Problem(
        type=f"/problems/{error.code.replace('_', '-')}",
        title=title,
        status=error.status_code,
        code=error.code,
        detail=str(error.detail),
        request_id=getattr(request.state, "request_id", ""),
        **error.more,
    )


def status_of(code: str) -> int:
    """That of a code which is the name of a kind."""
    return next(it for it, (name, *_) in KINDS.items() if name.replace("-", "_") == code)


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
    if (code := EVERY_CODE.get(name.replace("-", "_"))) is not None:
        return PlainTextResponse(f"{code.title} (HTTP {code.status})\n\n{code.meaning}\n")
    raise HTTPException(404)
