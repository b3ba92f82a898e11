"""The National Bank of Kazakhstan in miniature: the list of a day, no items for one to come.

POST   /_rates      what a currency costs from a day on, see `miniature.Changed`
DELETE /_rates      as it was in the beginning
GET    /_settings, POST /_settings: see `miniature.Settings`
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.nbk.miniature import NOTHING, Board, Changed, Settings
from uzel.kit.control import JSON, answer, taking
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {"rates": {"date": None}}
MEDIA_TYPE = "text/xml"


def routes(desk: Desk) -> list[BaseRoute]:
    """The list, and the control doors."""
    bank = Bank()
    return [
        desk.route("/rss/get_rates.cfm", "rates", bank.rates, methods=("GET",)),
        taking("/_rates", Changed, bank.change),
        Route("/_rates", bank.forget, methods=["DELETE"]),
        taking("/_settings", Settings, bank.set),
        Route("/_settings", bank.read),
    ]


class Bank:
    """One bank for everybody."""

    def __init__(self) -> None:
        self.board = Board()

    async def rates(self, asked: Asked) -> Response:
        try:
            text = self.board.document(day_of(asked.fields.get("fdate")))
        except ValueError:
            text = f'<?xml version="1.0" encoding="utf-8"?><rates>{NOTHING}</rates>'
        return Response(text, media_type=MEDIA_TYPE)

    async def change(self, asked: Changed) -> Response:
        self.board.changes.append(asked)
        return answer({"changes": len(self.board.changes)}, 201)

    async def forget(self, request: Request) -> Response:
        self.board = Board()
        return Response(status_code=204)

    async def set(self, asked: Settings) -> Response:
        self.board.settings = asked
        return Response(asked.model_dump_json(), media_type=JSON)

    async def read(self, request: Request) -> Response:
        return await self.set(self.board.settings)


def day_of(text: str | None) -> date | None:
    """Raises ValueError."""
    return datetime.strptime(text, "%d.%m.%Y").date() if text else None
