"""All rooms of the console in one application."""

from fastapi import FastAPI

from uzel.web.console import (
    business,
    calls,
    connection_form,
    connections,
    dead_ends,
    events,
    live,
    messages,
    overview,
    parked,
    registration,
    sign_in,
    static,
    todo,
)
from uzel.web.console.attention import Glance
from uzel.web.console.live import Watchers
from uzel.web.deps import Deps

# `connections/new` must be found before `connections/{id}`.
ROOMS = (
    *(static, sign_in, overview, todo, live, events, messages, calls),
    *(connection_form, connections, registration, business, parked),
)


def register(app: FastAPI, deps: Deps) -> None:
    """Put the console into the application that `deps` belong to."""
    app.state.glance = Glance(deps.pool, deps.registry)
    app.state.watchers = Watchers()
    for room in ROOMS:
        app.include_router(room.router)
    dead_ends.register(app)
