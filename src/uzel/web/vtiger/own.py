"""CreateContact, CreateAccount, CreateProject, GetFilesList: answers of `uzel.crm.own`."""

from typing import Any

from uzel.crm.own.account import create_account
from uzel.crm.own.contact import create_contact
from uzel.crm.own.files import list_files
from uzel.crm.own.project import create_project
from uzel.web.vtiger.operation import Call


async def contact(call: Call) -> Any:
    """The bare number of the person, as text."""
    module, key = (await call.modules())["Contacts"], await call.code_key()
    async with call.pool.acquire() as connection, connection.transaction():
        record = await create_contact(connection, call.writer, module, call.given, key)
    return str(record.id)


async def account(call: Call) -> Any:
    """The bare number of the company, as text."""
    module = (await call.modules())["Accounts"]
    async with call.pool.acquire() as connection, connection.transaction():
        record = await create_account(connection, call.writer, module, call.given)
    return str(record.id)


async def project(call: Call) -> Any:
    """The bare number of the project, as text."""
    module, key = (await call.modules())["Project"], await call.code_key()
    async with call.pool.acquire() as connection, connection.transaction():
        record = await create_project(connection, call.writer, module, call.given, key)
    return str(record.id)


async def files(call: Call) -> Any:
    """A person's documents."""
    return await list_files(call.pool, call.writer, call.given, await call.code_key())
