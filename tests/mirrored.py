"""A registry whose people and projects become deals of amoCRM in miniature, over HTTP; judged by
the books that amoCRM keeps.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from parts import RING, Hub, Sandbox, open_hub
from uzel.calls import recover
from uzel.connections.config import unseal
from uzel.connectors.amocrm.miniature.beginnings import FIRST_STAGE_ID, PIPELINE_ID
from uzel.crm import merging, writing
from uzel.crm.catalogue import modules_of
from uzel.crm.record import Record, Writer
from uzel.crm.users import add_user
from uzel.flows.registry_deals import mirror_store
from uzel.flows.registry_deals.mirrors import Mirrors

SETTINGS = {"pipeline_id": PIPELINE_ID, "status_id": FIRST_STAGE_ID}


@dataclass
class Mirrored:
    """The registry, amoCRM and what is between them. `writer`: who writes records."""

    hub: Hub
    sandbox: Sandbox
    id: int
    amocrm: int
    token: str
    writer: Writer
    mirrors: Mirrors

    async def person(self, name: str, phone: str, **more: str) -> Record:
        """A new person."""
        return await self.create("Contacts", {"lastname": name, "mobile": phone, **more})

    async def project(self, name: str, person: Record, **more: str) -> Record:
        """A new project of a person."""
        given = {"projectname": name, "linktoaccountscontacts": f"12x{person.id}", **more}
        return await self.create("Project", given)

    async def create(self, module: str, given: Mapping[str, str]) -> Record:
        async with self.hub.pool.acquire() as connection, connection.transaction():
            modules = await modules_of(connection, self.hub.business)
            owned = {"assigned_user_id": f"19x{self.writer.user_id}", **given}
            return await writing.create(connection, self.writer, modules[module], owned)

    async def revise(self, record: Record, **given: str) -> Record:
        """Some of its fields are other ones now."""
        async with self.hub.pool.acquire() as connection, connection.transaction():
            modules = await modules_of(connection, self.hub.business)
            return await writing.revise(
                connection, self.writer, modules[record.module], record.id, given
            )

    async def delete(self, record: Record) -> None:
        async with self.hub.pool.acquire() as connection, connection.transaction():
            modules = await modules_of(connection, self.hub.business)
            await writing.delete(connection, self.writer, modules[record.module], record.id)

    async def merge(self, kept: Record, gone: Record) -> None:
        """The second becomes part of the first."""
        async with self.hub.pool.acquire() as connection, connection.transaction():
            modules = await modules_of(connection, self.hub.business)
            ids = ((kept.id, kept.version), (gone.id, gone.version))
            await merging.merge(connection, self.writer, modules, *ids)

    async def read_vtiger(self) -> None:
        """Ask it, as if a minute had passed."""
        await self.hub.pool.execute("update crm_mirror set read_at = null where id = $1", self.id)
        await self.mirrors.read_vtigers()

    async def problem(self) -> str | None:
        """Why a vtiger was not read."""
        found: str | None = await self.hub.pool.fetchval(
            "select problem from crm_mirror where id = $1", self.id
        )
        return found

    async def work(self, rounds: int = 30) -> None:
        """Do all that can be done now."""
        for _ in range(rounds):
            before = await self.attempts()
            await self.mirrors.work()
            await self.hub.call()
            await self.mirrors.work()
            if await self.attempts() == before and not await self.due():
                return

    async def later(self, rounds: int = 8) -> None:
        """Time passes, until nothing is left to do: what waits is due, what nobody knows is looked
        up, a breaker that opened closes.
        """
        for _ in range(rounds):
            pool = self.hub.pool
            await pool.execute(
                "update crm_mirrored set not_before = null where mirror_id = $1", self.id
            )
            await pool.execute(
                "update crm_entity set state_at = state_at - interval '1 minute' where crm_id = $1",
                self.amocrm,
            )
            await pool.execute(
                "update call set finished_at = finished_at - interval '5 minutes', "
                "started_at = started_at - interval '5 minutes' "
                "where state = 'unknown' and connection_id = $1",
                self.amocrm,
            )
            await pool.execute(
                "update connection set state = 'active', state_reason = null where id = $1",
                self.amocrm,
            )
            await self.hub.registry.refresh()
            await recover.look_up_unknown(pool, self.hub.registry, self.hub.runner)
            await self.hub.hurry()
            await self.work()

    async def attempts(self) -> int:
        """Attempts that ended."""
        found: int = await self.hub.pool.fetchval(
            "select coalesce(sum(jsonb_array_length(history)), 0) from call "
            "where connection_id = $1",
            self.amocrm,
        )
        return found

    async def due(self) -> int:
        found: int = await self.hub.pool.fetchval(
            "select count(*) from call where connection_id = $1 and state = 'planned' "
            "and due_at <= clock_timestamp()",
            self.amocrm,
        )
        return found

    async def rows(self) -> dict[str, Any]:
        """What is mirrored, by the protocol's number."""
        rows = await self.hub.pool.fetch("select * from crm_mirrored where mirror_id = $1", self.id)
        return {row["number"]: row for row in rows}

    async def asked(self) -> dict[str, int]:
        """Calls that were made, by operation."""
        rows = await self.hub.pool.fetch(
            "select operation, count(*) from call where connection_id = $1 and attempt > 0 "
            "group by operation",
            self.amocrm,
        )
        return {row[0]: row[1] for row in rows}

    def books(self) -> dict[str, Any]:
        """amoCRM's books."""
        answer = self.sandbox.http.get("/amocrm/_books", params={"token": self.token})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def deals(self) -> dict[str, dict[str, Any]]:
        """Its deals that are there, by name; fails on two of one name."""
        leads = [it for it in self.books()["leads"] if not it["is_deleted"]]
        found = {it["name"]: it for it in leads if "(" in it["name"]}
        assert len(found) == sum("(" in it["name"] for it in leads), "a deal is there twice"
        return found

    def people(self, phone: str) -> list[dict[str, Any]]:
        """Its contacts with a phone."""
        return [it for it in self.books()["contacts"] if phone in it["phones"]]

    def notes(self, deal: Mapping[str, Any]) -> list[str]:
        """What is written into a deal, in its order."""
        return [it if isinstance(it, str) else it["text"] for it in deal["notes"]]


@contextlib.asynccontextmanager
async def open_mirrored(
    dsn: str, sandbox: Sandbox, *, days: int = 1, source: str | None = None, **settings: Any
) -> AsyncIterator[Mirrored]:
    """A registry that is mirrored since so many days; `source`: the connector of another one."""
    also = ("amocrm", source) if source else ("amocrm",)
    async with open_hub(dsn, sandbox.url, also=also) as hub:
        amocrm = hub.others["amocrm"][0]
        source_id = hub.others[source][0] if source else None
        async with hub.pool.acquire() as connection, connection.transaction():
            user = await add_user(connection, RING, hub.business, f"site{hub.business}")
            mirror = await mirror_store.save(
                *(connection, hub.business, source_id, amocrm, {**SETTINGS, **settings}),
                datetime.now(UTC) - timedelta(days=days),
                "test",
            )
        row = await hub.pool.fetchrow("select secrets from connection where id = $1", amocrm)
        assert row is not None
        token = unseal(RING, amocrm, row["secrets"])["access_token"]
        writer = Writer(hub.business, user.id, "crm:site", "WEBSERVICE", strict=False)
        mirrors = Mirrors(hub.pool, hub.registry, hub.runner.reach)
        yield Mirrored(hub, sandbox, mirror, amocrm, token, writer, mirrors)
