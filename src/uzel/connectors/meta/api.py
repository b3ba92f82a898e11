"""One request to Meta's Graph API, and what its refusals mean."""

import functools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from uzel.connectors.meta.codes import GraphError, failure
from uzel.connectors.meta.config import MetaConfig
from uzel.errors import AuthFailed, CallFailed, ConfigError, RateLimited
from uzel.kit.body import at
from uzel.kit.http import LONGEST_RETRY_AFTER_S, ask, json_of, retry_at

USAGE_HEADERS = ("x-business-use-case-usage", "x-app-usage")

Content = dict[str, Any]


async def call(
    http: httpx2.AsyncClient,
    config: MetaConfig,
    method: str,
    path: str,
    *,
    effect: bool = False,
    body: Content | None = None,
) -> Content:
    """Ask for `path` below the version and return the answer's object; raises CallFailed."""
    response = await ask(
        http,
        method,
        f"/{config.version}/{path}",
        effect=effect,
        json=body,
        headers={"authorization": f"Bearer {token_of(config)}"},
        refusal=functools.partial(refusal, effect=effect),
    )
    return json_of(response, effect=effect)


def token_of(config: MetaConfig) -> str:
    """The token as a header can carry it. Raises ConfigError."""
    token = config.access_token.get_secret_value()
    if not token.isascii() or not token.isprintable():
        raise ConfigError("WhatsApp: в токене доступа посторонние символы, вставьте его заново")
    return token


def refusal(response: httpx2.Response, *, effect: bool) -> CallFailed | None:
    """What the `error` of an answer says; None leaves the word to the HTTP status. It also counts
    where the code is in no table but the status says more than *no*.
    """
    try:
        content = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    error = GraphError.of(at(content, "error"))
    if error is None:
        return None
    status, detail, code = response.status_code, error.explained, str(error.code)
    if error.known is None:
        if status in (401, 403):
            return AuthFailed(detail, code=code, http_status=status)
        if status == 429:
            return RateLimited(detail, retry_at=retry_at(response), code=code, http_status=status)
        if status >= 500:
            return None
    return failure(
        error, effect=effect, now=datetime.now(UTC), wait=wait_of(response), http_status=status
    )


def wait_of(response: httpx2.Response) -> timedelta | None:
    """The longest wait that the headers ask for: Retry-After, and the usage headers, whose
    `estimated_time_to_regain_access` is in minutes.
    """
    waits_s = [60.0 * minutes for minutes in minutes_of(response.headers)]
    if "retry-after" in response.headers:
        waits_s.append((retry_at(response) - datetime.now(UTC)).total_seconds())
    longest_s = min(max(waits_s, default=0.0), LONGEST_RETRY_AFTER_S)
    return timedelta(seconds=longest_s) if longest_s > 0 else None


def minutes_of(headers: httpx2.Headers) -> Iterator[float]:
    """`{"<account>": [{"estimated_time_to_regain_access": 19}]}`, or the inner object alone."""
    for name in USAGE_HEADERS:
        try:
            usage = json.loads(headers.get(name, "{}"))
        except (ValueError, RecursionError):
            continue
        accounts = [usage, *usage.values()] if isinstance(usage, dict) else []
        for entry in accounts:
            for part in entry if isinstance(entry, list) else [entry]:
                minutes = at(part, "estimated_time_to_regain_access")
                if isinstance(minutes, int | float) and minutes > 0:
                    yield float(minutes)
