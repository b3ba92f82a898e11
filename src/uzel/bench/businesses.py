"""The businesses of a bench, set up as their operators would have done it."""

from collections.abc import Mapping
from typing import Any

from uzel.connections import business_store, manage
from uzel.connections.manage import Added
from uzel.connections.store import default_business, ensure_place, save_rules
from uzel.kit import database
from uzel.kit.secrets import KeyRing
from uzel.messages.store import add_template
from uzel.model.rules import IMMEDIATE
from uzel.setup import FIRST_TEMPLATE

NAME = "bench"
PLACE = ("Кофейня «Узел»", "https://reviews.example/uzel")
NEIGHBOUR_NAME = "neighbour"
NEIGHBOUR_PLACE = ("Пекарня «По соседству»", "https://reviews.example/neighbour")
TIME_ZONE = "Europe/Moscow"
SMSRU_API_ID = "sandbox-bench"
EXOLVE = {"api_key": "sandbox-bench", "sender": "79990000000"}
# Far above what two cores can do: the limiter is on, and not the limit.
MESSAGES_PER_S = 5000.0


async def make_businesses(
    dsn: str, ring: KeyRing, sandbox_url: str
) -> tuple[dict[str, Added], dict[str, Added]]:
    """The connections, by connector, of a business that sends by SMS.ru and of its neighbour, which
    sends by Exolve; visits come from iiko, to each from a connection of its own.

    The variables from which a first start makes connections are passed over: they name real
    accounts, and a bench sends thousands of messages.
    """
    smsru = {"api_id": SMSRU_API_ID, "base_url": f"{sandbox_url}/smsru"}
    exolve = {**EXOLVE, "base_url": f"{sandbox_url}/exolve"}
    connection = await database.connect(dsn, name=NAME)
    try:
        async with connection.transaction():
            first = await default_business(connection)
            second = await business_store.add_business(connection, NEIGHBOUR_NAME, TIME_ZONE)
            await ensure_place(connection, first, *PLACE)
            await ensure_place(connection, second, *NEIGHBOUR_PLACE)
            return (
                await connect(connection, ring, first, NAME, {"iiko": {}, "smsru": smsru}),
                await connect(
                    connection, ring, second, NEIGHBOUR_NAME, {"iiko": {}, "exolve": exolve}
                ),
            )
    finally:
        await connection.close()


async def connect(
    connection: database.Connection,
    ring: KeyRing,
    business: int,
    name: str,
    accounts: Mapping[str, dict[str, Any]],
) -> dict[str, Added]:
    """Rules, a text, and a connection for each of `accounts` (connector → settings)."""
    await save_rules(connection, business, IMMEDIATE.model_dump(mode="json"))
    await add_template(connection, business, "review_request", "sms", FIRST_TEMPLATE)
    return {
        connector: await manage.add(
            connection,
            ring,
            connector,
            name,
            settings,
            business_id=business,
            rate_per_s=MESSAGES_PER_S,
        )
        for connector, settings in accounts.items()
    }
