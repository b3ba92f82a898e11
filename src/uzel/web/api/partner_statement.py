"""A statement as CSV, for spreadsheets: the same lines as in JSON, streamed."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from starlette.responses import StreamingResponse

from uzel.kit.database import Pool
from uzel.model.currency import text
from uzel.partners.payment import Partner
from uzel.partners.statement import Line, statement
from uzel.web.console.export import FORMULA_START, PER_FETCH, SEPARATOR

HEAD = ("at", "kind", "amount", "balance", "currency", "payment_id", "external_id", "reason")
MEDIA_TYPE = "text/csv"


def wants_csv(given: str | None, accept: str) -> bool:
    """Whether CSV was asked for, by the parameter or else by the header."""
    return given == "csv" or (given is None and MEDIA_TYPE in accept.lower())


async def as_csv(
    pool: Pool, partner: Partner, since: datetime, until: datetime
) -> StreamingResponse:
    """The answer: a head, the opening balance, the entries, the closing balance."""
    account = partner.account
    first = await statement(pool, account, since, until, most=PER_FETCH)

    async def lines() -> AsyncIterator[str]:
        yield "\ufeff" + written(HEAD) + balance(partner, "opening", since, first.opening_minor)
        page, closing = first, first.closing_minor
        while page.lines:
            closing = page.closing_minor
            yield "".join(row(partner, line) for line in page.lines)
            if page.next_after is None:
                break
            page = await statement(
                pool, account, since, until, after=page.next_after, most=PER_FETCH
            )
        yield balance(partner, "closing", until, closing)

    headers = {"content-disposition": 'attachment; filename="statement.csv"'}
    return StreamingResponse(lines(), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def row(partner: Partner, line: Line) -> str:
    currency = partner.currency
    return written(
        (
            moment(line.at),
            safe(line.kind),
            text(line.amount_minor, currency),
            text(line.balance_minor, currency),
            currency,
            safe(line.payment_id),
            safe(line.external_id),
            safe(line.reason),
        )
    )


def balance(partner: Partner, kind: str, at: datetime, minor: int) -> str:
    amount = text(minor, partner.currency)
    return written((moment(at), kind, "", amount, partner.currency, "", "", ""))


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def safe(value: str | None) -> str:
    """A text that no spreadsheet runs. Our own numbers need none of that: `-10.50` is a number."""
    return FORMULA_START.sub(r"\1'", value or "")


def written(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue()
