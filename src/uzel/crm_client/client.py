"""`CrmClient`: questions to a CRM, and writes to it that go through the journal."""

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from uzel.app import Parts, open_parts
from uzel.calls import vault
from uzel.calls.plan import Plan, gathered, plan
from uzel.connections.registry import Active
from uzel.connections.store import default_business
from uzel.connector import Answer, Operation
from uzel.connectors.vtiger.ids import number_of
from uzel.connectors.vtiger.queries import newest_number
from uzel.crm_client.shapes import Files, NewAccount, NewContact, NewProject, Records, Written
from uzel.errors import ConfigError
from uzel.flows.crm_writes import closed, store
from uzel.flows.crm_writes.effects import LONGEST_KEY, effect_of
from uzel.kit.settings import Settings, read_settings
from uzel.messaging.asking import asked
from uzel.messaging.choice import named, of
from uzel.messaging.making import WITHIN_S, Kind, Making
from uzel.messaging.outcome import outcome_of
from uzel.session import TROUBLES, told, with_database
from uzel.setup import migrate_and_set_up

CONNECTOR = "vtiger"
PROJECTS = "Project"
# As long as a lost answer is looked for while somebody waits: the first look is after 15 s.
LOOKS_FOR_S = 20.0
WRITES = Kind(store.found, closed.take_back)
# Ours, beside what the program gave.
OURS = ("after",)


class CrmClient:
    """A CRM for a program with a loop of asyncio.

        async with CrmClient() as crm:
            person = await crm.create_contact({"firstname": "Иван", …}, key="lead-17")

    source       settings, None for those of the environment; or parts that are open already
    within_s     for how long to try again what certainly did not happen, before giving up
    looks_for_s  for how long to wait until a lost answer was looked for

    Everything raises ConfigError for what cannot be asked at all. Questions raise CallFailed; what
    became of a write is told by its outcome.
    """

    def __init__(
        self,
        source: Parts | Settings | None = None,
        *,
        via: str | None = None,
        within_s: float = WITHIN_S,
        looks_for_s: float = LOOKS_FOR_S,
    ) -> None:
        self._source = source
        self._via = via
        self._within_s = within_s
        self._looks_for_s = looks_for_s
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            self._parts = await self._opened()
            self._making = Making(self._parts, self._within_s, WRITES)
            self._open.push_async_callback(self._making.stop)
        except TROUBLES as error:
            await self._open.aclose()
            raise told(error) from error
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def _opened(self) -> Parts:
        if isinstance(self._source, Parts):
            return self._source
        settings = self._source or read_settings()
        settings, is_new = self._open.enter_context(with_database(settings, stays=True))
        if is_new:
            await asyncio.to_thread(migrate_and_set_up, settings)
        return await self._open.enter_async_context(open_parts(settings, "crm", pool_size=4))

    async def create_contact(self, person: NewContact, *, key: str | None = None) -> Written:
        """A person, made or brought up to date by the phone."""
        return await self.write("create_contact", person, key=key)

    async def create_account(self, company: NewAccount, *, key: str | None = None) -> Written:
        """A company, made or brought up to date by the ИНН."""
        return await self.write("create_account", company, key=key)

    async def create_project(self, project: NewProject, *, key: str | None = None) -> Written:
        """A project; another one each time, but for the same key."""
        return await self.write("create_project", project, key=key)

    async def list_files(self, inn: str, sms: str) -> Files:
        """The files of the person with this ИНН and the code from their SMS."""
        data = (await self._ask("get_files_list", {"inn": inn, "sms": sms})).data
        found = data["status"] == "ok"
        return Files(found, tuple(data["files"]), data.get("unsafe", 0), data.get("message"))

    async def query(self, text: str) -> Records:
        """The records that a query in vtiger's language finds, all of them."""
        data = (await self._ask("query", {"query": text})).data
        return Records(tuple(data["records"]), data["complete"])

    async def describe(self, module: str) -> Mapping[str, Any]:
        """A module as the CRM describes it: `fields`, `idPrefix` and more."""
        return (await self._ask("describe", {"module": module})).data

    async def list_modules(self) -> Mapping[str, Any]:
        """{"account", "modules"}, and under "missing" what projects need and is not there."""
        return (await self._ask("listtypes", {})).data

    async def write(
        self, operation: str, fields: Mapping[str, Any], *, key: str | None = None
    ) -> Written:
        """Have something written, and wait for the outcome."""
        active = await self._chosen()
        able = active.connector.operations[operation]
        given = read(able, fields)
        effect = effect_of(named_by(key))
        known = await store.found(self._parts.pool, effect)
        if known is None:
            await self._plan(active, able, given, effect)
        elif not is_same(known, able, given):
            raise ConfigError(f"the key {key} stands for something else that was written")
        looks_for_s = self._looks_for_s if able.look_up else 0.0
        row = await self._making.settle(effect, looks_for_s)
        return written_of(row, self._title(row), repeated=known is not None)

    async def _plan(
        self, active: Active, operation: Operation, given: Mapping[str, Any], effect: str
    ) -> None:
        """Write the call down. Nobody is woken: whoever waits for the outcome makes it."""
        arguments = dict(given)
        if "after" in operation.arguments:
            arguments["after"] = await self._newest(active)
        with gathered():
            async with self._parts.pool.acquire() as connection, connection.transaction():
                for name in operation.sealed:
                    if arguments.get(name) is not None:
                        text = str(arguments[name])
                        arguments[name] = await vault.put(connection, self._parts.ring, text)
                await plan(connection, [Plan(active.id, operation.name, arguments, effect)])

    async def _newest(self, active: Active) -> int:
        """The number of the newest project: what is lost will be looked for among newer ones."""
        operation = active.connector.operations["query"]
        question = {"query": newest_number(PROJECTS)}
        answer = await asked(self._parts.reach, active, operation, question)
        numbers = [number_of(one.get("id")) or 0 for one in answer.data["records"]]
        return max(numbers, default=0)

    async def _ask(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        active = await self._chosen()
        able = active.connector.operations[operation]
        return await asked(self._parts.reach, active, able, read(able, arguments))

    async def _chosen(self) -> Active:
        """The first connection that works. Raises ConfigError."""
        await self._parts.registry.refresh()
        registry = self._parts.registry
        business = await default_business(self._parts.pool)
        meant = named(registry, business, self._via) if self._via else of(registry, business)
        ours = [active for active in meant if active.connector.name == CONNECTOR]
        for active in ours:
            if active.state == "active" and active.config is not None:
                return active
        idle = "; ".join(f"{it.title} is {it.state} ({it.state_reason or '-'})" for it in ours)
        raise ConfigError(idle or "there is no connection to a CRM: uzel connection add vtiger")

    def _title(self, row: Any) -> str:
        active = self._parts.registry.get(row["connection_id"])
        return active.title if active else str(row["connection_id"])


def read(operation: Operation, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments. Raises ConfigError for a field that there is not."""
    names = [name for name in operation.arguments if name not in OURS]
    if unknown := sorted(fields.keys() - set(names)):
        raise ConfigError(f"there is no field {unknown[0]}; there are: {', '.join(names)}")
    return {name: value for name, value in fields.items() if value is not None}


def named_by(key: str | None) -> str:
    """Raises ConfigError for what is no key."""
    if key is None:
        return uuid4().hex
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise ConfigError(f"a key has 1 to {LONGEST_KEY} letters, digits and signs")
    return key


def is_same(row: Any, operation: Operation, given: Mapping[str, Any]) -> bool:
    """Whether a call of before is for what is asked now; what was sealed cannot be compared."""
    apart = {*operation.sealed, *OURS}
    before = {name: it for name, it in row["arguments"].items() if name not in apart}
    now = {name: it for name, it in given.items() if name not in apart}
    return bool(row["operation"] == operation.name and before == now)


def written_of(row: Any, connection: str, *, repeated: bool) -> Written:
    """What a row of a call that has ended says."""
    outcome, detail = outcome_of(row)
    warnings = (row["answer"] or {}).get("warnings") or []
    number = (row["reference"] or "").rpartition("x")[2] or None
    return Written(
        outcome=outcome,
        number=number,
        call_id=row["call_id"],
        connection=connection,
        detail=detail,
        warnings=tuple((one["field"], one["code"]) for one in warnings),
        repeated=repeated,
    )
