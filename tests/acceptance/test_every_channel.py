"""What becomes of messages comes back from each channel, and so does what guests answer."""

import secrets

import pytest

from acceptance_demo import Demo, until
from acceptance_visits import (
    amocrm,
    amocrm_form,
    as_json,
    caught_up,
    iiko,
    new_phone,
    post,
    rkeeper,
    yclients,
)


def kazakh_phone() -> str:
    return f"+7701{secrets.randbelow(10**6):06d}7"


def test_a_kazakh_number_is_refused_by_smsru_and_reached_by_whatsapp(demo: Demo) -> None:
    phone = kazakh_phone()
    post(demo, as_json("yclients", yclients(phone)))
    sms, whatsapp = until(lambda: (found := demo.settled(phone)) and len(found) == 2 and found)
    assert (sms["channel"], sms["state"]) == ("sms", "failed")
    assert (whatsapp["channel"], whatsapp["state"]) == ("whatsapp", "delivered")
    (sent,) = [
        entry["request"]
        for entry in demo.journal("meta", "send_whatsapp_template")
        if entry["request"]["phone"] == phone
    ]
    assert sent["parameters"] == ["Олжас", "Кофейня «Узел»"]
    (code,) = sent["buttons"]
    assert f"/r/{code}" in whatsapp["body"]


def test_an_undelivered_sms_is_followed_by_the_other_provider_and_then_a_letter(
    demo: Demo,
) -> None:
    """Exolve's sandbox knows no numbers that end in 95, so the e-mail is what arrives."""
    phone, email = f"{new_phone()[:-2]}95", f"guest{secrets.randbelow(10**9)}@mail.example"
    demo.door("/smsru/_settings", outcome="failed")
    try:
        post(demo, as_json("yclients", yclients(phone, email=email)))
        found = until(lambda: (all_ := demo.messages(phone)) and len(all_) == 3 and all_, 60)
    finally:
        demo.door("/smsru/_settings", outcome="delivered")
    assert [(m["connector"], m["state"]) for m in found[:2]] == [
        ("smsru", "failed"),
        ("exolve", "failed"),
    ]
    assert found[2]["address"] == email
    assert until(lambda: demo.settled(phone))[2]["state"] == "delivered"


def test_a_guest_with_an_address_alone_gets_a_letter(demo: Demo) -> None:
    email = f"guest{secrets.randbelow(10**9)}@mail.example"
    hook = demo.told["hooks"]["amocrm"]
    demo.door("/amocrm/_deal", hook=hook, phone=None, email=email)
    letters = until(
        lambda: [
            entry["request"]
            for entry in demo.journal("resend", "send_email")
            if email in str(entry["request"]["to"])
        ]
    )
    assert len(letters) == 1
    assert f"{demo.told['url']}/r/" in letters[0]["text"]


def heard(demo: Demo, phone: str) -> bool:
    """Whether what this phone wrote to us is here and dealt with."""
    found = demo.api("/events", type="message.received", limit="100")["items"]
    return any(phone[1:] in str(event["data"]) for event in found)


@pytest.mark.parametrize("channel", ["exolve", "meta"])
def test_who_answers_stop_is_asked_no_more(demo: Demo, channel: str) -> None:
    if channel == "exolve":
        phone = new_phone()
        texted = {"api_key": "sandbox-exolve-demo", "sender": phone[1:], "text": "СТОП"}
        demo.door("/exolve/_incoming", **texted)
    else:
        phone = kazakh_phone()
        demo.door("/meta/_inbound", phone=phone, text="стоп")
    until(lambda: heard(demo, phone))
    post(demo, as_json("rkeeper", rkeeper(phone)))
    assert until(lambda: demo.visits(phone)) == [("skip", "stopped")]
    caught_up(demo)
    assert demo.texts(phone) == [] and demo.messages(phone) == []


def test_who_answers_anything_else_is_asked(demo: Demo) -> None:
    phone = new_phone()
    texted = {"api_key": "sandbox-exolve-demo", "sender": phone[1:], "text": "Спасибо"}
    demo.door("/exolve/_incoming", **texted)
    until(lambda: heard(demo, phone))
    post(demo, as_json("rkeeper", rkeeper(phone)))
    assert until(lambda: demo.settled(phone))[0]["state"] == "delivered"


def test_a_receipt_that_comes_twice_and_one_that_is_forged_change_nothing(demo: Demo) -> None:
    phone = new_phone()
    demo.fault(connector="smsru", kind="duplicate_webhook", times=1)
    post(demo, as_json("iiko", [iiko(phone)]))
    assert until(lambda: demo.settled(phone))[0]["state"] == "delivered"
    forged = b"data[0]=sms_status%0A202600-1%0A103%0A1795165502&hash=" + b"0" * 64
    for source in ("smsru", "meta", "resend"):
        content_type = "application/x-www-form-urlencoded" if source == "smsru" else None
        headers = {"content_type": content_type} if content_type else {}
        body = forged if source == "smsru" else b"{}"
        assert demo.post(source, body, **headers)[0] == 401
    post(demo, amocrm_form(amocrm()))
    caught_up(demo)
    assert [message["state"] for message in demo.messages(phone)] == ["delivered"]
