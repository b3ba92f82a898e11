"""Leads (amoCRM, "Leads")."""

from collections.abc import Callable
from typing import Any

from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.answers import (
    NOTHING_FOUND,
    Faults,
    Json,
    Refused,
    Reply,
    hal,
    problem,
)
from uzel.connectors.amocrm.miniature.beginnings import PIPELINE_ID
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import LOST, WON, Lead
from uzel.connectors.amocrm.miniature.fields import Values
from uzel.connectors.amocrm.miniature.hooks import event_of, posted
from uzel.connectors.amocrm.miniature.listing import LEAD_ORDERS, filtered, listed, searched
from uzel.connectors.amocrm.miniature.writing import (
    SHARED,
    answered,
    check_users,
    checked,
    existing,
    item_of,
    items_of,
    one_existing,
    read_tags,
    request_id,
    scalars,
)

KINDS = SHARED | {
    **{"price": "int", "pipeline_id": "int", "status_id": "int"},
    **{"closed_at": "moment", "loss_reason_id": "int"},
}
MADE = "Сделка #{}"

Change = Callable[[Lead], None]
# What an item of a body sets: plain values, custom fields, and what else it does.
Draft = tuple[Json, dict[int, Values], list[Change]]


def leads(call: Call) -> Reply:
    if "only_deleted" in call.view.also:
        gone = [it for it in call.account.leads.values() if it.is_deleted]
        return listed(call, "leads", gone, Lead.shown_deleted)
    found = filtered(call, searched(call, call.account.living_ones("leads")))
    return listed(call, "leads", found, Lead.shown, orders=LEAD_ORDERS)


def lead(call: Call) -> Reply:
    if call.settings.invent_guests:
        call.account.invent(call.param("lead_id"))
    found = call.account.living("leads", call.param("lead_id"))
    return hal(found.shown(call.view)) if found else NOTHING_FOUND


def create_leads(call: Call) -> Reply:
    items = items_of(call)
    drafts = checked(items, lambda item, faults: read_lead(call.account, item, faults, None))
    made = [make(call, draft) for draft in drafts]
    shown = [
        call.view.briefly("leads", it.id, request_id=request_id(item, index))
        for index, (it, item) in enumerate(zip(made, items, strict=True))
    ]
    return answered(call, "leads", shown)


def update_leads(call: Call) -> Reply:
    items = items_of(call)
    before: list[Lead | None] = []

    def read(item: Json, faults: Faults) -> Draft:
        before.append(existing(call, "leads", item, faults))
        return read_lead(call.account, item, faults, before[-1])

    drafts = checked(items, read)
    found = [it for it in before if it is not None]
    refuse_reasons(found, drafts)
    for it, draft in zip(found, drafts, strict=True):
        change(call, it, draft)
    shown = [
        changed(call, it, request_id(item, n))
        for n, (it, item) in enumerate(zip(found, items, strict=True))
    ]
    return answered(call, "leads", shown)


def update_lead(call: Call) -> Reply:
    item = item_of(call)
    found: Lead = one_existing(call, "leads", "lead_id")
    drafts = checked([item], lambda it, faults: read_lead(call.account, it, faults, found))
    refuse_reasons([found], drafts)
    change(call, found, drafts[0])
    return hal(call.view.briefly("leads", found.id, updated_at=found.updated_at))


def changed(call: Call, it: Lead, its_request: Any) -> Json:
    return call.view.briefly("leads", it.id, updated_at=it.updated_at, request_id=its_request)


def read_lead(account: Account, item: Json, faults: Faults, before: Lead | None) -> Draft:
    """What an item asks for, of a new lead where there is none `before`."""
    values = scalars(item, KINDS, faults)
    check_users(account, values, faults)
    place(account, values, faults, before)
    if values.get("loss_reason_id", 0) and values["loss_reason_id"] not in account.loss_reasons:
        faults.add("NotSupportedChoice", "loss_reason_id")
    fields = account.fields["leads"].read(item.get("custom_fields_values"), faults)
    changes: list[Change] = [read_tags(account, "leads", item, faults)]
    if before is None:
        changes += read_linked(account, item, faults)
    return values, fields, changes


def place(account: Account, values: Json, faults: Faults, before: Lead | None) -> None:
    """The stage: the one named, if it is one of the pipeline; else the first of a pipeline that is
    named; of the main one for a new lead.
    """
    named = values.get("pipeline_id")
    pipeline_id = named or (before.pipeline_id if before else PIPELINE_ID)
    if pipeline_id not in account.pipelines:
        faults.add("NotSupportedChoice", "pipeline_id")
        return
    if "status_id" in values:
        stages = {it["id"]: it["pipeline_id"] for it in all_stages(account)}
        status_id = values["status_id"]
        if named is None and before is None and status_id in stages:
            pipeline_id = stages[status_id]
        if status_id not in (WON, LOST) and stages.get(status_id) != pipeline_id:
            faults.add("NotSupportedChoice", "status_id")
    elif before is None or pipeline_id != before.pipeline_id:
        values["status_id"] = account.first_stage(pipeline_id)
    values["pipeline_id"] = pipeline_id


def all_stages(account: Account) -> list[Json]:
    return [
        {"id": stage["id"], "pipeline_id": pipeline_id}
        for pipeline_id in account.pipelines
        for stage in account.stages(pipeline_id)
        if stage["id"] not in (WON, LOST)
    ]


def read_linked(account: Account, item: Json, faults: Faults) -> list[Change]:
    """The contacts and the company that a new lead is to have."""
    embedded = item.get("_embedded")
    embedded = embedded if isinstance(embedded, dict) else {}
    changes: list[Change] = []
    for kind in ("contacts", "companies"):
        for index, it in enumerate(embedded.get(kind) or ()):
            other = it.get("id") if isinstance(it, dict) else None
            if account.living(kind, other) is None:
                faults.add("NotSupportedChoice", f"_embedded.{kind}.{index}.id")
            else:
                changes.append(linking(account, kind, it))
    return changes


def linking(account: Account, kind: str, it: Json) -> Change:
    def link(made: Lead) -> None:
        if kind == "contacts":
            account.links.put_contact(made.id, it["id"], is_main=it.get("is_main") is True)
        else:
            account.links.put(("leads", made.id), (kind, it["id"]), {})

    return link


def refuse_reasons(found: list[Lead], drafts: list[Draft]) -> None:
    """Only a lost lead has a reason (a recorded answer of 2020). Raises Refused."""
    wrong = {
        str(it.id): "Loss reason can be specified only for lost lead"
        for it, (values, _, _) in zip(found, drafts, strict=True)
        if values.get("loss_reason_id") and values.get("status_id", it.status_id) != LOST
    }
    if wrong:
        raise Refused(problem(400, "Bad Request", "Invalid request body", {"errors": wrong}))


def make(call: Call, draft: Draft) -> Lead:
    values, fields, changes = draft
    lead_id = call.account.next_id()
    by = call.account.by(call.user_id)
    made = Lead(**{"id": lead_id, "name": MADE.format(lead_id), **by, **values})
    made.values = {field_id: kept for field_id, kept in fields.items() if kept}
    for apply in changes:
        apply(made)
    made.close()
    call.account.add(made)
    call.tell(event_of(call.account, made, "add"))
    call.note_event("lead_added", "lead", made.id)
    return made


def change(call: Call, it: Lead, draft: Draft) -> None:
    """Set what is said; a custom field gets exactly the values that are said of it."""
    values, fields, changes = draft
    status_id, responsible_id = it.status_id, it.responsible_user_id
    for name, value in values.items():
        setattr(it, name, value)
    for field_id, kept in fields.items():
        it.values[field_id] = kept
    for apply in changes:
        apply(it)
    it.touch(values.get("updated_by", call.user_id), values.get("updated_at"))
    if it.status_id != LOST:
        it.loss_reason_id = None
    it.close()
    tell_of_change(call, it, status_id, responsible_id)


def tell_of_change(call: Call, it: Lead, old_status_id: int, old_responsible_id: int) -> None:
    account = call.account
    if it.status_id != old_status_id:
        form = posted(account, it, old_status_id=old_status_id)
        call.tell(event_of(account, it, "status", form))
        call.note_event(
            "lead_status_changed", "lead", it.id,
            before=[{"lead_status": {"id": old_status_id, "pipeline_id": it.pipeline_id}}],
            after=[{"lead_status": {"id": it.status_id, "pipeline_id": it.pipeline_id}}],
        )  # fmt: skip
    if it.responsible_user_id != old_responsible_id:
        form = posted(account, it) | {"old_responsible_user_id": old_responsible_id}
        call.tell(event_of(account, it, "responsible", form))
    call.tell(event_of(account, it, "update"))
