"""Partners of a running web process, and how their programs speak to it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from partners_at_work import rates
from running_web import WebApp, running_web
from uzel.ledger.accounts import LIVE, TEST, open_account, standing
from uzel.ledger.command import Standing
from uzel.model.currency import minor
from uzel.partners import manage
from uzel.partners import partner_store as store
from uzel.partners.payment import State
from uzel.partners.settings import PartnerSettings
from uzel.partners.settle import settle

API = "/amogt/gpt_payment_api/api.php"
V1 = "/api/v1/partner"


def numbers(answer: httpx2.Response) -> Any:
    """JSON with exact numbers."""
    import json

    return json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)


@dataclass
class Client:
    """A partner with a token, and the installation it calls."""

    app: WebApp
    id: int
    public_id: str
    name: str
    token: str
    account: int

    def act(self, action: str, **fields: Any) -> httpx2.Response:
        """By form, as programs of today do it."""
        form = {"action": action, "api_token": self.token, **fields}
        return self.app.client.post(API, data=form)

    def get(self, action: str, **fields: Any) -> httpx2.Response:
        query = {"action": action, "api_token": self.token, **fields}
        return self.app.client.get(API, params=query)

    def pay(
        self, amount: str = "1", currency: str = "RUB", key: str | None = None, **fields: Any
    ) -> httpx2.Response:
        headers = {"idempotency-key": key} if key is not None else {}
        form = {
            "action": "process_payment",
            "api_token": self.token,
            "payment_amount": amount,
            "payment_currency": currency,
            **fields,
        }
        return self.app.client.post(API, data=form, headers=headers)

    def v1(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if key is not None:
            headers["idempotency-key"] = key
        if "json" in more:
            more["content"] = orjson.dumps(more.pop("json"))
            headers["content-type"] = "application/json"
        return self.app.client.request(method, f"{V1}{path}", headers=headers, **more)

    def stands(self) -> Standing:
        found = self.app.run(lambda: standing(self.app.deps.pool, self.account))
        assert found is not None
        return found

    def settle(self, public_id: str, state: State, reason: str = "report") -> None:
        async def work() -> None:
            async with self.app.deps.pool.acquire() as connection, connection.transaction():
                await settle(connection, public_id, state, made_by="robot", reason=reason)

        self.app.run(work)

    def payments(self) -> int:
        count = "select count(*) from payment where partner_id = $1"
        return int(self.app.run(lambda: self.app.deps.pool.fetchval(count, self.id)))


def add_client(
    app: WebApp,
    money: str = "0",
    *,
    currency: str = "RUB",
    name: str | None = None,
    token: str | None = None,
    is_test: bool = False,
    scopes: tuple[str, ...] = manage.SCOPES,
    **settings: Any,
) -> Client:
    """A new partner with a balance, and a token (`token`: one it has already)."""
    name = name or f"Партнёр {uuid4().hex[:8]}"

    async def work() -> Client:
        async with app.deps.pool.acquire() as connection:
            kept = PartnerSettings.model_validate(settings)
            added = await manage.add(connection, name, currency, kept)
            made = await manage.add_token(
                connection, added.id, "main", token=token, is_test=is_test, scopes=scopes
            )
            row = await store.find(connection, added.id)
            if Decimal(money):
                house = await open_account(connection, LIVE, "top-ups", currency)
                await manage.move_money(
                    connection, row["account_id"], house, minor(Decimal(money), currency),
                    kind="top_up", origin=f"top-up:{added.public_id}", made_by="anna",
                    reason="invoice 17",
                )  # fmt: skip
            account = row["test_account_id"] if is_test else row["account_id"]
            secret = token or made.token or ""
            return Client(app, added.id, added.public_id, name, secret, account)

    return app.run(work)


@contextlib.contextmanager
def partner_web(dsn: str, data_dir: Path, **changed: Any) -> Iterator[WebApp]:
    """An installation with rates: 90 and 98.7654 RUB for USD and EUR."""
    with running_web(dsn, data_dir, rates=rates, **changed) as app:
        yield app


__all__ = ["API", "LIVE", "TEST", "V1", "Client", "add_client", "numbers", "partner_web"]
