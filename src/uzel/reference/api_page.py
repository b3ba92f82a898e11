"""The page of the API, from its OpenAPI description."""

from collections.abc import Iterator, Mapping
from typing import Any

from uzel.reference.markdown import code, table


def api_page(described: Mapping[str, Any]) -> str:
    """Every operation: who may, what it gives, what it takes."""
    rows = [
        (
            code(f"{method.upper()} {path}"),
            ", ".join(map(code, scopes_of(operation))),
            operation.get("description", "").split("\n\n")[0],
            ", ".join(code(parameter["name"]) for parameter in operation.get("parameters", ())),
        )
        for path, method, operation in operations(described)
    ]
    return f"""
# API

A running installation describes its API itself: OpenAPI {described["openapi"]} at
`/api/v1/openapi.json`, a page to read and try it at `/api/v1/docs`. This is the list.

{described["info"]["description"].strip()}

{table(("operation", "scope", "what it gives", "parameters"), rows)}
"""


def operations(described: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(path, method, operation), in the order of the description."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def scopes_of(operation: Mapping[str, Any]) -> list[str]:
    """The scopes a token needs."""
    return [
        scope
        for way in operation.get("security", ())
        for scopes in way.values()
        for scope in scopes
    ]
