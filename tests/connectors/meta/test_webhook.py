import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import uzel.connectors.meta
from uzel.connector import Element, Received
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.sandbox import SETTINGS
from uzel.connectors.meta.webhook import parse
from uzel.errors import PayloadInvalid
from uzel.kit.http_file import read_http_file
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt, ReceiptState

CONFIG = MetaConfig.model_validate(dict(SETTINGS))
SAMPLES = sorted(Path(uzel.connectors.meta.__path__[0]).glob("samples/*.http"))
WAMID = "wamid.HBgLNzcwMTAwMDAwMDEVAgARGBI0"
TIME = datetime(2026, 11, 14, 10, 0, tzinfo=UTC)


def received(body: bytes, **headers: str) -> Received:
    return Received(body, headers, "", datetime(2026, 11, 14, tzinfo=UTC))


def elements(field: str = "messages", *, number: str | None = None, **value: Any) -> list[Element]:
    metadata = {"phone_number_id": number or CONFIG.phone_number_id}
    change = {"field": field, "value": {"metadata": metadata, **value}}
    entry = {"id": "1", "time": 1794650400, "changes": [change]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return parse(received(json.dumps(body).encode()), CONFIG)


def status(**changes: Any) -> dict[str, Any]:
    return {"id": WAMID, "status": "sent", "timestamp": "1794650400", **changes}


def message(**changes: Any) -> dict[str, Any]:
    text = {"type": "text", "text": {"body": "Привет"}}
    return {"from": "77010000001", "id": WAMID, "timestamp": "1794650400", **text, **changes}


class TestStatuses:
    def test_the_four_states(self) -> None:
        found = elements(
            statuses=[status(status=w) for w in ("sent", "delivered", "read", "played")]
        )
        receipts = [element.data for element in found]
        assert [data.state for data in receipts if isinstance(data, Receipt)] == [
            ReceiptState.PENDING,
            ReceiptState.DELIVERED,
            ReceiptState.READ,
            ReceiptState.READ,
        ]
        assert [element.key for element in found] == [
            f"{WAMID}:{word}:1794650400" for word in ("sent", "delivered", "read", "played")
        ]
        assert {element.occurred_at for element in found} == {TIME}

    def test_our_own_reference_comes_back(self) -> None:
        (element,) = elements(statuses=[status(biz_opaque_callback_data="ref-1")])
        assert isinstance(element.data, Receipt) and element.data.ours == "ref-1"

    @pytest.mark.parametrize("foreign", ["", "a b", "x" * 65, 7, None, "метка"])
    def test_a_reference_of_somebody_else_is_left_out(self, foreign: object) -> None:
        (element,) = elements(statuses=[status(biz_opaque_callback_data=foreign)])
        assert isinstance(element.data, Receipt) and element.data.ours is None

    @pytest.mark.parametrize(
        ("code", "suppress", "unreachable"),
        [
            (131026, None, True),
            (131030, None, True),
            (131047, None, None),
            (131049, None, None),
            (131050, "user_stopped", None),
            (130403, "blocked", None),
            (131999, None, None),
        ],
    )
    def test_a_failure_says_why(
        self, code: int, suppress: str | None, unreachable: bool | None
    ) -> None:
        (element,) = elements(statuses=[status(status="failed", errors=[{"code": code}])])
        receipt = element.data
        assert isinstance(receipt, Receipt)
        assert (receipt.state, receipt.code) == (ReceiptState.FAILED, str(code))
        assert (receipt.suppress, receipt.unreachable) == (suppress, unreachable)

    @pytest.mark.parametrize("errors", [None, [], [{}], "x", [None, {"code": "x"}]])
    def test_a_failure_without_a_readable_error_is_a_failure(self, errors: object) -> None:
        (element,) = elements(statuses=[status(status="failed", errors=errors)])
        assert isinstance(element.data, Receipt)
        assert (element.data.state, element.data.code) == (ReceiptState.FAILED, "failed")

    def test_errors_of_a_status_that_is_no_failure_stop_nobody(self) -> None:
        (element,) = elements(statuses=[status(errors=[{"code": 131050}])])
        assert isinstance(element.data, Receipt)
        assert (element.data.state, element.data.suppress) == (ReceiptState.PENDING, None)

    @pytest.mark.parametrize("stamp", [1794650400, "1794650400"])
    def test_a_time_is_a_text_or_a_number(self, stamp: object) -> None:
        (element,) = elements(statuses=[status(timestamp=stamp)])
        assert element.occurred_at == TIME and element.key == f"{WAMID}:sent:1794650400"

    @pytest.mark.parametrize(
        "broken",
        [
            {"id": None},
            {"id": "x"},
            {"timestamp": None},
            {"timestamp": "soon"},
            {"timestamp": True},
            {"timestamp": "99999999999"},
            {"status": None},
            {"status": 1},
        ],
    )
    def test_one_broken_status_costs_the_others_nothing(self, broken: dict[str, Any]) -> None:
        first, second = elements(statuses=[status(**broken), status()])
        assert (first.key, first.reason, first.data) == (None, "malformed", None)
        assert second.key == f"{WAMID}:sent:1794650400"

    def test_a_word_we_do_not_know_settles_nothing(self) -> None:
        (element,) = elements(statuses=[status(status="warning")])
        assert (element.key, element.reason, element.data) == (None, "receipt_unknown", None)


class TestMessages:
    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ({}, "Привет"),
            ({"text": {"body": " две\nстроки "}}, "две\nстроки"),
            ({"text": {"body": "я" * 5000}}, "я" * 4096),
            ({"type": "button", "text": None, "button": {"text": "Да", "payload": "Y"}}, "Да"),
            ({"type": "button", "text": None, "button": {"payload": "STOP"}}, "STOP"),
            (
                {"type": "interactive", "text": None}
                | {"interactive": {"type": "button_reply", "button_reply": {"title": "Пять"}}},
                "Пять",
            ),
            (
                {"type": "interactive", "text": None}
                | {"interactive": {"type": "list_reply", "list_reply": {"id": "5"}}},
                "5",
            ),
            ({"type": "image", "text": None, "image": {"id": "1", "caption": "Вид"}}, "Вид"),
            ({"type": "audio", "text": None, "audio": {"id": "1"}}, None),
            ({"type": "reaction", "text": None, "reaction": {"emoji": "👍"}}, None),
        ],
    )
    def test_what_somebody_wrote(self, content: dict[str, Any], text: str | None) -> None:
        (element,) = elements(messages=[message(**content)])
        assert (element.type, element.key, element.occurred_at) == ("message.received", WAMID, TIME)
        assert element.data == Inbound("whatsapp", "77010000001", text, WAMID)

    @pytest.mark.parametrize(
        "about",
        [
            {"type": "system", "system": {"type": "user_changed_number"}},
            {"type": "request_welcome"},
            {"type": "future"},
            {"type": None},
            {"group_id": "Y2FwaV9ncm91cA=="},
        ],
    )
    def test_what_is_no_message_of_one_person_to_us(self, about: dict[str, Any]) -> None:
        (element,) = elements(messages=[message(**about)])
        assert (element.key, element.reason, element.data) == (None, "event_type", None)

    def test_who_hides_the_phone_cannot_be_answered(self) -> None:
        hidden = message(**{"from": None, "from_user_id": "KZ.20000000000000001"})
        (element,) = elements(messages=[hidden])
        assert (element.type, element.key) == ("message.received", None)
        assert element.reason == "sender_hidden"


class TestPreferences:
    def entry(self, **changes: Any) -> dict[str, Any]:
        preference = {"wa_id": "77010000001", "category": "marketing_messages", "value": "stop"}
        return {**preference, "timestamp": 1794650400, **changes}

    @pytest.mark.parametrize(
        ("value", "kind"), [("stop", "recipient.stopped"), ("resume", "recipient.resumed")]
    )
    def test_a_stop_and_a_resumption(self, value: str, kind: str) -> None:
        (element,) = elements("user_preferences", user_preferences=[self.entry(value=value)])
        assert element.type == kind
        assert element.key == f"preference:77010000001:{value}:1794650400"
        assert element.data == OptOut("77010000001", value == "stop", "user_stopped")

    def test_a_stop_of_anything_counts_a_resumption_of_marketing_only(self) -> None:
        other = {"category": "something_new"}
        stop, resume, signup = elements(
            "user_preferences",
            user_preferences=[
                self.entry(**other),
                self.entry(value="resume", **other),
                self.entry(value="signup"),
            ],
        )
        assert isinstance(stop.data, OptOut) and stop.data.stopped
        assert (resume.data, signup.data) == (None, None)
        assert {resume.reason, signup.reason} == {"event_type"}

    def test_a_hidden_phone_cannot_be_put_on_a_list(self) -> None:
        hidden = self.entry(wa_id=None, user_id="KZ.20000000000000001")
        (element,) = elements("user_preferences", user_preferences=[hidden])
        assert (element.key, element.reason) == (None, "sender_hidden")


class TestTheRest:
    def test_another_number_of_the_same_app_is_not_ours(self) -> None:
        other = "106500000000002"
        of_status = elements(number=other, statuses=[status()])
        of_message = elements(number=other, messages=[message()])
        for element in (*of_status, *of_message):
            assert (element.key, element.data, element.reason) == (None, None, "other_number")

    def test_without_settings_every_number_is_ours(self) -> None:
        sample = read_http_file(next(p for p in SAMPLES if p.stem == "other_number").read_bytes())
        (element,) = parse(received(sample.body), MetaConfig.model_construct())
        assert element.reason is None and element.key

    @pytest.mark.parametrize(
        ("field", "value", "subject"),
        [
            (
                "message_template_status_update",
                {"message_template_name": "otzyv", "event": "PAUSED", "reason": "NONE"},
                "шаблон otzyv: PAUSED",
            ),
            (
                "message_template_quality_update",
                {"message_template_name": "otzyv", "message_template_language": "ru"}
                | {"previous_quality_score": "UNKNOWN", "new_quality_score": "RED"},
                "шаблон otzyv (ru): RED",
            ),
            ("message_template_components_update", {}, "шаблон без имени"),
            (
                "phone_number_name_update",
                {"display_phone_number": "79990000555", "decision": "APPROVED"},
                "номер 79990000555: APPROVED",
            ),
            ("security", {"event": "PIN_CHANGED"}, "номер: PIN_CHANGED"),
            ("account_review_update", {"decision": "APPROVED"}, "аккаунт: APPROVED"),
            (
                "account_alerts",
                {"alert_info": {"alert_type": "OBA_APPROVED", "alert_severity": "INFO"}},
                "аккаунт: OBA_APPROVED, INFO",
            ),
        ],
    )
    def test_notices_are_for_people(self, field: str, value: dict[str, Any], subject: str) -> None:
        (element,) = elements(field, **value)
        assert (element.subject, element.occurred_at) == (subject, TIME)
        assert (element.key, element.reason, element.data) == (None, None, None)

    def test_an_error_of_the_number_is_told(self) -> None:
        (element,) = elements(errors=[{"code": 131042}])
        assert element.type == "number.failed" and "оплата" in str(element.subject)

    def test_entries_and_changes_are_plural_and_one_bad_one_costs_the_others_nothing(self) -> None:
        metadata = {"phone_number_id": CONFIG.phone_number_id}
        good = {"field": "messages", "value": {"metadata": metadata, "statuses": [status()]}}
        entries = [None, {"changes": "x"}, {"changes": [None, good, {"value": 1}]}]
        body = {"object": "whatsapp_business_account", "entry": [*entries, {"changes": [good]}]}
        found = parse(received(json.dumps(body).encode()), CONFIG)
        assert [element.reason for element in found] == [
            *["element_invalid"] * 3,
            None,
            "element_invalid",
            None,
        ]

    def test_other_products_of_meta_are_none_of_ours(self) -> None:
        body = json.dumps({"object": "page", "entry": [{"id": "1", "messaging": []}]}).encode()
        assert [element.reason for element in parse(received(body), CONFIG)] == ["event_type"]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"entry":{}}', b"x=1", b"\xff"])
    def test_what_is_no_such_body_is_refused(self, body: bytes) -> None:
        with pytest.raises(PayloadInvalid):
            parse(received(body), CONFIG)


@given(st.permutations(range(6)))
def test_the_order_of_statuses_changes_nothing_about_them(order: list[int]) -> None:
    words = ["sent", "delivered", "read", "played", "failed", "warning"]
    made = [status(status=word) for word in words]
    together = elements(statuses=[made[place] for place in order])
    alone = [elements(statuses=[made[place]])[0] for place in order]
    assert together == alone
