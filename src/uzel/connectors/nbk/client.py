"""The National Bank of Kazakhstan's list of a day (nationalbank.kz/rss/get_rates.cfm).

    <rates><date>21.11.2026</date>
      <item><fullname>УЗБЕКСКИХ СУМОВ</fullname><title>UZS</title><description>4.21</description>
        <quant>100</quant><index>UP</index><change>0.02</change></item>

`quant` units cost `description` tenge. The bank describes it nowhere that we have found: this is
what programs read that have used it for years. On a day without rates there are no items and an
<info> says so.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2

from uzel.connector import Answer
from uzel.connectors.nbk.config import NbkConfig
from uzel.errors import ContractBroken, Rejected, Unavailable
from uzel.kit.http import ask, is_page
from uzel.kit.xml_records import NotRecords, Records, read_records

PATH = "/rss/get_rates.cfm"
ALMATY = ZoneInfo("Asia/Almaty")
CURRENCY = re.compile(r"[A-Z]{3}")
QUANT = re.compile(r"[1-9][0-9]{0,8}")
VALUE = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,10})?")


async def rates(
    http: httpx2.AsyncClient, config: NbkConfig, arguments: Mapping[str, Any]
) -> Answer:
    """What currencies cost in tenge on `date` (YYYY-MM-DD; None: today in Almaty).

    Answer: data {"date" (the day they were set for), "base" "KZT", "rates": [{"currency", "nominal"
    (a number), "value" (text: what `nominal` units cost)}], "unread": [names of currencies that
    cannot be read]}. `rates` is empty for a day without. Raises ContractBroken where there is no
    such list.
    """
    asked = asked_day(arguments.get("date"))
    response = await ask(
        http, "GET", f"{PATH}?{urlencode({'fdate': f'{asked:%d.%m.%Y}'})}", effect=False
    )
    if is_page(response):
        raise Unavailable("Нацбанк: страница для людей вместо курсов", http_status=200)
    try:
        return told(read_records(response.content, "item"))
    except NotRecords as error:
        raise ContractBroken(f"Нацбанк: ответ не читается ({error})") from error


def asked_day(day: str | None) -> date:
    """Raises Rejected for what is none."""
    if day is None:
        return datetime.now(UTC).astimezone(ALMATY).date()
    try:
        return date.fromisoformat(day)
    except (ValueError, TypeError) as error:
        raise Rejected("Нацбанк: это не дата", code="date") from error


def told(found: Records) -> Answer:
    """Raises ContractBroken for a list without a day, or one of which nothing can be read."""
    if found.root != "rates":
        raise ContractBroken(f"Нацбанк: {found.root or 'пусто'} вместо rates")
    try:
        day = datetime.strptime(found.texts.get("date", ""), "%d.%m.%Y").date()
    except ValueError as error:
        raise ContractBroken("Нацбанк: нет даты курсов") from error
    read = [(record, rate_of(record)) for record in found.records]
    good = [rate for _, rate in read if rate is not None]
    unread = [record.get("title", "")[:8] for record, rate in read if rate is None]
    if unread and not good:
        raise ContractBroken("Нацбанк: ни один курс не читается")
    return Answer(data={"date": day.isoformat(), "base": "KZT", "rates": good, "unread": unread})


def rate_of(record: Mapping[str, str]) -> dict[str, Any] | None:
    """One currency, None for one that cannot be read. Without a `quant` nobody knows of how many
    units it speaks.
    """
    currency, quant = record.get("title", ""), record.get("quant", "")
    text = record.get("description", "")
    if not (CURRENCY.fullmatch(currency) and QUANT.fullmatch(quant) and VALUE.fullmatch(text)):
        return None
    value = Decimal(text.replace(",", "."))
    if value <= 0:
        return None
    return {"currency": currency, "nominal": int(quant), "value": format(value, "f")}
