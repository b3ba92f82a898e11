"""Partners pay at the rates that are in force, either way round."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parts import go
from uzel.kit import database
from uzel.model.currency import decimal
from uzel.partners.exchange import multiplier, rates_in_force
from uzel.partners.payment import NoRate
from uzel.partners.price import price
from uzel.rates.change import propose
from uzel.rates.pair import Pair
from uzel.rates.pair import Rate as Version


def test_the_rate_of_now_or_none(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="exchange")
        async with pool.acquire() as connection:
            with pytest.raises(NoRate):
                await rates_in_force(connection, "USD", "RUB")
            async with connection.transaction():
                made = await propose(connection, Pair("USD", "RUB"), Decimal("92.5"), by="anna")
            found = await rates_in_force(connection, "USD", "RUB")
            assert (found.value, found.id) == (Decimal("92.5"), made.version)
            back = await rates_in_force(connection, "RUB", "USD")
            assert back.id == made.version
            for nonsense in ("ZZZ", "usd", ""):
                with pytest.raises(NoRate):
                    await rates_in_force(connection, nonsense, "RUB")
        pool.terminate()

    go(story)


values = st.decimals("0.000001", 10**6, places=6)


@given(st.decimals("0.01", 10**9, places=2), values)
def test_dividing_is_exact_to_the_last_minor_unit(amount: Decimal, value: Decimal) -> None:
    """What a price by the quotient says is what whole numbers say."""
    rate = multiplier(Version("USD", "RUB", value, divides=True))
    total = price(amount, "RUB", "USD", rate, Decimal(0)).total_minor
    assert decimal(total - 1, "USD") * value < amount <= decimal(total, "USD") * value
