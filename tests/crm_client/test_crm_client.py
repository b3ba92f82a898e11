"""Records written into a CRM through the journal: once, whatever is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from direct_messages import Installation, installed
from parts import Sandbox, go
from registry_room import Program
from uzel.connectors.vtiger import examples
from uzel.crm_client import CrmClient, NewAccount, NewContact, NewProject
from uzel.errors import ConfigError, Rejected
from uzel.messaging import Outcome

CONTACT = cast("NewContact", examples.CONTACT)
ACCOUNT = cast("NewAccount", examples.ACCOUNT)


def project(subject: str) -> NewProject:
    return cast("NewProject", {**examples.PROJECT, "subject": subject})


@contextlib.asynccontextmanager
async def client(
    dsn: str, sandbox: Sandbox, **settings: Any
) -> AsyncIterator[tuple[Installation, CrmClient]]:
    async with installed(dsn, sandbox) as there:
        if not list(there.parts.registry.all()) or settings:
            name = f"crm-{len(list(there.parts.registry.all()))}"
            await there.connect("vtiger", name, **{"session": None, **settings})
        async with CrmClient(there.parts, looks_for_s=0) as crm:
            yield there, crm


def named(program: Program, subject: str) -> list[Any]:
    query = f"SELECT * FROM Project WHERE projectname = '{subject}';"
    found: list[Any] = program.get("query", query=query)
    return found


async def worked(there: Installation, effect: str) -> None:
    """What workers do once it is time to look."""
    await there.pool.execute(
        "update call set finished_at = now() - interval '1 hour' where effect = $1", effect
    )


def test_people_companies_and_projects(module_dsn: str, sandbox: Sandbox, program: Program) -> None:
    async def run() -> None:
        async with client(module_dsn, sandbox) as (_, crm):
            person = await crm.create_contact(CONTACT)
            company = await crm.create_account(ACCOUNT)
            assert (person.number, company.number) == (str(examples.PERSON), str(examples.COMPANY))
            made = await crm.create_project(project("Всё вместе"), key="together")
            again = await crm.create_project(project("Всё вместе"), key="together")
            assert (again.number, again.repeated, made.repeated) == (made.number, True, False)
            with pytest.raises(ConfigError, match="something else"):
                await crm.create_project(project("Другое"), key="together")
        assert len(named(program, "Всё вместе")) == 1

    go(run)


@pytest.mark.parametrize("kind", ["reset", "garbage"])
def test_a_lost_answer_makes_one_project(
    module_dsn: str, sandbox: Sandbox, program: Program, kind: str
) -> None:
    subject = f"Потерян {kind}"

    async def run() -> None:
        async with client(module_dsn, sandbox) as (there, crm):
            sandbox.arm_at("vtiger", "create_project", kind)
            first = await crm.create_project(project(subject), key=kind)
            assert (first.outcome, first.number) == (Outcome.UNKNOWN, None)
            await worked(there, f"crm:{kind}")
            second = await crm.create_project(project(subject), key=kind)
            (kept,) = named(program, subject)
            assert second.outcome is Outcome.ACCEPTED
            assert kept["id"].endswith(f"x{second.number}")

    go(run)


def test_what_nobody_finds_waits_for_a_person(
    module_dsn: str, sandbox: Sandbox, program: Program
) -> None:
    async def run() -> None:
        async with client(module_dsn, sandbox) as (there, crm):
            sandbox.arm_at("vtiger", "create_project", "500")
            for _ in range(3):
                written = await crm.create_project(project("Не нашёлся"), key="nowhere")
                assert written.outcome is Outcome.UNKNOWN
                await worked(there, "crm:nowhere")
            state = "select state from call where effect = 'crm:nowhere'"
            assert await there.pool.fetchval(state) == "unknown"
        assert named(program, "Не нашёлся") == []

    go(run)


def test_a_lost_answer_to_an_upsert_is_asked_for_again(
    module_dsn: str, sandbox: Sandbox, program: Program
) -> None:
    async def run() -> None:
        async with client(module_dsn, sandbox) as (_, crm):
            sandbox.arm_at("vtiger", "create_contact", "reset")
            person = await crm.create_contact(CONTACT)
            assert (person.outcome, person.number) == (Outcome.ACCEPTED, str(examples.PERSON))

    go(run)


def test_many_at_once_under_one_key(module_dsn: str, sandbox: Sandbox, program: Program) -> None:
    async def run() -> None:
        async with client(module_dsn, sandbox) as (_, crm):
            asked = [crm.create_project(project("Разом"), key="at-once") for _ in range(5)]
            written = await asyncio.gather(*asked)
            assert {one.outcome for one in written} == {Outcome.ACCEPTED}
            assert len({one.number for one in written}) == 1
        assert len(named(program, "Разом")) == 1

    go(run)


def test_a_code_is_in_the_vault_while_it_is_needed(
    module_dsn: str, sandbox: Sandbox, program: Program
) -> None:
    person = cast("NewContact", {**examples.CONTACT, "mobile": "+79990007801", "code": "780142"})

    async def run() -> None:
        async with client(module_dsn, sandbox) as (there, crm):
            before = await there.pool.fetchval("select count(*) from vault")
            sandbox.arm_at("vtiger", "create_contact", "reset")
            await crm.create_contact(person, key="with-code")
            row = await there.pool.fetchrow("select * from call where effect = 'crm:with-code'")
            assert row is not None
            assert row["state"] == "accepted"
            assert isinstance(row["arguments"]["code"], int)
            assert "780142" not in repr(dict(row))
            assert await there.pool.fetchval("select count(*) from vault") == before

    go(run)


def test_what_is_refused_and_what_cannot_be_asked(
    module_dsn: str, sandbox: Sandbox, program: Program
) -> None:
    async def run() -> None:
        async with client(module_dsn, sandbox) as (_, crm):
            refused = await crm.create_project({"contactid": 1, "offenderid": 2})
            assert refused.outcome is Outcome.REJECTED
            assert "REFERENCE_INVALID" in str(refused.detail)
            short = await crm.create_contact(cast("NewContact", {"lastname": "О"}))
            assert short.outcome is Outcome.REJECTED
            with pytest.raises(ConfigError, match="no field"):
                await crm.write("create_contact", {"surname": "О"})
            with pytest.raises(ConfigError, match="a key"):
                await crm.create_contact(CONTACT, key=" ")
            with pytest.raises(Rejected):
                await crm.query("SELECT nothing FROM Contacts")

    go(run)


def test_questions(module_dsn: str, sandbox: Sandbox, program: Program) -> None:
    async def run() -> None:
        async with client(module_dsn, sandbox) as (_, crm):
            found = await crm.query("SELECT * FROM Accounts WHERE inn = '7707083893'")
            assert [one["accountname"] for one in found.records] == ["ООО «Пример»"]
            files = await crm.list_files(examples.INN, "0000")
            assert (files.found, files.files) == (False, ())
            assert (await crm.describe("Project"))["name"] == "Project"
            assert "missing" not in await crm.list_modules()

    go(run)


def test_without_a_connection_it_is_said_what_to_do(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with installed(dsn, sandbox) as there, CrmClient(there.parts) as crm:
            with pytest.raises(ConfigError, match="connection add vtiger"):
                await crm.list_modules()

    go(run)


def test_doubts_are_pointed_out(module_dsn: str, sandbox: Sandbox, program: Program) -> None:
    company = cast("NewAccount", {**examples.ACCOUNT, "inn": "1234567899"})

    async def run() -> None:
        async with client(module_dsn, sandbox) as (_, crm):
            written = await crm.create_account(company)
            assert written.warnings == (("inn", "inn_checksum"),)

    go(run)
