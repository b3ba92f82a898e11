"""Payouts for scripts: the documented interface of an installation, over HTTP.

    from uzel.konsol_client import konsol_client

    payment = await konsol_client.create_payment({"amount": 1000, "external_id": "order_17", …})
    print(payment["id"], payment["status"])

Where it is and the token come from UZEL_URL and UZEL_TOKEN, or are given to a `KonsolClient`.
Errors are those of `uzel.errors`, and say what is known: Rejected and AuthFailed: not done, ask for
something else; RateLimited and Unavailable: not done, ask again; OutcomeUnknown: it may have been
done; the same again is safe, for a payment is made once for its `external_id` or key.

What else a refusal names stands in its `about`: `field` and `reason` of what is wrong with a
request, `candidates` where a bank's name fits several, `limit` or `left` of a limit, in kopecks or
payouts.
"""

import os
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import quote

import httpx2
import orjson

from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.kit.http import ask, json_of, retry_at, trust

URL, TOKEN = "UZEL_URL", "UZEL_TOKEN"
TIMEOUT_S = 30.0
# What got lost on the way is asked for again at once, this often in all: the same request.
TRIES = 3
# What every answer has; a refusal may name more.
USUAL = frozenset({"success", "data", "message", "code"})


class Payment(TypedDict):
    """A payout. Amounts are Decimal; `status`: pending, processing, completed, failed, cancelled;
    `state`: the same in finer words, see the glossary.
    """

    id: str
    konsol_id: str | None
    status: str
    state: str
    waits_for: str | None
    amount: Any
    currency: str
    description: str
    payment_type: str
    card_number: str | None
    phone_number: str | None
    bank: str | None
    user_id: int | str | None
    external_id: str | None
    invoice_id: str | None
    callback_url: str | None
    metadata: dict[str, Any]
    error_message: str | None
    created_at: str
    updated_at: str
    paid_at: str | None


class Payments(TypedDict):
    """A page of them, the newest first."""

    payments: list[Payment]
    total: int
    page: int
    per_page: int
    pages: int


class Balance(TypedDict):
    """Amounts are Decimal."""

    currency: str
    amount: Any
    available: Any
    frozen: Any
    updated_at: str


class NewPayment(TypedDict):
    """What is asked for. `amount`: Decimal, int, a text, or a float of whole kopecks."""

    amount: Any
    currency: str
    payment_type: str
    description: NotRequired[str]
    card_number: NotRequired[str]
    phone_number: NotRequired[str]
    bank: NotRequired[str]
    recipient: NotRequired[Mapping[str, str]]
    user_id: NotRequired[int | str]
    external_id: NotRequired[str]
    invoice_id: NotRequired[str]
    callback_url: NotRequired[str]
    metadata: NotRequired[Mapping[str, Any]]


class KonsolClient:
    """Programs' side of `/konsol`. May be used from any event loop."""

    def __init__(
        self, url: str | None = None, token: str | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._url = url
        self._token = token
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"KonsolClient({self._url or URL})"

    async def create_payment(
        self, payment: NewPayment | Mapping[str, Any], *, key: str | None = None
    ) -> Payment:
        """Have somebody paid. The payment needs an `external_id`, or a `key` of its own
        (Idempotency-Key): by them the same asked for again is the same payment.
        """
        headers = {"idempotency-key": key} if key is not None else {}
        return cast("Payment", await self._ask("POST", "/payments", payment, headers))

    async def get_payment(self, payment_id: str) -> Payment:
        """By our id, the provider's, or your number."""
        return cast("Payment", await self._ask("GET", f"/payments/{quote(payment_id, safe='')}"))

    async def list_payments(self, **filters: Any) -> Payments:
        """Filters: status, currency, payment_method, user_id; page, per_page (100 at most)."""
        query = httpx2.QueryParams({name: it for name, it in filters.items() if it is not None})
        return cast("Payments", await self._ask("GET", f"/payments?{query}"))

    async def update_payment(self, payment_id: str, changes: Mapping[str, Any]) -> Payment:
        """Its description while it waits, its metadata, its callback_url."""
        path = f"/payments/{quote(payment_id, safe='')}"
        return cast("Payment", await self._ask("PUT", path, changes))

    async def cancel_payment(self, payment_id: str) -> Payment:
        """Take one back that has not been sent. Raises Rejected (`already_sent`) where it has."""
        path = f"/payments/{quote(payment_id, safe='')}"
        return cast("Payment", await self._ask("DELETE", path))

    async def get_balance(self) -> Balance:
        """What the provider has for us, and how much of it is promised."""
        return cast("Balance", await self._ask("GET", "/balance"))

    async def _ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The data of an answer. All requests here may be repeated, so what was lost is."""
        left = TRIES
        while True:
            left -= 1
            try:
                return await self._once(method, path, body, headers or {})
            except (OutcomeUnknown, Unavailable):
                if not left:
                    raise

    async def _once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        url, token = self._url or set_in(URL), self._token or set_in(TOKEN)
        content = None if body is None else orjson.dumps(dict(body), default=str)
        effect = method != "GET"
        said = {"authorization": f"Bearer {token}", "content-type": "application/json", **headers}
        # One of its own for each request: an event loop cannot use the connections of another.
        async with httpx2.AsyncClient(
            base_url=url.rstrip("/"), timeout=self._timeout_s, verify=trust(), trust_env=False
        ) as http:
            response = await ask(
                http, method, f"/konsol{path}", effect=effect, content=content, headers=said,
                refusal=refusal,
            )  # fmt: skip
        return json_of(response, effect=effect)["data"]


def refusal(response: httpx2.Response) -> CallFailed | None:
    """What the installation says; None where the status alone has to do."""
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("code"), str):
        return None
    failed = failure(str(said.get("message")), said["code"], response)
    if failed is not None:
        failed.about = {name: it for name, it in said.items() if name not in USUAL}
    return failed


def failure(detail: str, code: str, response: httpx2.Response) -> CallFailed | None:
    """The class that the status means."""
    status = response.status_code
    if status in (401, 403):
        return AuthFailed(detail, code=code, http_status=status)
    if status == 429:
        return RateLimited(detail, retry_at=retry_at(response), code=code, http_status=status)
    return Rejected(detail, code=code, http_status=status) if status < 500 else None


def set_in(variable: str) -> str:
    """Raises ConfigError."""
    found = os.environ.get(variable)
    if not found:
        raise ConfigError(f"set {variable}, or give it to KonsolClient")
    return found


konsol_client = KonsolClient()
