"""A statement as a file: CSV for programs, XLSX and PDF for people."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import StreamingResponse

from uzel.partners.payment import Partner
from uzel.partners.statement_files import MEDIA_TYPES, Busy, Kind, TooLong
from uzel.partners.statement_sheet import Sheet
from uzel.partners.statement_words import LANGUAGES, PLAIN
from uzel.web.api.openapi import Responses
from uzel.web.api.problems import RETRY_AFTER_S, Coded
from uzel.web.console.language import preferred
from uzel.web.deps import deps_of
from uzel.web.partner.statement_file import file_answer

TYPES = {kind: media_type.partition(";")[0] for kind, media_type in MEDIA_TYPES.items()}
BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES: Responses = {
    200: {
        "content": {
            TYPES[Kind.CSV]: {"schema": {"type": "string"}},
            TYPES[Kind.XLSX]: BINARY,
            TYPES[Kind.PDF]: BINARY,
        }
    }
}


def wanted_kind(given: str | None, accept: str) -> Kind | None:
    """The file that was asked for, by the parameter or else by the header; None: JSON."""
    if given is not None:
        return Kind(given) if given in list(Kind) else None
    return next((kind for kind, name in TYPES.items() if name in accept.lower()), None)


async def as_file(
    request: Request, partner: Partner, since: datetime, until: datetime, kind: Kind
) -> StreamingResponse:
    """The answer. Raises Coded."""
    zone, words = ZoneInfo(partner.settings.time_zone), LANGUAGES[language_of(request)]
    if kind is Kind.CSV:
        zone, words = ZoneInfo("UTC"), PLAIN
    sheet = Sheet(partner, since.astimezone(UTC), until, zone, words)
    try:
        return await file_answer(deps_of(request).partners.files, sheet, kind)
    except TooLong as error:
        said = f"{kind.upper()} has at most {error.most} entries, these are {error.count}: "
        raise Coded("invalid_request", f"{said}take a shorter time, or CSV.") from None
    except Busy:
        again = {"retry-after": str(RETRY_AFTER_S)}
        raise Coded("unavailable", "Too many files are being made.", again) from None


def language_of(request: Request) -> str:
    return preferred(request.headers.get("accept-language", ""))
