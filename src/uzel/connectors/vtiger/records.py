"""Modules and their records. Source: konsol-and-vtiger, B2, B4 and B5."""

import json as codec
from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.vtiger.api import Arguments, read, user_of, write
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.connectors.vtiger.ids import WIRE, module_name, newest_before, wire_id
from uzel.connectors.vtiger.values import checked, text_of
from uzel.errors import ContractBroken, OutcomeUnknown, Rejected

# What records of this kind are not found by.
GONE = ("ACCESS_DENIED", "RECORD_NOT_FOUND")
NEEDED = ("Contacts", "Accounts", "Project")
OWNER = "assigned_user_id"


async def listtypes(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """The modules that the account sees. Answer: data {"modules": names}, and under `missing` what
    projects need and is not there.
    """
    result = await read(http, config, "listtypes")
    types = result.get("types") if isinstance(result, dict) else None
    if not isinstance(types, list):
        raise ContractBroken("vtiger: в ответе нет списка модулей")
    modules = [str(name) for name in types]
    data: dict[str, Any] = {"account": config.login, "modules": modules}
    if absent := [name for name in NEEDED if name not in modules]:
        data["missing"] = f"Пользователь не видит модули: {', '.join(absent)}."
    return Answer(data=data)


async def describe(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """A `module`: data as the server tells it, `idPrefix` and `fields` among it."""
    name = module_name(arguments.get("module"))
    result = await read(http, config, "describe", elementType=name)
    if not isinstance(result, dict) or not isinstance(result.get("fields"), list):
        raise ContractBroken("vtiger: в ответе нет полей модуля")
    return Answer(data=result)


async def retrieve(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """The record `id` (`12x83834`). Answer: reference = its id; data {"record"}. Raises Rejected
    (ACCESS_DENIED, as a rule) where there is none.
    """
    result = await read(http, config, "retrieve", id=wire_id("id", arguments.get("id")))
    return answer_of(result, ContractBroken)


async def create(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """A new record of a `module` with the fields of `element`; whose it is, is the account where
    nothing is said. `after`: see `ids.newest_before`.

    Answer: reference = its id; data {"record", "warnings"}. Raises every CallFailed.
    """
    name, element = module_name(arguments.get("module")), element_of(arguments)
    newest_before(arguments)
    if (user := user_of(config)) and OWNER not in element:
        element[OWNER] = user
    warnings = checked(config, element)
    result = await write(
        http, config, "create", {"elementType": name, "element": codec.dumps(element)}
    )
    return answer_of(result, OutcomeUnknown, warnings)


async def update(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """The record `element` ("id" among its fields) becomes what is given: what is left out is
    emptied. Answer and errors as of `create`.
    """
    return await written(http, config, "update", arguments)


async def revise(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """The same, and what is left out stays as it is."""
    return await written(http, config, "revise", arguments)


async def written(
    http: httpx2.AsyncClient, config: VtigerConfig, operation: str, arguments: Arguments
) -> Answer:
    """A record written over; twice is as good as once."""
    element = element_of(arguments)
    wire_id("id", element.get("id"))
    warnings = checked(config, element)
    result = await write(http, config, operation, {"element": codec.dumps(element)})
    return answer_of(result, OutcomeUnknown, warnings)


async def delete(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """Have the record `id` be there no more. Servers refuse what is deleted already as if it were
    forbidden; what cannot be seen either is gone. Answer: data {"was_there"}.
    """
    number = wire_id("id", arguments.get("id"))
    try:
        await write(http, config, "delete", {"id": number})
    except Rejected as refused:
        if refused.code not in GONE or await is_seen(http, config, number):
            raise
        return Answer(reference=number, data={"was_there": False})
    return Answer(reference=number, data={"was_there": True})


async def is_seen(http: httpx2.AsyncClient, config: VtigerConfig, number: str) -> bool:
    """Whether there is such a record for us."""
    try:
        await read(http, config, "retrieve", id=number)
    except Rejected as refused:
        if refused.code in GONE:
            return False
        raise
    return True


def element_of(arguments: Arguments) -> dict[str, str]:
    """The fields to write, as texts; an empty one empties its field. Raises Rejected."""
    given = arguments.get("element")
    if not isinstance(given, Mapping) or not given:
        raise Rejected("vtiger: нет полей записи", code="field_missing")
    return {str(name): flat(str(name), value) for name, value in given.items()}


def flat(name: str, value: Any) -> str:
    """One field; `true` is 1 there, and a list of choices one text."""
    if value is None or isinstance(value, bool):
        return "1" if value else "0" if value is False else ""
    if isinstance(value, list | tuple):
        return " |##| ".join(flat(name, one) for one in value)
    return text_of(name, value)


def answer_of(
    result: Any,
    broken: type[ContractBroken | OutcomeUnknown],
    warnings: list[dict[str, str]] | None = None,
) -> Answer:
    """A record that was given back."""
    number = result.get("id") if isinstance(result, dict) else None
    if not isinstance(number, str) or not WIRE.fullmatch(number):
        raise broken("vtiger: в ответе нет записи")
    data: dict[str, Any] = {"record": result}
    if warnings:
        data["warnings"] = warnings
    return Answer(reference=number, data=data)
