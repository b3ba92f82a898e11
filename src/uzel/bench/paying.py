"""Payments over HTTP, for the bench of the ledger: one hot partner, each payment under its key."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from uzel.bench.load import LoadResult, closed_loop, request_bytes
from uzel.bench.run import Target
from uzel.kit import database
from uzel.ledger.accounts import LIVE, open_account, standing
from uzel.model.currency import minor
from uzel.partners import manage
from uzel.partners import partner_store as store
from uzel.partners.settings import PartnerSettings
from uzel.web.partner.door import PATH

CONNECTIONS = 16
MONEY = Decimal(10**9)
PRICE_MINOR = 100
PER_MINUTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Payer:
    """A partner with more money than a bench can spend."""

    account: int
    token: str
    money_minor: int


async def make_payer(dsn: str) -> Payer:
    """With a token of its own."""
    pool = await database.open_pool(dsn, size=1, name="bench")
    async with pool.acquire() as connection:
        settings = PartnerSettings(per_minute=PER_MINUTE)
        added = await manage.add(connection, "bench", "RUB", settings)
        token = await manage.add_token(connection, added.id, "bench")
        row = await store.find(connection, added.id)
        house = await open_account(connection, LIVE, "top-ups", "RUB")
        money = minor(MONEY, "RUB")
        await manage.move_money(
            connection, row["account_id"], house, money,
            kind="top_up", origin="bench:top-up", made_by="bench", reason="to spend",
        )  # fmt: skip
    await pool.close()
    assert token.token is not None
    return Payer(row["account_id"], token.token, money)


async def pay_for(target: Target, token: str, seconds: float, turn: int) -> LoadResult:
    """`CONNECTIONS` clients, each with one payment of a rouble after the other."""
    return await closed_loop(
        target, payments(target, token, turn), connections=CONNECTIONS, seconds=seconds
    )


def payments(target: Target, token: str, turn: int) -> Callable[[int], bytes]:
    """The request of an index."""
    fields = {
        "action": "process_payment",
        "api_token": token,
        "payment_amount": "1",
        "payment_currency": "RUB",
    }
    body = urlencode(fields).encode()
    kind = "application/x-www-form-urlencoded"

    def request(index: int) -> bytes:
        headers = {"content-type": kind, "idempotency-key": f"{turn}-{index}"}
        return request_bytes("POST", PATH, target.host, headers, body)

    return request


async def missing_minor(dsn: str, payer: Payer, paid: int) -> int:
    """What the balance holds for payments beside those that were told to be made; 0: it is right.
    A payment whose answer was lost shows here too: such a run is void.
    """
    pool = await database.open_pool(dsn, size=1, name="bench")
    stands = await standing(pool, payer.account)
    await pool.close()
    assert stands is not None
    return payer.money_minor - stands.available_minor - paid * PRICE_MINOR
