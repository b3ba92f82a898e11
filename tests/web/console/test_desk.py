"""Nobody gets in without signing in; no form is taken without its token; roles hold."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from console_visitor import Visitor, all_pages, value
from running_web import WebApp
from sample_data import OPERATOR
from uzel.web.console.routes import ROOMS

# Whoever is not signed in must be able to reach these.
PUBLIC = {"/static/{name}", "/favicon.ico", "/sign-in", "/preferences"}
ADMIN_ONLY = {
    *("/connections/new", "/connections/new/{connector}", "/connections/{connection_id}/edit"),
    *("/connections/{connection_id}/off", "/connections/{connection_id}/key"),
    *("/businesses", "/business/places/{place_id}", "/business/places/{place_id}/remove"),
    *("/business/rules/{name}/edit", "/business/texts/edit", "/business/texts/preview"),
    *("/business/texts/retire", "/business/stop-list/add", "/business/stop-list/remove"),
    *("/business/stop-list/import", "/business/consents/add", "/business/consents/remove"),
    "/business/consents/import",
    *("/partners/new", "/partners/limit/edit", "/partners/proposals/{number}"),
    *("/partners/{partner_id}/money/{kind}", "/partners/{partner_id}/close"),
    *("/partners/{partner_id}/settings", "/partners/{partner_id}/tokens"),
    *(f"/partners/{{partner_id}}/tokens/{{token_id}}/{act}" for act in ("rotate", "revoke")),
    *("/payouts/limits", "/payouts/go-on", "/payouts/let-go"),
    "/payouts/books/{number}/settle",
    *("/rates/set", "/rates/end", "/rates/limits/edit", "/rates/waiting/{version}"),
    *("/registry/accounts", "/registry/fields", "/registry/forms", "/registry/strict"),
    *(f"/registry/accounts/{{number}}/{act}" for act in ("key", "close", "open")),
    *("/registry/forms/new", "/registry/forms/{number}", "/registry/forms/{number}/{act}"),
    *("/registry/mirror", "/registry/mirror/on", "/registry/mirror/{number}/off"),
    "/registry/mirror/{number}/retry",
}

REGISTRY_SETTINGS = (
    *("/registry/accounts", "/registry/forms", "/registry/fields", "/registry/mirror"),
)


def routes() -> Iterator[tuple[str, str]]:
    """(method, path) of everything the console answers to."""
    for room in ROOMS:
        for route in room.router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield method, route.path


def filled(path: str) -> str:
    """The path with something for each of its parameters."""
    return re.sub(r"\{(\w+)\}", lambda found: "iiko" if found[1] == "connector" else "1", path)


GETS = sorted(path for method, path in routes() if method == "GET")
POSTS = sorted(path for method, path in routes() if method == "POST")


def test_the_walk_meets_every_room() -> None:
    assert len(GETS) > 25
    assert len(POSTS) > 15
    assert {*GETS, *POSTS} > PUBLIC
    assert {*GETS, *POSTS} > ADMIN_ONLY


@pytest.mark.parametrize("path", sorted({*GETS} - PUBLIC))
def test_a_stranger_is_sent_to_sign_in(console: WebApp, path: str) -> None:
    answer = Visitor(console.url).get(filled(path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", sorted({*POSTS} - PUBLIC))
def test_a_stranger_changes_nothing(console: WebApp, path: str) -> None:
    answer = Visitor(console.url).post(filled(path))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"


@pytest.fixture(scope="module")
def neighbour(console: WebApp) -> Visitor:
    """Another session of the same person."""
    return Visitor(console.url).sign_in()


@pytest.mark.parametrize("path", POSTS)
def test_no_form_is_taken_without_its_token(
    console: WebApp, reader: Visitor, neighbour: Visitor, path: str
) -> None:
    for token in ("", "wrong", neighbour.csrf, f"{reader.csrf} "):
        answer = reader.client.post(filled(path), data={"csrf": token})
        assert answer.status_code == 403, token
        assert "Форма устарела" in answer.text
    assert reader.client.post(filled(path), data={"other": "field"}).status_code == 403
    assert value(console, "select count(*) from audit") == 0


def test_the_sign_in_form_is_bound_to_its_own_page(console: WebApp) -> None:
    visitor = Visitor(console.url)
    assert visitor.post("/sign-in", login="olga", password="x").status_code == 403
    visitor.page("/sign-in")
    foreign = Visitor(console.url)
    foreign.page("/sign-in")
    visitor.csrf = foreign.csrf
    assert visitor.post("/sign-in", login="olga", password="x").status_code == 403


@pytest.fixture(scope="module")
def operator(console: WebApp) -> Visitor:
    """Somebody who may not change settings."""
    return Visitor(console.url).sign_in(*OPERATOR)


@pytest.mark.parametrize("path", sorted({*POSTS} & ADMIN_ONLY | {"/business"}))
def test_an_operator_changes_no_settings(console: WebApp, operator: Visitor, path: str) -> None:
    assert operator.post(filled(path)).status_code == 403
    assert value(console, "select count(*) from audit") == 0


def test_an_operator_reads_everything_else(console: WebApp, operator: Visitor) -> None:
    for page in all_pages(console):
        parts = ("/new", "/edit", "/places/", "/import", *REGISTRY_SETTINGS)
        # Operators report on leads, by a file too, and enter claims.
        theirs = page in ("/leads/import", "/claims/new")
        hidden = any(part in page for part in parts) and not theirs
        assert operator.get(page).status_code == (403 if hidden else 200), page
    assert "/connections/new" not in operator.page("/connections")


def test_a_form_has_to_be_one(reader: Visitor) -> None:
    path = "/connections/1/pause"
    assert reader.client.post(path, json={"csrf": reader.csrf}).status_code == 415
    assert reader.post(path, reason="x" * 70_000).status_code == 413
    many = {f"field{i}": "" for i in range(300)}
    assert reader.post(path, **many).status_code == 400
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert reader.client.post(path, content=b"\xff\xfe", headers=kind).status_code == 400
