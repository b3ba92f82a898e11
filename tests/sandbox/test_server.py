"""The control doors and each kind of fault, over real sockets, with SMS.ru as the part at hand."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from uzel.kit.faults import Fault, FaultKind, Faults
from uzel.sandbox.server import create_app, running, sandboxes

WAIT_S = 20
FORM = {"api_id": "key", "json": "1", "to": "79990000001"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def http(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, timeout=WAIT_S) as client:
        client.delete("/_faults").raise_for_status()
        client.delete("/_journal").raise_for_status()
        yield client


def arm(http: httpx2.Client, kind: str, **measure: Any) -> None:
    http.post("/_faults", json={"connector": "smsru", "kind": kind, **measure}).raise_for_status()


def send(http: httpx2.Client, text: str) -> httpx2.Response:
    return http.post("/smsru/sms/send", data={**FORM, "msg": text})


def entry(http: httpx2.Client) -> dict[str, Any]:
    (only,) = http.get("/_journal", params={"connector": "smsru"}).json()
    assert isinstance(only, dict)
    return only


def test_the_journal_says_what_was_asked(http: httpx2.Client) -> None:
    send(http, "first")
    http.post("/smsru/my/balance", data=FORM)
    whole = http.get("/_journal").json()
    assert [noted["operation"] for noted in whole] == ["send_sms", "balance"]
    assert set(whole[0]) == {
        *("at", "connector", "operation", "method", "path", "status", "request", "fault"),
        "effect",
    }
    balance = http.get("/_journal", params={"connector": "smsru", "operation": "balance"}).json()
    assert balance == [whole[1]]
    assert http.get("/_journal", params={"connector": "iiko"}).json() == []
    assert http.delete("/_journal").status_code == 204
    assert http.get("/_journal").json() == []


@pytest.mark.parametrize("kind", ["429", "401", "403", "500"])
def test_a_refusal_by_status_does_nothing(http: httpx2.Client, kind: str) -> None:
    arm(http, kind)
    assert send(http, kind).status_code == int(kind)
    noted = entry(http)
    assert (noted["fault"], noted["effect"], noted["status"]) == (kind, False, int(kind))
    assert noted["request"]["text"] == kind


def test_garbage_comes_after_the_effect(http: httpx2.Client) -> None:
    arm(http, "garbage")
    answer = send(http, "garbage")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (entry(http)["fault"], entry(http)["effect"]) == ("garbage", True)


def test_slow_is_slow_but_right(http: httpx2.Client) -> None:
    arm(http, "slow")
    assert send(http, "slow").json()["status"] == "OK"
    assert (entry(http)["fault"], entry(http)["effect"]) == ("slow", True)


def test_a_reset_is_a_reset_on_the_wire(http: httpx2.Client) -> None:
    arm(http, "reset")
    address = (http.base_url.host, http.base_url.port or 0)
    with socket.create_connection(address, timeout=WAIT_S) as raw:
        body = b"api_id=key&json=1&to=79990000001&msg=reset"
        head = "POST /smsru/sms/send HTTP/1.1\r\nhost: x\r\n"
        head += "content-type: application/x-www-form-urlencoded\r\n"
        raw.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    noted = entry(http)
    assert (noted["fault"], noted["effect"], noted["status"]) == ("reset", True, None)


@pytest.mark.parametrize(
    ("kind", "effect"), [("timeout_before", False), ("timeout_after_accept", True)]
)
def test_silence_lasts_until_the_client_leaves(
    http: httpx2.Client, kind: str, effect: bool
) -> None:
    arm(http, kind)
    with pytest.raises(httpx2.ReadTimeout):
        http.post("/smsru/sms/send", data={**FORM, "msg": kind}, timeout=0.3)
    noted = entry(http)
    assert (noted["fault"], noted["effect"], noted["status"]) == (kind, effect, None)
    assert send(http, f"after {kind}").json()["status"] == "OK"


def test_a_stopping_server_lets_go_of_the_silent() -> None:
    ended: list[Exception] = []

    def wait(url: str) -> None:
        try:
            httpx2.post(f"{url}/smsru/sms/send", data={**FORM, "msg": "held"}, timeout=WAIT_S)
        except httpx2.TransportError as error:
            ended.append(error)

    with running() as url, httpx2.Client(base_url=url) as http:
        arm(http, "timeout_before")
        waiting = threading.Thread(target=wait, args=(url,))
        waiting.start()
        assert any(http.get("/_journal").json() for _ in range(10_000))
    waiting.join(WAIT_S)
    assert [type(error) for error in ended] == [httpx2.ReadError]


def test_a_fault_strikes_as_often_as_told_and_only_its_operation(http: httpx2.Client) -> None:
    arm(http, "429", times=2, operation="balance")
    assert send(http, "another operation").status_code == 200
    statuses = [http.post("/smsru/my/balance", data=FORM).status_code for _ in range(3)]
    assert statuses == [429, 429, 200]
    assert http.get("/_faults").json() == []


def test_faults_can_be_seen_and_taken_back(http: httpx2.Client) -> None:
    http.post("/_faults", json={"connector": "smsru", "kind": 500}).raise_for_status()
    arm(http, "slow", rate=0.5)
    waiting = http.get("/_faults").json()
    assert [(fault["kind"], fault["times"], fault["rate"]) for fault in waiting] == [
        ("500", 1, None),
        ("slow", None, 0.5),
    ]
    assert http.delete("/_faults").status_code == 204
    assert send(http, "no fault").status_code == 200


def test_a_rate_is_a_chance_for_each_request() -> None:
    faults = Faults()
    faults.add(Fault("smsru", FaultKind.SLOW, rate=0.25))
    struck = [faults.take("smsru", "balance", {FaultKind.SLOW}) for _ in range(4000)]
    assert 800 < sum(fault is not None for fault in struck) < 1200
    faults.add(Fault("smsru", FaultKind.RESET, rate=1))
    assert faults.take("smsru", "balance", {FaultKind.RESET}) is FaultKind.RESET


@pytest.mark.parametrize(
    "body",
    [
        {"connector": "nobody", "kind": "slow"},
        {"connector": "smsru", "kind": "earthquake"},
        {"connector": "smsru", "kind": "slow", "operation": "no_such"},
        {"connector": "smsru", "kind": "slow", "times": 0},
        {"connector": "smsru", "kind": "slow", "rate": 2},
        {"connector": "smsru", "kind": "slow", "times": 1, "rate": 0.5},
        {"connector": "smsru", "kind": "slow", "time": 1},
        {"connector": "smsru"},
        [],
    ],
)
def test_a_fault_that_cannot_happen_is_refused(http: httpx2.Client, body: Any) -> None:
    refused = http.post("/_faults", json=body)
    assert refused.status_code == 400
    assert refused.json()["errors"]
    assert http.get("/_faults").json() == []


def test_the_page_names_every_part(http: httpx2.Client) -> None:
    page = http.get("/").text
    assert all(f"/{name}" in page for name in sandboxes())
    assert all(kind in page for kind in FaultKind)


def test_every_part_is_mounted_under_its_name() -> None:
    mounted = {getattr(route, "path", "") for route in create_app().routes}
    assert {f"/{name}" for name in sandboxes()} <= mounted
    assert "smsru" in sandboxes()
