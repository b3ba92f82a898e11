"""Web forms, at a registry of Uzel's; and the ways in which others answer."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from registry_room import PDF, Program
from uzel.connectors.vtiger import capture, examples
from uzel.errors import CallFailed, OutcomeUnknown, Rejected

FIELDS = {"lastname": "Образцов", "mobile": "+79990000001"}
CONTENT = base64.b64encode(PDF).decode()


def file_with(**changed: Any) -> dict[str, Any]:
    return {"input": "file_1_1", "name": "договор.pdf", "content": CONTENT, **changed}


def test_a_form_makes_a_person_with_documents(crm: Any, program: Program) -> None:
    fields = {"lastname": "Анкетин", "mobile": "+79990007401", "cf_contacts_inn": "500100732259"}
    crm.run("capture", fields={**fields, "code": "7401"}, files=[file_with()], after=0)
    found = program.get("query", query="SELECT * FROM Contacts WHERE lastname = 'Анкетин';")
    assert [one["mobile"] for one in found] == ["+79990007401"]
    files = crm.run("get_files_list", inn="500100732259", sms="7401").data["files"]
    assert [file["title"] for file in files] == ["договор"]


def test_what_the_form_refuses_is_refused(crm: Any) -> None:
    with pytest.raises(Rejected, match="Required fields"):
        crm.run("capture", fields={"mobile": "+79990007402"}, after=0)
    with pytest.raises(Rejected, match="not found"):
        crm.with_(public_id="0" * 32).run("capture", fields=FIELDS, after=0)


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b'{"success":true,"result":"ok"}'),
        (302, {"location": "https://example.com/thanks?success=ok"}, b""),
        (302, {"location": "https://example.com/?a=b?success=ok"}, b""),
        (302, {"location": "https://example.com/?a=b&success=ok"}, b""),
    ],
)
def test_ways_to_say_yes(
    client: Any, provider: Any, answer: tuple[int, Mapping[str, str], bytes]
) -> None:
    provider.answers.append(answer)
    assert client.run("capture", fields=FIELDS, after=0).data == {}
    assert [path for _, path, _, _ in provider.asked] == [capture.PATH]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((200, {}, b'{"success":false,"error":{"message":"Webform not found."}}'), Rejected),
        ((302, {"location": "https://e.com/?error=webforms is not active"}, b""), Rejected),
        ((302, {"location": "https://e.com/?error=webforms%20is%20not"}, b""), Rejected),
        ((200, {}, b'{"error":{"message":"Allowed files size exceeded."}}'), OutcomeUnknown),
        ((302, {"location": "https://e.com/login"}, b""), OutcomeUnknown),
        ((302, {}, b""), OutcomeUnknown),
        ((200, {}, b"<html>ok</html>"), OutcomeUnknown),
        ((200, {}, b'cb({"success":true})'), OutcomeUnknown),
        ((200, {}, b'{"success":false}'), OutcomeUnknown),
        ((200, {}, b"[]"), OutcomeUnknown),
        ((500, {}, b""), OutcomeUnknown),
    ],
)  # fmt: skip
def test_ways_to_say_no_or_nothing(
    client: Any,
    provider: Any,
    answer: tuple[int, Mapping[str, str], bytes],
    error: type[CallFailed],
) -> None:
    provider.answers.append(answer)
    with pytest.raises(CallFailed) as caught:
        client.run("capture", fields=FIELDS, after=0)
    assert type(caught.value) is error
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    "files",
    [
        "file.pdf",
        [5],
        [file_with(input="lastname")],
        [file_with(name="a/b.pdf")],
        [file_with(name="")],
        [file_with(content="не base64")],
        [file_with(content=None)],
    ],
)
def test_what_is_no_file_is_not_sent(client: Any, provider: Any, files: Any) -> None:
    with pytest.raises(Rejected):
        client.run("capture", fields=FIELDS, files=files, after=0)
    assert provider.asked == []


def test_files_that_would_be_refused_too_late_are_not_sent(client: Any, provider: Any) -> None:
    half = base64.b64encode(b"x" * (capture.MOST_BYTES // 2 + 1)).decode()
    with pytest.raises(Rejected) as caught:
        client.run("capture", fields=FIELDS, files=[file_with(content=half)] * 2, after=0)
    assert caught.value.code == "files_large"
    assert provider.asked == []


@pytest.mark.parametrize("settings", [{"public_id": None}, {"checks": "strict"}])
def test_a_form_that_cannot_be_is_not_sent(
    client: Any, provider: Any, settings: dict[str, Any]
) -> None:
    with pytest.raises(Rejected):
        client.with_(**settings).run("capture", fields={**FIELDS, "mobile": "1"}, after=0)
    assert provider.asked == []
    assert client.config.public_id == examples.PUBLIC_ID
