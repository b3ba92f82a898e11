"""Access by OAuth instead of a long-lived token (amoCRM, "OAuth 2.0").

An access token lives for a day, a refresh token for three months, and each refresh token is good
for one use: the answer to a renewal holds the next, and where it is lost, so is the access.
"""

import base64
import binascii
import json as codec
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

from uzel.connectors.amocrm import api
from uzel.connectors.amocrm.api import Content, problem_of, whole
from uzel.connectors.amocrm.config import ACCOUNT_HOST, AmocrmConfig, account_host
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
)
from uzel.kit.body import at, text_of
from uzel.kit.http import ask, json_of
from uzel.model.access import ENDED, OAuth, Tokens

RUSSIAN, GLOBAL = "https://www.amocrm.ru", "https://www.kommo.com"
TOKEN_PATH = "/oauth2/access_token"  # noqa: S105 - a path
SUBDOMAIN_PATH = "/oauth2/account/current/subdomain"


def is_ready(config: AmocrmConfig) -> bool:
    return config.client_id is not None


def authorize(config: AmocrmConfig, redirect_uri: str, state: str) -> str:
    """Where an administrator of the account agrees: at amoCRM or Kommo, whose own settings of the
    integration know `redirect_uri`; a sandbox has the page itself, and is told.
    """
    asked = {"client_id": config.client_id or "", "state": state, "mode": "post_message"}
    host = account_host(config.base_url)
    if host is None:
        return f"{config.base_url}/oauth?{urlencode(asked | {'redirect_uri': redirect_uri})}"
    return f"{RUSSIAN if host.endswith('.ru') else GLOBAL}/oauth?{urlencode(asked)}"


async def exchange(
    http: httpx2.AsyncClient, config: AmocrmConfig, redirect_uri: str, code: str
) -> Tokens:
    """Tokens for the code that came back with the owner's consent: good for twenty minutes, once.
    One request. Raises AuthFailed for a code that is no good, Rejected `account_moved`, and every
    other CallFailed.
    """
    return await tokens(http, config, redirect_uri, "authorization_code", code=code)


async def renew(
    http: httpx2.AsyncClient, config: AmocrmConfig, redirect_uri: str, refresh: str
) -> Tokens:
    """The next pair of tokens; `refresh` is used up. One request. Raises AuthFailed where access
    has to be granted anew, OutcomeUnknown where the answer was lost, Rejected `account_moved`, and
    every other CallFailed.
    """
    return await tokens(http, config, redirect_uri, "refresh_token", refresh_token=refresh)


def adopt(config: AmocrmConfig) -> Tokens | None:
    """What the settings bring for a start: a refresh token, and maybe the access token that came
    with it; without that one a renewal is due at once.
    """
    if not is_ready(config) or config.refresh_token is None:
        return None
    access = config.access_token.get_secret_value() if config.access_token else ""
    ends = whole(claims(access).get("exp"))
    expires_at = datetime.fromtimestamp(ends, UTC) if ends and 0 < ends < 10**11 else ENDED
    return Tokens(access, config.refresh_token.get_secret_value(), expires_at)


async def subdomain(
    http: httpx2.AsyncClient, config: AmocrmConfig, access: str, refresh: str
) -> str:
    """The address of the account today: after a renaming, the old one answers 401 or 404 ("Account
    domain by refresh token"). `access` may have ended: only the server that knows is read from it.
    `refresh` is not used up. One request. Raises ConfigError where the access token does not say
    whom to ask, AuthFailed, ContractBroken and every other CallFailed but OutcomeUnknown.
    """
    path = SUBDOMAIN_PATH
    if account_host(config.base_url) is not None:
        server = str(claims(access).get("api_domain") or "")
        # The refresh token goes there, so it must be theirs.
        if not ACCOUNT_HOST.fullmatch(server):
            raise ConfigError("amoCRM: в токене не сказано, у кого спросить новый адрес аккаунта")
        path = f"https://{server}{SUBDOMAIN_PATH}"
    asked = {"x-refresh-token": refresh}
    response = await ask(http, "GET", path, effect=False, headers=asked, refusal=refusal)
    domain = text_of(json_of(response, effect=False).get("domain")) or ""
    if account_host(config.base_url) is None:
        return config.base_url
    if not ACCOUNT_HOST.fullmatch(domain):
        raise ContractBroken("amoCRM: адрес аккаунта в ответе не похож на адрес")
    return f"https://{domain}"


async def tokens(
    http: httpx2.AsyncClient, config: AmocrmConfig, redirect_uri: str, grant: str, **proof: str
) -> Tokens:
    """What the token endpoint gives for `proof`."""
    secret = config.client_secret.get_secret_value() if config.client_secret else ""
    asked = {
        "client_id": config.client_id or "",
        "client_secret": secret,
        "grant_type": grant,
        **proof,
        "redirect_uri": redirect_uri,
    }
    asked_at = datetime.now(UTC)
    response = await ask(http, "POST", TOKEN_PATH, effect=True, json=asked, refusal=refusal)
    return tokens_in(json_of(response, effect=True), asked_at)


def tokens_in(content: Content, asked_at: datetime) -> Tokens:
    """Raises OutcomeUnknown: whatever was used up for this answer is used up."""
    access = token_of(content.get("access_token"))
    if access is None:
        raise OutcomeUnknown("amoCRM: в ответе нет токена")
    lives_s = whole(content.get("expires_in"))
    expires_at = asked_at + timedelta(seconds=lives_s) if lives_s and 0 < lives_s < 10**9 else None
    return Tokens(access, token_of(content.get("refresh_token")), expires_at)


def token_of(value: Any) -> str | None:
    """A token that can stand in a header."""
    is_token = isinstance(value, str) and value.isascii() and value.isprintable()
    return value or None if is_token else None


def refusal(response: httpx2.Response) -> CallFailed | None:
    """What the token endpoint refuses by. A used refresh token is refused by 400 as well as by 401;
    neither ever changes by asking again.
    """
    status = response.status_code
    if status in (400, 401):
        hint = text_of(at(problem_of(response), "hint")) or f"HTTP {status}"
        return AuthFailed(
            f"amoCRM: доступ надо выдать заново ({hint})", code="grant_anew", http_status=status
        )
    if status == 404:
        return Rejected(
            "amoCRM: по этому адресу аккаунта нет: он переименован или удалён",
            code="account_moved",
            http_status=status,
        )
    return api.refusal(response)


def claims(token: str) -> Content:
    """What a token says of itself, unproved: a JWT at amoCRM. Empty where it says nothing."""
    body = "".join(token.split(".")[1:2])
    try:
        said = codec.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


OAUTH = OAuth(
    grant="access_token",
    ready=is_ready,
    authorize=authorize,
    exchange=exchange,
    renew=renew,
    adopt=adopt,
    locate=subdomain,
)
