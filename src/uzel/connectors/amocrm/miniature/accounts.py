"""All accounts, and which of them a token is for."""

from collections.abc import Mapping

from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.oauth import Access, name_of

FIRST_ACCOUNT_ID = 31000001


class Accounts:
    """A token that no integration was given has an account of its own, by its own name."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.by_name: dict[str, Account] = {}

    def named(self, name: str) -> Account:
        """Made when it is first asked for."""
        if name not in self.by_name:
            self.by_name[name] = Account(FIRST_ACCOUNT_ID + len(self.by_name))
        return self.by_name[name]

    def name(self, token: str) -> str:
        grant = self.access.tokens.get(token)
        return grant.integration.account if grant else token

    def of(self, token: str) -> Account:
        return self.named(self.name(token))

    def caller(self, token: str) -> str:
        """By which name somebody's requests are counted: limits are those of an integration."""
        grant = self.access.tokens.get(token)
        return grant.integration.id if grant else name_of(token)

    def whose(self, token: str, client_id: str | None) -> Account:
        """The account that a control door means."""
        if client_id is not None:
            return self.named(self.access.integration(client_id).account)
        return self.of(token)


def token_of(headers: Mapping[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ")
