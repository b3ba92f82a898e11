"""How access is granted, renewed and adopted, and what the refusals of the token endpoint mean."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from uzel.connectors.amocrm import CONNECTOR
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.oauth import OAUTH, claims, subdomain
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from uzel.model.access import ENDED

BACK = "https://uzel.test/oauth/callback"
JSON, PROBLEM, HTML = "application/json", "application/problem+json", "text/html"
PAIR = {"token_type": "Bearer", "expires_in": 86400, "access_token": "a.b.c", "refresh_token": "r2"}


def config(base_url: str, **more: Any) -> AmocrmConfig:
    given = {"base_url": base_url, "client_id": "id-1", "client_secret": "secret-1"}
    return AmocrmConfig.model_validate(given | more)


def body(content: Any) -> bytes:
    return json.dumps(content).encode()


def jwt(**said: Any) -> str:
    parts = ({"typ": "JWT"}, said)
    head, payload = (base64.urlsafe_b64encode(body(it)).decode().rstrip("=") for it in parts)
    return f"{head}.{payload}.signature"


@pytest.mark.parametrize(
    ("account", "door"),
    [
        ("https://a.amocrm.ru", "https://www.amocrm.ru/oauth"),
        ("https://a.kommo.com", "https://www.kommo.com/oauth"),
        ("https://a.amocrm.com", "https://www.kommo.com/oauth"),
        ("http://127.0.0.1:8100/amocrm", "http://127.0.0.1:8100/amocrm/oauth"),
    ],
)
def test_where_the_owner_agrees(account: str, door: str) -> None:
    address = OAUTH.authorize(config(account), BACK, "state 1&")
    asked = parse_qs(urlsplit(address).query)
    assert address.partition("?")[0] == door
    assert (asked["client_id"], asked["state"]) == (["id-1"], ["state 1&"])
    assert ("redirect_uri" in asked) == ("127.0.0.1" in account)
    assert "secret-1" not in address


@pytest.mark.parametrize(
    ("work", "grant", "proof"),
    [
        (OAUTH.exchange, "authorization_code", {"code": "r1"}),
        (OAUTH.renew, "refresh_token", {"refresh_token": "r1"}),
    ],
)
def test_tokens_are_asked_for_by_json_and_end_by_our_clock(
    caller: Any, served: Any, work: Any, grant: str, proof: dict[str, str]
) -> None:
    served.answers = [(200, JSON, body(PAIR))]
    before = datetime.now(UTC)
    tokens = caller(config(served.url), work, BACK, "r1")
    assert (tokens.access, tokens.refresh) == ("a.b.c", "r2")
    assert timedelta(0) <= tokens.expires_at - before - timedelta(days=1) < timedelta(minutes=1)
    what, headers, sent = served.got[0]
    assert what == "POST /oauth2/access_token"
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    assert json.loads(sent) == {
        "client_id": "id-1",
        "client_secret": "secret-1",
        "grant_type": grant,
        "redirect_uri": BACK,
        **proof,
    }


REVOKED = {"hint": "Token has been revoked", "title": "Некорректный запрос", "status": 401}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, PROBLEM, body(REVOKED)), AuthFailed),
        ((400, PROBLEM, body(REVOKED)), AuthFailed),
        ((400, HTML, b"<html>"), AuthFailed),
        ((402, HTML, b""), AuthFailed),
        ((404, HTML, b"<html>"), Rejected),
        ((429, HTML, b"<html>"), RateLimited),
        ((403, HTML, b"<html>"), RateLimited),
        ((500, HTML, b"<html>"), OutcomeUnknown),
        ((200, HTML, b"<html>"), OutcomeUnknown),
        ((200, JSON, b"[]"), OutcomeUnknown),
        ((200, JSON, b"{}"), OutcomeUnknown),
        ((200, JSON, body(PAIR | {"access_token": ""})), OutcomeUnknown),
        ((200, JSON, body(PAIR | {"access_token": "x\n"})), OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("work", [OAUTH.exchange, OAUTH.renew])
def test_what_a_refusal_means(
    caller: Any, served: Any, work: Any, answer: tuple[int, str, bytes], error: type[CallFailed]
) -> None:
    served.answers = [answer]
    with pytest.raises(error) as caught:
        caller(config(served.url), work, BACK, "r1")
    assert type(caught.value) is error
    shown = repr(caught.value) + caught.value.detail
    assert not any(secret in shown for secret in ("secret-1", "r1", "a.b.c"))


def test_a_used_refresh_token_is_said_to_need_a_new_grant(caller: Any, served: Any) -> None:
    served.answers = [(401, PROBLEM, body(REVOKED))]
    with pytest.raises(AuthFailed, match=r"заново.*Token has been revoked") as caught:
        caller(config(served.url), OAUTH.renew, BACK, "r1")
    assert caught.value.code == "grant_anew"


@pytest.mark.parametrize("lives", [None, "86400", 0, -1, 10**12, 1.5])
def test_an_end_that_nobody_can_read_is_not_told(caller: Any, served: Any, lives: Any) -> None:
    served.answers = [(200, JSON, body(PAIR | {"expires_in": lives, "refresh_token": None}))]
    tokens = caller(config(served.url), OAUTH.renew, BACK, "r1")
    assert (tokens.refresh, tokens.expires_at) == (None, None)


def test_what_the_settings_bring_is_renewed_at_once_or_used_to_its_end() -> None:
    account = "https://a.amocrm.ru"
    assert OAUTH.adopt(config(account)) is None
    assert OAUTH.adopt(AmocrmConfig(base_url=account, access_token="t")) is None  # type: ignore[arg-type]
    tokens = OAUTH.adopt(config(account, refresh_token="r0"))
    assert tokens is not None
    assert (tokens.access, tokens.refresh, tokens.expires_at) == ("", "r0", ENDED)
    ends = datetime(2026, 11, 22, 9, tzinfo=UTC)
    access = jwt(exp=int(ends.timestamp()))
    tokens = OAUTH.adopt(config(account, refresh_token="r0", access_token=access))
    assert tokens is not None
    assert (tokens.access, tokens.expires_at) == (access, ends)


def test_only_an_integration_asks_for_this_way() -> None:
    account = "https://a.amocrm.ru"
    token_only = AmocrmConfig.model_validate({"base_url": account, "access_token": "t"})
    assert [OAUTH.ready(it) for it in (config(account), token_only)] == [True, False]
    assert OAUTH.grant in AmocrmConfig.model_fields


def test_without_a_grant_nothing_is_asked(run: Any, served: Any) -> None:
    with pytest.raises(AuthFailed, match="ещё не выдан"):
        run(config(served.url), "account", {})
    assert served.got == []


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.!.c", "a.W10.c", "..", "a.bnVsbA.c"])
def test_a_token_that_says_nothing_of_itself(token: str) -> None:
    assert claims(token) == {}


@pytest.mark.parametrize("server", ["evil.test", "a.amocrm.ru.evil.test", "", None, 5])
def test_the_refresh_token_goes_to_nobody_else(caller: Any, server: Any) -> None:
    with pytest.raises(ConfigError):
        caller(config("https://a.amocrm.ru"), subdomain, jwt(api_domain=server), "r1")


def test_a_sandbox_keeps_its_address(caller: Any, served: Any) -> None:
    served.answers = [(200, JSON, body({"id": 1, "domain": "new.amocrm.ru"}))]
    assert caller(config(served.url), subdomain, "", "r1") == served.url
    what, headers, _ = served.got[0]
    assert what == "GET /oauth2/account/current/subdomain"
    assert headers["x-refresh-token"] == "r1"


class ElsewhereTransport(httpx2.AsyncBaseTransport):
    """amoCRM's own servers: whoever asks anybody else fails."""

    def __init__(self, domain: str) -> None:
        self.domain = domain

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == "api-b.amocrm.ru"
        return httpx2.Response(200, json={"domain": self.domain})


@pytest.mark.parametrize(
    ("domain", "address"), [("new.amocrm.ru", "https://new.amocrm.ru"), ("evil.test", None)]
)
def test_a_renamed_account_is_found_by_whom_the_token_names(
    caller: Any, domain: str, address: str | None
) -> None:
    async def ask(_: Any, config: AmocrmConfig) -> str:
        async with httpx2.AsyncClient(
            base_url=config.base_url, transport=ElsewhereTransport(domain)
        ) as http:
            return await subdomain(http, config, jwt(api_domain="api-b.amocrm.ru"), "r1")

    if address is None:
        with pytest.raises(ContractBroken):
            caller(config("https://old.amocrm.ru"), ask)
    else:
        assert caller(config("https://old.amocrm.ru"), ask) == address


def test_the_connector_offers_it() -> None:
    assert CONNECTOR.oauth is OAUTH
