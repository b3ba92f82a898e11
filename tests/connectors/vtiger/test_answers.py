"""Envelopes, refusals, and what is neither."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.vtiger.api import SESSION_OVER, said
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)

PERSON = {"firstname": "И", "lastname": "Образцов", "birthday": "1990-02-28"}
CONTACT = {**PERSON, "mobile": "+79990000001", "inn": "500100732259"}


def contact(client: Any) -> Any:
    return client.run("create_contact", **CONTACT)


def test_everybody_gets_the_session_under_both_names(client: Any, provider: Any) -> None:
    provider.gives({"types": ["Contacts"]})
    client.run("listtypes")
    provider.answers[:] = []
    provider.gives("83859")
    contact(client)
    (_, _, query, _), (method, path, short, form) = provider.asked
    name = "sandbox0vtiger0session0000000000"
    assert (query["sessionName"], query["sessionId"], query["operation"]) == (
        name,
        name,
        "listtypes",
    )
    assert (method, path, short) == ("POST", "/webservice.php", {"operation": "CreateContact"})
    assert (form["sessionName"], form["sessionId"], form["operation"]) == (
        name,
        name,
        "CreateContact",
    )


@pytest.mark.parametrize("code", sorted(SESSION_OVER))
@pytest.mark.parametrize("operation", ["listtypes", "create_contact"])
def test_a_session_that_is_over_is_to_be_opened_anew(
    client: Any, provider: Any, code: str, operation: str
) -> None:
    provider.refuses(code)
    with pytest.raises(AuthFailed) as caught:
        client.run(operation, **(CONTACT if operation == "create_contact" else {}))
    assert caught.value.code == code
    assert caught.value.http_status is None


@pytest.mark.parametrize(
    "body",
    [
        b'<br />\n<b>Warning</b>: x in y\n{"success":true,"result":"83859"}',
        b'\xef\xbb\xbf{"success":true,"result":"83859"}',
        b'\n\n{"success":true,"result":83859}',
    ],
)
def test_what_php_puts_in_front_is_read_over(client: Any, provider: Any, body: bytes) -> None:
    provider.says(body)
    assert contact(client).reference == "83859"


@pytest.mark.parametrize(
    ("status", "body", "read", "written"),
    [
        (500, b"", Unavailable, OutcomeUnknown),
        (503, b"<html></html>", Unavailable, OutcomeUnknown),
        (200, b"", Unavailable, OutcomeUnknown),
        (200, b"<!DOCTYPE html><p>login", Unavailable, OutcomeUnknown),
        (200, b"[]", ContractBroken, OutcomeUnknown),
        (200, b'{"success":false}', ContractBroken, OutcomeUnknown),
        (200, b'{"success":tr', ContractBroken, OutcomeUnknown),
        (200, b'{"success":"true","result":1}', ContractBroken, OutcomeUnknown),
        (200, b'{"success":false,"error":"x"}', ContractBroken, OutcomeUnknown),
        (404, b"", Rejected, Rejected),
    ],
)
def test_what_is_no_answer_means_as_much_as_was_asked(
    client: Any,
    provider: Any,
    status: int,
    body: bytes,
    read: type[CallFailed],
    written: type[CallFailed],
) -> None:
    provider.says(body, status)
    for operation, arguments, expected in (
        ("listtypes", {}, read),
        ("create_contact", CONTACT, written),
    ):
        with pytest.raises(CallFailed) as caught:
            client.run(operation, **arguments)
        assert type(caught.value) is expected


def test_a_handler_that_threw_may_have_written(client: Any, provider: Any) -> None:
    provider.refuses("INTERNAL_SERVER_ERROR", "Unknown Error while processing request")
    with pytest.raises(OutcomeUnknown):
        contact(client)
    with pytest.raises(Rejected):
        client.run("listtypes")


def test_a_refusal_says_why_without_what_was_sent(client: Any, provider: Any) -> None:
    provider.refuses("MANDATORY_FIELDS_MISSING", "Образцов +79990000001 does not have a value")
    with pytest.raises(Rejected) as caught:
        contact(client)
    assert caught.value.code == "MANDATORY_FIELDS_MISSING"
    assert "does not have a value" in caught.value.detail
    assert "Образцов" not in caught.value.detail
    assert "0000001" not in caught.value.detail


@pytest.mark.parametrize("result", [None, "", "0", "x", [], {}, True, -5, "12x0"])
def test_a_number_that_is_none_proves_nothing(client: Any, provider: Any, result: Any) -> None:
    provider.gives(result)
    with pytest.raises(OutcomeUnknown):
        contact(client)


def test_numbers_beyond_json_are_texts(client: Any, provider: Any) -> None:
    provider.says(
        b'{"success":true,"result":[{"id":"12x1","a":1.50,"b":99999999999999999999,"c":NaN}]}'
    )
    provider.gives([])
    (record,) = client.run("query", query="SELECT * FROM Contacts").data["records"]
    assert record == {"id": "12x1", "a": "1.50", "b": "99999999999999999999", "c": None}


@given(st.text(st.characters(categories=["L"]), min_size=4, max_size=30), st.text(max_size=60))
def test_what_was_sent_never_comes_back(private: str, around: str) -> None:
    assert private not in said(f"{around} {private} {around}", [f" {private}\n"])
