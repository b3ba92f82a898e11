"""Bodies of many entities: checked as a whole, then written as a whole."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.answers import (
    Faults,
    Json,
    Refused,
    Reply,
    hal,
    invalid,
    not_found,
    problem,
)
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import ROBOT_ID, Entity
from uzel.connectors.amocrm.miniature.listing import MOST
from uzel.connectors.amocrm.miniature.numbers import is_int

Made = TypeVar("Made")
Reading = Callable[[Json, Faults], Made]

# Name → type of the values that a body may set.
Kinds = Mapping[str, str]
SHARED: dict[str, str] = {
    "name": "string",
    "responsible_user_id": "int",
    "created_by": "int",
    "updated_by": "int",
    "created_at": "moment",
    "updated_at": "moment",
}
TYPES: Mapping[str, type] = {"string": str, "bool": bool}


def items_of(call: Call, *, most: int = MOST) -> list[Json]:
    """The items of a body that is a list. Raises Refused."""
    given = call.asked.json
    if not given:
        raise Refused(problem(400, "Bad Request", "Request data can't be blank"))
    if not isinstance(given, list) or not all(isinstance(it, dict) for it in given):
        raise Refused(problem(400, "Bad Request", "Invalid request body"))
    if len(given) > most:
        raise Refused(problem(422, "Unprocessable Entity", f"Limit {most} per page"))
    return given


def item_of(call: Call) -> Json:
    """The body that is one object. Raises Refused."""
    given = call.asked.json
    if not isinstance(given, dict):
        raise Refused(problem(400, "Bad Request", "Invalid request body"))
    return given


def checked(items: Sequence[Json], read: Reading[Made]) -> list[Made]:
    """What each item asks for. Raises Refused if anything is wrong with any of them: a body is
    taken as a whole or not at all.
    """
    found: list[Made] = []
    wrong: list[tuple[Any, Faults]] = []
    for index, item in enumerate(items):
        faults = Faults()
        found.append(read(item, faults))
        if faults:
            wrong.append((request_id(item, index), faults))
    if wrong:
        raise Refused(invalid(wrong))
    return found


def request_id(item: Json, index: int) -> Any:
    given = item.get("request_id")
    return str(index) if given is None else given


def answered(call: Call, name: str, shown: Sequence[Json], **more: Any) -> Reply:
    """The answer to a change of many."""
    links = {"_links": {"self": {"href": call.href()}}}
    return hal({**more, **links, "_embedded": {name: shown}})


def scalars(item: Json, kinds: Kinds, faults: Faults) -> Json:
    """The plain values that an item sets. A null sets nothing."""
    found: Json = {}
    for name, kind in kinds.items():
        value = item.get(name)
        if value is None:
            continue
        if kind == "moment" and isinstance(value, float):
            # Clients in use send moments with fractions of a second.
            value = int(value)
        known = is_int(value) if kind in ("int", "moment") else isinstance(value, TYPES[kind])
        if known:
            found[name] = value
        else:
            faults.add("InvalidType", name, "int" if kind == "moment" else kind)
    return found


def check_users(account: Account, values: Json, faults: Faults) -> None:
    """Everybody named is in the account; the robot may make and change but not be responsible."""
    for name in ("responsible_user_id", "created_by", "updated_by"):
        known = account.users.keys() | (set() if name == "responsible_user_id" else {ROBOT_ID})
        if name in values and values[name] not in known:
            faults.add("NotSupportedChoice", name)


def existing(call: Call, kind: str, item: Json, faults: Faults) -> Any:
    """The entity that an item of a PATCH means by its `id`."""
    entity_id = item.get("id")
    if entity_id is None:
        faults.add("FieldMissing", "id")
        return None
    if not is_int(entity_id):
        faults.add("InvalidType", "id", "int")
        return None
    found = call.account.living(kind, entity_id)
    if found is None:
        faults.add("NotSupportedChoice", "id")
    return found


def one_existing(call: Call, kind: str, name: str) -> Any:
    """The entity that the path means. Raises Refused."""
    found = call.account.living(kind, call.param(name))
    if found is None:
        raise Refused(not_found("Entity not found"))
    return found


def read_tags(account: Account, kind: str, item: Json, faults: Faults) -> Callable[[Entity], None]:
    """What an item does to tags: `_embedded.tags` are all of them, `tags_to_add` and
    `tags_to_delete` are changes. They are made when it is certain that the item is taken.
    """
    embedded = item.get("_embedded")
    has_all = isinstance(embedded, dict) and "tags" in embedded
    lists = {
        "_embedded.tags": (embedded or {}).get("tags") if has_all else None,
        "tags_to_add": item.get("tags_to_add"),
        "tags_to_delete": item.get("tags_to_delete"),
    }
    for path, given in lists.items():
        check_tags(given, path, account.tags[kind], faults)

    def change(entity: Entity) -> None:
        ids = {
            path: [it.get("id") or account.tag_id(kind, it["name"]) for it in given or ()]
            for path, given in lists.items()
        }
        kept = ids["_embedded.tags"] if has_all else entity.tags
        kept = [*kept, *ids["tags_to_add"]]
        entity.tags = [it for it in dict.fromkeys(kept) if it not in ids["tags_to_delete"]]

    return change


def check_tags(given: Any, path: str, known: Mapping[int, str], faults: Faults) -> None:
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(it, dict) for it in given):
        faults.add("InvalidType", path, "array")
        return
    for index, it in enumerate(given):
        if it.get("id") is not None and it["id"] not in known:
            faults.add("NotSupportedChoice", f"{path}.{index}.id")
        elif it.get("id") is None and not isinstance(it.get("name"), str):
            faults.add("FieldMissing", f"{path}.{index}.name")
