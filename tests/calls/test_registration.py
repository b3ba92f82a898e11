"""What keeps an address from being registered, and what a provider may answer."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from parts import Direct, Sandbox, go
from uzel.calls.registration import Obstacle, Registered, obstacle, register
from uzel.connections.registry import Active
from uzel.connectors.iiko import CONNECTOR as IIKO
from uzel.connectors.smsru import CONNECTOR as SMSRU
from uzel.connectors.smsru.config import SmsruConfig
from uzel.kit.settings import Settings

PUBLIC = Settings(Path("/nowhere"), public_url="https://uzel.example.ru")
LOCAL = Settings(Path("/nowhere"))


def active(base_url: str = "https://sms.ru", api_id: str = "key") -> Active:
    config = SmsruConfig(api_id=SecretStr(api_id), base_url=base_url)
    return Active(1, 1, SMSRU, "main", config, 5.0, "active", None, b"hash")


@pytest.mark.parametrize(
    ("connection", "settings", "found"),
    [
        (active(), PUBLIC, None),
        (active(), LOCAL, Obstacle.NO_ADDRESS),
        (active(), replace(LOCAL, public_url="http://192.168.0.7:8000"), Obstacle.INSIDE),
        # A sandbox beside us reaches what is inside; one elsewhere does not.
        (active("http://127.0.0.1:8100/smsru"), LOCAL, None),
        (active("https://sandbox.example/smsru"), LOCAL, Obstacle.NO_ADDRESS),
        (replace(active(), config=None), PUBLIC, Obstacle.SETTINGS),
        (replace(active(), state="off"), PUBLIC, Obstacle.OFF),
        (replace(active(), state="paused"), PUBLIC, None),
        (replace(active(), connector=IIKO), PUBLIC, Obstacle.BY_HAND),
    ],
)
def test_obstacles(connection: Active, settings: Settings, found: Obstacle | None) -> None:
    assert obstacle(connection, settings) is found


def test_what_the_provider_says_is_told_and_not_raised(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/smsru"

    async def run() -> None:
        hook = "https://uzel.test/api/webhook/smsru?key=canary-41c7"
        assert await register(active(url, "key-registration"), Direct(), hook) == Registered(True)
        refused = await register(active(url, "bad key"), Direct(), hook)
        assert (refused.good, "API-ключ" in refused.text) == (False, True)
        lost = await register(active("http://127.0.0.1:1"), Direct(), hook)
        assert (lost.good, "canary" in lost.text) == (False, False)
        assert lost.text

    go(run)
