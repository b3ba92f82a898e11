"""What was changed at a vtiger, asked for once a minute.

It tells changes by the second and by its own clock, and what is written in the second of an answer
may be missing from it: so the last minute is asked for again each time. What is told twice is
nothing new.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.errors import CallFailed, ConfigError, Rejected
from uzel.flows.registry_deals import item_store
from uzel.flows.registry_deals import mirror_store as store
from uzel.flows.registry_deals.settings import MODULES, MirrorSettings
from uzel.flows.registry_deals.take import take
from uzel.flows.registry_deals.told import (
    ABOUT,
    CONTACTS,
    PERSON,
    PROJECT,
    REFERENCE,
    Told,
    with_flags,
)
from uzel.kit import database
from uzel.kit.body import at
from uzel.kit.database import Pool
from uzel.kit.logs import without_text

log = logging.getLogger("uzel.mirrors")

EVERY_S, AGAIN_S, LONGEST_S = 60.0, 60, 45.0
MOST_PAGES = 50
REFERENCES = ("reference", "owner", "multireference", "file", "image")
NO_PROGRESS = "the vtiger gives the same changes again and again"
GONE = "Удалено в CRM"


class VtigerFeed:
    """Reads the vtigers of all mirrors, in any number of processes."""

    def __init__(self, pool: Pool, registry: Registry, reach: Reach) -> None:
        self._pool = pool
        self._registry = registry
        self._reach = reach

    async def read(self, mirror: Any) -> None:
        """Take in what changed there, where it is time to ask."""
        if not await store.lease(self._pool, mirror["id"], EVERY_S):
            return
        try:
            async with asyncio.timeout(LONGEST_S):
                for module in MODULES:
                    await self._module(mirror, self._source(mirror), module)
        except (CallFailed, ConfigError, TimeoutError) as error:
            problem = str(error) or "it took too long"
            log.warning("the mirror %s: %s", mirror["id"], problem)
            await store.note_read(self._pool, mirror["id"], None, 0, problem[:500])
        except database.PASSING as error:
            log.warning("mirrors have to wait: %s", type(error).__name__)
        except Exception as error:  # people's data are in its text
            log.error("the mirror %s", mirror["id"], exc_info=without_text(error))
            problem = f"what the vtiger tells cannot be read: {type(error).__name__}"
            await store.note_read(self._pool, mirror["id"], None, 0, problem)

    def _source(self, mirror: Any) -> Active:
        """The vtiger. Raises ConfigError."""
        active = self._registry.get(mirror["source_id"])
        if active is None or active.config is None or active.state != "active":
            raise ConfigError("the connection to the vtiger is not in use")
        return active

    async def _module(self, mirror: Any, source: Active, module: str) -> None:
        """All changes of one module, page by page."""
        begun = int(mirror["since"].timestamp())
        asked = max(mirror["read_up_to"].get(module, begun) - AGAIN_S, 0)
        for _ in range(MOST_PAGES):
            answer = await self._ask(source, "sync", {"module": module, "since": asked})
            page = answer["updated"]
            if module == PROJECT:
                await self._people(mirror, source, page)
            told = [await self._told(mirror, source, module, fields) for fields in page]
            gone = {str(number): f"{GONE} ({number})" for number in answer["deleted"]}
            last = int(answer["last_modified"])
            async with self._pool.acquire() as connection, connection.transaction():
                await take(connection, mirror, told, gone)
                await store.note_read(connection, mirror["id"], module, max(last, asked), None)
            if not answer["more"]:
                return
            if last <= asked:
                raise ConfigError(NO_PROGRESS)
            asked = last

    async def _people(self, mirror: Any, source: Active, projects: list[Any]) -> None:
        """Whom projects are about, where nobody told of them: they were made long before."""
        wanted = {str(it.get(PERSON) or "") for it in projects}
        numbers = sorted(number for number in wanted if REFERENCE.fullmatch(number))
        known = {row["number"] for row in await item_store.known(self._pool, mirror["id"], numbers)}
        found = [await self._record(source, it) for it in numbers if it not in known]
        told = [
            await self._told(mirror, source, CONTACTS, it) for it in found if "contact_no" in it
        ]
        async with self._pool.acquire() as connection, connection.transaction():
            await take(connection, mirror, told, {})

    async def _told(
        self, mirror: Any, source: Active, module: str, fields: Mapping[str, Any]
    ) -> Told:
        settings = MirrorSettings.model_validate(mirror["settings"])
        names = {
            number: name_in(await self._record(source, number))
            for name in ((PERSON, *ABOUT) if module == PROJECT else ())
            if REFERENCE.fullmatch(number := str(fields.get(name) or ""))
        }
        described = (await self._lately(source, "describe", {"module": module}))["fields"]
        kinds = {str(at(it, "name")): str(at(it, "type", "name")) for it in described}
        flags = {name for name, kind in kinds.items() if kind == "boolean"}
        labels = {
            name: str(at(it, "label") or name)
            for it in described
            if (name := str(at(it, "name"))).startswith("cf_") and kinds[name] not in REFERENCES
        }
        return Told.of(module, with_flags(fields, flags), settings, labels, names)

    async def _record(self, source: Active, number: str) -> Mapping[str, Any]:
        """A record; empty for one that is not there, or not for our account."""
        try:
            found = await self._lately(source, "retrieve", {"id": number})
        except CallFailed as error:
            if not isinstance(error, Rejected):
                raise
            return {}
        record: Mapping[str, Any] = found["record"]
        return record

    async def _ask(
        self, source: Active, name: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        answer = await self._reach.ask(source, source.connector.operations[name], arguments)
        return answer.data

    async def _lately(
        self, source: Active, name: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        operation = source.connector.operations[name]
        return (await self._reach.ask_lately(source, operation, arguments)).data


def name_in(record: Mapping[str, Any]) -> str:
    """What people call a record."""
    names = (str(record.get(it) or "").strip() for it in ("accountname", "lastname", "firstname"))
    return " ".join(filter(None, names))
