"""The operations that sites add to their vtiger: people, companies, projects, and the files of
whom they know. Source: the site's documentation of them; konsol-and-vtiger, B7 and B8.

A person is known by the phone, a company by the ИНН: asked for twice, both are there once. A
project is made anew each time.
"""

from collections.abc import Sequence
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.vtiger.api import Arguments, write
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.connectors.vtiger.ids import bare_id, newest_before, number_of
from uzel.connectors.vtiger.values import checked, demand, texts
from uzel.errors import ContractBroken, OutcomeUnknown

CONTACT = (
    *("firstname", "secondname", "lastname", "mobile", "email", "tgid", "birthday", "birthplace"),
    *("mailingstreet", "inn", "requisites", "code"),
)
CONTACT_NEEDS = ("firstname", "lastname", "birthday", "mobile", "inn")
ACCOUNT = ("accountname", "address", "email", "website", "phone", "inn", "ogrn")
ACCOUNT_NEEDS = ("accountname", "inn", "ogrn")
PROJECT = (
    *("contactid", "offenderid", "agentid", "sms", "ip", "source", "region", "formid"),
    *("category", "direction", "agrprice", "subject", "agrdate", "startdate", "finishdate"),
    *("loss", "servicecost", "progress", "country", "hotel", "transport", "insurance", "other"),
    *("description", "independently", "claimdate", "returned"),
)
PROJECT_NEEDS = ("contactid", "offenderid")
REFERENCES = ("contactid", "offenderid", "agentid")
OK, FAILED = "ok", "failed"
ROOT, KIND = "storage/", ".pdf"
LONGEST_PATH = 500


async def create_contact(
    http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments
) -> Answer:
    """The person with the phone `mobile`, made or brought up to date. Answer: reference = the bare
    number of the record; data {"warnings"}.
    """
    return await known(http, config, "CreateContact", arguments, CONTACT, CONTACT_NEEDS)


async def create_account(
    http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments
) -> Answer:
    """The company with the `inn`, made or brought up to date. Answer as of `create_contact`."""
    return await known(http, config, "CreateAccount", arguments, ACCOUNT, ACCOUNT_NEEDS)


async def known(
    http: httpx2.AsyncClient,
    config: VtigerConfig,
    operation: str,
    arguments: Arguments,
    names: Sequence[str],
    needs: Sequence[str],
) -> Answer:
    """Whoever is known by something that was sent."""
    given = texts({name: arguments.get(name) for name in names})
    demand(given, needs)
    warnings = checked(config, given)
    return made(await write(http, config, operation, given), warnings)


async def create_project(
    http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments
) -> Answer:
    """A new project of the person `contactid` against the company `offenderid`. `after`: see
    `ids.newest_before`. Answer as of `create_contact`.
    """
    given = texts({name: arguments.get(name) for name in PROJECT})
    demand(given, PROJECT_NEEDS)
    newest_before(arguments)
    given |= {name: bare_id(name, given[name]) for name in REFERENCES if name in given}
    warnings = checked(config, given)
    return made(await write(http, config, "CreateProject", given), warnings)


def made(result: Any, warnings: list[dict[str, str]]) -> Answer:
    """A bare number, as a text or not. Raises OutcomeUnknown: whatever was made is made."""
    number = number_of(result)
    if number is None:
        raise OutcomeUnknown("vtiger: в ответе нет номера записи")
    return Answer(reference=str(number), data={"warnings": warnings} if warnings else {})


async def get_files_list(
    http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments
) -> Answer:
    """The files of the person with this `inn` and the code `sms` from their SMS.

    Answer: data {"status": "ok", "files": [{"title", "path"}], "unsafe": how many have a path
    nothing may be written to} or {"status": "failed", "message", "files": []}: there is nobody,
    or not yet. `success` says nothing there.
    """
    given = texts({name: arguments.get(name) for name in ("inn", "sms")})
    demand(given, ("inn", "sms"))
    result = await write(http, config, "GetFilesList", given, effect=False)
    status = word(result.get("status")).lower() if isinstance(result, dict) else ""
    if status == FAILED:
        message = word(result.get("message"))
        return Answer(data={"status": FAILED, "message": message, "files": []})
    files = result.get("files") if status == OK else None
    if not isinstance(files, list):
        raise ContractBroken("vtiger: в ответе на GetFilesList нет ни файлов, ни отказа")
    safe = [one for it in files if (one := file_of(it)) is not None]
    return Answer(data={"status": OK, "files": safe, "unsafe": len(files) - len(safe)})


def file_of(given: Any) -> dict[str, str] | None:
    """A file that may be written over; None for one whose path leads elsewhere."""
    path = given.get("path") if isinstance(given, dict) else None
    if not isinstance(path, str) or not is_safe(path):
        return None
    return {"title": word(given.get("title")), "path": path}


def is_safe(path: str) -> bool:
    """Whether a path stays in the folder of files, and is of a PDF: it comes from another's
    machine and somebody will write to it.
    """
    parts = path.split("/")
    return (
        path.startswith(ROOT)
        and path.lower().endswith(KIND)
        and len(path) <= LONGEST_PATH
        and path.isprintable()
        and "\\" not in path
        and not any(part in ("", ".", "..") for part in parts)
    )


def word(value: Any) -> str:
    """A text without the spaces that stand in front of some."""
    return value.strip() if isinstance(value, str) else ""
