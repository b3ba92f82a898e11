"""Control doors: what people and tests ask of a sandbox, JSON in and JSON out.

They are plain routes, so they are neither journalled nor do they fail on request.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.kit.sandbox import Desk

JSON = "application/json"

Asking = TypeVar("Asking", bound=BaseModel)


class Background(Protocol):
    """A run as its doors know it. `go` runs it, `progress` tells how far it is."""

    id: str

    def progress(self) -> Mapping[str, Any]: ...

    def go(self) -> Coroutine[Any, Any, None]: ...


def taking(path: str, kind: type[Asking], act: Callable[[Asking], Awaitable[Response]]) -> Route:
    """A door for POSTs whose body is a `kind`; 400 to any other."""

    async def endpoint(request: Request) -> Response:
        try:
            asked = kind.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        return await act(asked)

    return Route(path, endpoint, methods=["POST"])


def run_doors(
    desk: Desk, kind: type[Asking], begin: Callable[[Asking], Background | Response]
) -> list[BaseRoute]:
    """`begin` gives the run that was asked for, or the answer that there can be none.

    POST /_run       → {"run": id}, 201; it goes on in the background
    GET  /_run/{id}  → its progress
    """
    runs: dict[str, Background] = {}

    async def start(asked: Asking) -> Response:
        run = begin(asked)
        if isinstance(run, Response):
            return run
        runs[run.id] = run
        desk.spawn(run.go())
        return answer({"run": run.id}, 201)

    async def progress(request: Request) -> Response:
        run = runs.get(request.path_params["run_id"])
        return answer(run.progress()) if run else answer({"errors": ["no such run"]}, 404)

    return [taking("/_run", kind, start), Route("/_run/{run_id}", progress)]


def refusal(error: ValidationError, media_type: str = JSON) -> Response:
    """400 with what is wrong with a body."""
    # The input is left out: it may hold the hook's key, and a body may be no text at all.
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return answer({"errors": errors}, 400, media_type)


def answer(content: Any, status: int = 200, media_type: str = JSON) -> Response:
    return Response(orjson.dumps(content), status, media_type=media_type)
