"""The Bank of Russia's list: what it looks like on the wire, and what is made of it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.connectors.cbr.client import told
from uzel.errors import CallFailed, ContractBroken, Rejected, Unavailable
from uzel.kit.xml_records import NotRecords, read_records

Ask = Callable[[str | None], dict[str, Any]]
ToldOf = Callable[[bytes], dict[str, Any]]

LIST = """<?xml version="1.0" encoding="windows-1251"?>
<ValCurs Date="21.11.2026" name="Foreign Currency Market">
<Valute ID="R01235"><NumCode>840</NumCode><CharCode>USD</CharCode><Nominal>1</Nominal>
<Name>Доллар США</Name><Value>92,4130</Value><VunitRate>92,413</VunitRate></Valute>
<Valute ID="R01717"><NumCode>860</NumCode><CharCode>UZS</CharCode><Nominal>10000</Nominal>
<Name>Узбекских сумов</Name><Value>72,3308</Value><VunitRate>0,00723308</VunitRate></Valute>
<Valute ID="R01000"><NumCode>364</NumCode><CharCode>IRR</CharCode><Nominal>1000000</Nominal>
<Name>Иранских риалов</Name><Value>1,8512</Value><VunitRate>1,8512E-06</VunitRate></Valute>
<Valute ID="R01239"><CharCode>EUR</CharCode><Nominal>1</Nominal><Value>1099,8714</Value></Valute>
</ValCurs>"""
GOOD = [
    {"currency": "USD", "nominal": 1, "value": "92.4130"},
    {"currency": "UZS", "nominal": 10000, "value": "72.3308"},
    {"currency": "IRR", "nominal": 1000000, "value": "1.8512"},
    {"currency": "EUR", "nominal": 1, "value": "1099.8714"},
]


def body(text: str) -> bytes:
    return text.encode("windows-1251")


def test_a_list_is_read_exactly(told_of: ToldOf) -> None:
    expected = {"date": "2026-11-21", "base": "RUB", "rates": GOOD, "unread": []}
    assert told_of(body(LIST)) == expected


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("<VunitRate>0,00723308<", "<VunitRate>0,0723308<"),
        ("<VunitRate>0,00723308<", "<VunitRate>0,007233090<"),
        ("<VunitRate>0,00723308<", "<VunitRate>?<"),
        ("<Nominal>10000<", "<Nominal>1000<"),
        ("<Nominal>10000<", "<Nominal>0<"),
        ("<Nominal>10000<", "<Nominal/><x>1<"),
        ("<Value>72,3308<", "<Value>72,3308,1<"),
        ("<Value>72,3308<", "<Value>-72,3308<"),
        ("<Value>72,3308<", "<Value>0,0000<"),
        ("<Value>72,3308<", "<Value>NaN<"),
        ("<Value>72,3308<", "<Value>72 3308<"),
    ],
)
def test_a_currency_that_contradicts_itself_costs_the_others_nothing(
    told_of: ToldOf, was: str, now: str
) -> None:
    text = LIST.replace(was, now).replace("<x>1</Nominal>", "<x>1</x>")
    found = told_of(body(text))
    assert found["rates"] == [rate for rate in GOOD if rate["currency"] != "UZS"]
    assert found["unread"] == ["UZS"]


@pytest.mark.parametrize(
    "text",
    [
        LIST.replace('Date="21.11.2026"', ""),
        LIST.replace("21.11.2026", "2026-11-21"),
        LIST.replace("21.11.2026", "31.02.2026"),
        LIST.replace("ValCurs", "Rates"),
        LIST.replace("<CharCode>", "<Char>").replace("</CharCode>", "</Char>"),
        '<?xml version="1.0" encoding="windows-1251"?><ValCurs>Error in parameters</ValCurs>',
        LIST.replace("<ValCurs", '<!DOCTYPE ValCurs [<!ENTITY e "1">]><ValCurs'),
        LIST[:-20],
        "",
        '{"Date": "21.11.2026"}',
    ],
)
def test_what_is_no_list_is_a_broken_contract(told_of: ToldOf, text: str) -> None:
    with pytest.raises(ContractBroken):
        told_of(body(text))


def test_a_page_for_people_means_later(told_of: ToldOf) -> None:
    with pytest.raises(Unavailable):
        told_of(body("<!DOCTYPE html><html><body>Технические работы</body></html>"))


@given(st.integers(0, len(LIST)), st.text("<>/,.0123456789 AZ&;", max_size=6), st.integers(0, 30))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_damage_makes_no_rate_that_was_not_there_unless_it_looks_whole(
    at: int, by: str, lost: int
) -> None:
    """What is read has a currency, a nominal and a value above nothing; the rest is refused."""
    damaged = body(LIST[:at] + by + LIST[at + lost :])
    try:
        found = told(read_records(damaged, "Valute")).data
    except (NotRecords, CallFailed):
        return
    date.fromisoformat(found["date"])
    for rate in found["rates"]:
        assert len(rate["currency"]) == 3
        assert rate["nominal"] > 0
        assert Decimal(rate["value"]) > 0


def test_the_sandbox_speaks_as_the_bank_does(sandbox: str, control: httpx2.Client) -> None:
    answer = control.get("/cbr/scripts/XML_daily.asp?date_req=21/11/2026")
    assert 'encoding="windows-1251"' in answer.content[:60].decode("ascii")
    text = answer.content.decode("windows-1251")
    assert "Казахстанских тенге" in text
    assert "<Nominal>10000</Nominal>" in text
    assert '<ValCurs Date="21.11.2026"' in text
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")


def test_the_last_day_there_are_rates_for_is_told_to_who_names_none(
    ask: Ask, control: httpx2.Client
) -> None:
    control.post("/cbr/_settings", json={"registered": "2026-11-20"}).raise_for_status()
    assert ask(None)["date"] == "2026-11-20"
    assert ask("2027-01-01")["date"] == "2026-11-20"
    assert ask("2026-11-18")["date"] == "2026-11-18"
    # A Sunday and a Monday: Saturday's.
    assert ask("2026-11-15")["date"] == ask("2026-11-16")["date"] == "2026-11-14"
    (asked,) = [
        entry
        for entry in control.get("/_journal?connector=cbr").json()
        if entry["request"].get("date_req") == "18/11/2026"
    ]
    assert asked["operation"] == "rates"


def test_everything_the_sandbox_has_can_be_read(ask: Ask, control: httpx2.Client) -> None:
    for day in range(1, 29):
        found = ask(f"2026-10-{day:02d}")
        assert found["unread"] == []
        assert len(found["rates"]) == 10


def test_a_wrong_price_of_one_is_seen(ask: Ask, control: httpx2.Client) -> None:
    changed = {"currency": "KZT", "value": "18.0000", "unit_rate": "0,019"}
    control.post("/cbr/_rates", json=changed).raise_for_status()
    assert ask(None)["unread"] == ["KZT"]
    control.post("/cbr/_rates", json={**changed, "unit_rate": ""}).raise_for_status()
    assert ask(None)["unread"] == []


def test_what_is_no_day_is_not_asked_for(ask: Ask, control: httpx2.Client) -> None:
    for wrong in ("21.11.2026", "tomorrow", "2026-02-31"):
        with pytest.raises(Rejected):
            ask(wrong)
    assert control.get("/_journal?connector=cbr").json() == []
