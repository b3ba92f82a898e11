"""The provider's directory, as it is kept."""

from typing import Any

import pytest

from parts import go
from payouts_at_work import paying
from uzel.errors import ContractBroken
from uzel.payouts.bank_list import Taken, directory, take
from uzel.payouts.banks import WELL_KNOWN, BankRejected


def banks(*numbers: int, name: str = "Банк") -> list[dict[str, Any]]:
    return [{"id": f"1000000000{n:02}", "name": f"{name} {n}", "bic": None} for n in numbers]


def test_a_bank_that_left_is_not_paid_to_and_comes_back(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it, it.pool.acquire() as connection:
            assert len(await directory(connection, it.connection_id)) == len(WELL_KNOWN)
            listed = [
                *banks(1, 2, 3),
                {"id": "sber", "name": "Сбер"},
                {"id": "1" * 12, "name": "«»"},
            ]
            taken = await take(connection, it.connection_id, [*listed, *banks(1, name="Другой")])
            assert taken == Taken(banks=3, added=3, gone=0, left_out=3)
            assert await take(connection, it.connection_id, listed) == Taken(3, 0, 0, 2)
            known = await directory(connection, it.connection_id)
            assert known.resolve("Банк 1").member_id == "100000000001"
            assert (await take(connection, it.connection_id, banks(2, 3))).gone == 1
            known = await directory(connection, it.connection_id)
            for typed in ("Банк 1", "100000000001"):
                with pytest.raises(BankRejected):
                    known.resolve(typed)
            assert (await take(connection, it.connection_id, banks(1, 2, 3))).gone == 0
            known = await directory(connection, it.connection_id)
            assert known.resolve("100000000001").name == "Банк 1"

    go(story)


def test_half_a_list_is_none(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it, it.pool.acquire() as connection:
            await take(connection, it.connection_id, banks(*range(10)))
            for listed in ([], [{"id": 7}], banks(*range(4))):
                with pytest.raises(ContractBroken):
                    await take(connection, it.connection_id, listed)
            assert len(await directory(connection, it.connection_id)) == 10
            assert (await take(connection, it.connection_id, banks(*range(5)))).gone == 5

    go(story)
