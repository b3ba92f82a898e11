"""The sandbox's own doors: what was asked, what shall go wrong, and a page for people."""

from collections.abc import Collection, Mapping
from html import escape

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from uzel.kit.control import answer, taking
from uzel.kit.faults import Fault, FaultKind, Faults
from uzel.kit.sandbox import Journal

PAGE = """<!doctype html>
<html lang="ru"><meta charset="utf-8"><title>Песочница Узла</title>
<h1>Песочница</h1>
<p>Провайдеры в миниатюре. Они отвечают как настоящие, ничего не отправляют и не списывают,
по просьбе ломаются и записывают всё, о чём их просили.</p>
<ul>{parts}</ul>
<h2>Служебные двери</h2>
<pre>GET    /_journal?connector=…&amp;operation=…   о чём просили
DELETE /_journal
POST   /_faults   {{"connector", "operation"?, "kind", "times" | "rate"}}
GET    /_faults
DELETE /_faults
POST   /_guests   {{"links", "opens"?, "rates"?, …}}   гости открывают ссылки
DELETE /_guests</pre>
<p>Виды поломок: {kinds}.</p>
</html>
"""


class FaultAsked(BaseModel):
    """The body of `POST /_faults`; without `times` and `rate` the fault strikes once."""

    model_config = ConfigDict(extra="forbid")

    connector: str
    operation: str | None = None
    kind: FaultKind
    times: int | None = Field(default=None, ge=1)
    rate: float | None = Field(default=None, gt=0, le=1)

    @field_validator("kind", mode="before")
    @classmethod
    def _status_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value

    @model_validator(mode="after")
    def _one_measure(self) -> "FaultAsked":
        if self.times and self.rate:
            raise ValueError("give times or rate, not both")
        return self

    def fault(self) -> Fault:
        times = self.times if self.times or self.rate else 1
        return Fault(self.connector, self.kind, self.operation, times, self.rate)


class Doors:
    """The control routes. `parts` is connector → its operations."""

    def __init__(
        self, journal: Journal, faults: Faults, parts: Mapping[str, Collection[str]]
    ) -> None:
        self.journal = journal
        self.faults = faults
        self.parts = parts

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.page),
            Route("/_journal", self.read_journal),
            Route("/_journal", self.clear_journal, methods=["DELETE"]),
            Route("/_faults", self.read_faults),
            taking("/_faults", FaultAsked, self.add_fault),
            Route("/_faults", self.clear_faults, methods=["DELETE"]),
        ]

    async def page(self, request: Request) -> Response:
        parts = "".join(
            f"<li><b>/{escape(name)}</b>: {escape(', '.join(sorted(operations)))}</li>"
            for name, operations in sorted(self.parts.items())
        )
        return HTMLResponse(PAGE.format(parts=parts, kinds=", ".join(FaultKind)))

    async def read_journal(self, request: Request) -> Response:
        asked = request.query_params
        return answer(self.journal.of(asked.get("connector"), asked.get("operation")))

    async def clear_journal(self, request: Request) -> Response:
        self.journal.clear()
        return Response(status_code=204)

    async def read_faults(self, request: Request) -> Response:
        return answer(self.faults.waiting)

    async def add_fault(self, asked: FaultAsked) -> Response:
        if reason := self._unknown(asked):
            return answer({"errors": [reason]}, 400)
        self.faults.add(asked.fault())
        return answer(self.faults.waiting, 201)

    def _unknown(self, asked: FaultAsked) -> str | None:
        operations = self.parts.get(asked.connector)
        if operations is None:
            return f"no such connector; there are: {', '.join(sorted(self.parts))}"
        if asked.operation is not None and asked.operation not in operations:
            return f"no such operation; there are: {', '.join(sorted(operations))}"
        return None

    async def clear_faults(self, request: Request) -> Response:
        self.faults.clear()
        return Response(status_code=204)
