"""Whom a deal was with, and what amoCRM's refusals mean."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.amocrm.api import BLOCKED_FOR
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

Run = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer]
HAL, PROBLEM, HTML = "application/hal+json", "application/problem+json", "text/html"
GUEST = {"guest": "lead:77"}
MARIA = {"phone": "+79990000001", "name": "Мария", "email": "maria@example.org"}


def hal(content: Any) -> tuple[int, str, bytes]:
    return 200, HAL, json.dumps(content).encode()


def lead(*contacts: tuple[int, bool], **more: Any) -> tuple[int, str, bytes]:
    listed = [{"id": contact, "is_main": is_main} for contact, is_main in contacts]
    return hal({"id": 77, **more, "_embedded": {"contacts": listed}})


def contact(**more: Any) -> tuple[int, str, bytes]:
    return hal({"id": 5, "name": "Анна", **more})


def test_the_main_contact_is_the_guest_and_its_mobile_phone_the_phone(
    run: Run, config: AmocrmConfig
) -> None:
    assert run(config, "find_guest", {"guest": "lead:23802101"}).data == MARIA


def test_a_deal_made_in_the_sandbox_is_found(
    run: Run, config: AmocrmConfig, control: httpx2.Client
) -> None:
    assert config.access_token is not None
    asked = {"token": config.access_token.get_secret_value(), "phone": "+79990000077"}
    made = control.post("/amocrm/_deal", json={**asked, "name": "Иван"}).json()
    found = run(config, "find_guest", {"guest": f"lead:{made['lead_id']}"}).data
    assert found == {"phone": "+79990000077", "name": "Иван", "email": None}


def test_the_lead_is_asked_for_with_its_contacts_and_only_the_main_one_is_read(
    run: Run, served: Any
) -> None:
    served.answers = [lead((4, False), (5, True), (6, False)), contact(phone="+79990000005")]
    found = run(served.config(), "find_guest", GUEST).data
    assert found == {"phone": "+79990000005", "name": "Анна", "email": None}
    assert [what for what, _, _ in served.got] == [
        "GET /api/v4/leads/77?with=contacts",
        "GET /api/v4/contacts/5",
    ]
    assert {headers["authorization"] for _, headers, _ in served.got} == {"Bearer token-served"}


def test_without_a_main_contact_it_is_the_first(run: Run, served: Any) -> None:
    served.answers = [lead((4, False), (6, False)), contact()]
    assert run(served.config(), "find_guest", GUEST).data["phone"] is None
    assert served.got[1][0] == "GET /api/v4/contacts/4"


@pytest.mark.parametrize(
    "found", [lead(), hal({"id": 77}), hal({"id": 77, "_embedded": {"contacts": None}})]
)
def test_a_deal_without_a_contact_has_no_phone(
    run: Run, served: Any, found: tuple[int, str, bytes]
) -> None:
    served.answers = [found]
    nobody = {"phone": None, "name": None, "email": None}
    assert run(served.config(), "find_guest", GUEST).data == nobody
    assert len(served.got) == 1


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([(204, HAL, b"")], "lead_gone"),
        ([lead((5, True), is_deleted=True)], "lead_gone"),
        ([lead((5, True)), (204, HAL, b"")], "contact_gone"),
    ],
)
def test_what_was_deleted_is_said_so(
    run: Run, served: Any, answers: list[tuple[int, str, bytes]], code: str
) -> None:
    served.answers = answers
    with pytest.raises(Rejected) as caught:
        run(served.config(), "find_guest", GUEST)
    assert caught.value.code == code


@pytest.mark.parametrize("guest", ["lead:", "lead:0", "lead:1/../2", "contact:5", "", None, 77])
def test_what_names_no_deal_is_not_asked_for(run: Run, served: Any, guest: Any) -> None:
    with pytest.raises(Rejected) as caught:
        run(served.config(), "find_guest", {"guest": guest})
    assert (caught.value.code, served.got) == ("guest", [])


@pytest.mark.parametrize(
    "answer",
    [
        (200, HTML, b"<"),
        hal([]),
        hal({}),
        hal({"id": "x"}),
        hal({"id": 77, "_embedded": {"contacts": {}}}),
        hal({"id": 77, "_embedded": {"contacts": [5]}}),
    ],
)
def test_an_answer_of_another_form_is_a_broken_contract(
    run: Run, served: Any, answer: tuple[int, str, bytes]
) -> None:
    served.answers = [answer]
    with pytest.raises(ContractBroken):
        run(served.config(), "find_guest", GUEST)


NGINX = b"<html><head><title>403 Forbidden</title></head></html>"
UNAUTHORIZED = b'{"title":"Unauthorized","status":401,"detail":"Invalid user name or password"}'
FORBIDDEN = b'{"title":"Forbidden","status":403,"code":113,"detail":"IP is not allowed"}'
BAD = (
    b'{"validation-errors":[{"request_id":"0","errors":[{"code":"NotSupportedChoice",'
    b'"path":"settings","detail":"The value you selected is not a valid choice."}]}],'
    b'"title":"Bad Request","status":400,"detail":"Request validation failed"}'
)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ((401, PROBLEM, UNAUTHORIZED), AuthFailed, "401"),
        ((401, HTML, b"<html>"), AuthFailed, None),
        ((402, PROBLEM, b'{"title":"Payment Required"}'), AuthFailed, "402"),
        ((402, HTML, b""), AuthFailed, "402"),
        ((403, PROBLEM, FORBIDDEN), AuthFailed, "113"),
        ((403, HTML, NGINX), RateLimited, None),
        ((403, HTML, b""), RateLimited, None),
        ((429, HTML, b"<html>"), RateLimited, None),
        ((429, PROBLEM, b"{}"), RateLimited, None),
        ((400, PROBLEM, BAD), Rejected, "NotSupportedChoice"),
        ((422, PROBLEM, b'{"title":"Unprocessable"}'), Rejected, "422"),
        ((400, PROBLEM, b'{"validation-errors":[],"detail":5}'), Rejected, "400"),
        ((400, HTML, b"<html>"), Rejected, "400"),
        ((404, PROBLEM, b'{"title":"Not Found"}'), Rejected, "404"),
        ((500, HTML, b"<html>"), Unavailable, None),
        ((504, HTML, b"<html>"), Unavailable, None),
        ((301, HTML, b""), ContractBroken, None),
    ],
)
def test_the_status_decides_before_the_body(
    run: Run,
    served: Any,
    answer: tuple[int, str, bytes],
    error: type[CallFailed],
    code: str | None,
) -> None:
    served.answers = [answer]
    with pytest.raises(error) as caught:
        run(served.config(), "account", {})
    assert (type(caught.value), caught.value.code) == (error, code)
    assert caught.value.http_status == answer[0]


def test_a_blocked_address_waits_long_and_everybody_with_it(run: Run, served: Any) -> None:
    served.answers = [(403, HTML, NGINX)]
    with pytest.raises(RateLimited) as caught:
        run(served.config(), "account", {})
    assert caught.value.everyone
    wait = caught.value.retry_at - datetime.now(UTC)
    assert BLOCKED_FOR - timedelta(minutes=1) < wait <= BLOCKED_FOR


def test_what_may_have_changed_something_is_unknown_after_a_500(run: Run, served: Any) -> None:
    served.answers = [(500, HTML, b"<html>")]
    with pytest.raises(OutcomeUnknown):
        run(served.config(), "subscribe", {"url": "https://uzel.test/hook?key=a"})


def test_the_account_of_the_token(run: Run, config: AmocrmConfig) -> None:
    data = run(config, "account", {}).data
    assert (data["subdomain"], data["name"]) == ("sandbox", "Песочница")
    assert int(data["account"]) > 31000000


def test_too_many_requests_are_refused_and_then_the_address_is_blocked(
    run: Run, config: AmocrmConfig, control: httpx2.Client
) -> None:
    control.post("/amocrm/_settings", json={"limit_per_s": 1}).raise_for_status()
    codes: list[int | None] = []
    while 403 not in codes:
        try:
            run(config, "account", {})
        except RateLimited as error:
            codes.append(error.http_status)
    assert set(codes) == {429, 403}


def test_an_account_that_is_not_paid_is_no_fault_of_ours(
    run: Run, config: AmocrmConfig, control: httpx2.Client
) -> None:
    control.post("/amocrm/_settings", json={"unpaid": True}).raise_for_status()
    with pytest.raises(AuthFailed, match="не оплачен"):
        run(config, "account", {})
