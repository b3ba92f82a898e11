"""A partner of an installation whose processes are killed: its money, and how it asks again."""

import asyncio
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import asyncpg

from crash_installation import Installation
from uzel.kit.database import open_pool, prepare
from uzel.ledger import chain
from uzel.ledger.accounts import LIVE, open_account
from uzel.partners import manage, robots
from uzel.partners import partner_store as store
from uzel.partners.settings import PartnerSettings

API = "/amogt/gpt_payment_api/api.php"
REPORTS = "/amogt/zeno_report.php"
# What may have been done or not: the same is asked again under the same key.
UNSURE = (OSError, http.client.HTTPException, urllib.error.URLError)


@dataclass(frozen=True, slots=True)
class Known:
    """A partner, and the token of a robot."""

    public_id: str
    account: int
    house: int
    token: str
    robot: str


async def add_partner(dsn: str, money: int, settings: PartnerSettings | None = None) -> Known:
    """With a balance, in minor units."""
    connection = await asyncpg.connect(dsn)
    await prepare(connection)
    async with connection.transaction():
        added = await manage.add(connection, "Ромашка", "RUB", settings)
        token = await manage.add_token(connection, added.id, "main")
        row = await store.find(connection, added.id)
        house = await open_account(connection, LIVE, "top-ups", "RUB")
        _, robot = await robots.add(connection, "Zeno")
        await manage.move_money(
            connection, row["account_id"], house, money, kind="top_up", origin="fill",
            made_by="anna", reason="invoice 1",
        )  # fmt: skip
    await connection.close()
    assert token.token is not None
    return Known(row["public_id"], row["account_id"], house, token.token, robot)


class Caller:
    """Asks until there is an answer."""

    def __init__(self, hub: Installation, token: str) -> None:
        self._base = f"http://127.0.0.1:{hub.port}"
        self._token = token

    def act(self, action: str, key: str | None = None, **fields: Any) -> tuple[int, bytes]:
        """An action of the partner API; 409 and 503 mean: again."""
        body = json.dumps({"action": action, "api_token": self._token, **fields}).encode()
        headers = {"content-type": "application/json"}
        if key is not None:
            headers["idempotency-key"] = key
        return self.until_answered(API, body, headers)

    def report(self, robot: str, deal: str, partner: str, **fields: str) -> tuple[int, bytes]:
        """What became of a lead, said by a robot."""
        query = urllib.parse.urlencode({"id": deal, "partner_id": partner, "token": robot})
        body = urllib.parse.urlencode(fields).encode()
        return self.until_answered(f"{REPORTS}?{query}", body, {})

    def until_answered(
        self, path: str, body: bytes, headers: dict[str, str], within_s: float = 120.0
    ) -> tuple[int, bytes]:
        """(status, body); the limit is for what never comes."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            try:
                status, answer = self._once(path, body, headers)
            except UNSURE:
                status, answer = 0, b""
            if status not in (0, 409, 429, 503):
                return status, answer
            time.sleep(0.05)
        raise AssertionError(f"{path} was never answered")

    def _once(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        request = urllib.request.Request(self._base + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def faults_of(dsn: str) -> tuple[Any, ...]:
    """What the proof of the books finds."""

    async def prove() -> tuple[Any, ...]:
        pool = await open_pool(dsn, size=2, name="judge")
        try:
            return (await chain.verify(pool)).faults
        finally:
            pool.terminate()

    return asyncio.run(prove())
