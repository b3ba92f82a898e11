"""A session: what is sent, what is read, and what another program does to it."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from uzel.connectors.vtiger.sign_in import log_in
from uzel.errors import AuthFailed, CallFailed, ContractBroken, Unavailable
from uzel.model.access import Tokens

TOKEN = {"token": "6b00c68b0f91b", "serverTime": 1700000000, "expireTime": 1700000300}
KEY = "sandboxVtigerAccessKey00"


def signed_in(client: Any) -> Tokens:
    found: Tokens = client.caller(client.config, log_in)
    return found


def test_the_answer_to_a_challenge_is_its_digest_with_the_key(client: Any, provider: Any) -> None:
    provider.gives(TOKEN)
    provider.gives({"sessionName": "2aef6c6d6b00c581f3837", "userId": "19x5", "version": "0.22"})
    before = datetime.now(UTC)
    tokens = signed_in(client)
    assert tokens.access == "19x5:2aef6c6d6b00c581f3837"
    assert tokens.expires_at is not None
    lives = tokens.expires_at - before
    assert timedelta(minutes=13) < lives < timedelta(minutes=15)
    challenge, login = provider.asked
    said = {"operation": "getchallenge", "username": "sandbox-vtiger"}
    assert challenge == ("GET", "/webservice.php", said, {})
    digest = hashlib.md5(f"{TOKEN['token']}{KEY}".encode()).hexdigest()
    assert login[0] == "POST"
    assert login[3] == {"operation": "login", "username": "sandbox-vtiger", "accessKey": digest}
    assert KEY not in repr(provider.asked)


@pytest.mark.parametrize("result", [{"sessionId": "abc"}, {"sessionName": "", "sessionId": "abc"}])
def test_a_session_by_the_other_name_is_one(client: Any, provider: Any, result: Any) -> None:
    provider.gives(TOKEN)
    provider.gives(result)
    assert signed_in(client).access == ":abc"


def test_another_program_in_between_costs_a_second_try(client: Any, provider: Any) -> None:
    provider.gives(TOKEN)
    provider.refuses("INVALID_USER_CREDENTIALS")
    provider.gives(TOKEN)
    provider.gives({"sessionName": "abc", "userId": "19x5"})
    assert signed_in(client).access == "19x5:abc"
    assert len(provider.asked) == 4


@pytest.mark.parametrize(
    ("code", "error", "asked"),
    [
        ("INVALID_USER_CREDENTIALS", AuthFailed, 4),
        ("INVALID_AUTH_TOKEN", Unavailable, 4),
        ("ACCESSKEY_UNDEFINED", AuthFailed, 2),
    ],
)
def test_what_a_refused_answer_means(
    client: Any, provider: Any, code: str, error: type[CallFailed], asked: int
) -> None:
    for _ in range(2):
        provider.gives(TOKEN)
        provider.refuses(code)
    with pytest.raises(error) as caught:
        signed_in(client)
    assert caught.value.code == code
    assert len(provider.asked) == asked


def test_an_unknown_login_is_asked_for_once(client: Any, provider: Any) -> None:
    provider.refuses("ACCESS_DENIED", "username does not exists")
    with pytest.raises(AuthFailed, match="логин или ключ"):
        signed_in(client)
    assert len(provider.asked) == 1


def test_an_address_without_the_script_is_told(client: Any, provider: Any) -> None:
    provider.says(b"", 404)
    with pytest.raises(AuthFailed, match="webservice"):
        signed_in(client)


@pytest.mark.parametrize("result", [None, [], {}, {"token": ""}, {"token": 5}])
def test_no_challenge_is_no_contract(client: Any, provider: Any, result: Any) -> None:
    provider.gives(result)
    with pytest.raises(ContractBroken):
        signed_in(client)


@pytest.mark.parametrize("result", [None, "abc", {"sessionName": "я"}, {"sessionName": "x" * 201}])
def test_no_session_is_no_contract(client: Any, provider: Any, result: Any) -> None:
    provider.gives(TOKEN)
    provider.gives(result)
    with pytest.raises(ContractBroken):
        signed_in(client)


def test_a_real_server_lets_us_in(crm: Any) -> None:
    bare = crm.with_(session=None)
    tokens = signed_in(bare)
    answer = bare.with_(session=SecretStr(tokens.access)).run("listtypes")
    assert "Contacts" in answer.data["modules"]
    assert "missing" not in answer.data


def test_without_a_session_nothing_is_asked(client: Any, provider: Any) -> None:
    with pytest.raises(AuthFailed):
        client.with_(session=None).run("listtypes")
    assert provider.asked == []
