"""The whole way of access in the sandbox: agreed to, exchanged, used, renewed, taken back."""

from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.oauth import OAUTH, claims, subdomain
from uzel.errors import AuthFailed, OutcomeUnknown
from uzel.model.access import Tokens

BACK = "https://uzel.test/oauth/callback"
IMPATIENT = httpx2.Timeout(10, read=0.15)
integrations = count(1)


@pytest.fixture
def ours(sandbox: str, control: httpx2.Client) -> AmocrmConfig:
    """An integration that nobody has agreed to yet."""
    given = {"client_id": f"integration-{next(integrations)}", "client_secret": "secret"}
    return AmocrmConfig.model_validate({"base_url": f"{sandbox}/amocrm", **given})


def agreed(config: AmocrmConfig, answer: str = "allow") -> dict[str, list[str]]:
    """What comes back to us with the owner's browser."""
    door = OAUTH.authorize(config, BACK, "state-1")
    response = httpx2.get(f"{door}&answer={answer}", follow_redirects=False)
    assert response.is_redirect
    assert response.headers["location"].startswith(BACK)
    return parse_qs(urlsplit(response.headers["location"]).query)


def granted(caller: Any, config: AmocrmConfig) -> Tokens:
    tokens: Tokens = caller(config, OAUTH.exchange, BACK, agreed(config)["code"][0])
    return tokens


def having(config: AmocrmConfig, tokens: Tokens) -> AmocrmConfig:
    return config.model_copy(update={OAUTH.grant: SecretStr(tokens.access)})


def test_from_the_owner_s_consent_to_the_first_answer(
    caller: Any, run: Any, ours: AmocrmConfig
) -> None:
    back = agreed(ours)
    assert back["state"] == ["state-1"]
    tokens = caller(ours, OAUTH.exchange, BACK, back["code"][0])
    assert tokens.refresh
    assert claims(tokens.access)["aud"] == ours.client_id
    assert run(having(ours, tokens), "account", {}).data["account"]
    with pytest.raises(AuthFailed):
        caller(ours, OAUTH.exchange, BACK, back["code"][0])


def test_who_refuses_gives_no_code(ours: AmocrmConfig) -> None:
    assert agreed(ours, "refuse") == {"error": ["access_denied"], "state": ["state-1"]}


def test_each_refresh_token_is_good_once(caller: Any, run: Any, ours: AmocrmConfig) -> None:
    first = granted(caller, ours)
    second = caller(ours, OAUTH.renew, BACK, first.refresh)
    assert second.refresh not in (None, first.refresh)
    assert run(having(ours, second), "account", {}).data["account"]
    with pytest.raises(AuthFailed, match="заново"):
        caller(ours, OAUTH.renew, BACK, first.refresh)
    assert caller(ours, OAUTH.renew, BACK, second.refresh).refresh


def test_another_redirect_address_is_refused(caller: Any, ours: AmocrmConfig) -> None:
    tokens = granted(caller, ours)
    with pytest.raises(AuthFailed):
        caller(ours, OAUTH.renew, "https://uzel.test/elsewhere", tokens.refresh)


def test_a_lost_answer_to_a_renewal_may_have_used_the_token_up(
    caller: Any, control: httpx2.Client, ours: AmocrmConfig
) -> None:
    tokens = granted(caller, ours)
    control.post("/_faults", json={"connector": "amocrm", "kind": "timeout_after_accept"})
    caller.http.timeout = IMPATIENT
    with pytest.raises(OutcomeUnknown):
        caller(ours, OAUTH.renew, BACK, tokens.refresh)
    caller.http.timeout = caller.patience
    with pytest.raises(AuthFailed):
        caller(ours, OAUTH.renew, BACK, tokens.refresh)


def test_what_the_settings_bring_is_renewed_before_its_first_use(
    caller: Any, run: Any, ours: AmocrmConfig
) -> None:
    first = granted(caller, ours)
    brought = ours.model_copy(update={"refresh_token": SecretStr(str(first.refresh))})
    adopted = OAUTH.adopt(brought)
    assert adopted is not None
    renewed = caller(ours, OAUTH.renew, BACK, adopted.refresh)
    assert run(having(ours, renewed), "account", {}).data["account"]


def test_access_that_was_taken_back_is_told(
    caller: Any, run: Any, control: httpx2.Client, ours: AmocrmConfig
) -> None:
    tokens = granted(caller, ours)
    asked = {"client_id": ours.client_id}
    control.post("/amocrm/_revoke", json=asked).raise_for_status()
    with pytest.raises(AuthFailed):
        run(having(ours, tokens), "account", {})
    with pytest.raises(AuthFailed, match="заново"):
        caller(ours, OAUTH.renew, BACK, tokens.refresh)


def test_the_address_of_today_is_asked_for_without_using_the_token_up(
    caller: Any, ours: AmocrmConfig
) -> None:
    tokens = granted(caller, ours)
    for _ in range(2):
        assert caller(ours, subdomain, tokens.access, tokens.refresh) == ours.base_url
    assert caller(ours, OAUTH.renew, BACK, tokens.refresh).refresh
    with pytest.raises(AuthFailed):
        caller(ours, subdomain, tokens.access, tokens.refresh)
