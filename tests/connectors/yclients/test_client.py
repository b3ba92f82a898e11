"""The client against the sandbox, and against answers the sandbox would not give."""

import json
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from connectors.yclients.listening import Listener, elements_of
from uzel.connector import Answer
from uzel.connectors.yclients.client import RECORDS_PER_PAGE, headers
from uzel.connectors.yclients.config import YclientsConfig
from uzel.errors import AuthFailed, ConfigError, ContractBroken, Rejected, Unavailable
from uzel.model.visit import Visit

Run = Callable[[YclientsConfig, str, Mapping[str, Any]], Answer]
WAIT_S = 30
SINCE = {"changed_after": "2026-01-01T00:00:00"}


def at(listener: Listener, config: YclientsConfig, content: Any) -> YclientsConfig:
    """The same account at a provider that answers 200 with `content`."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    listener.replies.append((200, body))
    return config.model_copy(update={"base_url": listener.url})


def test_without_tokens_there_is_nothing_to_check_and_nothing_is_asked(
    run: Run, listener: Listener
) -> None:
    bare = YclientsConfig.model_validate({"base_url": listener.url})
    assert "проверять нечего" in run(bare, "hooks", {}).data["webhook"]
    assert listener.got == []


@pytest.mark.parametrize("missing", ["partner_token", "user_token", "company_id"])
def test_half_a_setting_is_said_and_nothing_is_asked(
    run: Run, listener: Listener, config: YclientsConfig, missing: str
) -> None:
    half = config.model_copy(update={"base_url": listener.url, missing: None})
    for operation, arguments in (("hooks", {}), ("records_changed", SINCE)):
        with pytest.raises(ConfigError, match=r"токен|филиал"):
            run(half, operation, arguments)
    assert listener.got == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"active": 1, "record": 1, "urls": ["https://a.test/h?key=canary", "https://b.test"]},
            "уведомления включены; адреса: https://a.test/h, https://b.test",
        ),
        ({"active": 1, "record": 0, "urls": []}, "включены, но не о записях; адреса: нет"),
        ({"active": "0", "record": 1, "urls": [None]}, "уведомления выключены; адреса: нет"),
        ({}, "уведомления выключены; адреса: нет"),
    ],
)
def test_the_button_tells_where_records_go_and_shows_no_key(
    run: Run, listener: Listener, config: YclientsConfig, settings: Any, said: str
) -> None:
    answer = run(at(listener, config, {"success": True, "data": settings}), "hooks", {})
    assert (answer.data["missing"] is None) == (said[:20] == "уведомления включены")
    assert said in answer.data["webhook"]
    assert "canary" not in repr(answer)


def test_both_tokens_go_in_one_header_and_nowhere_else(
    run: Run, listener: Listener, config: YclientsConfig
) -> None:
    run(at(listener, config, {"success": True, "data": []}), "records_changed", SINCE)
    ((path, sent, body),) = listener.got
    assert sent["authorization"] == "Bearer sandbox-partner-4b7e1c, User sandbox-user-9d2f60"
    assert sent["accept"] == "application/vnd.yclients.v2+json"
    assert urlsplit(path).path == f"/api/v1/records/{config.company_id}"
    assert parse_qs(urlsplit(path).query) == {
        "changed_after": ["2026-01-01T00:00:00"],
        "page": ["1"],
        "count": [str(RECORDS_PER_PAGE)],
        "with_deleted": ["1"],
    }
    assert (b"token" in body, "token" in path) == (False, False)


def test_altegio_names_the_version_in_its_own_way(config: YclientsConfig) -> None:
    at_altegio = config.model_copy(update={"base_url": "https://api.alteg.io"})
    assert headers(at_altegio)["accept"] == "application/vnd.api.v2+json"
    elsewhere = config.model_copy(update={"base_url": "https://alteg.io.example"})
    assert headers(elsewhere)["accept"] == "application/vnd.yclients.v2+json"


@pytest.mark.parametrize("operation", ["hooks", "records_changed"])
@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ({"success": False, "meta": {"message": "Не найдено"}}, Rejected, "Не найдено"),
        ({"success": False, "meta": []}, Rejected, "не названа"),
        ({"data": {}}, ContractBroken, "удалось"),
        ({"success": True, "data": 7}, ContractBroken, "в ответе нет"),
        ({"success": True}, ContractBroken, "в ответе нет"),
        ([], ContractBroken, "not an object"),
        (b"<html>", Unavailable, "a page for people"),
        (b"<", ContractBroken, "not JSON"),
    ],
)
def test_answers_that_are_none(
    run: Run,
    listener: Listener,
    config: YclientsConfig,
    operation: str,
    content: Any,
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        run(at(listener, config, content), operation, SINCE)


def test_wrong_tokens_and_somebody_else_s_location(run: Run, config: YclientsConfig) -> None:
    wrong = YclientsConfig.model_validate(
        {**config.model_dump(), "partner_token": "bad", "user_token": "x"}
    )
    theirs = config.model_copy(update={"company_id": 7})
    for other, status in ((wrong, 401), (theirs, 403)):
        with pytest.raises(AuthFailed) as caught:
            run(other, "hooks", {})
        assert caught.value.http_status == status
        assert ("токен" if status == 401 else "филиал") in caught.value.detail
        assert "HTTP" not in caught.value.detail


def order(control: httpx2.Client, config: YclientsConfig, listener: Listener, **asked: Any) -> Any:
    body = {"hook": listener.hook, "company_id": config.company_id, **asked}
    made = control.post("/yclients/_order", json=body)
    assert made.status_code == 200, made.text
    return made.json()


def test_records_come_back_as_the_webhook_would_have_posted_them(
    run: Run, config: YclientsConfig, control: httpx2.Client, listener: Listener
) -> None:
    order(control, config, listener, phone="+79990000011")
    order(control, config, listener, phone="+79990000012", attendance=-1)
    order(control, config, listener, phone="+79990000013", status="delete")
    answer = run(config, "records_changed", SINCE)
    assert answer.data["next_page"] is None
    again = elements_of(json.dumps(answer.data["events"]).encode())
    assert sorted(again, key=repr) == sorted(listener.elements(), key=repr)
    notes = {e.data.note for e in again if isinstance(e.data, Visit)}
    assert notes == {None, "no_show", "deleted"}


def test_pages_follow_one_another_until_one_is_not_full(
    run: Run, config: YclientsConfig, control: httpx2.Client, listener: Listener
) -> None:
    plan = {"count": RECORDS_PER_PAGE + 3, "per_s": 5000, "life": [1], "arrays": 0}
    body = {"hook": listener.hook, "company_id": config.company_id, **plan}
    started = control.post("/yclients/_run", json=body).json()["run"]
    until = monotonic() + WAIT_S
    while not control.get(f"/yclients/_run/{started}").json()["finished"]:
        assert monotonic() < until
        sleep(0.01)
    first = run(config, "records_changed", SINCE).data
    last = run(config, "records_changed", {**SINCE, "page": first["next_page"]}).data
    assert (first["next_page"], last["next_page"]) == (2, None)
    ids = [event["resource_id"] for event in (*first["events"], *last["events"])]
    assert len(ids) == len(set(ids)) == RECORDS_PER_PAGE + 3
    later = {"changed_after": "2100-01-01T00:00:00"}
    assert run(config, "records_changed", later).data == {"events": [], "next_page": None}


def test_a_record_is_cut_down_to_what_is_read_and_its_sums_stay_exact(
    run: Run, listener: Listener, config: YclientsConfig
) -> None:
    record = {
        "id": 700000001,
        "visit_attendance": 1,
        "comment": "canary",
        "client": {"phone": "+79990000001", "comment": "canary", "name": {"first": "canary"}},
        "staff": {"name": "Ольга", "avatar": "canary"},
        "services": [{"title": "Стрижка", "cost": 1500.10, "seance": "canary"}, 7],
    }
    content = {"success": True, "data": [record, None]}
    data = run(at(listener, config, content), "records_changed", SINCE).data
    assert "canary" not in repr(data)
    (element,) = elements_of(json.dumps(data["events"]).encode())
    assert isinstance(element.data, Visit)
    assert (element.data.total, element.data.staff) == ("1500.1", "Ольга")
