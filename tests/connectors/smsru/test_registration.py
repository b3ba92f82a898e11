"""Entering our address at SMS.ru: ours once, the handlers of others untouched."""

import asyncio

import httpx2
import pytest

from uzel.connectors.smsru.client import call, registered
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.registration import register
from uzel.errors import OutcomeUnknown, Rejected
from uzel.kit.http import new_client

OURS, OTHERS = "https://uzel.test/api/webhook/smsru", "https://crm.test/smsru?key=theirs"


def addresses_after(config: SmsruConfig, before: list[str], *urls: str) -> list[str]:
    """What is registered once `before` was there and `urls` were entered one after the other."""

    async def run() -> list[str]:
        async with new_client(config.base_url) as http:
            for url in before:
                await call(http, config, "/callback/add", {"url": url}, effect=True)
            for url in urls:
                await register(http, config, url)
            return registered(await call(http, config, "/callback/get", {}))

    return asyncio.run(run())


def test_earlier_addresses_of_the_hook_go_and_those_of_others_stay(config: SmsruConfig) -> None:
    before = [f"{OURS}?key=old-1", OTHERS, f"{OURS}?key=old-2", f"{OURS}-test?key=old"]
    assert addresses_after(config, before, f"{OURS}?key=new") == [
        OTHERS,
        f"{OURS}-test?key=old",
        f"{OURS}?key=new",
    ]


def test_entering_it_twice_is_entering_it_once(config: SmsruConfig) -> None:
    assert addresses_after(config, [], f"{OURS}?key=a", f"{OURS}?key=a") == [f"{OURS}?key=a"]


def test_a_refusal_takes_nothing_away(config: SmsruConfig) -> None:
    with pytest.raises(Rejected):
        addresses_after(config, [f"{OURS}?key=old"], "no address")
    assert addresses_after(config, []) == [f"{OURS}?key=old"]


def test_a_lost_answer_may_be_followed_by_another_try(
    config: SmsruConfig, control: httpx2.Client
) -> None:
    fault = {"connector": "smsru", "operation": "callback_add", "kind": "reset", "times": 1}
    control.post("/_faults", json=fault).raise_for_status()
    with pytest.raises(OutcomeUnknown):
        addresses_after(config, [], f"{OURS}?key=a")
    assert addresses_after(config, [], f"{OURS}?key=b") == [f"{OURS}?key=b"]
