"""Entering our address at amoCRM: ours once, the hooks of others untouched."""

import asyncio
from typing import Any

import httpx2
import pytest

from uzel.connectors.amocrm.api import embedded, read, write
from uzel.connectors.amocrm.client import account
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.registration import EDITS, EVENTS, PATH, register, unsubscribe, webhooks
from uzel.errors import AuthFailed, OutcomeUnknown, Rejected
from uzel.kit.http import new_client

OURS, OTHERS = "https://uzel.test/api/webhook/amocrm", "https://shop.test/amocrm?key=theirs"


def hooks_after(config: AmocrmConfig, before: list[str], *urls: str) -> dict[str, Any]:
    """Address → events once `before` was there and `urls` were entered one after the other."""

    async def run() -> dict[str, Any]:
        async with new_client(config.base_url) as http:
            for url in before:
                json = {"destination": url, "settings": ["add_lead"]}
                await write(http, config, "POST", PATH, json)
            for url in urls:
                await register(http, config, url)
            found = embedded(await read(http, config, PATH), "webhooks")
            return {item["destination"]: item["settings"] for item in found}

    return asyncio.run(run())


def test_earlier_addresses_of_the_hook_go_and_those_of_others_stay(config: AmocrmConfig) -> None:
    before = [f"{OURS}?key=old-1", OTHERS, f"{OURS}?key=old-2", f"{OURS}-test?key=old"]
    assert hooks_after(config, before, f"{OURS}?key=new") == {
        OTHERS: ["add_lead"],
        f"{OURS}-test?key=old": ["add_lead"],
        f"{OURS}?key=new": list(EVENTS),
    }


def test_entering_it_twice_is_entering_it_once_with_our_events(config: AmocrmConfig) -> None:
    before = [f"{OURS}?key=a"]
    expected = {f"{OURS}?key=a": list(EVENTS)}
    assert hooks_after(config, before, f"{OURS}?key=a", f"{OURS}?key=a") == expected


def test_edits_are_asked_for_where_deals_have_links_to_pay(config: AmocrmConfig) -> None:
    paying = config.model_copy(update={"payment_links": True})
    found = hooks_after(paying, [], f"{OURS}?key=a")
    assert found == {f"{OURS}?key=a": [*EVENTS, *EDITS]}


def test_a_refusal_takes_nothing_away(config: AmocrmConfig) -> None:
    with pytest.raises(Rejected) as caught:
        hooks_after(config, [f"{OURS}?key=old"], "https://узел.test/hook")
    assert caught.value.code == "NotValidUrl"
    assert list(hooks_after(config, [])) == [f"{OURS}?key=old"]


def test_only_an_administrators_token_may_register(config: AmocrmConfig) -> None:
    fields = {"base_url": config.base_url, "access_token": "user-1"}
    users = AmocrmConfig.model_validate(fields)
    with pytest.raises(AuthFailed, match="Administrator"):
        hooks_after(users, [], f"{OURS}?key=a")

    async def whoami() -> str | None:
        async with new_client(users.base_url) as http:
            return (await account(http, users, {})).reference

    assert asyncio.run(whoami())


def test_a_lost_answer_may_be_followed_by_another_try(
    config: AmocrmConfig, control: httpx2.Client
) -> None:
    fault = {"connector": "amocrm", "operation": "subscribe", "kind": "reset", "times": 1}
    control.post("/_faults", json=fault).raise_for_status()
    with pytest.raises(OutcomeUnknown):
        hooks_after(config, [], f"{OURS}?key=a")
    assert list(hooks_after(config, [], f"{OURS}?key=b")) == [f"{OURS}?key=b"]


def test_addresses_are_shown_without_their_keys_and_one_that_is_not_there_may_go(
    config: AmocrmConfig,
) -> None:
    async def run() -> list[Any]:
        async with new_client(config.base_url) as http:
            before = (await webhooks(http, config, {})).data["webhooks"]
            await register(http, config, f"{OURS}?key=secret")
            shown = (await webhooks(http, config, {})).data["webhooks"]
            await unsubscribe(http, config, {"url": OTHERS})
            await unsubscribe(http, config, {"url": f"{OURS}?key=secret"})
            after = (await webhooks(http, config, {})).data["webhooks"]
            return [before, shown, after]

    before, (shown,), after = asyncio.run(run())
    assert (before, after) == ([], [])
    assert "secret" not in str(shown)
    assert (shown["url"], shown["events"], shown["disabled"]) == (OURS, list(EVENTS), False)


def test_the_journal_shows_no_key(config: AmocrmConfig, control: httpx2.Client) -> None:
    hooks_after(config, [], f"{OURS}?key=secret")
    assert "secret" not in control.get("/_journal?connector=amocrm").text
