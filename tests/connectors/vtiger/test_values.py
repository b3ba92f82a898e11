"""What is looked at before anything is sent."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.vtiger import values
from uzel.errors import Rejected

CONTACT = {
    "firstname": "Иван",
    "lastname": "Образцов",
    "birthday": "1990-02-28",
    "mobile": "+7 (999) 000-00-01",
    "inn": "500100732259",
}
ACCOUNT = {"accountname": "ООО «Пример»", "inn": "7707083893", "ogrn": "1027700132195"}
PROJECT = {"contactid": 83834, "offenderid": 84675, "after": 0}


@pytest.mark.parametrize(
    ("operation", "good"),
    [("create_contact", CONTACT), ("create_account", ACCOUNT), ("create_project", PROJECT)],
)
def test_without_what_is_mandatory_nothing_leaves(
    client: Any, provider: Any, operation: str, good: dict[str, Any]
) -> None:
    for name in good:
        for nothing in ("", "  ", None):
            with pytest.raises(Rejected) as caught:
                client.run(operation, **{**good, name: nothing})
            assert caught.value.code in ("field_missing", "after_missing")
            assert name in caught.value.detail
    assert provider.asked == []


@pytest.mark.parametrize(
    ("operation", "good", "field", "value", "code"),
    [
        ("create_contact", CONTACT, "inn", "321654987654", "inn_checksum"),
        ("create_contact", CONTACT, "inn", "000000000000", "inn_fake"),
        ("create_contact", CONTACT, "mobile", "123", "phone_invalid"),
        ("create_contact", CONTACT, "birthday", "28.02.1990", "date_format"),
        ("create_contact", CONTACT, "birthday", "1990-02-30", "date_none"),
        ("create_contact", CONTACT, "birthday", "2190-02-03", "date_future"),
        ("create_account", ACCOUNT, "inn", "1234567899", "inn_checksum"),
        ("create_account", ACCOUNT, "ogrn", "32165498711", "ogrn_length"),
        ("create_project", PROJECT, "progress", 101, "percent"),
        ("create_project", PROJECT, "loss", "-1", "number"),
        ("create_project", PROJECT, "transport", "может быть", "yes_or_no"),
        ("create_project", PROJECT, "claimdate", "2026-13-01", "date_none"),
    ],
)
def test_what_does_not_hold_is_pointed_out_or_refused(
    client: Any,
    provider: Any,
    operation: str,
    good: dict[str, Any],
    field: str,
    value: Any,
    code: str,
) -> None:
    provider.gives("83859")
    answer = client.run(operation, **{**good, field: value})
    assert answer.data["warnings"] == [{"field": field, "code": code}]
    assert provider.asked[-1][3][field] == str(value)
    asked = len(provider.asked)
    with pytest.raises(Rejected) as caught:
        client.with_(checks="strict").run(operation, **{**good, field: value})
    assert caught.value.code == code
    assert str(value) not in caught.value.detail
    assert len(provider.asked) == asked


@pytest.mark.parametrize(
    ("operation", "good"),
    [
        ("create_contact", CONTACT),
        ("create_account", {**ACCOUNT, "phone": "+7 495 000-00-01"}),
        (
            "create_project",
            {**PROJECT, "startdate": "2026-07-20", "finishdate": "2026-07-20", "progress": 100},
        ),
    ],
)
def test_what_holds_is_sent_by_the_strict_too(
    client: Any, provider: Any, operation: str, good: dict[str, Any]
) -> None:
    provider.gives("83859")
    assert client.with_(checks="strict").run(operation, **good).data == {}


def test_days_in_the_wrong_order(client: Any, provider: Any) -> None:
    provider.gives("83859")
    days = {"startdate": "2026-08-31", "finishdate": "2026-07-20"}
    answer = client.run("create_project", **PROJECT, **days)
    assert answer.data["warnings"] == [{"field": "finishdate", "code": "dates_reversed"}]


def test_zero_true_and_false_reach_the_other_side(client: Any, provider: Any) -> None:
    provider.gives("83859")
    given = {"loss": 0, "returned": "0", "transport": True, "insurance": False}
    client.run("create_project", **PROJECT, **given)
    form = provider.asked[-1][3]
    assert (form["loss"], form["returned"]) == ("0.00", "0.00")
    assert (form["transport"], form["insurance"]) == ("да", "нет")
    assert "after" not in form


def test_numbers_of_records_lose_their_prefix(client: Any, provider: Any) -> None:
    provider.gives("12x83859")
    ids = {"contactid": "12x83834", "offenderid": 84675, "agentid": " 83859 "}
    answer = client.run("create_project", after=0, **ids)
    assert answer.reference == "83859"
    form = provider.asked[-1][3]
    assert (form["contactid"], form["offenderid"], form["agentid"]) == ("83834", "84675", "83859")


@pytest.mark.parametrize("value", ["12x", "x5", "0", "83834; drop", "12x5x6", 0, -3])
def test_what_is_no_number_of_a_record_is_not_sent(client: Any, provider: Any, value: Any) -> None:
    with pytest.raises(Rejected):
        client.run("create_project", **{**PROJECT, "agentid": value})
    assert provider.asked == []


@pytest.mark.parametrize("after", [None, -1, "5", True, 1.5])
def test_what_could_not_be_looked_for_is_not_sent(client: Any, provider: Any, after: Any) -> None:
    element = {"lastname": "О"}
    for operation, arguments in (
        ("create_project", {"contactid": 1, "offenderid": 2}),
        ("create", {"module": "Contacts", "element": element}),
        ("capture", {"fields": element}),
    ):
        with pytest.raises(Rejected):
            client.run(operation, **arguments, after=after)
    assert provider.asked == []


@pytest.mark.parametrize("value", [[], {}, b"x", "x" * 60_001])
def test_what_is_no_single_value_is_not_sent(client: Any, provider: Any, value: Any) -> None:
    with pytest.raises(Rejected):
        client.run("create_contact", **{**CONTACT, "requisites": value})
    assert provider.asked == []


@given(st.dates())
def test_every_day_of_the_calendar_is_one(day: date) -> None:
    assert values.day_fault(day.isoformat()) is None
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert values.birthday_fault(tomorrow.isoformat()) == "date_future"


@given(st.text(max_size=40), st.sampled_from(sorted(values.FAULTS)))
def test_whatever_stands_there_is_judged(text: str, name: str) -> None:
    assert values.FAULTS[name](text) is None or values.FAULTS[name](text)
