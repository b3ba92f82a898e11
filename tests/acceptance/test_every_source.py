"""Whatever a source posts about a visit becomes exactly one SMS, at once."""

import pytest

from acceptance_demo import Demo, until
from acceptance_visits import (
    Body,
    all_shapes,
    amocrm,
    amocrm_form,
    as_json,
    caught_up,
    iiko,
    new_phone,
    post,
    yclients,
)

SHAPES = all_shapes()


def test_the_demo_tells_the_hook_of_every_connector(demo: Demo) -> None:
    sources, channels = {"iiko", "rkeeper", "yclients", "amocrm"}, {"smsru", "exolve", "meta"}
    assert set(demo.told["hooks"]) == sources | channels | {"resend", "konsol", "telegram"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_visit_becomes_one_sms_and_its_repetition_none(demo: Demo, shape: str) -> None:
    phone, body = SHAPES[shape]
    post(demo, body)
    (text,) = until(lambda: demo.texts(phone))
    assert f"{demo.told['url']}/r/" in text["text"]
    (message,) = until(lambda: demo.settled(phone))
    assert (message["state"], message["channel"]) == ("delivered", "sms")

    post(demo, body)
    post(demo, Body(body.source, b" " + body.content, body.content_type))
    caught_up(demo)
    assert len(demo.texts(phone)) == 1


def test_the_guest_of_a_deal_is_asked_for_whoever_made_it(demo: Demo) -> None:
    """Nobody has told the sandbox of this deal, so its contact is made up."""
    body = amocrm_form(amocrm(lead := 8_765_432))
    post(demo, body)
    phone = f"+7997{lead:07d}"
    assert until(lambda: demo.settled(phone))[0]["state"] == "delivered"
    post(demo, body)
    caught_up(demo)
    assert len(demo.texts(phone)) == 1


def test_the_guest_of_a_deal_in_the_sandbox_is_the_one_that_was_entered(demo: Demo) -> None:
    phone = new_phone()
    hook = demo.told["hooks"]["amocrm"]
    assert demo.door("/amocrm/_deal", hook=hook, phone=phone)["statuses"] == [200]
    until(lambda: demo.settled(phone))
    assert len(demo.texts(phone)) == 1


def test_a_visit_called_off_after_the_sms_asks_nobody_a_second_time(demo: Demo) -> None:
    phone = new_phone()
    closed = iiko(phone)
    post(demo, as_json("iiko", [closed]))
    until(lambda: demo.settled(phone))
    order = closed["eventInfo"]["id"]
    post(demo, as_json("iiko", [iiko(phone, "Cancelled", order)]))
    post(demo, as_json("iiko", [iiko(phone, "Closed", order)]))
    caught_up(demo)
    (called_off,) = demo.api("/events", phone=phone, type="visit.cancelled")["items"]
    assert called_off["decision"] == "cancel"
    assert len(demo.texts(phone)) == 1
    assert [message["state"] for message in demo.messages(phone)] == ["delivered"]


def test_a_guest_who_did_not_come_is_not_asked(demo: Demo) -> None:
    phone = new_phone()
    post(demo, as_json("yclients", yclients(phone, attendance=-1)))
    caught_up(demo)
    assert demo.texts(phone) == [] and demo.messages(phone) == []


@pytest.mark.parametrize("source", ["iiko", "rkeeper", "yclients", "amocrm"])
def test_a_wrong_key_and_a_broken_body_change_nothing(demo: Demo, source: str) -> None:
    # A form is what any text is.
    assert demo.post(source, b"{")[0] == (200 if source == "amocrm" else 400)
    whole = demo.told["hooks"][source]
    demo.told["hooks"][source] = whole[:-1] + ("a" if whole[-1] != "a" else "b")
    try:
        assert demo.post(source, b"{}")[0] == 401
    finally:
        demo.told["hooks"][source] = whole
