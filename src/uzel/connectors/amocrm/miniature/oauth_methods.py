"""The doors of OAuth: the page, the token endpoint, and where an account is now."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.responses import HTMLResponse, RedirectResponse, Response

from uzel.connectors.amocrm.miniature.accounts import Accounts, token_of
from uzel.connectors.amocrm.miniature.admission import BLOCKED, refusal_of_address
from uzel.connectors.amocrm.miniature.answers import Refused, Reply, invalid_token, response
from uzel.connectors.amocrm.miniature.beginnings import USER_ID
from uzel.connectors.amocrm.miniature.calling import address_of
from uzel.connectors.amocrm.miniature.grant_page import no_way_back, question, way_back
from uzel.connectors.amocrm.miniature.oauth import Grant
from uzel.connectors.amocrm.miniature.settings import Settings
from uzel.kit.sandbox import Asked, Handler

RUSSIAN = "1"


class OAuthMethods:
    """`settings()` are those of the moment; `is_blocked()`: nobody gets through to amoCRM."""

    def __init__(
        self, accounts: Accounts, settings: Callable[[], Settings], is_blocked: Callable[[], bool]
    ) -> None:
        self.accounts = accounts
        self.access = accounts.access
        self.settings = settings
        self.is_blocked = is_blocked

    def doors(self) -> list[tuple[str, str, str, Handler]]:
        """(verb, path, operation, handler) of each."""

        async def authorize(asked: Asked) -> Response:
            return self.authorize(asked)

        async def tokens(asked: Asked) -> Response:
            return self.checked(self.tokens, asked)

        async def current(asked: Asked) -> Response:
            return self.checked(self.current_subdomain, asked)

        async def subdomain(asked: Asked) -> Response:
            return self.checked(self.subdomain, asked)

        return [
            ("GET", "/oauth", "authorize", authorize),
            ("POST", "/oauth2/access_token", "access_token", tokens),
            ("GET", "/oauth2/account/current/subdomain", "subdomain", current),
            ("GET", "/oauth2/account/subdomain", "subdomain", subdomain),
        ]

    def checked(self, method: Callable[[Asked], Reply], asked: Asked) -> Response:
        if self.is_blocked():
            return response(BLOCKED)
        try:
            return response(method(asked))
        except Refused as error:
            return response(error.reply)

    def authorize(self, asked: Asked) -> Response:
        """The page, or at once what its links do where `answer` is given. A redirect address in the
        query is ours: at amoCRM the integration has it.
        """
        client_id, state = str(asked.fields.get("client_id") or ""), asked.fields.get("state")
        known = self.access.integrations.get(client_id)
        back = (known.redirect_uri if known else None) or asked.fields.get("redirect_uri")
        back = back or self.settings().redirect_uri
        if not client_id or not back:
            return HTMLResponse(no_way_back(client_id), 400)
        answer = asked.fields.get("answer")
        if answer == "refuse":
            return RedirectResponse(way_back(back, error="access_denied", state=state), 302)
        if answer != "allow":
            return HTMLResponse(question(asked.fields, client_id))
        asked.effect = True
        pairs = {
            "code": self.access.new_code(client_id, back, self.settings()),
            "referer": host_of(address_of(asked, "/oauth")),
            "state": state,
            "platform": RUSSIAN,
            "client_id": client_id,
        }
        return RedirectResponse(way_back(back, **pairs), 302)

    def tokens(self, asked: Asked) -> Reply:
        """A pair for a code or for a refresh token, which is used up by it. Raises Refused."""
        self.check_address(asked)
        owner = self.access.exchange(asked.fields, self.settings())
        asked.effect = True
        account = self.accounts.named(owner.account)
        domain = host_of(address_of(asked, "/oauth2/"))
        pair = self.access.new_pair(owner, account.id, domain, USER_ID, self.settings())
        return Reply(200, orjson.dumps(pair), "application/json")

    def check_address(self, asked: Asked) -> None:
        """Raises Refused where the account of the integration has moved away from here."""
        known = self.access.integrations.get(str(asked.fields.get("client_id")))
        gone = refusal_of_address(self.accounts.named(known.account), asked) if known else None
        if gone is not None:
            raise Refused(gone)

    def current_subdomain(self, asked: Asked) -> Reply:
        """Where the account is now, for the refresh token of the header; raises Refused."""
        found = self.access.refreshes.get(asked.headers.get("x-refresh-token", ""))
        return self.subdomain_of(found)

    def subdomain(self, asked: Asked) -> Reply:
        """The older door, for an access token."""
        return self.subdomain_of(self.access.tokens.get(token_of(asked.headers)))

    def subdomain_of(self, found: Grant | None) -> Reply:
        if found is None or found.state:
            raise Refused(invalid_token())
        account = self.accounts.named(found.integration.account)
        content = {
            "id": account.id,
            "subdomain": account.subdomain,
            "domain": f"{account.subdomain}.amocrm.ru",
            "top_level_domain": "ru",
        }
        return Reply(200, orjson.dumps(content), "application/json")


def host_of(address: str) -> str:
    """The account's address without its scheme; here it may have a path."""
    parts = urlsplit(address)
    return f"{parts.netloc}{parts.path}"


def describe_grant(asked: Asked) -> Mapping[str, Any]:
    """For the journal: no codes, no secrets."""
    names = ("client_id", "grant_type", "answer")
    return {name: asked.fields[name] for name in names if name in asked.fields}
