"""One request to amoCRM's API v4, and what its refusals mean.

The status is looked at before the body: a 429 and the 403 of a blocked address are nginx's HTML
pages, without Retry-After. Everything else is `application/hal+json`, or `application/problem+json`
with `title`, `status`, `detail`, and `validation-errors` at a 400. Nothing found is 204 without a
body.
"""

import json as codec
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from uzel.kit.body import at, number_of, text_of
from uzel.kit.http import ask, json_of

Arguments = Mapping[str, Any]
Content = dict[str, Any]
Refusal = Callable[[httpx2.Response], CallFailed | None]

UNPAID, TOO_MANY = 402, 429
NOTHING_FOUND = 204
# It is the repetition that gets an address blocked.
REST_FOR = timedelta(seconds=10)
# How long an address stays blocked is not documented; asking on is what got it blocked.
BLOCKED_FOR = timedelta(minutes=15)


async def read(http: httpx2.AsyncClient, config: AmocrmConfig, path: str) -> Content | None:
    """The object at `path`, None where there is nothing. Raises a CallFailed."""
    response = await ask(http, "GET", path, effect=False, headers=headers(config), refusal=refusal)
    return None if response.status_code == NOTHING_FOUND else json_of(response, effect=False)


async def write(
    http: httpx2.AsyncClient,
    config: AmocrmConfig,
    method: str,
    path: str,
    json: Any,
    refused: Refusal | None = None,
) -> Content:
    """The answer to a change; empty where amoCRM answers without a body. `refused` words a refusal
    of this request in particular. Raises a CallFailed.
    """
    response = await ask(
        http,
        method,
        path,
        effect=True,
        json=json,
        headers=headers(config),
        refusal=refused or refusal,
    )
    return {} if response.status_code == NOTHING_FOUND else json_of(response, effect=True)


def headers(config: AmocrmConfig) -> dict[str, str]:
    """Raises AuthFailed where nobody has granted access yet."""
    if config.access_token is None:
        raise AuthFailed("amoCRM: доступ ещё не выдан: его разрешает владелец аккаунта")
    return {"authorization": f"Bearer {config.access_token.get_secret_value()}"}


def refusal(response: httpx2.Response) -> CallFailed | None:
    """What an answer outside 2xx means, where its status alone does not say it."""
    status = response.status_code
    problem = problem_of(response)
    code = text_of(at(problem, "code")) or str(at(problem, "code") or status)
    if status == UNPAID:
        return AuthFailed("amoCRM: аккаунт не оплачен", code=code, http_status=status)
    if problem is None or status == TOO_MANY:
        return too_many(response)
    if status in (401, 403):
        return AuthFailed(said(problem, status), code=code, http_status=status)
    if status in (400, 422):
        return rejection(problem, status)
    return None


def too_many(response: httpx2.Response) -> RateLimited | None:
    """What a page of nginx means: wait, and for how long. None where it says that itself, or is
    about something else.
    """
    status, now = response.status_code, datetime.now(UTC)
    if status == 403:
        words = "amoCRM заблокировала адрес этого сервера за слишком частые запросы"
        return RateLimited(words, retry_at=now + BLOCKED_FOR, http_status=status)
    if status == TOO_MANY and "retry-after" not in response.headers:
        words = "amoCRM: слишком много запросов в секунду"
        return RateLimited(words, retry_at=now + REST_FOR, http_status=status)
    return None


def problem_of(response: httpx2.Response) -> Content | None:
    """The problem that an answer describes, None where it is a page for people."""
    try:
        problem = codec.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return problem if isinstance(problem, dict) else None


def said(problem: Content, status: int) -> str:
    words = text_of(problem.get("detail")) or text_of(problem.get("title")) or "отказ"
    return f"amoCRM: HTTP {status}, {words}"


def rejection(problem: Content, status: int) -> Rejected:
    """The first of the `validation-errors`: its code, and where in the request it lies."""
    found = at(first(problem.get("validation-errors")), "errors")
    error = first(found)
    code, path = text_of(at(error, "code")), text_of(at(error, "path"))
    words = text_of(at(error, "detail"))
    detail = f"amoCRM: {path}: {words}" if path and words else said(problem, status)
    return Rejected(detail, code=code or str(status), http_status=status)


def first(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else None


def embedded(content: Content | None, name: str, *, effect: bool = False) -> Sequence[Content]:
    """The entities of that name in a HAL answer; none where nothing was found. Raises
    ContractBroken, after an effect OutcomeUnknown.
    """
    found = at(content, "_embedded", name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entity, dict) for entity in found):
        raise (OutcomeUnknown if effect else ContractBroken)(f"amoCRM: {name} в ответе не список")
    return found


def entity_id(entity: Any) -> int:
    """The id of an entity that was read. Raises ContractBroken."""
    found = number_of(at(entity, "id"))
    if found is None:
        raise ContractBroken("amoCRM: у записи в ответе нет номера")
    return int(found)


def whole(value: Any) -> int | None:
    """A whole number as amoCRM's ids, sums and times are; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
