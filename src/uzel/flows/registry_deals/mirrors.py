"""All mirrors, looked at again and again."""

import logging
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Registry
from uzel.flows.registry_deals import mirror_store, own_feed
from uzel.flows.registry_deals.advance import advance
from uzel.flows.registry_deals.vtiger_feed import VtigerFeed
from uzel.kit import database
from uzel.kit.database import Pool
from uzel.kit.logs import without_text

log = logging.getLogger("uzel.mirrors")


class Mirrors:
    """Takes in what registries tell, and has deals made of it."""

    def __init__(self, pool: Pool, registry: Registry, reach: Reach) -> None:
        self._pool = pool
        self._vtiger = VtigerFeed(pool, registry, reach)

    async def work(self) -> None:
        """What is due now."""
        mirrors = await mirror_store.every(self._pool)
        for mirror in mirrors:
            if mirror["source_id"] is None:
                await self._read_own(mirror)
        for crm_id in sorted({mirror["crm_id"] for mirror in mirrors}):
            await advance(self._pool, crm_id)

    async def _read_own(self, mirror: Any) -> None:
        """What cannot be taken in stays where it is, and holds no other mirror up."""
        try:
            await own_feed.read(self._pool, mirror)
        except database.PASSING:
            raise
        except Exception as error:  # people's data are in its text
            log.error("the mirror %s", mirror["id"], exc_info=without_text(error))

    async def read_vtigers(self) -> None:
        """Ask the vtigers that are due."""
        for mirror in await mirror_store.every(self._pool):
            if mirror["source_id"] is not None:
                await self._vtiger.read(mirror)
