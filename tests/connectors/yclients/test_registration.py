"""Entering our address: ours once, the addresses and flags of others untouched."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from connectors.yclients.listening import Listener
from uzel.connectors.yclients.client import change_hook_settings, hook_settings
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.registration import FLAGS, register
from uzel.errors import AuthFailed, ConfigError, OutcomeUnknown, Rejected
from uzel.kit.http import new_client

OURS, OTHERS = "https://uzel.test/api/webhook/yclients", "https://crm.test/yclients?key=theirs"


def settings_after(
    config: YclientsConfig, before: dict[str, Any] | None, *urls: str
) -> dict[str, Any]:
    """What is set once `before` was there and `urls` were entered one after the other."""

    async def run() -> dict[str, Any]:
        async with new_client(config.base_url) as http:
            if before is not None:
                await change_hook_settings(http, config, before)
            for url in urls:
                await register(http, config, url)
            return await hook_settings(http, config)

    return asyncio.run(run())


def changes(control: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control.get("/_journal?operation=change_hooks").json()
    return entries


def test_the_first_address_asks_for_records_and_nothing_else(config: YclientsConfig) -> None:
    after = settings_after(config, None, f"{OURS}?key=new")
    assert after["urls"] == [f"{OURS}?key=new"]
    assert {name for name in ("active", *FLAGS) if after[name]} == {"active", "record"}


def test_what_others_had_stays_and_earlier_keys_of_ours_go(config: YclientsConfig) -> None:
    flags = {"client": 1, "finances_operation": 1, "self_sending": 1}
    urls = [f"{OURS}?key=old", OTHERS, f"{OURS}-test?key=old"]
    after = settings_after(config, {"urls": urls, "active": 0, **flags}, f"{OURS}?key=new")
    assert after["urls"] == [OTHERS, f"{OURS}-test?key=old", f"{OURS}?key=new"]
    assert {name for name in ("active", *FLAGS) if after[name]} == {"active", "record", *flags}


def test_entering_it_twice_changes_it_once(config: YclientsConfig, control: httpx2.Client) -> None:
    after = settings_after(config, None, f"{OURS}?key=a", f"{OURS}?key=a")
    assert after["urls"] == [f"{OURS}?key=a"]
    assert len(changes(control)) == 1


def test_the_journal_shows_no_key(config: YclientsConfig, control: httpx2.Client) -> None:
    settings_after(config, {"urls": [OTHERS], "active": 1}, f"{OURS}?key=canary")
    shown = json.dumps(control.get("/_journal?connector=yclients").json())
    assert OURS in shown
    assert ("canary" in shown, "theirs" in shown) == (False, False)


def test_an_eleventh_address_is_not_tried(config: YclientsConfig, control: httpx2.Client) -> None:
    full = {"urls": [f"https://crm.test/{number}" for number in range(10)], "active": 1}
    with pytest.raises(Rejected, match="10 адресов"):
        settings_after(config, full, f"{OURS}?key=a")
    assert len(changes(control)) == 1


@pytest.mark.parametrize("as_object", [False, True])
def test_where_others_have_flags_of_their_own_nothing_is_changed(
    config: YclientsConfig, listener: Listener, as_object: bool
) -> None:
    entries = [{"url": OTHERS, "record": 0, "client": 1}, {"url": f"{OURS}?key=old", "record": 1}]
    told = {str(n): entry for n, entry in enumerate(entries)} if as_object else entries
    urls = [entry["url"] for entry in entries]
    theirs = {"urls": urls, "active": 1, "record": 0, "url_settings": told}
    listener.replies = [(200, json.dumps({"success": True, "data": theirs}).encode())]
    with pytest.raises(Rejected, match="вручную"):
        settings_after(config.model_copy(update={"base_url": listener.url}), None, f"{OURS}?key=n")
    assert len(listener.got) == 1


@pytest.mark.parametrize("url_settings", [None, [], 7, [{"record": 1}, {"record": "1"}, None]])
def test_flags_that_all_share_may_be_sent_back(
    config: YclientsConfig, listener: Listener, url_settings: Any
) -> None:
    theirs = {"urls": [OTHERS], "active": 1, "record": True, "url_settings": url_settings}
    body = json.dumps({"success": True, "data": theirs}).encode()
    listener.replies = [(200, body)] * 3
    settings_after(config.model_copy(update={"base_url": listener.url}), None, f"{OURS}?key=n")
    sent = json.loads(listener.got[1][2])
    assert sent == {"urls": [OTHERS, f"{OURS}?key=n"], "active": 1, "record": 1}


def test_a_lost_answer_may_be_followed_by_another_try(
    config: YclientsConfig, control: httpx2.Client
) -> None:
    fault = {"connector": "yclients", "operation": "change_hooks", "kind": "reset", "times": 1}
    control.post("/_faults", json=fault).raise_for_status()
    with pytest.raises(OutcomeUnknown):
        settings_after(config, None, f"{OURS}?key=a")
    assert settings_after(config, None, f"{OURS}?key=a")["urls"] == [f"{OURS}?key=a"]


def test_without_rights_or_tokens_nothing_is_changed(
    config: YclientsConfig, control: httpx2.Client
) -> None:
    with pytest.raises(AuthFailed):
        settings_after(config.model_copy(update={"company_id": 7}), None, OURS)
    with pytest.raises(ConfigError):
        settings_after(config.model_copy(update={"user_token": None}), None, OURS)
    assert changes(control) == []
