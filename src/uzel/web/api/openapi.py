"""The description of the API: OpenAPI 3.1, with every error as it is really answered."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from uzel.web.api.problems import KINDS, MEDIA_TYPE, RETRY_AFTER_S, Problem

Responses = dict[int | str, dict[str, Any]]

ABOUT = """
What the console shows, for machines: events and what was decided about them, messages, the journal
of outward calls, and what is stuck.

**Access.** Send `Authorization: Bearer <token>`. A token is made with
`uzel token add NAME --scope read`; its scopes are `read`, `replay`, and those of claims,
`claims:read`, `claims:write`, `claims:decide`. The operations under `/api/v1/partner` take tokens
of partners, and only those.

**Lists** are newest first and come in pages. Follow `next_cursor` (or the `Link` header) until it
is null. A walk meets every item that existed when it began exactly once, however many arrive
meanwhile.

**Errors** are RFC 9457 problems (`application/problem+json`). Their `request_id`, which is also in
the header `X-Request-Id` of every answer, is the word to look for in the log. On 503 nothing was
lost or changed: ask again after `Retry-After` seconds.

**Times** are RFC 3339 with a zone; **money** is whole minor units with a currency. What a partner
wants paid, and rates, are decimal text.
"""
TAGS = [
    {"name": "events", "description": "What happened, and what was decided about it."},
    {"name": "raw events", "description": "Incoming requests as they were stored; replay."},
    {"name": "messages", "description": "What went to people."},
    {"name": "calls", "description": "The journal of outward calls."},
    {"name": "installation", "description": "The whole at a glance; search."},
    {"name": "claims", "description": "Who asks to be paid, who approves it, what became of it."},
    {"name": "partners", "description": "What partners do for themselves, with tokens of theirs."},
]
HEADERS: dict[int, dict[str, Any]] = {
    401: {
        "WWW-Authenticate": {
            "description": "RFC 6750.",
            "required": True,
            "schema": {"type": "string"},
        }
    },
    403: {
        "WWW-Authenticate": {
            "description": "Names the scope that is missing.",
            "required": True,
            "schema": {"type": "string"},
        }
    },
    429: {
        "Retry-After": {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        }
    },
    503: {
        "Retry-After": {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        }
    },
}
REQUEST_ID = {
    "X-Request-Id": {
        "description": "The word for this request in the log.",
        "schema": {"type": "string"},
    }
}
LINK = {
    "Link": {
        "description": 'The next page, `rel="next"` (RFC 8288); absent on the last one.',
        "schema": {"type": "string"},
    }
}


def error(status: int) -> Responses:
    """One error as an operation declares it."""
    return {status: {"$ref": f"#/components/responses/{component(status)}"}}


def component(status: int) -> str:
    """The name of an error among the components: `NotFound`."""
    return "".join(part.title() for part in KINDS[status][0].split("-"))


NOT_FOUND, CONFLICT = error(404), error(409)
BAD_REQUEST, POOR, RATE_LIMITED = error(400), error(402), error(429)
MOVED: Responses = {
    307: {
        "description": (
            "A replay has made this event anew; `Location` is what stands in its place, or its raw "
            "event while nothing does."
        ),
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    }
}
# Schemas that are part of a list.
PAGES = re.compile("Listed|/Payments|/WebhookDeliveries")
# Every operation may answer with these.
COMMON: Responses = {
    **error(401),
    **error(403),
    **error(422),
    **error(500),
    **error(503),
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description, made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            summary="A self-hosted integration hub: nothing lost, nothing doubled.",
            description=ABOUT.strip(),
            routes=app.routes,
            tags=TAGS,
            servers=[{"url": "/", "description": "This installation."}],
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        complete(described)
        app.openapi_schema = described
    return app.openapi_schema


def complete(described: dict[str, Any]) -> None:
    """Put in the errors and the headers of every answer."""
    components = described["components"]
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(schema.pop("$defs", {}), Problem=schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["responses"] = {component(status): response(status) for status in KINDS}
    for operation in operations(described):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                paged = PAGES.search(str(answer.get("content", "")))
                answer["headers"] = {**REQUEST_ID, **(LINK if paged else {})}


def operations(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of every path."""
    for path in described["paths"].values():
        yield from path.values()


def response(status: int) -> dict[str, Any]:
    """One kind of error among the components."""
    name, title, meaning = KINDS[status]
    example = {
        "type": f"/problems/{name}",
        "title": title,
        "status": status,
        "code": name.replace("-", "_"),
        "detail": meaning,
        "request_id": "req-5f0c1b2a3d4e5f60",
    }
    if status == 503:
        meaning += f" ({RETRY_AFTER_S} now.)"
    return {
        "description": meaning,
        "headers": {**REQUEST_ID, **HEADERS.get(status, {})},
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
