"""`uzel partner statement`: a statement of a partner's balance, as a file."""

import argparse
import asyncio
import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from uzel.errors import ConfigError

FORMATS = ("csv", "xlsx", "pdf")


def register(actions: Any) -> None:
    """Add the command to those about partners."""
    parser = actions.add_parser("statement", help="what came to a balance and left it, as a file")
    parser.add_argument("partner", metavar="PARTNER", help="its name, number or id")
    parser.add_argument(
        "--from", dest="first", metavar="DATE", help="in its time zone; default: this month's first"
    )
    parser.add_argument(
        "--to", dest="last", metavar="DATE", help="with this day; default: today, up to now"
    )
    parser.add_argument("--format", choices=FORMATS, default="csv")
    parser.add_argument("--language", choices=("ru", "en"), default="ru")
    parser.add_argument("--test", action="store_true", help="of the balance of test tokens")
    parser.add_argument("-o", dest="file", metavar="FILE", help="default: named by its days")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run_statement)


def run_statement(parsed: argparse.Namespace) -> int:
    """`uzel partner statement PARTNER --from 2026-11-01 --format xlsx -o FILE`."""
    from uzel.cli.partners import tell
    from uzel.session import with_parts

    done = with_parts(lambda parts: write(parts, parsed), quiet=parsed.json)
    return tell(parsed, done, f"{done['file']}: {done['bytes']} bytes")


async def write(parts: Any, parsed: argparse.Namespace) -> dict[str, Any]:
    """Raises ConfigError."""
    from uzel.cli.partner_work import find
    from uzel.ledger.accounts import LIVE, TEST
    from uzel.partners.access import partner_of
    from uzel.partners.statement_files import Kind, StatementFiles, TooLong
    from uzel.partners.statement_sheet import Sheet
    from uzel.partners.statement_words import LANGUAGES

    async with parts.pool.acquire() as connection:
        partner = partner_of(await find(connection, parsed.partner), TEST if parsed.test else LIVE)
    zone = ZoneInfo(partner.settings.time_zone)
    last = day(parsed.last) if parsed.last else datetime.now(zone).date()
    first = day(parsed.first) if parsed.first else last.replace(day=1)
    since, until = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    files, words = StatementFiles(parts.pool), LANGUAGES[parsed.language]
    sheet = await files.up_to_now(Sheet(partner, since, until, zone, words))
    try:
        made = await files.make(sheet, Kind(parsed.format))
    except TooLong as error:
        raise ConfigError(f"{parsed.format}: {error}; take a shorter time, or csv") from None
    path = Path(parsed.file or f"{sheet.name}.{parsed.format}")
    size = await asyncio.to_thread(save, made, path)
    return {"partner": partner.public_id, "file": str(path), "bytes": size}


def save(made: BinaryIO, path: Path) -> int:
    """The bytes of the file. Raises ConfigError where it cannot be written."""
    try:
        with made, path.open("wb") as file:
            shutil.copyfileobj(made, file)
        return path.stat().st_size
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def day(given: str) -> date:
    """Raises ConfigError."""
    try:
        found = date.fromisoformat(given)
    except ValueError:
        raise ConfigError(f"{given} is no date; write it like 2026-11-01") from None
    if not date(2000, 1, 1) <= found <= date(9000, 1, 1):
        raise ConfigError(f"{given}: a day after 2000-01-01")
    return found


def midnight(at: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(at, time(), zone).astimezone(UTC)
