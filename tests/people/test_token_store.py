"""API tokens: listed as what they are, never as themselves, and ended."""

import asyncio
from datetime import UTC, datetime, timedelta

from sample_data import READ_TOKEN, REPLAY_TOKEN
from uzel.kit import database
from uzel.kit.secrets import fingerprint
from uzel.people.store import find_token
from uzel.people.token_store import revoke, tokens


def test_a_revoked_token_opens_nothing_and_stays_listed(sample_dsn: str) -> None:
    async def work() -> None:
        pool = await database.open_pool(sample_dsn, size=1, name="test")
        try:
            for token in (READ_TOKEN, REPLAY_TOKEN):
                assert await find_token(pool, fingerprint(token))
            first, second = await tokens(pool)
            assert (first["scopes"], second["scopes"]) == (["read"], ["read", "replay"])
            assert datetime.now(UTC) - first["last_used_at"] < timedelta(minutes=5)
            assert first["revoked_at"] is None
            assert await revoke(pool, first["id"]) == first["name"]
            assert await revoke(pool, first["id"]) is None
            assert await find_token(pool, fingerprint(READ_TOKEN)) is None
            assert await find_token(pool, fingerprint(REPLAY_TOKEN))
            assert [row["revoked_at"] is None for row in await tokens(pool)] == [False, True]
            assert "token_hash" not in dict(first)
        finally:
            await pool.close()

    asyncio.run(work())
