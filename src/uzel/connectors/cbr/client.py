"""The Bank of Russia's list of a day (cbr.ru/development/sxml, "XML_daily").

    <ValCurs Date="21.11.2026" name="Foreign Currency Market">
      <Valute ID="R01335"><NumCode>398</NumCode><CharCode>KZT</CharCode><Nominal>100</Nominal>
        <Name>…</Name><Value>18,0312</Value><VunitRate>0,180312</VunitRate></Valute>

in windows-1251, with decimal commas. `Nominal` units cost `Value` roubles; `VunitRate`, what one
costs, came later and may be written as 1,38E-06. `Date` is the day the rates were set for: of a
Sunday it is the Saturday before.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any
from urllib.parse import urlencode

import httpx2

from uzel.connector import Answer
from uzel.connectors.cbr.config import CbrConfig
from uzel.errors import ContractBroken, Rejected, Unavailable
from uzel.kit.http import ask, is_page
from uzel.kit.xml_records import NotRecords, Records, read_records

PATH = "/scripts/XML_daily.asp"
CURRENCY = re.compile(r"[A-Z]{3}")
NOMINAL = re.compile(r"[1-9][0-9]{0,8}")
VALUE = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,10})?")
UNIT = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,20})?(?:E-?[0-9]{1,2})?", re.IGNORECASE)
# What `VunitRate` may differ by: it went through their binary fractions.
NEAR = Decimal("1e-9")


async def rates(
    http: httpx2.AsyncClient, config: CbrConfig, arguments: Mapping[str, Any]
) -> Answer:
    """What currencies cost in roubles on `date` (YYYY-MM-DD; None: on the last day there are rates
    for, which from the afternoon on is tomorrow).

    Answer: data {"date" (the day they were set for), "base" "RUB", "rates": [{"currency", "nominal"
    (a number), "value" (text: what `nominal` units cost)}], "unread": [names of currencies that
    contradict themselves or cannot be read]}. Raises ContractBroken where there is no such list.
    """
    query = asked_day(arguments.get("date"))
    path = f"{PATH}?{urlencode(query)}" if query else PATH
    response = await ask(http, "GET", path, effect=False)
    if is_page(response):
        raise Unavailable("Банк России: страница для людей вместо курсов", http_status=200)
    try:
        return told(read_records(response.content, "Valute"))
    except NotRecords as error:
        raise ContractBroken(f"Банк России: ответ не читается ({error})") from error


def asked_day(day: str | None) -> dict[str, str]:
    """The query for a day. Raises Rejected for what is none."""
    if day is None:
        return {}
    try:
        return {"date_req": f"{date.fromisoformat(day):%d/%m/%Y}"}
    except (ValueError, TypeError) as error:
        raise Rejected("Банк России: это не дата", code="date") from error


def told(found: Records) -> Answer:
    """Raises ContractBroken for a list without a day, or one of which nothing can be read."""
    if found.root != "ValCurs":
        raise ContractBroken(f"Банк России: {found.root or 'пусто'} вместо ValCurs")
    try:
        day = datetime.strptime(found.attributes.get("Date", ""), "%d.%m.%Y").date()
    except ValueError as error:
        raise ContractBroken("Банк России: нет даты курсов") from error
    read = [(record, rate_of(record)) for record in found.records]
    good = [rate for _, rate in read if rate is not None]
    unread = [record.get("CharCode", "")[:8] for record, rate in read if rate is None]
    if unread and not good:
        raise ContractBroken("Банк России: ни один курс не читается")
    return Answer(data={"date": day.isoformat(), "base": "RUB", "rates": good, "unread": unread})


def rate_of(record: Mapping[str, str]) -> dict[str, Any] | None:
    """One currency, None for one that cannot be read or contradicts itself."""
    currency, nominal = record.get("CharCode", ""), record.get("Nominal", "")
    value = number(record.get("Value", ""), VALUE)
    readable = CURRENCY.fullmatch(currency) and NOMINAL.fullmatch(nominal)
    if not readable or value is None or value <= 0:
        return None
    if "VunitRate" in record:
        unit = number(record["VunitRate"], UNIT)
        if unit is None or not agree(unit, value, int(nominal)):
            return None
    return {"currency": currency, "nominal": int(nominal), "value": format(value, "f")}


def number(text: str, pattern: re.Pattern[str]) -> Decimal | None:
    """Exactly what stands there, None for what is no number."""
    return Decimal(text.replace(",", ".")) if pattern.fullmatch(text) else None


def agree(unit: Decimal, value: Decimal, nominal: int) -> bool:
    """Whether one unit costs what so many of them suggest."""
    with localcontext() as context:
        context.prec = 60
        return abs(unit * nominal - value) <= NEAR * nominal
