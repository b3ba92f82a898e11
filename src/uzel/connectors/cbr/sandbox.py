"""The Bank of Russia in miniature: the list of a day in windows-1251, the last one there is for who
names no day or one that is too late, Saturday's until Monday.

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

from uzel.connectors.cbr.miniature import Board, Changed, Settings
from uzel.kit.control import JSON, answer, taking
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {"rates": {"date": None}}
MEDIA_TYPE = "application/xml; charset=windows-1251"
# What it says of a day it cannot read.
WRONG = '<?xml version="1.0" encoding="windows-1251"?><ValCurs>Error in parameters</ValCurs>'


def routes(desk: Desk) -> list[BaseRoute]:
    """The list, and the control doors."""
    bank = Bank()
    return [
        desk.route("/scripts/XML_daily.asp", "rates", bank.rates, methods=("GET",)),
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
            day = self.board.day(day_of(asked.fields.get("date_req")))
        except ValueError:
            return Response(WRONG, media_type=MEDIA_TYPE)
        return Response(self.board.document(day), media_type=MEDIA_TYPE)

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
    return datetime.strptime(text, "%d/%m/%Y").date() if text else None
