"""The account and its set-up: users, pipelines, fields, tags, events, hooks."""

from functools import partial
from typing import Any

from uzel.connectors.amocrm.miniature.answers import (
    NOTHING_FOUND,
    Json,
    Refused,
    Reply,
    hal,
    invalid_value,
    not_found,
    problem,
)
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import View
from uzel.connectors.amocrm.miniature.hooks import EVENTS, MOST_HOOKS, Hook
from uzel.connectors.amocrm.miniature.listing import filtered, listed
from uzel.connectors.amocrm.miniature.writing import items_of, request_id

MOST_EVENTS_SHOWN = 100
VERSION = 16


def account(call: Call) -> Reply:
    """The account; what `with` asks for beside it."""
    it, also = call.account, call.view.also
    extra = {
        "amojo_id": it.uuid,
        "version": VERSION,
        "drive_url": "https://drive-b.amocrm.ru",
        "is_api_filter_enabled": call.settings.filters,
    }
    inner = {
        "users_groups": [{"id": 0, "name": "Отдел продаж", "uuid": None}],
        "task_types": [task_type(1, "Связаться", "FOLLOW_UP"), task_type(2, "Встреча", "MEETING")],
        "datetime_settings": {"timezone": "Asia/Almaty", "timezone_offset": "+05:00"},
    }
    embedded = {name: value for name, value in inner.items() if name in also}
    return hal(
        {
            "id": it.id,
            "name": "Песочница",
            "subdomain": it.subdomain,
            "created_at": it.created_at,
            "current_user_id": call.user_id,
            "country": "RU",
            "currency": "RUB",
            "currency_symbol": "₽",
            "customers_mode": "disabled",
            "is_unsorted_on": True,
            "is_loss_reason_enabled": True,
            "is_helpbot_enabled": False,
            "is_technical_account": False,
            "contact_name_display_order": 1,
            **{name: value for name, value in extra.items() if name in also},
            "_links": {"self": {"href": call.href()}},
            **({"_embedded": embedded} if embedded else {}),
        }
    )


def task_type(type_id: int, name: str, code: str) -> Json:
    return {"id": type_id, "name": name, "color": None, "icon_id": None, "code": code}


def users(call: Call) -> Reply:
    return listed(call, "users", list(call.account.users.values()), show_user, totals=True)


def user(call: Call) -> Reply:
    found = call.account.users.get(call.param("user_id"))
    if found is None:
        raise Refused(not_found("User not found"))
    return hal(show_user(found, call.view))


def show_user(it: Json, view: View) -> Json:
    return {**it, "_links": view.link("users", it["id"])}


def pipelines(call: Call) -> Reply:
    found = [show_pipeline(it, call.view) for it in call.account.pipelines.values()]
    return whole_list(call, "pipelines", found)


def pipeline(call: Call) -> Reply:
    return hal(show_pipeline(known_pipeline(call), call.view))


def statuses(call: Call) -> Reply:
    found = known_pipeline(call)
    shown = [show_stage(it, found["id"], call.view) for it in found["statuses"]]
    return whole_list(call, "statuses", [{**it, "descriptions": []} for it in shown])


def status(call: Call) -> Reply:
    found = known_pipeline(call)
    for it in found["statuses"]:
        if it["id"] == call.param("status_id"):
            return hal(show_stage(it, found["id"], call.view) | {"descriptions": []})
    raise Refused(not_found("Status not found"))


def known_pipeline(call: Call) -> Json:
    """The pipeline that the path names. Raises Refused."""
    found = call.account.pipelines.get(call.param("pipeline_id"))
    if found is None:
        raise Refused(not_found("Pipeline not found"))
    return found


def show_pipeline(it: Json, view: View) -> Json:
    own = {name: value for name, value in it.items() if name != "statuses"}
    return {
        **own,
        "account_id": view.account.id,
        "_links": view.link("leads/pipelines", it["id"]),
        "_embedded": {"statuses": [show_stage(stage, it["id"], view) for stage in it["statuses"]]},
    }


def show_stage(it: Json, pipeline_id: int, view: View) -> Json:
    link = view.link(f"leads/pipelines/{pipeline_id}/statuses", it["id"])
    shown = {**it, "pipeline_id": pipeline_id, "account_id": view.account.id}
    return {**shown, "_links": link}


def whole_list(call: Call, name: str, found: list[Json]) -> Reply:
    """A list that has no pages."""
    links = {"self": {"href": call.href()}}
    return hal({"_total_items": len(found), "_links": links, "_embedded": {name: found}})


def loss_reasons(call: Call) -> Reply:
    found = list(call.account.loss_reasons.values())
    return listed(call, "loss_reasons", found, partial(show_of, path="leads/loss_reasons"))


def show_of(it: Json, view: View, *, path: str) -> Json:
    return {**it, "_links": view.link(path, it["id"])}


class Tags:
    """The tags of one kind of entity; of two kinds, tags of one name are two."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def all(self, call: Call) -> Reply:
        known = call.account.tags[self.kind]
        found = [{"id": tag, "name": name, "color": None} for tag, name in known.items()]
        query = call.query.get("query")
        if isinstance(query, str):
            found = [it for it in found if query.casefold() in str(it["name"]).casefold()]
        return listed(call, "tags", filtered(call, found, always=True), lambda it, view: dict(it))

    def create(self, call: Call) -> Reply:
        shown = []
        for index, item in enumerate(items_of(call)):
            if not isinstance(item.get("name"), str):
                return invalid_value("FieldMissing", "name")
            tag = call.account.tag_id(self.kind, item["name"])
            shown.append(
                {"id": tag, "name": item["name"], "color": None}
                | {"request_id": request_id(item, index)}
            )
        call.asked.effect = True
        return hal({"_total_items": len(shown), "_embedded": {"tags": shown}})


def events(call: Call) -> Reply:
    """What happened, the newest first."""
    call.query = {"order": {"id": "desc"}, **call.query}
    found = filtered(call, call.account.events, always=True)
    return listed(call, "events", found, show_event, most=MOST_EVENTS_SHOWN)


def show_event(it: Json, view: View) -> Json:
    kinds = {"lead": "leads", "contact": "contacts", "company": "companies"}
    entity = view.briefly(kinds[it["entity_type"]], it["entity_id"])
    link = {"self": {"href": f"{view.url}/api/v4/events/{it['id']}"}}
    return {**it, "_links": link, "_embedded": {"entity": entity}}


def webhooks(call: Call) -> Reply:
    wanted = call.filter("destination")
    known = call.account.hooks.values()
    found = [it.shown(call.account) for it in known if wanted in (None, it.destination)]
    content = {"_total_items": len(found), "_embedded": {"webhooks": found}}
    return hal(content) if found else NOTHING_FOUND


def subscribe(call: Call) -> Reply:
    hooks, body = call.account.hooks, call.asked.fields
    destination, settings = body.get("destination"), body.get("settings")
    # No Cyrillic names of servers (amoCRM, "Webhooks").
    if not isinstance(destination, str) or not destination.isascii() or "://" not in destination:
        return invalid_value("NotValidUrl", "destination")
    if not isinstance(settings, list) or not set(map(str, settings)) <= EVENTS:
        return invalid_value("NotSupportedChoice", "settings")
    before = hooks.get(destination)
    if before is None and len(hooks) >= MOST_HOOKS:
        return problem(422, "Unprocessable Entity", f"Limit of {MOST_HOOKS} webhooks")
    hook_id = before.id if before else call.account.next_id()
    sort: Any = before.sort if before else len(hooks) + 1
    hooks[destination] = Hook(hook_id, destination, tuple(settings), sort)
    call.asked.effect = True
    return hal(hooks[destination].shown(call.account), 201)


def unsubscribe(call: Call) -> Reply:
    if call.account.hooks.pop(str(call.asked.fields.get("destination")), None) is None:
        return not_found("Hook not found")
    call.asked.effect = True
    return NOTHING_FOUND
