"""A partner with money, and the parts that take its payments."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import orjson

from uzel.kit import database
from uzel.ledger.accounts import LIVE, open_account, standing
from uzel.ledger.command import Standing
from uzel.partners import manage
from uzel.partners import partner_store as store
from uzel.partners.payment import Answer, Ask, NoRate, Outcome, Partner, Poor, Rate, Taken
from uzel.partners.payments import Payments
from uzel.partners.settings import PartnerSettings

RATES = {("USD", "RUB"): Decimal(90), ("EUR", "RUB"): Decimal("98.7654")}


async def rates(connection: Any, currency: str, of_balance: str) -> Rate:
    """What an admin might have typed in."""
    if (value := RATES.get((currency, of_balance))) is None:
        raise NoRate(currency)
    return Rate(value, 1)


def render(outcome: Outcome) -> Answer:
    """An answer as plain as possible."""
    if isinstance(outcome, Taken):
        return Answer(200, orjson.dumps([outcome.public_id, outcome.after_minor]))
    if isinstance(outcome, Poor):
        return Answer(402, orjson.dumps([outcome.priced.total_minor, outcome.available_minor]))
    return Answer(400, orjson.dumps(outcome.code))


@dataclass
class Paying:
    """One partner."""

    pool: database.Pool
    payments: Payments
    partner: Partner

    def ask(self, amount: str, currency: str = "RUB", key: str | None = None) -> Ask:
        """A payment; with a key, its fingerprint is that of amount and currency."""
        said = hashlib.sha256(f"{Decimal(amount).normalize():f} {currency}".encode()).digest()
        keys = (f"key:{key}",) if key else ()
        return Ask(self.partner, Decimal(amount), currency, "Подписка", render, keys, said)

    async def pay(self, amount: str, currency: str = "RUB", key: str | None = None) -> Answer:
        return await self.payments.ask(self.ask(amount, currency, key))

    async def stands(self) -> Standing:
        found = await standing(self.pool, self.partner.account)
        assert found is not None
        return found


@contextlib.asynccontextmanager
async def paying(
    dsn: str, money: int = 0, *, settings: PartnerSettings | None = None, size: int = 6
) -> AsyncIterator[Paying]:
    """A fresh partner with a balance in kopecks."""
    pool = await database.open_pool(dsn, size=size, name="partners")
    try:
        async with pool.acquire() as connection:
            kept = settings or PartnerSettings()
            added = await manage.add(connection, f"Партнёр {uuid4().hex[:8]}", "RUB", kept)
            row = await store.find(connection, added.id)
            house = await open_account(connection, LIVE, "top-ups", "RUB")
            if money:
                verdict = await manage.move_money(
                    connection, row["account_id"], house, money, kind="top_up",
                    origin=f"top-up:{added.public_id}", made_by="anna", reason="invoice 1",
                )  # fmt: skip
                assert verdict.is_done
        partner = Partner(
            added.id, added.public_id, row["name"], "RUB", LIVE, row["account_id"], kept
        )
        yield Paying(pool, Payments(pool, rates), partner)
    finally:
        pool.terminate()
