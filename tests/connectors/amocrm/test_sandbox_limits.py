"""Seven requests a second, what comes after them, and how the sandbox counts."""

from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amocrm.sandbox_api import Api
from uzel.connectors.amocrm.miniature.settings import Settings
from uzel.connectors.amocrm.miniature.traffic import Traffic, Window


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    control.delete("/amocrm/_traffic").raise_for_status()
    return Api(control)


def statuses(api: Api, number: int) -> list[int]:
    return [api.get("/account").status_code for _ in range(number)]


def traffic(api: Api) -> dict[str, Any]:
    told: dict[str, Any] = api.control.get("/amocrm/_traffic").json()
    return told


def test_without_a_limit_there_is_none(api: Api) -> None:
    assert set(statuses(api, 30)) == {200}


def until(api: Api, status: int, most: int = 2000) -> list[int]:
    """The statuses of as many requests as it takes to get this one."""
    seen: list[int] = []
    while status not in seen and len(seen) < most:
        seen.append(api.get("/account").status_code)
    return seen


def test_one_request_too_many_is_an_html_page(api: Api) -> None:
    api.set(limit_per_s=1)
    assert until(api, 429)[0] == 200
    fault = {"connector": "amocrm", "operation": "account", "kind": "429"}
    api.control.post("/_faults", json=fault).raise_for_status()
    answered = api.get("/account")
    assert answered.status_code == 429
    assert answered.headers["content-type"].startswith("text/html")
    assert "retry-after" not in answered.headers
    assert "nginx" in answered.text


def test_every_integration_has_its_own_seven(api: Api) -> None:
    api.set(limit_per_s=1)
    others = [Api(api.control) for _ in range(5)]
    assert {other.get("/account").status_code for other in others} == {200}


def test_who_goes_on_is_blocked_with_everybody_else(api: Api) -> None:
    api.set(limit_per_s=1, block_after=3, block_s=3600)
    assert until(api, 403).count(429) == 4
    answered = Api(api.control).get("/account")
    assert answered.status_code == 403
    assert answered.headers["content-type"].startswith("text/html")
    assert api.control.post("/amocrm/oauth2/access_token", json={}).status_code == 403


def test_nobody_is_blocked_where_that_is_switched_off(api: Api) -> None:
    api.set(limit_per_s=1, block_after=None)
    assert 403 not in statuses(api, 40)


def test_a_change_of_the_settings_pardons(api: Api) -> None:
    api.set(limit_per_s=1, block_after=1, block_s=3600)
    assert until(api, 403)[-1] == 403
    api.set(limit_per_s=None)
    assert set(statuses(api, 5)) == {200}
    api.set(blocked=True)
    assert set(statuses(api, 2)) == {403}


def test_what_arrives_is_counted_by_operation_faults_included(api: Api) -> None:
    for kind in ("429", "500"):
        body = {"connector": "amocrm", "operation": "list_leads", "kind": kind}
        api.control.post("/_faults", json=body).raise_for_status()
    for _ in range(3):
        api.get("/leads")
    api.get("/leads", query="x")
    api.get("/nothing")
    api.control.post("/amocrm/oauth2/access_token", json={})
    told = traffic(api)
    assert told["requests"] == 6
    calls = {"list_leads": 3, "find_leads": 1, "no_such_method": 1, "access_token": 1}
    assert told["calls"] == calls
    assert 1 <= told["most_in_one_second"] <= 6
    assert sorted(name.split()[0] for name in told["integrations"]) == ["oauth", "token"]
    assert api.token not in str(told)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_eighth_request_of_any_second_is_too_much() -> None:
    clock, limits = Clock(), Settings(limit_per_s=7)
    traffic = Traffic(clock)

    def ask(at: float) -> bool:
        clock.now = 1000 + at
        return not traffic.is_too_much("x", limits)

    assert all(ask(at / 10) for at in range(7))
    assert not ask(0.7) and not ask(0.999)
    # What was refused does not count; the first of the seven is a second old.
    assert ask(1.0) and not ask(1.05) and ask(1.1)


def test_a_block_ends_and_what_was_long_ago_is_forgiven() -> None:
    clock, limits = Clock(), Settings(limit_per_s=1, block_after=2, block_s=30)
    traffic = Traffic(clock)

    def strike(at: float) -> bool:
        """Two requests at one moment; whether the address is blocked then."""
        clock.now = 1000 + at
        traffic.is_too_much("x", limits), traffic.is_too_much("x", limits)
        return traffic.is_blocked(limits)

    assert not strike(0) and not strike(2)
    assert strike(4)
    clock.now = 1000 + 33.9
    assert traffic.is_blocked(limits)
    clock.now = 1000 + 34.1
    assert not traffic.is_blocked(limits)
    assert not strike(40) and not strike(42) and not strike(103)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_the_most_of_any_second_is_what_counting_by_hand_finds(moments: list[float]) -> None:
    window = Window()
    moments = sorted(moments)
    for moment in moments:
        window.add(moment)
    assert window.most == max(
        sum(end - 1 < moment <= end for moment in moments[: nth + 1])
        for nth, end in enumerate(moments)
    )


def test_answers_may_take_their_time(api: Api) -> None:
    api.set(latency_s=0.3)
    with pytest.raises(httpx2.ReadTimeout):
        api.ask("GET", "/account", timeout=0.1)
    assert api.get("/account").status_code == 200
    api.set(latency_s=0)
    assert api.ask("GET", "/account", timeout=5).status_code == 200


def test_a_large_body_tires_the_gateway_although_the_work_is_done(api: Api) -> None:
    api.set(tired_above=2)
    assert api.post("/leads", [{}] * 2).status_code == 200
    answered = api.post("/leads", [{"name": "done"}] * 3)
    assert answered.status_code == 504
    assert answered.headers["content-type"].startswith("text/html")
    assert len(api.found("/leads", "leads", query="done")) == 3


def test_an_answer_that_is_lost_leaves_what_was_done(api: Api) -> None:
    body = {"connector": "amocrm", "operation": "create_leads", "kind": "timeout_after_accept"}
    api.control.post("/_faults", json=body).raise_for_status()
    with pytest.raises(httpx2.ReadTimeout):
        api.ask("POST", "/leads", json=[{"name": "lost"}], timeout=0.2)
    assert len(api.found("/leads", "leads", query="lost")) == 1
    entries = api.control.get("/_journal?connector=amocrm&operation=create_leads").json()
    assert [(it["status"], it["effect"], it["request"]["count"]) for it in entries] == [
        (None, True, 1)
    ]


def test_settings_that_make_no_sense_are_refused(control: httpx2.Client) -> None:
    bodies: list[Any] = [{"limit_per_s": 0}, {"latency_s": -1}, {"relink": "x"}, {"unknown": 1}, []]
    for body in bodies:
        assert control.post("/amocrm/_settings", json=body).status_code == 400
    told = control.get("/amocrm/_settings").json()
    assert Settings.model_validate(told) == Settings()
