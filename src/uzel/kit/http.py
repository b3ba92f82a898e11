"""Outgoing HTTP: the one place that tells *it did not happen* from *it may have happened*."""

import functools
import json as codec
import ssl
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.kit.http_transport import Transport

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 15.0
# Shorter than any provider keeps an idle connection: a request that races with their close looks
# like a lost answer and would have to be treated as one.
KEEPALIVE_S = 4.0
DEFAULT_RETRY_AFTER_S = 30.0
LONGEST_RETRY_AFTER_S = 24 * 3600.0


def new_client(
    base_url: str,
    around: Callable[[httpx2.AsyncBaseTransport], httpx2.AsyncBaseTransport] | None = None,
) -> httpx2.AsyncClient:
    """A client for one provider. `base_url` without a trailing slash; redirects are not followed:
    a provider that moves is a changed contract, and a redirect could carry the secret away.
    `around`: makes a transport that sees each request before ours does.
    Raises ConfigError for what is no address.
    """
    try:
        httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise ConfigError(f"{base_url!r} is not an HTTP address") from error
    transport: httpx2.AsyncBaseTransport = Transport(trust(), KEEPALIVE_S)
    return httpx2.AsyncClient(
        base_url=base_url,
        transport=around(transport) if around else transport,
        timeout=httpx2.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        follow_redirects=False,
        trust_env=False,
        headers={"user-agent": "uzel", "accept-encoding": "identity"},
    )


@functools.cache
def trust() -> ssl.SSLContext:
    """The certificates we trust; reading them takes longer than many a call, so once."""
    return httpx2.create_ssl_context(trust_env=False)


async def ask(
    http: httpx2.AsyncClient,
    method: str,
    path: str,
    *,
    effect: bool,
    form: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    refusal: Callable[[httpx2.Response], CallFailed | None] | None = None,
    answer_within_s: float | None = None,
    also: Collection[int] = (),
) -> httpx2.Response:
    """Send one request and return its 2xx answer.

    effect   True where the request changes something at the provider: a lost answer or a 5xx is
             then OutcomeUnknown; False: Unavailable, since reading again harms nobody.
    content  a body as it is, where every byte of it counts
    refusal  what the body of an answer outside 2xx says, for a provider that says more there than
             by its status; None from it leaves the word to the status.
    answer_within_s  how long to wait for an answer where the usual time does not do; a client that
             was told to wait less waits less
    also     statuses outside 2xx that are answers all the same

    Raises ConfigError for an address that is none, else the CallFailed that the HTTP outcome means.
    """
    lost = OutcomeUnknown if effect else Unavailable
    try:
        response = await http.request(
            method,
            path,
            data=form,
            json=json,
            content=content,
            headers=headers,
            timeout=waits(http, answer_within_s),
        )
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise without_answer(error, http, lost) from error
    if not response.is_success and response.status_code not in also:
        raise (refusal and refusal(response)) or failure_of(response, lost)
    return response


def without_answer(
    error: Exception, http: httpx2.AsyncClient, lost: type[CallFailed]
) -> CallFailed | ConfigError:
    """What it means that no answer came; `lost` where the request may have arrived."""
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ConfigError(f"{http.base_url} is not an HTTP address")
    if isinstance(error, httpx2.LocalProtocolError):  # nothing left
        return ConfigError(f"no such request can be sent: {error}")
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Unavailable(f"no connection: {type(error).__name__}")
    if isinstance(error, httpx2.DecodingError):
        return lost("the answer cannot be decoded")
    return lost(f"the answer was lost: {type(error).__name__}")


def waits(http: httpx2.AsyncClient, answer_within_s: float | None) -> httpx2.Timeout:
    """How long a request of this client waits."""
    usual = http.timeout
    if answer_within_s is None or (usual.read is not None and usual.read < ANSWER_TIMEOUT_S):
        return usual
    return httpx2.Timeout(answer_within_s, connect=usual.connect)


def json_of(response: httpx2.Response, *, effect: bool) -> dict[str, Any]:
    """The JSON object of a 2xx answer, its fractions as Decimal.

    What cannot be read after an effect may have happened all the same: OutcomeUnknown. Raises
    ContractBroken for a read, Unavailable where it was answered by a page for people.
    """
    broken = OutcomeUnknown if effect else ContractBroken
    if not effect and is_page(response):
        status = response.status_code
        raise Unavailable("a page for people instead of the answer", http_status=status)
    try:
        content = codec.loads(response.content, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise broken("the answer is not JSON") from error
    if not isinstance(content, dict):
        raise broken("the answer is not an object")
    return content


def is_page(response: httpx2.Response) -> bool:
    """Whether a body is HTML: what a front server shows while the provider itself is away."""
    start = response.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def failure_of(response: httpx2.Response, lost: type[CallFailed]) -> CallFailed:
    """The error that an HTTP status outside 2xx means; `lost` is used for 5xx."""
    status = response.status_code
    detail = f"HTTP {status}"
    if status in (401, 403):
        return AuthFailed(detail, http_status=status)
    if status == 429:
        return RateLimited(detail, retry_at=retry_at(response), http_status=status)
    if status >= 500:
        return lost(detail, http_status=status)
    if status < 400:
        return ContractBroken(f"{detail}: an unexpected redirect", http_status=status)
    return Rejected(detail, code=str(status), http_status=status)


def retry_at(response: httpx2.Response) -> datetime:
    """When the provider wants to be asked again: Retry-After in either of its two forms, kept
    within a day; half a minute where it does not say.
    """
    now = datetime.now(UTC)
    value = response.headers.get("retry-after", "").strip()
    wait_s = DEFAULT_RETRY_AFTER_S
    if value.isascii() and value.isdigit():
        wait_s = float(value)
    elif value:
        try:
            wait_s = (parsedate_to_datetime(value) - now).total_seconds()
        except (TypeError, ValueError):
            wait_s = DEFAULT_RETRY_AFTER_S
    return now + timedelta(seconds=min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S))
