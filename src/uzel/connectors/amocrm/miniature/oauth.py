"""Who may ask: integrations, the codes and tokens they get, and what refuses them.

An integration is known by its id. One that nobody registered is accepted with whatever secret and
redirect address it is first seen with, and has an account of its own.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import Any
from uuid import uuid4

import orjson

from uzel.connectors.amocrm.miniature.answers import Json, Refused, Reply
from uzel.connectors.amocrm.miniature.settings import Settings

PROBLEM = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
TITLE = "Некорректный запрос"
DETAIL = "В запросе отсутствует ряд параметров или параметры невалидны"
REVOKED = "Token has been revoked"
SCOPES = ("push_notifications", "files", "crm", "files_delete", "notifications")
GRANTS: Mapping[str, str] = {"authorization_code": "code", "refresh_token": "refresh_token"}


@dataclass(slots=True)
class Integration:
    """secret, redirect_uri  None until they are known; account: the name of its account"""

    id: str
    account: str
    secret: str | None = None
    redirect_uri: str | None = None


@dataclass(slots=True)
class Grant:
    """A code or a token. `state` is empty, `used` or `revoked`."""

    integration: Integration
    expires_at_s: float
    state: str = ""
    redirect_uri: str | None = None


@dataclass(slots=True)
class Access:
    """Grants of all kinds, by their text."""

    integrations: dict[str, Integration] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)
    refreshes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def integration(self, client_id: str, account: str | None = None) -> Integration:
        """The one of that id, from now on if it is new."""
        if client_id not in self.integrations:
            self.integrations[client_id] = Integration(client_id, account or f"client {client_id}")
        return self.integrations[client_id]

    def new_code(self, client_id: str, redirect_uri: str | None, settings: Settings) -> str:
        """What somebody who agrees hands to an integration, for twenty minutes and one use."""
        code = "def50200" + secrets.token_hex(64)
        owner = self.integration(client_id)
        if owner.redirect_uri is None:
            owner.redirect_uri = redirect_uri
        self.codes[code] = Grant(owner, time() + settings.code_s)
        return code

    def is_good(self, token: str) -> bool:
        """Whether an access token may be used; nobody knows of one that no integration was given
        when it ends.
        """
        found = self.tokens.get(token)
        ended = found is not None and (bool(found.state) or found.expires_at_s <= time())
        return token not in self.revoked and not ended

    def revoke(self, client_id: str) -> int:
        """Take back all that an integration was given; how many that were."""
        mine = [
            grant
            for grants in (self.codes, self.refreshes, self.tokens)
            for grant in grants.values()
            if grant.integration.id == client_id and not grant.state
        ]
        for grant in mine:
            grant.state = "revoked"
        return len(mine)

    def exchange(self, body: Mapping[str, Any], settings: Settings) -> Integration:
        """Use up the code or the refresh token of a body; who gets new ones. Raises Refused."""
        name = GRANTS.get(str(body.get("grant_type")))
        if name is None:
            raise refused(400, "Check that all required parameters have been provided")
        for needed in ("client_id", "client_secret", "redirect_uri", name):
            if not isinstance(body.get(needed), str) or not body[needed]:
                raise refused(400, f"Check the `{needed}` parameter")
        owner = self.recognised(body)
        grants = self.codes if name == "code" else self.refreshes
        found = grants.get(body[name])
        if found is None or found.integration is not owner:
            code = "Cannot decrypt the authorization code"
            raise refused(400, code if name == "code" else "Invalid refresh token")
        if found.state or found.expires_at_s <= time():
            raise spent(name, found, settings)
        found.state = "used"
        return owner

    def recognised(self, body: Mapping[str, Any]) -> Integration:
        """Raises Refused for another secret or redirect address than those that are known."""
        owner = self.integration(body["client_id"])
        owner.secret = owner.secret or body["client_secret"]
        owner.redirect_uri = owner.redirect_uri or body["redirect_uri"]
        if owner.secret != body["client_secret"]:
            raise refused(401, "Client authentication failed")
        if owner.redirect_uri != body["redirect_uri"]:
            raise refused(400, "Invalid redirect URI")
        return owner

    def new_pair(
        self, owner: Integration, account_id: int, domain: str, user_id: int, settings: Settings
    ) -> Json:
        """A pair of tokens as the token endpoint gives them."""
        refresh = "def50200" + secrets.token_hex(256)
        self.refreshes[refresh] = Grant(owner, time() + settings.refresh_s)
        token = self.new_token(owner, account_id, domain, user_id, settings.access_s)
        return {
            "token_type": "Bearer",
            "expires_in": settings.access_s,
            "server_time": int(time()),
            "access_token": token,
            "refresh_token": refresh,
        }

    def new_token(
        self, owner: Integration, account_id: int, domain: str, user_id: int, lives_s: int
    ) -> str:
        """An access token: a JWT whose claims are those of amoCRM. Nobody but the sandbox can check
        its signature, and it does not: it knows its tokens.
        """
        now = int(time())
        jti = secrets.token_hex(40)
        claims = {
            "aud": owner.id,
            "jti": jti,
            "iat": now,
            "nbf": now,
            "exp": now + lives_s,
            "sub": str(user_id),
            "grant_type": "",
            "account_id": account_id,
            "base_domain": domain,
            "version": 2,
            "scopes": SCOPES,
            "hash_uuid": str(uuid4()),
            "api_domain": domain,
        }
        parts = [orjson.dumps(it) for it in ({"typ": "JWT", "alg": "RS256", "jti": jti}, claims)]
        token = ".".join(encoded(it) for it in [*parts, secrets.token_bytes(256)])
        self.tokens[token] = Grant(owner, now + lives_s)
        return token


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def spent(name: str, found: Grant, settings: Settings) -> Refused:
    """A code or a refresh token that was good once."""
    if name == "code":
        is_used = bool(found.state)
        return refused(400, f"Authorization code has {'been revoked' if is_used else 'expired'}")
    return refused(settings.reused_refresh, REVOKED if found.state else "Token has expired")


def refused(status: int, hint: str) -> Refused:
    """What the token endpoint answers (a recorded answer); not as a problem but as JSON."""
    content = {"hint": hint, "title": TITLE, "type": PROBLEM, "status": status, "detail": DETAIL}
    return Refused(Reply(status, orjson.dumps(content), "application/json"))


def name_of(token: str) -> str:
    """How books name a token that belongs to no integration."""
    return f"token {sha256(token.encode()).hexdigest()[:12]}"
