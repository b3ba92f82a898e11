"""The client against answers that SMS.ru gave or documents."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from uzel.connector import Answer
from uzel.connectors.smsru.client import url_digest
from uzel.connectors.smsru.config import SmsruConfig
from uzel.errors import AuthFailed, CallFailed, Rejected

Run = Callable[[SmsruConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[[bytes], SmsruConfig]
Recorded = Callable[[str], list[bytes]]

TEXT = {"phone": "+79990000001", "text": "Спасибо!"}
ARGUMENTS: Mapping[str, Any] = {**TEXT, "ids": ["1-1"], "note": "", "url": "https://u.example"}


def test_recorded_answers_of_reads(run: Run, answering: Answering, recorded: Recorded) -> None:
    def read(operation: str, name: str, number: int = 0) -> Mapping[str, Any]:
        return run(answering(recorded(name)[number]), operation, ARGUMENTS).data

    assert read("balance", "recorded_balance.json") == {"balance_minor": 100_000}
    assert read("limit", "recorded_limit.json") == {"total": 10, "used_today": 0}
    assert read("auth_check", "recorded_authed.json") == {}
    example = "https://example.com/sms/callback"
    shown = {"callbacks": [{"url": example, "digest": url_digest(example)}]}
    assert read("callback_add", "recorded_callbacks.json", 0) == shown
    assert read("callback_get", "recorded_callbacks.json", 1) == shown
    assert read("callback_del", "recorded_callbacks.json", 2) == {"callbacks": []}
    assert read("stoplist_get", "lib_stoplist_get.json") == {"stoplist": {"+79990000001": "spam"}}


def test_recorded_and_documented_statuses(
    run: Run, answering: Answering, recorded: Recorded
) -> None:
    def statuses(name: str, *ids: str) -> list[tuple[str, int | None]]:
        answer = run(answering(recorded(name)[0]), "sms_status", {"ids": list(ids)})
        return [(entry["state"], entry["cost_minor"]) for entry in answer.data["messages"]]

    documented = statuses("doc_status.json", "000000-000001", "000000-000002")
    assert documented == [("delivered", 50), ("failed", 50)]
    assert statuses("recorded_status.json", "000000-10000000") == [("failed", None)]


@pytest.mark.parametrize(
    ("operation", "name", "phone", "error", "code"),
    [
        ("send_sms", "recorded_deliver_single.json", "+79990000001", AuthFailed, "221"),
        ("send_sms", "recorded_deliver_many.json", "+79990000002", AuthFailed, "221"),
        ("send_sms", "doc_send_mixed.json", "+79990000002", Rejected, "207"),
        ("send_sms", "lib_error_toplevel_201.json", "+79990000001", AuthFailed, "201"),
        ("sms_cost", "recorded_cost.json", "+79990000001", AuthFailed, "221"),
        ("sms_cost", "lib_cost_mixed.json", "+79990000002", Rejected, "207"),
    ],
)
def test_recorded_refusals(
    run: Run,
    answering: Answering,
    recorded: Recorded,
    operation: str,
    name: str,
    phone: str,
    error: type[CallFailed],
    code: str,
) -> None:
    with pytest.raises(error) as caught:
        run(answering(recorded(name)[0]), operation, {**TEXT, "phone": phone})
    assert caught.value.code == code


def test_documented_successes(run: Run, answering: Answering, recorded: Recorded) -> None:
    accepted = run(answering(recorded("doc_send_mixed.json")[0]), "send_sms", TEXT)
    assert accepted.reference == "000000-10000000"
    assert accepted.data == {"balance_minor": 412_256}
    priced = run(answering(recorded("lib_cost_mixed.json")[0]), "sms_cost", TEXT)
    assert (priced.cost_minor, priced.data) == (50, {"parts": 2})
