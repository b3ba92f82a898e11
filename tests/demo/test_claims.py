"""The demo's claims: made once, whatever was decided about them, and paid by the sandbox."""

import asyncio
from collections import Counter
from typing import Any

from parts import RING
from uzel.connectors.konsol import control
from uzel.demo import business, claims
from uzel.kit import database
from uzel.payouts.claims.thread import type_of
from uzel.people.manage import save_person


def test_the_token_is_the_one_of_the_sandbox() -> None:
    assert business.KONSOL_TOKEN == control.TOKEN


def test_a_receipt_is_a_picture() -> None:
    assert type_of(claims.receipt(1)) == "image/png"
    assert claims.receipt(1) != claims.receipt(2)


def test_a_second_start_leaves_them_as_they_are(dsn: str) -> None:
    async def story() -> list[Any]:
        connection = await database.connect(dsn, name="test")
        for _ in range(2):
            async with connection.transaction():
                await business.fill(connection, RING, "http://127.0.0.1:1")
                await save_person(connection, business.NAME, "password", "admin")
                await claims.ensure(connection, RING, business.NAME)
        found = await connection.fetch("select state, held_code from claim")
        await connection.close()
        return list(found)

    rows = asyncio.run(story())
    assert Counter(row["state"] for row in rows) == {
        "paying": 4, "submitted": 4, "rejected": 1, "draft": 1,
    }  # fmt: skip
