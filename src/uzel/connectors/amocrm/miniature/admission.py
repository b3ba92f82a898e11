"""Who is let in to the API, in the order in which amoCRM and the server before it look."""

from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.accounts import Accounts
from uzel.connectors.amocrm.miniature.answers import (
    Reply,
    invalid_token,
    not_found,
    page,
    problem,
)
from uzel.connectors.amocrm.miniature.settings import Settings
from uzel.connectors.amocrm.miniature.traffic import Traffic
from uzel.kit.sandbox import Asked

# These only an administrator may use.
ADMINISTRATION = ("webhooks", "users")
BLOCKED, TOO_MANY = page(403, "Forbidden"), page(429, "Too Many Requests")


def refusal(
    traffic: Traffic, accounts: Accounts, settings: Settings, token: str, asked: Asked
) -> Reply | None:
    """What a request is refused with, None where it is let in."""
    if traffic.is_blocked(settings):
        return BLOCKED
    if traffic.is_too_much(accounts.caller(token), settings):
        return TOO_MANY
    if not token or token.startswith("bad") or not accounts.access.is_good(token):
        return invalid_token()
    return refusal_of_address(accounts.of(token), asked) or refusal_of_rights(
        settings, token, asked
    )


def refusal_of_address(account: Account, asked: Asked) -> Reply | None:
    """An account that has moved is no longer at its old address."""
    label, dot, rest = asked.headers.get("host", "").partition(".")
    if dot and rest.partition(":")[0] == "localhost":
        gone = problem(401, "Unauthorized", "Account not found", {"code": 101})
        return None if label == account.subdomain else gone
    if account.moved == 404:
        return not_found("Account not found")
    return invalid_token() if account.moved else None


def refusal_of_rights(settings: Settings, token: str, asked: Asked) -> Reply | None:
    if settings.unpaid:
        return problem(402, "Payment Required", "The account is not paid")
    if token.startswith("user") and asked.path.rpartition("/")[2] in ADMINISTRATION:
        return problem(403, "Forbidden", "Administrator rights are needed")
    return None
