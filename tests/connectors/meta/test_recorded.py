"""Answers, errors and webhooks that Meta documents or others recorded."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from uzel.connector import Answer, Element, Received
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.sandbox import SETTINGS
from uzel.connectors.meta.webhook import parse
from uzel.errors import AuthFailed, CallFailed, OutcomeUnknown, RateLimited, Rejected, Unavailable
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt

Run = Callable[[MetaConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[..., MetaConfig]

TEXT = {"phone": "+77010000001", "text": "Спасибо!"}


@pytest.fixture
def recorded(samples: Path) -> Callable[[str], Any]:
    """recorded(name): the JSON of that file."""
    return lambda name: json.loads((samples / "meta" / name).read_text())


def elements(update: Any) -> list[Element]:
    """What the update means to the connection of its number."""
    numbers = list(of_numbers(update))
    own = {"phone_number_id": numbers[0]} if numbers and numbers[0].isdigit() else {}
    config = MetaConfig.model_validate({**SETTINGS, **own})
    return parse(Received(json.dumps(update).encode(), {}, "", datetime.now(UTC)), config)


def of_numbers(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "phone_number_id" in value:
            yield value["phone_number_id"]
        for inner in value.values():
            yield from of_numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from of_numbers(inner)


def test_accepted_sends(run: Run, answering: Answering, recorded: Callable[[str], Any]) -> None:
    for name in ("resp_example.json", "resp_text.json", "resp_template.json"):
        answer = run(answering(json.dumps(recorded(name)).encode()), "send_whatsapp", TEXT)
        assert answer.reference == recorded(name)["messages"][0]["id"]
        assert answer.data["wa_id"] == recorded(name)["contacts"][0]["wa_id"].strip()


def test_refused_sends(run: Run, answering: Answering, recorded: Callable[[str], Any]) -> None:
    expected: Mapping[str, tuple[type[CallFailed], bool]] = {
        "error_130429.json": (RateLimited, True),
        "error_131056.json": (RateLimited, False),
    }
    for name, (error, everyone) in expected.items():
        with pytest.raises(CallFailed) as caught:
            run(answering(json.dumps(recorded(name)).encode(), 400), "send_whatsapp", TEXT)
        assert type(caught.value) is error
        assert isinstance(caught.value, RateLimited) and caught.value.everyone is everyone


def test_refusals_by_http_status(
    run: Run, answering: Answering, recorded: Callable[[str], Any]
) -> None:
    classes: Mapping[str, type[CallFailed]] = {
        "400": Rejected,
        "401": AuthFailed,
        "403": AuthFailed,
        "404": Rejected,
        "422": Rejected,
        "429": RateLimited,
        "500": OutcomeUnknown,
    }
    bodies = recorded("errors_graph_by_http_status.json")
    assert set(bodies) == set(classes)
    for status, error in classes.items():
        provider = answering(json.dumps(bodies[status]).encode(), int(status))
        with pytest.raises(CallFailed) as caught:
            run(provider, "send_whatsapp", TEXT)
        assert type(caught.value) is error
    with pytest.raises(CallFailed) as caught:
        run(answering(json.dumps(bodies["500"]).encode(), 500), "phone_number", {})
    assert type(caught.value) is Unavailable


def test_our_requests_have_the_documented_shape(
    run: Run,
    answering: Answering,
    asked: list[tuple[str, str, Mapping[str, str], Any]],
    recorded: Callable[[str], Any],
) -> None:
    config = answering(json.dumps(recorded("resp_example.json")).encode())
    run(config, "send_whatsapp", TEXT)
    template = {"phone": "+77010000001", "template": "t", "language": "ru", "parameters": ["a"]}
    run(config, "send_whatsapp_template", template)
    run(config, "mark_read", {"message_id": "wamid.1", "typing": True})
    text, templated, read = (body for _, _, _, body in asked)
    assert set(text) == set(recorded("req_text.json"))
    assert set(text["text"]) == set(recorded("req_text.json")["text"])
    documented = recorded("req_template_text.json")
    assert set(templated) == set(documented)
    assert set(templated["template"]) == set(documented["template"])
    ours, theirs = (body["template"]["components"][0] for body in (templated, documented))
    assert set(ours) == set(theirs) and set(ours["parameters"][0]) == set(theirs["parameters"][0])
    assert set(read) == set(recorded("req_mark_read_typing.json"))


def test_documented_statuses(recorded: Callable[[str], Any]) -> None:
    found = {}
    for name in ("sent_v23_marketing", "sent_v24_bare", "failed_131049"):
        (element,) = elements(recorded(f"wh_status_{name}.json"))
        assert isinstance(element.data, Receipt) and element.key and element.occurred_at
        found[name] = (element.data.state.value, element.data.code)
    assert found == {
        "sent_v23_marketing": ("pending", "sent"),
        "sent_v24_bare": ("pending", "sent"),
        "failed_131049": ("failed", "131049"),
    }


def test_recorded_statuses(recorded: Callable[[str], Any]) -> None:
    updates = recorded("pywa_message_status.json")
    group = updates.pop("group")
    states = {}
    for name, update in updates.items():
        (element,) = elements(update)
        assert isinstance(element.data, Receipt) and element.reason is None
        states[name] = element.data.state.value
    assert states == {
        **{"sent": "pending", "delivered": "delivered", "read": "read", "played": "read"},
        **{"failed": "failed", "with_tracker": "pending"},
    }
    assert [element.key for element in elements(group)] == [None], "its ids are placeholders"


def test_documented_messages(recorded: Callable[[str], Any]) -> None:
    texts = {}
    for name in ("text", "button_unsubscribe", "unsupported_131051"):
        (element,) = elements(recorded(f"wh_inbound_{name}.json"))
        assert isinstance(element.data, Inbound) and element.data.sender == "16505551234"
        texts[name] = element.data.text
    assert texts == {
        "text": "Does it come in another color?",
        "button_unsubscribe": "Unsubscribe",
        "unsupported_131051": None,
    }


def test_a_changed_number_is_no_message(recorded: Callable[[str], Any]) -> None:
    updates = [recorded("wh_system_number_changed.json"), *recorded("pywa_system.json").values()]
    for update in updates:
        (element,) = elements(update)
        assert (element.key, element.reason) == (None, "event_type")


def test_recorded_preferences(recorded: Callable[[str], Any]) -> None:
    updates = recorded("pywa_user_marketing_preferences.json")
    (resumed,) = elements(updates["resume"])
    assert resumed.data == OptOut("16505551234", False, "user_stopped")
    (signup,) = elements(updates["signup"])
    assert (signup.data, signup.reason) == (None, "event_type")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pywa_template_status_update.json", "template.updated"),
        ("pywa_template_category_update.json", "template.updated"),
        ("pywa_template_quality_update.json", "template.updated"),
        ("pywa_account_update.json", "account.updated"),
    ],
)
def test_recorded_notices_say_something(
    recorded: Callable[[str], Any], name: str, kind: str
) -> None:
    for update in recorded(name).values():
        (element,) = elements(update)
        assert (element.type, element.reason, element.key) == (kind, None, None)
        assert element.occurred_at and ": " in str(element.subject)
