"""What a person chooses from when deals are set up (API v4, "Pipelines", "Users", "Lists", "Custom
fields"), and the fields that are missing.
"""

from collections.abc import Sequence

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.api import Arguments, Content, embedded, entity_id, read, whole
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.paging import walk
from uzel.errors import OutcomeUnknown
from uzel.kit.body import number_of, text_of

LEAD_FIELDS = "/api/v4/leads/custom_fields"
FIELDS_NAME = "custom_fields"
# Whatever `limit` says, fields come fifty at a time.
FIELDS_LIMIT = 50


async def pipelines(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """The pipelines with their stages, in the order people see them. One request.

    Answer: data {"pipelines": [{"id", "name", "is_main", "is_archive", "stages": [{"id", "name",
    "sort", "type"}]}]}; a stage of type 1 is that of incoming requests, 142 and 143 are won and
    lost. Raises every CallFailed but OutcomeUnknown.
    """
    content = await read(http, config, "/api/v4/leads/pipelines")
    found = sorted(embedded(content, "pipelines"), key=position)
    return Answer(data={"pipelines": [pipeline_of(pipeline) for pipeline in found]})


async def users(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Who may answer for a deal; needs an administrator's token. A request for each 250 users.

    Answer: data {"users": [{"id", "name", "email"}]}. Raises every CallFailed but OutcomeUnknown.
    """
    found = [
        {"id": entity_id(user), **{name: text_of(user.get(name)) for name in ("name", "email")}}
        async for user in walk(http, config, "/api/v4/users", "users")
    ]
    return Answer(data={"users": found})


async def catalogs(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """The lists of the account, at most ten. One request.

    Answer: data {"catalogs": [{"id", "name", "type" (`products`, `regular`, `invoices`, …)}]}.
    Raises every CallFailed but OutcomeUnknown.
    """
    found = [
        {"id": entity_id(it), **{name: text_of(it.get(name)) for name in ("name", "type")}}
        async for it in walk(http, config, "/api/v4/catalogs", "catalogs")
    ]
    return Answer(data={"catalogs": found})


async def lead_fields(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """The custom fields of deals. A request for each fifty.

    Answer: data {"fields": [{"id", "name", "type", "code", "enums": [{"id", "value"}]}]}, code may
    be null; `enums` only where a field offers a choice. Raises every CallFailed but OutcomeUnknown.
    """
    return Answer(data={"fields": await fields_at(http, config, LEAD_FIELDS)})


async def catalog_fields(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """The fields of list `catalog_id`. Requests, answer and errors as of `lead_fields`."""
    return Answer(data={"fields": await fields_at(http, config, catalog_path(arguments))})


async def create_lead_field(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Make a text field of deals called `name`. One request.

    Answer: reference and data {"id"} = the field. Raises a CallFailed.
    """
    ids = await create(http, config, LEAD_FIELDS, [lead_field(arguments)])
    return made(ids[arguments["name"]])


async def look_up_lead_field(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """The field of that name, whoever made it. Requests as of `lead_fields`."""
    ids = await named(http, config, LEAD_FIELDS, [lead_field(arguments)])
    return made(ids[arguments["name"]]) if ids else None


async def create_catalog_fields(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Make `fields` in list `catalog_id`: [{"name", "type" (`text`, `numeric`, …), "code"}], code
    may be null. One request.

    Answer: data {"ids": {name: id}}. Raises a CallFailed; a refusal names the fields, see
    `bulk.refused`.
    """
    ids = await create(http, config, catalog_path(arguments), arguments["fields"])
    return Answer(data={"ids": ids})


async def look_up_catalog_fields(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """Those of the names that are there. Requests as of `lead_fields`."""
    ids = await named(http, config, catalog_path(arguments), arguments["fields"])
    return bulk.found(ids)


async def create(
    http: httpx2.AsyncClient, config: AmocrmConfig, path: str, fields: Sequence[Content]
) -> dict[str, int]:
    """Name → id. Raises OutcomeUnknown where the answer leaves one out."""
    wanted = [
        {"name": field["name"], "type": field["type"]}
        | ({"code": field["code"]} if field.get("code") else {})
        for field in fields
    ]
    names = [field["name"] for field in fields]
    answered = await bulk.send(http, config, "POST", path, FIELDS_NAME, wanted, names)
    known = {text_of(field.get("name")): number_of(field.get("id")) for field in answered}
    ids = {name: known.get(text_of(name)) for name in names}
    if None in ids.values():
        raise OutcomeUnknown("amoCRM: в ответе не все созданные поля")
    return {name: int(field_id or 0) for name, field_id in ids.items()}


async def named(
    http: httpx2.AsyncClient, config: AmocrmConfig, path: str, fields: Sequence[Content]
) -> dict[str, int]:
    """Name → id, of the fields that are there."""
    names = {text_of(field["name"]): field["name"] for field in fields}
    found = await fields_at(http, config, path)
    return {names[field["name"]]: field["id"] for field in found if field["name"] in names}


async def fields_at(http: httpx2.AsyncClient, config: AmocrmConfig, path: str) -> list[Content]:
    return [
        {
            "id": entity_id(field),
            **{name: text_of(field.get(name)) for name in ("name", "type", "code")},
            **enums_of(field),
        }
        async for field in walk(http, config, path, FIELDS_NAME, limit=FIELDS_LIMIT)
    ]


def enums_of(field: Content) -> Content:
    given = field.get("enums")
    found = [
        {"id": known, "value": value}
        for enum in (given if isinstance(given, list) else [])
        if isinstance(enum, dict)
        and (known := whole(enum.get("id"))) is not None
        and (value := text_of(enum.get("value"))) is not None
    ]
    return {"enums": found} if found else {}


def pipeline_of(pipeline: Content) -> Content:
    stages = sorted(embedded(pipeline, "statuses"), key=position)
    return {
        "id": entity_id(pipeline),
        "name": text_of(pipeline.get("name")),
        "is_main": pipeline.get("is_main") is True,
        "is_archive": pipeline.get("is_archive") is True,
        "stages": [
            {
                "id": entity_id(stage),
                "name": text_of(stage.get("name")),
                "sort": whole(stage.get("sort")),
                "type": whole(stage.get("type")),
            }
            for stage in stages
        ],
    }


def position(entity: Content) -> int:
    return whole(entity.get("sort")) or 0


def lead_field(arguments: Arguments) -> Content:
    return {"name": arguments["name"], "type": "text"}


def made(field_id: int) -> Answer:
    return Answer(reference=str(field_id), data={"id": field_id})


def catalog_path(arguments: Arguments) -> str:
    return f"/api/v4/catalogs/{int(arguments['catalog_id'])}/custom_fields"
