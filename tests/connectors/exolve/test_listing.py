"""What the list of messages tells: states of messages, and whether a lost send happened."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.listing import FEW, PAGE
from uzel.errors import (
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)

TEXT = {"phone": "+79990000001", "text": "Спасибо за визит! https://r.example/1"}
ID = 575976245313900017
SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "samples" / "exolve"


def lists(control: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control.get("/_journal?operation=sms_status").json()
    return entries


def item(number: int = ID, **fields: Any) -> dict[str, Any]:
    """An outgoing message as GetList shows it."""
    return {
        "message_id": number,
        "receiver": "79990000001",
        "text": TEXT["text"],
        "direction": "DIRECTION_OUTGOING",
        "delivery_status": "DELIVERY_STATUS_DELIVERED",
        "segments_count": 1,
        **fields,
    }


def statuses(client: Any, config: ExolveConfig, *ids: int | str) -> dict[str, tuple[Any, ...]]:
    messages = client.run(config, "sms_status", {"ids": list(map(str, ids))}).data["messages"]
    return {m["reference"]: (m["known"], m["state"], m["code"], m["detail"]) for m in messages}


def test_the_ends_of_messages(client: Any, config: ExolveConfig, control: httpx2.Client) -> None:
    control.post("/exolve/_settings", json={"receipt_delay_s": 0}).raise_for_status()
    phones = [f"+799900000{end}" for end in ("01", "96", "97", "98", "99")]
    ids = [client.run(config, "send_sms", {**TEXT, "phone": p}).reference for p in phones]
    told: dict[str, tuple[Any, ...]] = {}
    while any(code == "SENDING" for _, _, code, _ in told.values()) or not told:
        told = statuses(client, config, *ids)
    assert [told[name][1] for name in ids] == ["delivered", "failed", "failed", "failed", "pending"]
    assert {known for known, *_ in told.values()} == {True}


def test_a_few_are_asked_for_one_by_one_and_more_by_the_list(
    client: Any, config: ExolveConfig, control: httpx2.Client
) -> None:
    ids = [client.run(config, "send_sms", TEXT).reference for _ in range(FEW + 20)]
    assert len(statuses(client, config, *ids[:FEW])) == FEW
    assert len(lists(control)) == FEW
    control.delete("/_journal").raise_for_status()
    told = statuses(client, config, *ids)
    assert list(told) == ids
    assert len(lists(control)) == 1


def test_what_the_list_lacks_is_asked_for_alone_and_may_be_unknown(
    client: Any, provider: Any
) -> None:
    ids = list(range(ID, ID + FEW + 1))
    provider.says({"messages": [item(number) for number in ids[:-2]]})
    provider.says({"messages": [item(ids[-2])]})
    provider.says({})
    told = statuses(client, provider.config(), *ids)
    assert [known for known, *_ in told.values()] == [True] * FEW + [False]
    assert told[str(ids[-1])][1] == "pending"
    alone = [body for _, body in provider.asked[1:]]
    assert alone == [{"message_id": number, "limit": 1} for number in ids[-2:]]


def test_an_answer_about_another_message_is_not_taken(client: Any, provider: Any) -> None:
    provider.says({"messages": [item(ID + 1), "strange", None, {}]})
    assert statuses(client, provider.config(), ID)[str(ID)][0] is False


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"message_id": str(ID)}, (True, "delivered", "DELIVERED", "доставлено")),
        ({"segments_count": "3"}, (True, "delivered", "DELIVERED", "доставлено, частей: 3")),
        (
            {"delivery_status": 7},
            (True, "pending", "7", "незнакомый статус доставки 7"),
        ),
        (
            {"delivery_status": None, "segments_count": None},
            (True, "pending", "", "о доставке ещё ничего не известно"),
        ),
    ],
)
def test_how_a_message_is_told(
    client: Any, provider: Any, fields: dict[str, Any], told: tuple[Any, ...]
) -> None:
    provider.says({"messages": [item(**fields)]})
    assert statuses(client, provider.config(), ID) == {str(ID): told}


def test_a_cost_is_not_known(client: Any, provider: Any) -> None:
    provider.says({"messages": [item()]})
    answer = client.run(provider.config(), "sms_status", {"ids": [str(ID)]})
    assert answer.data["messages"][0]["cost_minor"] is None


def test_more_than_a_hundred_ids_are_refused_and_no_id_asks_nothing(
    client: Any, provider: Any
) -> None:
    provider.says({})
    with pytest.raises(Rejected):
        statuses(client, provider.config(), *range(ID, ID + 101))
    assert statuses(client, provider.config()) == {}
    assert statuses(client, provider.config(), "x")["x"][0] is False
    assert provider.asked == []


@pytest.mark.parametrize("operation", ["sms_status", "message_count"])
@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"<html></html>", 200, Unavailable),
        (b"[]", 200, ContractBroken),
        ({"messages": {}, "count": []}, 200, ContractBroken),
        ({"messages": "x", "count": "1e3"}, 200, ContractBroken),
        ({"messages": 1, "count": True}, 200, ContractBroken),
        ({"error": "x"}, 500, Unavailable),
    ],
)
def test_a_strange_list_breaks_the_contract(
    client: Any, provider: Any, operation: str, content: Any, status: int, error: type[CallFailed]
) -> None:
    provider.says(content, status)
    with pytest.raises(error):
        client.run(provider.config(), operation, {"ids": [str(ID)]})


def test_the_count_proves_the_key_of_either_kind(
    client: Any, config: ExolveConfig, sandbox: str
) -> None:
    assert client.run(config, "message_count", {}).data == {"last_day": 0}
    client.run(config, "send_sms", TEXT)
    assert client.run(config, "message_count", {}).data == {"last_day": 1}
    only = {"whatsapp_api_key": "wa-only", "base_url": f"{sandbox}/exolve"}
    assert client.run(ExolveConfig.model_validate(only), "message_count", {}).data == {
        "last_day": 0
    }
    with pytest.raises(ConfigError):
        client.run(ExolveConfig(), "message_count", {})


def test_a_lost_answer_is_found(client: Any, config: ExolveConfig, control: httpx2.Client) -> None:
    fault = {"connector": "exolve", "operation": "send_sms", "kind": "reset"}
    control.post("/_faults", json=fault).raise_for_status()
    with pytest.raises(OutcomeUnknown):
        client.run(config, "send_sms", TEXT)
    answer = client.look_up(config, TEXT)
    assert statuses(client, config, answer.reference)[answer.reference][0] is True


def test_what_is_not_listed_stays_unknown_and_is_never_called_unsent(
    client: Any, config: ExolveConfig, control: httpx2.Client
) -> None:
    control.post("/exolve/_settings", json={"listed_after_s": 3600}).raise_for_status()
    client.run(config, "send_sms", TEXT)
    with pytest.raises(OutcomeUnknown):
        client.look_up(config, TEXT)
    control.post("/exolve/_settings", json={"listed_after_s": 0}).raise_for_status()
    assert client.look_up(config, TEXT) is not None


def test_only_this_number_and_this_text_count(client: Any, config: ExolveConfig) -> None:
    client.run(config, "send_sms", {**TEXT, "phone": "+79990000002"})
    client.run(config, "send_sms", {**TEXT, "text": "Спасибо за визит! https://r.example/2"})
    with pytest.raises(OutcomeUnknown):
        client.look_up(config, TEXT)
    reference = client.run(config, "send_sms", TEXT).reference
    assert client.look_up(config, TEXT).reference == reference


def test_two_alike_are_for_a_person_to_tell_apart(client: Any, config: ExolveConfig) -> None:
    for _ in range(2):
        client.run(config, "send_sms", TEXT)
    with pytest.raises(OutcomeUnknown, match="несколько"):
        client.look_up(config, TEXT)


@pytest.mark.parametrize(
    ("fields", "ours"),
    [
        ({}, True),
        ({"text": f" {TEXT['text']}\r\n"}, True),
        ({"receiver": 79990000001}, True),
        ({"receiver": "+79990000001"}, True),
        ({"direction": 2}, True),
        ({"delivery_status": "DELIVERY_STATUS_FAILED"}, True),
        ({"direction": "DIRECTION_INCOMING"}, False),
        ({"receiver": "79990000011"}, False),
        ({"text": TEXT["text"] + "0"}, False),
        ({"text": None}, False),
        ({"message_id": None}, False),
    ],
)
def test_which_message_is_taken_for_ours(
    client: Any, provider: Any, fields: dict[str, Any], ours: bool
) -> None:
    provider.says({"messages": [item(**fields)]})
    if ours:
        assert client.look_up(provider.config(), TEXT).reference == str(ID)
    else:
        with pytest.raises(OutcomeUnknown):
            client.look_up(provider.config(), TEXT)


def test_pages_are_read_to_the_end_and_repeats_count_once(client: Any, provider: Any) -> None:
    page = [item(ID + number, text="другой") for number in range(PAGE)]
    provider.says({"messages": [*page[1:], item(ID - 1)]})
    provider.says({"messages": [item(ID - 1)]})
    assert client.look_up(provider.config(), TEXT).reference == str(ID - 1)
    bodies = [body for _, body in provider.asked]
    assert [(body["limit"], body["offset"]) for body in bodies] == [(PAGE, 0), (PAGE, PAGE)]
    assert bodies[0]["date_gte"] == bodies[1]["date_gte"] < bodies[0]["date_lte"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the collected samples are not here")
def test_the_request_has_the_documented_form(client: Any, provider: Any) -> None:
    provider.says({"messages": [item()]})
    client.look_up(provider.config(), TEXT)
    documented = json.loads((SAMPLES / "req_getlist.json").read_text())
    ((path, body),) = provider.asked
    assert path == "/messaging/v1/GetList"
    assert body.keys() == documented.keys()
    assert len(body["date_gte"]) == len(documented["date_gte"])
