"""Lists in pages: cursors that mean nothing outside, and Link headers (RFC 8288)."""

import re
from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from uzel.views import Page

Row = TypeVar("Row")
Item = TypeVar("Item", bound=BaseModel)

MOST = 200
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
CURSOR = r"^c[0-7][0-9a-f]{15}$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\u0000]+$")]
ConnectionId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


def rfc_3339(value: object) -> object:
    """Let through what is a time with a zone; pydantic alone would take bare numbers, too."""
    if isinstance(value, str) and not RFC_3339.fullmatch(value):
        raise PydanticCustomError("time", "Input should be a time like 2026-11-20T09:15:02Z")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(rfc_3339)]


class ListQuery(BaseModel):
    """What every list takes. Unknown parameters are refused: a filter with a slip in its name
    would silently filter nothing.
    """

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, StringConstraints(pattern=CURSOR)] | None = Field(
        default=None,
        description="`next_cursor` of the page before; keep the other parameters as they were.",
    )
    limit: int = Field(default=50, ge=1, le=MOST, description="Items a page at most.")
    since: Time | None = Field(
        default=None,
        description="Not older than this (RFC 3339).",
        examples=["2026-11-20T00:00:00Z"],
    )
    until: Time | None = Field(
        default=None, description="Older than this (RFC 3339).", examples=["2026-11-21T00:00:00Z"]
    )

    @property
    def before(self) -> int | None:
        """The id the page ends before."""
        return number_of(self.cursor)


def cursor_of(number: int | None) -> str | None:
    """The cursor of a page that begins here; None: there is no such page."""
    return None if number is None else f"c{number:016x}"


def number_of(cursor: str | None) -> int | None:
    """What `cursor_of` made it from."""
    return int(cursor[1:], 16) if cursor else None


ElementsCursor = Annotated[
    Annotated[str, StringConstraints(pattern=CURSOR)] | None,
    Query(description="`elements_next_cursor` of the page before."),
]


class Listed(BaseModel, Generic[Item]):
    """Part of a list, newest first."""

    items: list[Item]
    next_cursor: str | None = Field(
        description=(
            "Pass it as `cursor` to get the next page; null: this was the last one. A page may be "
            "short or even empty and yet have a next one: only so many rows are looked through "
            "for a page."
        ),
        examples=["c0000000000000011"],
    )


def listed(
    request: Request, response: Response, page: Page[Row], shape: Callable[[Row], Item]
) -> Listed[Item]:
    """The page as an answer, with its Link header."""
    cursor = cursor_of(page.next)
    if cursor is not None:
        url = request.url.include_query_params(cursor=cursor)
        response.headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Listed[Item](items=[shape(row) for row in page.items], next_cursor=cursor)
