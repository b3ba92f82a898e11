"""Writing many entities by one request (API v4: at most 250, replies in the order of the request,
`request_id` echoed, one invalid entity refuses them all).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm.api import (
    Arguments,
    Content,
    embedded,
    problem_of,
    refusal,
    whole,
    write,
)
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.fields import FIELDS
from uzel.connectors.amocrm.phones import E164
from uzel.errors import CallFailed, OutcomeUnknown, Rejected
from uzel.kit.body import at, label_of, number_of, text_of
from uzel.model.phone import mask_phone

MOST = 250
MOST_TOLD = 5
# A name that may stand in the code of a refusal: no comma of an SKU, no phone of a person.
PLAIN_NAME = re.compile(r"[0-9A-Za-z_.-]{1,64}")
# Where in an entity it lies → how people call it.
PLACES: Mapping[str, str] = {
    "status_id": "этап",
    "pipeline_id": "воронка",
    "responsible_user_id": "ответственный",
    "loss_reason_id": "причина отказа",
    "price": "бюджет",
    "name": "название",
    "entity_id": "сделка",
    "to_entity_id": "товар",
    "metadata.catalog_id": "список товаров",
    "metadata.quantity": "количество",
}


async def send(
    http: httpx2.AsyncClient,
    config: AmocrmConfig,
    method: str,
    path: str,
    name: str,
    entities: Sequence[Content],
    names: Sequence[str],
) -> Sequence[Content]:
    """What amoCRM answers, entity by entity. `names`: what the caller knows each entity by. One
    request; none for no entities. Raises a CallFailed, Rejected as `refused` words it.
    """
    if len(entities) > MOST:
        raise Rejected(f"amoCRM: за раз не больше {MOST} записей", code="bulk_too_large")
    if not entities:
        return []
    content = await write(http, config, method, path, entities, partial(refused, entities, names))
    return embedded(content, name, effect=True)


async def create(
    http: httpx2.AsyncClient,
    config: AmocrmConfig,
    path: str,
    name: str,
    given: Sequence[Content],
    entity_of: Callable[[Content], Content],
) -> Answer:
    """Make what is given, each with a `request_id` of its own. amoCRM is told their positions
    instead: what comes back is the same text then, and a phone stays out of it. One request.

    Answer: data {"ids": {request_id: id}}, all of them. Raises a CallFailed, OutcomeUnknown where
    the answer leaves one out.
    """
    names = [str(it["request_id"]) for it in given]
    if len(set(names)) < len(names):
        raise Rejected("amoCRM: два request_id одинаковы", code="request_id_twice")
    asked = [{**entity_of(it), "request_id": str(nth)} for nth, it in enumerate(given)]
    made = await send(http, config, "POST", path, name, asked, names)
    ids = {
        str(entity.get("request_id", nth)): number_of(entity.get("id"))
        for nth, entity in enumerate(made)
    }
    known = {request: ids.get(str(nth)) for nth, request in enumerate(names)}
    if None in known.values():
        raise OutcomeUnknown("amoCRM: в ответе не все созданные записи")
    return Answer(data={"ids": {request: int(it or 0) for request, it in known.items()}})


def found(ids: Mapping[str, int]) -> Answer | None:
    """The result of a look-up: what of a bulk is there, in the form of `create`."""
    return Answer(data={"ids": dict(ids)}) if ids else None


def ids_in(told: Sequence[Content]) -> list[int]:
    """The ids of what a change was told to have changed."""
    return [int(known) for entity in told if (known := number_of(entity.get("id")))]


def since_of(arguments: Arguments) -> int:
    """Since when a look-up looks; from the beginning of time where nobody said."""
    return whole(arguments.get("since")) or 0


def refused(
    entities: Sequence[Content], names: Sequence[str], response: httpx2.Response
) -> CallFailed | None:
    """The refusal of a bulk. Rejected: `code` is amoCRM's own, a colon, and the names that it
    disliked (`request_id`s; of changes the ids), joined by commas, as far as they are plain; see
    `refused_requests`. Of phones among them nothing tells more than their ends.
    """
    problem = problem_of(response)
    wrong = [
        (position, error)
        for item in listed_in(problem, "validation-errors")
        if (position := position_of(entities, at(item, "request_id"))) is not None
        for error in listed_in(item, "errors")
    ]
    if response.status_code != 400 or not wrong:
        return refusal(response)
    disliked = [names[position] for position in dict.fromkeys(position for position, _ in wrong)]
    told = list(dict.fromkeys(in_words(entities[position], error) for position, error in wrong))
    shown = [mask_phone(name) if E164.fullmatch(name) else name for name in disliked]
    detail = (
        f"amoCRM не приняла {len(disliked)} из {len(entities)} ({some(shown, ', ')}): "
        f"{some(told, '; ')}"
    )
    code = text_of(at(wrong[0][1], "code")) or "400"
    plain = ",".join(filter(PLAIN_NAME.fullmatch, disliked))
    return Rejected(detail, code=f"{code}:{plain}" if plain else code, http_status=400)


def some(texts: Sequence[str], joint: str) -> str:
    """The first of them."""
    more = ("…",) if len(texts) > MOST_TOLD else ()
    return joint.join((*texts[:MOST_TOLD], *more))


def refused_requests(code: str | None) -> tuple[str, ...]:
    """Which `request_id`s the code of a refused bulk names; empty: nobody knows which."""
    names = (code or "").partition(":")[2]
    return tuple(names.split(",")) if names else ()


def listed_in(content: Any, name: str) -> list[Any]:
    found = at(content, name)
    return found if isinstance(found, list) else []


def position_of(entities: Sequence[Content], request: Any) -> int | None:
    """Which entity a `request_id` means: amoCRM gives one that was sent without its id, or its
    position.
    """
    name = label_of(request)
    for position, entity in enumerate(entities):
        if name is not None and name in (entity.get("request_id"), label_of(entity.get("id"))):
            return position
    is_position = name is not None and name.isascii() and name.isdigit() and len(name) < 4
    return int(name or 0) if is_position and int(name or 0) < len(entities) else None


def in_words(entity: Content, error: Any) -> str:
    """`поле SKU: This value is too long.`"""
    path = text_of(at(error, "path")) or "?"
    words = text_of(at(error, "detail")) or text_of(at(error, "code")) or "отказ"
    return f"{place(entity, path)}: {words}"


def place(entity: Content, path: str) -> str:
    """Where the mistake is. `custom_fields_values.2.values.0.value` counts fields as we sent them,
    so the field's own name is in what we sent.
    """
    parts = path.split(".")
    if FIELDS not in parts:
        return PLACES.get(path, path)
    position = "".join(parts[parts.index(FIELDS) + 1 :][:1])
    fields = entity.get(FIELDS) or []
    if not (position.isascii() and position.isdigit()) or int(position) >= len(fields):
        return path
    field = fields[int(position)]
    return f"поле {field.get('field_code') or field.get('field_id')}"
