"""The National Bank of Kazakhstan's list, as far as it is known."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from uzel.connectors.nbk.client import ALMATY
from uzel.errors import ContractBroken, Rejected, Unavailable

Ask = Callable[[str | None], dict[str, Any]]
ToldOf = Callable[[bytes], dict[str, Any]]

LIST = """<?xml version="1.0" encoding="utf-8"?>
<rates><generator>Alternate RSS</generator><title>Официальные курсы валют</title>
<date>21.11.2026</date>
<item><fullname>ДОЛЛАР США</fullname><title>USD</title><description>512.4</description>
<quant>1</quant><index>UP</index><change>+0.35</change></item>
<item><fullname>УЗБЕКСКИХ СУМОВ</fullname><title>UZS</title><description>4.03</description>
<quant>100</quant><index></index><change>0.00</change></item>
</rates>"""
GOOD = [
    {"currency": "USD", "nominal": 1, "value": "512.4"},
    {"currency": "UZS", "nominal": 100, "value": "4.03"},
]


def test_a_list_is_read_exactly(told_of: ToldOf) -> None:
    expected = {"date": "2026-11-21", "base": "KZT", "rates": GOOD, "unread": []}
    assert told_of(LIST.encode()) == expected


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("<quant>100</quant>", ""),
        ("<quant>100</quant>", "<quant>0</quant>"),
        ("<description>4.03<", "<description><"),
        ("<description>4.03<", "<description>1e3<"),
        ("<description>4.03<", "<description>0.00<"),
    ],
)
def test_a_currency_that_cannot_be_read_costs_the_others_nothing(
    told_of: ToldOf, was: str, now: str
) -> None:
    found = told_of(LIST.replace(was, now).encode())
    assert (found["rates"], found["unread"]) == (GOOD[:1], ["UZS"])


@pytest.mark.parametrize(
    "text",
    [
        LIST.replace("<date>21.11.2026</date>", ""),
        LIST.replace("rates>", "rss>"),
        LIST.replace("<quant>", "<q>").replace("</quant>", "</q>"),
        LIST.replace("<rates>", '<!DOCTYPE rates [<!ENTITY e "1">]><rates>'),
        "no rates today",
    ],
)
def test_what_is_no_list_is_a_broken_contract(told_of: ToldOf, text: str) -> None:
    with pytest.raises(ContractBroken):
        told_of(text.encode())


def test_a_page_for_people_means_later(told_of: ToldOf) -> None:
    with pytest.raises(Unavailable):
        told_of(b"<html><body>504</body></html>")


def test_a_day_to_come_has_no_rates(ask: Ask, control: httpx2.Client) -> None:
    control.post("/nbk/_settings", json={"registered": "2026-11-20"}).raise_for_status()
    assert ask("2026-11-21") == {"date": "2026-11-21", "base": "KZT", "rates": [], "unread": []}
    assert len(ask("2026-11-20")["rates"]) == 10


def test_who_names_no_day_is_told_todays_rates(ask: Ask, control: httpx2.Client) -> None:
    before = datetime.now(UTC).astimezone(ALMATY).date()
    day = datetime.fromisoformat(ask(None)["date"]).date()
    assert before <= day <= datetime.now(UTC).astimezone(ALMATY).date()
    with pytest.raises(Rejected):
        ask("21.11.2026")
