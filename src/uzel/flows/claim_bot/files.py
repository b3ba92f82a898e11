"""Files that people sent, fetched and kept with their claims.

Asked for outside of the journal of calls, which would keep what is in them; a file that cannot be
had now is asked for again, less and less often.
"""

import asyncio
import base64
import logging
from typing import Any

from uzel.calls.plan import Plan, plan
from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.errors import CallFailed, ConfigError, Rejected
from uzel.flows.claim_bot import announce, file_store, words
from uzel.flows.claim_bot.turn import OWNER
from uzel.kit import database
from uzel.payouts.claims import thread
from uzel.payouts.claims.claim import ClaimRefused

log = logging.getLogger("uzel.claims")

MOST = 5
LONGEST_S = 40.0
LEASE_S = 90.0
FIRST_WAIT_S = 5.0
MOST_ATTEMPTS = 12


class Files:
    """Fetched by any number of processes."""

    def __init__(self, pool: database.Pool, registry: Registry, reach: Reach, url: str) -> None:
        self._pool = pool
        self._registry = registry
        self._reach = reach
        self._url = url

    async def fetch(self) -> int:
        """All that are due; how many there were."""
        rows = await file_store.lease(self._pool, MOST, LEASE_S)
        for row in rows:
            active = self._registry.get(row["connection_id"])
            try:
                async with asyncio.timeout(LONGEST_S):
                    await self._fetch(active, row)
            except (Rejected, ClaimRefused) as error:
                await self._refuse(row, str(error))
            except (CallFailed, ConfigError, TimeoutError) as error:
                await self._later(row, str(error) or "it took too long")
            except database.PASSING as error:
                log.warning("a file of claim %s has to wait: %s", row["claim_id"], type(error))
        return len(rows)

    async def _fetch(self, active: Active | None, row: Any) -> None:
        if active is None or active.config is None:
            raise ConfigError("the bot cannot be used")
        ask, operations = self._reach.ask, active.connector.operations
        found = await ask(active, operations["get_file"], {"file_id": row["file_id"]})
        where = {name: found.data[name] for name in ("file_path", "size_bytes")}
        most = {"most_bytes": thread.LARGEST_FILE}
        answer = await ask(active, operations["download"], {**where, **most})
        content = base64.b64decode(answer.data["content"])
        async with self._pool.acquire() as connection, connection.transaction():
            if await file_store.end(connection, row["id"], "kept"):
                await thread.attach(
                    connection, row["claim_id"], answer.data["name"], content, row["made_by"]
                )

    async def _later(self, row: Any, why: str) -> None:
        log.warning("a file of claim %s cannot be had: %s", row["claim_id"], why)
        if row["attempts"] >= MOST_ATTEMPTS:
            await self._refuse(row, why)
        else:
            await file_store.later(self._pool, row["id"], FIRST_WAIT_S * 2 ** row["attempts"])

    async def _refuse(self, row: Any, why: str) -> None:
        """Whoever sent it is told."""
        log.warning("a file of claim %s is not kept: %s", row["claim_id"], why)
        said = {"chat_id": row["chat_id"], "text": words.FILE_REFUSED}
        effect = f"{OWNER}:refused:{row['id']}"
        async with self._pool.acquire() as connection, connection.transaction():
            if await file_store.end(connection, row["id"], "refused"):
                await plan(connection, [Plan(row["connection_id"], "send_message", said, effect)])
                await announce.refresh(connection, row["claim_id"], self._url)
