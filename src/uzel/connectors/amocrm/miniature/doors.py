"""Where the methods of API v4 are, and what our journal calls them.

One path may be several operations of ours: they differ in what the query asks for. The names are
those of our own operations where we have one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Scope

from uzel.connectors.amocrm.miniature import (
    catalog_methods,
    lead_methods,
    note_methods,
    setup_methods,
)
from uzel.connectors.amocrm.miniature.calling import Method
from uzel.connectors.amocrm.miniature.field_methods import FieldMethods
from uzel.connectors.amocrm.miniature.link_methods import Linking
from uzel.connectors.amocrm.miniature.note_methods import Notes
from uzel.connectors.amocrm.miniature.person_methods import COMPANIES, CONTACTS, create_complex
from uzel.connectors.amocrm.miniature.setup_methods import Tags

Query = Mapping[str, str]
Test = Callable[[Query], bool]

KINDS = ("leads", "contacts", "companies")


class Door(NamedTuple):
    """`path` is below /api/v4; `test` decides by the query whether this operation is meant."""

    verb: str
    path: str
    operation: str
    method: Method
    test: Test | None = None


class Asking(Route):
    """A route for those requests only whose query passes a test. A slash at the end is allowed, as
    some of amoCRM's own links have one.
    """

    def __init__(
        self, path: str, endpoint: ASGIApp, verb: str, name: str, test: Test | None
    ) -> None:
        super().__init__(path, endpoint=endpoint, methods=[verb], name=name)
        self.test = test

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope.get("type") == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/")}
        match, inner = super().matches(scope)
        if match is Match.FULL and self.test is not None and not self.test(query_of(scope)):
            return Match.NONE, {}
        return match, inner


def query_of(scope: Mapping[str, Any]) -> Query:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def is_search(query: Query) -> bool:
    return "query" in query


def is_look_at_the_guest(query: Query) -> bool:
    return query.get("with") == "contacts"


def is_read_for_its_stage(query: Query) -> bool:
    return query.get("with") == "loss_reason"


def is_read_alone(query: Query) -> bool:
    return "with" not in query


def doors() -> list[Door]:
    return [*accounts(), *entities(), *catalogs(), *lists_of_fields(), *small_things(), *hooks()]


def accounts() -> Iterator[Door]:
    pipelines = "/leads/pipelines"
    yield Door("GET", "/account", "account", setup_methods.account)
    yield Door("GET", "/users", "users", setup_methods.users)
    yield Door("GET", "/users/{user_id:int}", "user", setup_methods.user)
    yield Door("GET", pipelines, "pipelines", setup_methods.pipelines)
    one = f"{pipelines}/{{pipeline_id:int}}"
    yield Door("GET", one, "pipelines", setup_methods.pipeline)
    yield Door("GET", f"{one}/statuses", "pipelines", setup_methods.statuses)
    yield Door("GET", f"{one}/statuses/{{status_id:int}}", "pipelines", setup_methods.status)
    yield Door("GET", "/leads/loss_reasons", "loss_reasons", setup_methods.loss_reasons)
    yield Door("GET", "/events", "events", setup_methods.events)


def entities() -> Iterator[Door]:
    """Leads, contacts and companies."""
    yield Door("POST", "/leads/complex", "create_leads_complex", create_complex)
    yield Door("GET", "/leads", "find_leads", lead_methods.leads, is_search)
    yield Door("GET", "/leads", "list_leads", lead_methods.leads)
    yield Door("POST", "/leads", "create_leads", lead_methods.create_leads)
    yield Door("PATCH", "/leads", "update_leads", lead_methods.update_leads)
    # Both of the two requests of `find_guest`, and of `fill_deal`, are journalled under its name.
    one = "/leads/{lead_id:int}"
    yield Door("GET", one, "find_guest", lead_methods.lead, is_look_at_the_guest)
    yield Door("GET", one, "fill_deal", lead_methods.lead, is_read_for_its_stage)
    yield Door("GET", one, "read_deal", lead_methods.lead, is_read_alone)
    yield Door("GET", one, "read_lead", lead_methods.lead)
    yield Door("PATCH", one, "fill_deal", lead_methods.update_lead)
    for persons, name in ((CONTACTS, "find_guest"), (COMPANIES, "read_company")):
        kind = persons.kind
        one = f"/{kind}/{{entity_id:int}}"
        yield Door("GET", f"/{kind}", f"find_{kind}", persons.all, is_search)
        yield Door("GET", f"/{kind}", f"list_{kind}", persons.all)
        yield Door("POST", f"/{kind}", f"create_{kind}", persons.create)
        yield Door("PATCH", f"/{kind}", f"update_{kind}", persons.update)
        yield Door("GET", one, name, persons.get)
        yield Door("PATCH", one, f"update_{kind}", persons.update_one)


def catalogs() -> Iterator[Door]:
    its = "/catalogs/{catalog_id:int}"
    elements, one = f"{its}/elements", f"{its}/elements/{{element_id:int}}"
    yield Door("GET", "/catalogs", "catalogs", catalog_methods.catalogs)
    yield Door("POST", "/catalogs", "create_catalogs", catalog_methods.create_catalogs)
    yield Door("GET", its, "catalogs", catalog_methods.catalog)
    yield Door("PATCH", its, "update_catalogs", catalog_methods.update_catalog)
    yield Door("GET", elements, "find_elements", catalog_methods.elements, is_search)
    yield Door("GET", elements, "list_elements", catalog_methods.elements)
    yield Door("POST", elements, "create_elements", catalog_methods.create_elements)
    yield Door("PATCH", elements, "update_elements", catalog_methods.update_elements)
    yield Door("GET", one, "read_element", catalog_methods.element)
    yield Door("PATCH", one, "update_elements", catalog_methods.update_element)


def lists_of_fields() -> Iterator[Door]:
    for kind, one in (("leads", "lead"), ("contacts", "contact"), ("companies", "company")):
        yield from fields_at(f"/{kind}", FieldMethods(kind), f"{one}_fields", f"create_{one}_field")
    yield from fields_at(
        "/catalogs/{catalog_id:int}",
        FieldMethods("catalogs"),
        "catalog_fields",
        "create_catalog_fields",
    )


def fields_at(owner: str, of: FieldMethods, reads: str, creates: str) -> Iterator[Door]:
    path = f"{owner}/custom_fields"
    one = f"{path}/{{field_id:int}}"
    yield Door("GET", path, reads, of.all)
    yield Door("POST", path, creates, of.create)
    yield Door("PATCH", path, "update_fields", of.update)
    yield Door("GET", one, reads, of.get)
    yield Door("PATCH", one, "update_fields", of.update_one)
    yield Door("DELETE", one, "delete_field", of.delete)


def small_things() -> Iterator[Door]:
    """Links, notes, tags and tasks. Of one entity or of many: one operation."""
    for kind in KINDS:
        linking, notes, tags = Linking(kind), Notes(kind), Tags(kind)
        for owner in (f"/{kind}", f"/{kind}/{{entity_id:int}}"):
            yield Door("GET", f"{owner}/links", "read_links", linking.links)
            yield Door("POST", f"{owner}/link", "link_elements", linking.link)
            yield Door("POST", f"{owner}/unlink", "unlink_elements", linking.unlink)
            yield Door("GET", f"{owner}/notes", "read_notes", notes.all)
            yield Door("POST", f"{owner}/notes", "add_notes", notes.create)
            yield Door("PATCH", f"{owner}/notes", "update_notes", notes.update)
            yield Door("GET", f"{owner}/notes/{{note_id:int}}", "read_notes", notes.get)
        yield Door("GET", f"/{kind}/tags", "tags", tags.all)
        yield Door("POST", f"/{kind}/tags", "create_tags", tags.create)
    one = "/tasks/{task_id:int}"
    yield Door("GET", "/tasks", "tasks", note_methods.tasks)
    yield Door("POST", "/tasks", "create_tasks", note_methods.create_tasks)
    yield Door("PATCH", "/tasks", "update_tasks", note_methods.update_tasks)
    yield Door("GET", one, "tasks", note_methods.task)
    yield Door("PATCH", one, "update_tasks", note_methods.update_task)


def hooks() -> Iterator[Door]:
    yield Door("GET", "/webhooks", "webhooks", setup_methods.webhooks)
    yield Door("POST", "/webhooks", "subscribe", setup_methods.subscribe)
    yield Door("DELETE", "/webhooks", "unsubscribe", setup_methods.unsubscribe)
