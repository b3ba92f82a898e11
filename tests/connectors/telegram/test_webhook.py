"""Updates as elements; the samples are read by the conformance suite."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.sandbox import SETTINGS
from uzel.connectors.telegram.webhook import SECRET_HEADER, WEBHOOK, parse, verify
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.kit.credentials import is_credential
from uzel.model.chat import ChatFile, ChatSaid

CONFIG = TelegramConfig.model_validate(SETTINGS)
SECRET = str(SETTINGS["webhook_secret"])
PERSON = {"id": 7_000_001, "is_bot": False, "first_name": "Мария"}
PRIVATE = {"id": 7_000_001, "type": "private", "first_name": "Мария"}


def received(content: object, headers: dict[str, str] | None = None) -> Received:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Received(body, headers or {}, "", datetime(2026, 11, 21, tzinfo=UTC))


def message(**changes: Any) -> dict[str, Any]:
    given = {"message_id": 5, "from": PERSON, "chat": PRIVATE, "date": 1_795_257_302, "text": "да"}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def pressed(**changes: Any) -> dict[str, Any]:
    given = {"id": "438", "from": PERSON, "message": message(), "data": "yes:1"}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def of(update_id: object = 9, **content: Any) -> Element:
    (element,) = parse(received({"update_id": update_id, **content}), CONFIG)
    return element


def data_of(element: Element) -> ChatSaid:
    assert isinstance(element.data, ChatSaid), element
    return element.data


def test_the_secret_opens() -> None:
    verify(received({}, {SECRET_HEADER: SECRET}), CONFIG)
    assert WEBHOOK.verify is verify
    # It must not be stored with the headers of a request.
    assert is_credential(SECRET_HEADER)


@pytest.mark.parametrize(
    "claimed", [None, "", SECRET[:-1], SECRET.upper(), SECRET + " ", "сек\udcff"]
)
def test_any_other_secret_does_not(claimed: str | None) -> None:
    headers = {} if claimed is None else {SECRET_HEADER: claimed}
    with pytest.raises(SignatureInvalid) as caught:
        verify(received({}, headers), CONFIG)
    assert SECRET not in str(caught.value)


def test_without_a_secret_of_ours_nothing_is_taken() -> None:
    config = CONFIG.model_copy(update={"webhook_secret": None})
    for headers in ({}, {SECRET_HEADER: ""}, {SECRET_HEADER: SECRET}):
        with pytest.raises(SignatureInvalid):
            verify(received({}, headers), config)


@given(claimed=st.text(max_size=40))
def test_no_guess_is_taken(claimed: str) -> None:
    if claimed == SECRET:
        return
    with pytest.raises(SignatureInvalid):
        verify(received({}, {SECRET_HEADER: claimed}), CONFIG)


def test_an_update_said_twice_has_one_key() -> None:
    assert of(message=message()).key == of(message=message()).key == "update:9"
    assert of(10, message=message()).key == "update:10"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"", b"{", b"\xff"])
def test_a_body_that_is_no_update(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        parse(received(body), CONFIG)


@pytest.mark.parametrize(
    "kind", ["edited_message", "channel_post", "inline_query", "poll", "my_chat_member", "x"]
)
def test_other_kinds_are_told_from_these(kind: str) -> None:
    element = of(**{kind: message()})
    assert (element.reason, element.key, element.data) == ("update_kind", None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"update_id": 0, "message": message()},
        {"update_id": True, "message": message()},
        {"update_id": 2**53 + 1, "message": message()},
        {"message": message(message_id=0)},
        {"message": message(message_id="5")},
        {"message": message(chat={"id": 0})},
        {"message": message(chat={"id": -(2**53) - 1})},
        {"message": message(chat=[])},
        {"message": message(**{"from": {"id": -1, "is_bot": False}})},
        {"message": message(**{"from": None})},
        {"message": message(text=None, contact={"first_name": "Мария"})},
        {"callback_query": pressed(id="")},
        {"callback_query": pressed(id="1\u0000")},
        {"callback_query": pressed(data="x" * 65)},
        {"callback_query": pressed(data="\ud800")},
        {"callback_query": pressed(data=7)},
    ],
)
def test_what_cannot_be_known_by_its_ids_leads_to_nothing(changes: dict[str, Any]) -> None:
    element = of(**{"update_id": 9, **changes})
    assert (element.reason, element.key, element.data) == ("malformed", None, None)


@pytest.mark.parametrize("person", [{**PERSON, "is_bot": True}, {"id": 7, "first_name": "?"}])
def test_who_may_be_no_person_says_nothing(person: dict[str, Any]) -> None:
    for content in (
        {"message": message(**{"from": person})},
        {"callback_query": pressed(**{"from": person})},
    ):
        element = of(**content)
        assert (element.reason, element.key, element.data) == ("from_bot", None, None)


@pytest.mark.parametrize("query", [pressed(message=None), pressed(data=None)])
def test_buttons_of_other_kinds(query: dict[str, Any]) -> None:
    assert of(callback_query=query).reason == "update_kind"


def test_who_presses_is_not_who_wrote_the_message() -> None:
    shown = message(**{"from": {"id": 99, "is_bot": True, "first_name": "Узел"}})
    said = data_of(of(callback_query=pressed(message=shown)))
    assert (said.user_id, said.chat_id, said.message_id) == (7_000_001, 7_000_001, 5)
    assert (said.callback_id, said.callback_data, said.text) == ("438", "yes:1", None)


def test_the_largest_photo_counts_wherever_it_stands() -> None:
    sizes = [{"file_id": f"photo-of-{side}", "width": side, "height": side} for side in (9, 90, 3)]
    said = data_of(of(message=message(photo=[*sizes, {"file_id": "?"}, 5, None])))
    assert said.files == (ChatFile("photo-of-90", "photo"),)
    assert of(message=message(text=None, photo=[{"file_id": 5}])).reason == "update_kind"


def test_a_text_keeps_its_lines_and_loses_what_cannot_be_stored() -> None:
    said = data_of(of(message=message(text=" один\n\u0000два\ud800 ")))
    assert said.text == "один\nдва"
    assert len(data_of(of(message=message(text="я" * 5000))).text or "") == 4096


@pytest.mark.parametrize(("user_id", "own"), [(7_000_001, True), (8, False), (None, False)])
def test_a_contact_is_ones_own_or_anothers(user_id: int | None, own: bool) -> None:
    contact = {"phone_number": "+79990000001", "first_name": "Мария", "user_id": user_id}
    said = data_of(of(message=message(text=None, contact=contact)))
    assert (said.phone, said.phone_is_own) == ("+79990000001", own)
    assert data_of(of(message=message())).phone_is_own is None


@given(text=st.text(max_size=50), name=st.text(max_size=80))
def test_whatever_is_written_ids_stay(text: str, name: str) -> None:
    person = {**PERSON, "first_name": name}
    element = of(message=message(text=text, **{"from": person}))
    if element.reason is None:
        said = data_of(element)
        assert (said.user_id, said.chat_id, element.key) == (7_000_001, 7_000_001, "update:9")
    else:
        assert (element.reason, element.key) == ("update_kind", None)
