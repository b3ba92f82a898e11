"""Values as the type of each field wants them."""

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.flows.lead_deals.known import Known, KnownField
from uzel.flows.lead_deals.settings import LeadSettings
from uzel.flows.lead_deals.values import (
    NoValue,
    Report,
    filling,
    number_text,
    status_value,
    value_of,
)


def field(kind: str, *values: str) -> KnownField:
    enums = [{"id": 100 + n, "value": value} for n, value in enumerate(values)]
    return KnownField.model_validate({"id": 7, "name": "Поле", "type": kind, "enums": enums})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "a, b", {"value": "a, b"}),
        ("url", "https://a.example", {"value": "https://a.example"}),
        ("numeric", "1.50", {"value": "1.5"}),
        ("monetary", "20.00", {"value": "20"}),
        ("date", "2026-03-14", {"value": 1773446400}),
        ("date_time", "14.03.2026 10:00", {"value": 1773482400}),
        ("checkbox", "ДА", {"value": True}),
        ("checkbox", "0", {"value": False}),
        ("multitext", "a@example.org", {"value": "a@example.org", "enum_code": "WORK"}),
        ("select", "ЕВРО", {"enum_id": 101}),
        ("radiobutton", "usd", {"enum_id": 100}),
        ("multiselect", "101", {"enum_id": 101}),
    ],
)
def test_each_type_has_its_form(kind: str, text: str, value: dict[str, Any]) -> None:
    assert value_of(field(kind, "USD", "Евро"), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("numeric", "1,5"),
        ("numeric", "nan"),
        ("date", "завтра"),
        ("checkbox", "может быть"),
        ("select", "GBP"),
        ("legal_entity", "ООО"),
    ],
)
def test_what_a_field_does_not_take(kind: str, text: str) -> None:
    with pytest.raises(NoValue):
        value_of(field(kind, "USD"), text)


def test_now_is_a_moment_only_where_moments_are() -> None:
    assert abs(value_of(field("date"), "now")["value"] - time.time()) < 60
    assert value_of(field("text"), "now") == {"value": "now"}


@pytest.mark.parametrize("sent", ["Успешно", "Выполнено", "УСПЕШНО"])
@pytest.mark.parametrize("offered", ["Успешно", "Выполнено", "выполнено"])
def test_two_words_for_success_are_one(sent: str, offered: str) -> None:
    assert status_value(field("select", "Ошибка!", offered), sent) == {"enum_id": 101}


def test_an_offered_word_comes_before_its_synonym() -> None:
    both = field("select", "Выполнено", "Успешно")
    assert status_value(both, "Успешно") == {"enum_id": 101}
    assert status_value(field("text"), "Успешно") == {"value": "Успешно"}


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_numbers_keep_their_value_and_lose_their_zeros(number: Decimal) -> None:
    text = number_text(number)
    assert Decimal(text) == number
    assert "E" not in text.upper()
    assert "." not in text or not text.endswith(("0", "."))


def test_an_amount_of_two_meanings_is_no_number_but_a_text() -> None:
    known = Known.of(
        [{"id": 1, "name": "Сумма", "type": "numeric"}, {"id": 2, "name": "Текст", "type": "text"}],
        [],
    )
    report = Report("Успешно", is_success=True, amount=None, told={"amount": "1.234"})
    settings = LeadSettings(fields={"amount": "Сумма"}, status_field="Текст")
    made = filling(settings, known, report)
    assert made.fields == [{"field_id": 2, "values": [{"value": "Успешно"}]}]
    assert made.left_out == ["'Сумма': '1.234' can be read in two ways, or is no amount"]
    settings = LeadSettings(fields={"amount": "текст"}, status_field="Сумма")
    assert filling(settings, known, report).fields[0] == {
        "field_id": 2,
        "values": [{"value": "1.234"}],
    }


PIPELINES = [
    {
        "id": 1,
        "name": "Воронка",
        "stages": [{"id": 11, "name": "A/B"}, {"id": 12, "name": "Конец"}],
    },
    {"id": 2, "name": "Воронка/2", "stages": [{"id": 21, "name": "Конец"}]},
]


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("воронка/конец", (1, 12)),
        ("Воронка/A/B", (1, 11)),
        ("Воронка/2/Конец", (2, 21)),
        ("2/21", (2, 21)),
        ("1/21", None),
        ("Конец", None),
    ],
)
def test_stages_are_found_by_name_and_number(text: str, stage: tuple[int, int] | None) -> None:
    assert Known.of([], PIPELINES).stage(text) == stage


@pytest.mark.parametrize(
    ("link", "refused"),
    [
        ("https://pay.example.com/c/pay/1#x", None),
        ("https://example.com/c/pay/1", None),
        ("https://example.com.evil.org/c/pay/1", "link_refused"),
        ("https://evilexample.com/c/pay/1", "link_refused"),
        ("https://pay.example.com@evil.org/c/pay/1", "link_refused"),
        ("https://pay.example.com/else", "link_refused"),
        ("pay.example.com/c/pay/1", "link_invalid"),
        ("javascript://example.com/c/pay/", "link_invalid"),
        ("https:///c/pay/", "link_invalid"),
        ("https://[1/c/pay/", "link_invalid"),
    ],
)
def test_which_links_are_taken(link: str, refused: str | None) -> None:
    settings = LeadSettings(link_hosts=("Example.com",), link_contains=("c/pay/",))
    assert settings.refusal(link) == refused
