"""What the service knows beside payments: banks of the fast payment system, the company's money."""

from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.konsol.api import Arguments, Content, call
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.pages import list_in
from uzel.connectors.konsol.shapes import CURRENCY, amount_minor
from uzel.errors import ContractBroken
from uzel.kit.body import label_of, text_of

BANKS = "/references/fps_bank_members"
ACCOUNTS = "/company_accounts"
# Under which of these names the money of an account stands is not confirmed.
BALANCES = ("available_balance", "balance", "available", "amount", "value", "sum")
WRAPPERS = ("data", "account", "company_account", "company_accounts", "accounts", "items")


async def fps_banks(http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments) -> Answer:
    """The banks a phone can be paid at. Answer: data {"banks": [{"id", "name", "bic"}]}."""
    reply = await call(http, config, "GET", BANKS, effect=False)
    found = list_in(reply.content)
    if found is None:
        raise ContractBroken("Консоль: в ответе нет списка банков")
    banks = [bank for item in found if isinstance(item, dict) if (bank := bank_of(item))]
    if found and not banks:
        raise ContractBroken("Консоль: в списке банков нет номеров")
    return Answer(data={"banks": banks})


def bank_of(item: Content) -> Content | None:
    """One bank; None without its id or name. `bank_name` and `member_id` are guesses."""
    name = text_of(item.get("name")) or text_of(item.get("bank_name"))
    member = label_of(item.get("id")) or label_of(item.get("member_id"))
    if name is None or member is None:
        return None
    return {"id": member, "name": name, "bic": label_of(item.get("bic"))}


async def balance(http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments) -> Answer:
    """The company's money at the service, over all its accounts; proves the token.

    Answer: data {"balance_minor", "accounts": how many}. Raises ContractBroken where one of them
    does not say what it holds.
    """
    reply = await call(http, config, "GET", ACCOUNTS, effect=False)
    accounts = accounts_in(reply.content)
    amounts = [money_of(account) for account in accounts]
    if not amounts or None in amounts:
        raise ContractBroken("Консоль: в ответе нет остатка на счёте")
    total = sum(amount for amount in amounts if amount is not None)
    return Answer(data={"balance_minor": total, "accounts": len(amounts)}, currency=CURRENCY)


def accounts_in(content: Any) -> list[Any]:
    """The accounts of an answer: a list, one object, either of them wrapped."""
    for _ in range(3):
        if isinstance(content, list):
            return content
        if not isinstance(content, Mapping):
            return []
        if any(name in content for name in BALANCES):
            return [content]
        content = next((content[name] for name in WRAPPERS if name in content), None)
    return []


def money_of(account: Any) -> int | None:
    """Kopecks of one account: the first of its names, a number, a text, or an object with one.
    None for another currency.
    """
    for _ in range(2):
        if not isinstance(account, Mapping):
            return amount_minor(account)
        if account.get("currency", CURRENCY) not in (CURRENCY, None, "RUR", "643", 643):
            return None
        account = next((account[name] for name in BALANCES if name in account), None)
    return amount_minor(account)
