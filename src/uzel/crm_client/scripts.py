"""The functions for scripts: one write, or one question, and the program waits.

Each opens the installation that the environment names, as `uzel.messaging` does. All raise
ConfigError for what cannot be asked at all, and where a loop of asyncio runs already.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from uzel.app import Parts
from uzel.crm_client.client import LOOKS_FOR_S, CrmClient
from uzel.crm_client.shapes import Files, NewAccount, NewContact, NewProject, Records, Written
from uzel.session import with_parts

Result = TypeVar("Result")


def create_contact(
    person: NewContact, *, key: str | None = None, via: str | None = None
) -> Written:
    """A person, made or brought up to date by the phone."""
    return asking(via, lambda crm: crm.create_contact(person, key=key))


def create_account(
    company: NewAccount, *, key: str | None = None, via: str | None = None
) -> Written:
    """A company, made or brought up to date by the ИНН."""
    return asking(via, lambda crm: crm.create_account(company, key=key))


def create_project(
    project: NewProject,
    *,
    key: str | None = None,
    via: str | None = None,
    looks_for_s: float = LOOKS_FOR_S,
) -> Written:
    """A project; another one each time, but for the same key. `looks_for_s`: how long to wait until
    a lost answer was looked for.
    """
    return asking(via, lambda crm: crm.create_project(project, key=key), looks_for_s)


def list_files(inn: str, sms: str, *, via: str | None = None) -> Files:
    """The files of the person with this ИНН and the code from their SMS. Raises CallFailed."""
    return asking(via, lambda crm: crm.list_files(inn, sms))


def query(text: str, *, via: str | None = None) -> Records:
    """The records that a query in vtiger's language finds. Raises CallFailed."""
    return asking(via, lambda crm: crm.query(text))


def describe(module: str, *, via: str | None = None) -> Mapping[str, Any]:
    """A module as the CRM describes it. Raises CallFailed."""
    return asking(via, lambda crm: crm.describe(module))


def list_modules(*, via: str | None = None) -> Mapping[str, Any]:
    """{"account", "modules", "missing"}: what the account sees. Raises CallFailed."""
    return asking(via, CrmClient.list_modules)


def asking(
    via: str | None,
    work: Callable[[CrmClient], Awaitable[Result]],
    looks_for_s: float = LOOKS_FOR_S,
) -> Result:
    """What a client of the moment answers."""

    async def ask(parts: Parts) -> Result:
        async with CrmClient(parts, via=via, looks_for_s=looks_for_s) as crm:
            return await work(crm)

    return with_parts(ask, quiet=True)
