"""One request to Kaspi's API of orders, and what its refusals mean (Kaspi, "Orders API").

Everything is JSON:API. Refusals are `{"errors": [{"title"}]}` without a code, so the text decides.
Kaspi never answers a request without a User-Agent, or with that of a library: it hangs until the
client leaves (seen live, 2025-10). Ids are base64 of what they name, those of customers of a phone:
no id of a customer may get into an error.
"""

import json as codec
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

from uzel.connectors.kaspi.config import KaspiConfig
from uzel.errors import AuthFailed, CallFailed, ContractBroken, OutcomeUnknown, Rejected
from uzel.kit.body import LARGEST_INTEGER, at, storable, text_of
from uzel.kit.http import ask, json_of

Arguments = Mapping[str, Any]
Content = dict[str, Any]

UNAUTHORIZED = 401
MEDIA_TYPE = "application/vnd.api+json"
# What browsers begin with, and who we are.
USER_AGENT = "Mozilla/5.0 (compatible; Uzel)"
ID = re.compile(r"[0-9A-Za-z+/=_-]{1,200}")
# How a title begins → our code for it. The first two were seen live, the others are documented.
CODES: Mapping[str, str] = {
    "Required filter": "filter_required",
    "Exceeded the maximum difference": "window_too_long",
    "Security code is not valid": "security_code_invalid",
    "Order is cancelled": "order_cancelled",
    "Order already has been completed": "already_completed",
    "Order is not may complete allowed": "not_allowed",
}
# Phones, and the base64 of ten digits and more: each digit leaves its marks in it.
PERSONAL = re.compile(r"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){3}[0-9A-Za-z]*={0,2}|\+?[0-9]{10,}")


async def get(
    http: httpx2.AsyncClient, config: KaspiConfig, path: str, query: Mapping[str, Any] | None = None
) -> Content:
    """The answer to a read, ready to be written as JSON. Raises a CallFailed."""
    target = f"{path}?{urlencode(query)}" if query else path
    response = await ask(
        http, "GET", target, effect=False, headers=headers(config), refusal=refusal
    )
    return exact(response, effect=False)


async def post(
    http: httpx2.AsyncClient,
    config: KaspiConfig,
    path: str,
    data: Content,
    more: Mapping[str, str] | None = None,
) -> Content:
    """The answer to a change; `more` headers. Raises a CallFailed."""
    response = await ask(
        http,
        "POST",
        path,
        effect=True,
        json={"data": data},
        headers={**headers(config), **(more or {})},
        refusal=refusal,
    )
    return exact(response, effect=True)


def headers(config: KaspiConfig) -> dict[str, str]:
    return {
        "x-auth-token": config.token.get_secret_value(),
        "content-type": MEDIA_TYPE,
        "accept": MEDIA_TYPE,
        "user-agent": USER_AGENT,
    }


def exact(response: httpx2.Response, *, effect: bool) -> Content:
    """The object of an answer. Whole numbers stay numbers, fractions become the text they were
    written in: JSON of ours would have to round them.
    """
    try:
        content = writable(json_of(response, effect=effect))
    except RecursionError as error:
        raise (OutcomeUnknown if effect else ContractBroken)("the answer is too deep") from error
    assert isinstance(content, dict)
    return content


def writable(value: Any) -> Any:
    """`value` as any JSON writer and PostgreSQL take it."""
    if isinstance(value, dict):
        return {storable(name): writable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [writable(inner) for inner in value]
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):  # NaN and Infinity, which are no JSON
        return None
    return str(value) if isinstance(value, int) and abs(value) > LARGEST_INTEGER else value


def refusal(response: httpx2.Response) -> CallFailed | None:
    """What Kaspi says in an answer outside 2xx, where its status alone does not say it."""
    status = response.status_code
    if status == UNAUTHORIZED:
        words = "Kaspi не принимает токен: сформируйте новый в кабинете продавца и впишите его сюда"
        return AuthFailed(words, http_status=status)
    title = title_of(response)
    if title is None or status in (401, 403, 429) or not 400 <= status < 500:
        return None
    code = next((code for start, code in CODES.items() if title.startswith(start)), str(status))
    return Rejected(f"Kaspi: {PERSONAL.sub('…', title)}", code=code, http_status=status)


def title_of(response: httpx2.Response) -> str | None:
    """The first of the `errors` in a body, None where there is none."""
    try:
        errors = at(codec.loads(response.content), "errors")
    except (ValueError, RecursionError):
        return None
    return text_of(at(errors[0], "title")) if isinstance(errors, list) and errors else None


def in_path(value: Any, name: str) -> str:
    """An id as part of a path; some end in `=`. Raises Rejected with `name` as its code."""
    return quote(identifier(value, name), safe="")


def identifier(value: Any, name: str) -> str:
    """An id of theirs. Raises Rejected with `name` as its code."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise Rejected(f"Kaspi: «{name}» не похоже на номер", code=name)
    return value
