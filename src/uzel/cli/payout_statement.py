"""`uzel payout statement`: the file."""

import argparse
import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from uzel.app import Parts
from uzel.cli.payout_work import connection_of
from uzel.cli.statements import day, midnight, save
from uzel.errors import ConfigError
from uzel.payouts.accounting import reconcile_store
from uzel.payouts.accounting.statement import ENDINGS, Format, Payer, Sheet, TooLong, make

ACCOUNT = re.compile(r"[0-9]{20}")
TAXPAYER = re.compile(r"[0-9]{10}|[0-9]{12}")


async def write(parts: Parts, parsed: argparse.Namespace) -> dict[str, Any]:
    """Raises ConfigError."""
    kind = Format(parsed.format)
    payer = payer_of(kind, parsed)
    through = connection_of(parts, parsed.through)
    zone = ZoneInfo(await reconcile_store.zone(parts.pool, through.id))
    last = day(parsed.last) if parsed.last else datetime.now(zone).date()
    first = day(parsed.first) if parsed.first else last.replace(day=1)
    if first > last:
        raise ConfigError(f"{first} is after {last}")
    since, until = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    sheet = Sheet(through.id, since, until, zone, payer=payer)
    try:
        made, sheet, sums = await make(parts.pool, sheet, kind)
    except TooLong as error:
        raise ConfigError(f"{error}; take a shorter time, or csv") from None
    path = Path(parsed.file or f"{sheet.name}.{ENDINGS[kind]}")
    size = await asyncio.to_thread(save, made, path)
    return {
        "file": str(path), "bytes": size, "count": sums.count,
        "opening_minor": -sums.opening_minor, "paid_minor": -sums.went_minor,
        "returned_minor": sums.came_minor, "closing_minor": -sums.closing_minor,
    }  # fmt: skip


def payer_of(kind: Format, parsed: argparse.Namespace) -> Payer:
    """Whom 1C knows the documents by. Raises ConfigError."""
    account, taxpayer_id = parsed.account or "", parsed.inn or ""
    if account and not ACCOUNT.fullmatch(account):
        raise ConfigError("--account: an account has 20 digits")
    if taxpayer_id and not TAXPAYER.fullmatch(taxpayer_id):
        raise ConfigError("--inn: a taxpayer number has 10 or 12 digits")
    if kind is Format.ONE_C and not account:
        raise ConfigError("--account: 1C takes no statement without the number of an account")
    return Payer(account, parsed.payer or "", taxpayer_id)
