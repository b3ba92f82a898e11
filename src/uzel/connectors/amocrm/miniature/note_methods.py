"""Notes and tasks (amoCRM, "Events and notes", "Tasks")."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from uzel.connectors.amocrm.miniature.answers import (
    NOTHING_FOUND,
    Faults,
    Json,
    Refused,
    Reply,
    hal,
    not_found,
)
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import View
from uzel.connectors.amocrm.miniature.hooks import event_of, posted_note
from uzel.connectors.amocrm.miniature.listing import filtered, listed
from uzel.connectors.amocrm.miniature.numbers import is_int, now_s
from uzel.connectors.amocrm.miniature.writing import (
    answered,
    checked,
    item_of,
    items_of,
    request_id,
    scalars,
)

# Kind of a note → what its `params` must have.
CALL = ("uniq", "duration", "source", "phone")
NOTE_TYPES: Mapping[str, tuple[str, ...]] = {
    "common": ("text",),
    "call_in": CALL,
    "call_out": CALL,
    "service_message": ("service", "text"),
    "message_cashier": ("status", "shown", "receipt"),
    "geolocation": ("text", "address", "longitude", "latitude"),
    "sms_in": ("text", "phone"),
    "sms_out": ("text", "phone"),
    "extended_service_message": ("service", "text"),
    "attachment": ("file_uuid", "file_name"),
    "invoice_paid": ("text", "service", "icon_url"),
}
TASK_KINDS = {
    **{"responsible_user_id": "int", "entity_id": "int", "entity_type": "string"},
    **{"is_completed": "bool", "task_type_id": "int", "text": "string", "duration": "int"},
    **{"complete_till": "moment", "created_by": "int", "updated_by": "int"},
}
TASK_ORDERS = ("created_at", "complete_till", "id")


class Notes:
    """The methods for entities of one kind; `entity_id` of the path, or of each item."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def all(self, call: Call) -> Reply:
        found = filtered(call, self.mine(call), always=True)
        return listed(call, "notes", found, partial(show_note, kind=self.kind))

    def mine(self, call: Call) -> list[Json]:
        account = call.account
        if "entity_id" not in call.asked.params:
            return [it for it in account.notes.values() if it["kind"] == self.kind]
        self.check_entity(call)
        ids = account.notes_of[self.kind, call.param("entity_id")]
        return [account.notes[note_id] for note_id in ids]

    def check_entity(self, call: Call) -> None:
        """Raises Refused for a path that names none."""
        if call.account.living(self.kind, call.param("entity_id")) is None:
            raise Refused(not_found("Entity not found"))

    def get(self, call: Call) -> Reply:
        found = call.account.notes.get(call.param("note_id"))
        if found is None or found["kind"] != self.kind:
            return NOTHING_FOUND
        return hal(show_note(found, call.view, kind=self.kind))

    def create(self, call: Call) -> Reply:
        if "entity_id" in call.asked.params:
            self.check_entity(call)
        items = items_of(call)
        drafts = checked(items, lambda item, faults: self.read(call, item, faults))
        made = [self.make(call, draft) for draft in drafts]
        shown = [
            self.brief(call, it, request_id=request_id(item, index))
            for index, (it, item) in enumerate(zip(made, items, strict=True))
        ]
        return answered(call, "notes", shown)

    def read(self, call: Call, item: Json, faults: Faults) -> Json:
        account, params = call.account, item.get("params")
        entity_id = call.asked.params.get("entity_id", item.get("entity_id"))
        if entity_id is None:
            faults.add("FieldMissing", "entity_id")
        elif account.living(self.kind, entity_id) is None:
            faults.add("NotSupportedChoice", "entity_id")
        kind = item.get("note_type")
        if kind not in NOTE_TYPES:
            faults.add("NotSupportedChoice" if kind else "FieldMissing", "note_type")
        params = params if isinstance(params, dict) else {}
        check_params(NOTE_TYPES.get(str(kind), ()), params, faults)
        by = scalars(item, {"created_by": "int", "responsible_user_id": "int"}, faults)
        return {"entity_id": entity_id, "note_type": kind, "params": params, **by}

    def make(self, call: Call, draft: Json) -> Json:
        moment, note_id = now_s(), call.account.next_id()
        made = {
            "id": note_id,
            "kind": self.kind,
            "created_by": call.user_id,
            "responsible_user_id": call.user_id,
            **draft,
            "updated_by": call.user_id,
            "created_at": moment,
            "updated_at": moment,
            "group_id": 0,
        }
        call.account.notes[note_id] = made
        call.account.notes_of[self.kind, made["entity_id"]].append(note_id)
        entity = call.account.store(self.kind)[made["entity_id"]]
        call.tell(
            event_of(call.account, entity, "note", posted_note(call.account, self.kind, made))
        )
        return made

    def update(self, call: Call) -> Reply:
        items = items_of(call)
        found = checked(items, lambda item, faults: self.read_change(call, item, faults))
        shown = []
        for note, item in zip(found, items, strict=True):
            note["params"] |= item.get("params") or {}
            note |= {"updated_at": now_s(), "updated_by": call.user_id}
            shown.append(self.brief(call, note, updated_at=note["updated_at"]))
        call.asked.effect = True
        return answered(call, "notes", shown)

    def read_change(self, call: Call, item: Json, faults: Faults) -> Json:
        found = call.account.notes.get(item["id"]) if is_int(item.get("id")) else None
        if found is None or found["kind"] != self.kind:
            faults.add("NotSupportedChoice" if "id" in item else "FieldMissing", "id")
            return {}
        return found

    def brief(self, call: Call, it: Json, **more: Any) -> Json:
        link = call.view.link(f"{self.kind}/{it['entity_id']}/notes", it["id"])
        return {"id": it["id"], "entity_id": it["entity_id"], **more, "_links": link}


def check_params(needed: tuple[str, ...], params: Json, faults: Faults) -> None:
    for name in needed:
        if params.get(name) is None:
            faults.add("NotNullable" if name in params else "FieldMissing", f"params.{name}")
    if "text" in needed and params.get("text") == "":
        faults.add("NotBlank", "params.text")


def show_note(it: Json, view: View, *, kind: str) -> Json:
    link = view.link(f"{kind}/{it['entity_id']}/notes", it["id"])
    shown = {name: value for name, value in it.items() if name != "kind"}
    return {**shown, "account_id": view.account.id, "_links": link}


def tasks(call: Call) -> Reply:
    found = filtered(call, list(call.account.tasks.values()), always=True)
    return listed(call, "tasks", found, show_task, orders=TASK_ORDERS)


def task(call: Call) -> Reply:
    found = call.account.tasks.get(call.param("task_id"))
    return hal(show_task(found, call.view)) if found else NOTHING_FOUND


def show_task(it: Json, view: View) -> Json:
    return {**it, "account_id": view.account.id, "_links": view.link("tasks", it["id"])}


def create_tasks(call: Call) -> Reply:
    items = items_of(call)
    drafts = checked(items, lambda item, faults: read_task(call, item, faults, is_new=True))
    shown = []
    for index, (item, draft) in enumerate(zip(items, drafts, strict=True)):
        made = new_task(call, draft)
        call.account.tasks[made["id"]] = made
        shown.append(call.view.briefly("tasks", made["id"], request_id=request_id(item, index)))
    call.asked.effect = True
    return answered(call, "tasks", shown)


def new_task(call: Call, draft: Json) -> Json:
    moment = now_s()
    return {
        "id": call.account.next_id(),
        **call.account.by(call.user_id),
        "created_at": moment,
        "updated_at": moment,
        "group_id": 0,
        "entity_id": None,
        "entity_type": None,
        "duration": 0,
        "is_completed": False,
        "task_type_id": 1,
        "result": [],
        **draft,
    }


def read_task(call: Call, item: Json, faults: Faults, *, is_new: bool) -> Json:
    values = scalars(item, TASK_KINDS, faults)
    for name in ("text", "complete_till") if is_new else ():
        if item.get(name) is None:
            faults.add("FieldMissing", name)
    kind, entity_id = values.get("entity_type"), values.get("entity_id")
    if entity_id is not None and call.account.living(str(kind), entity_id) is None:
        faults.add("NotSupportedChoice", "entity_id")
    if isinstance(item.get("result"), dict):
        values["result"] = item["result"]
    return values


def update_tasks(call: Call) -> Reply:
    items = items_of(call)

    def read(item: Json, faults: Faults) -> tuple[Json, Json]:
        found = call.account.tasks.get(item["id"]) if is_int(item.get("id")) else None
        if found is None:
            faults.add("NotSupportedChoice", "id")
        return found or {}, read_task(call, item, faults, is_new=False)

    shown = []
    for index, (found, values) in enumerate(checked(items, read)):
        change_task(call, found, values)
        more = {"updated_at": found["updated_at"], "request_id": request_id(items[index], index)}
        shown.append(call.view.briefly("tasks", found["id"], **more))
    return answered(call, "tasks", shown)


def update_task(call: Call) -> Reply:
    found = call.account.tasks.get(call.param("task_id"))
    if found is None:
        raise Refused(not_found("Task not found"))
    (values,) = checked(
        [item_of(call)], lambda item, faults: read_task(call, item, faults, is_new=False)
    )
    change_task(call, found, values)
    return hal(call.view.briefly("tasks", found["id"], updated_at=found["updated_at"]))


def change_task(call: Call, found: Json, values: Json) -> None:
    found |= {**values, "updated_at": now_s(), "updated_by": call.user_id}
    call.asked.effect = True
