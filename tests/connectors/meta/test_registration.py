"""Having Meta post the messages of one number to us."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.registration import register
from uzel.errors import CallFailed, Rejected

Hook = tuple[str, Any, list[int]]
Clients = Callable[[MetaConfig], tuple[asyncio.Runner, httpx2.AsyncClient]]
Asked = list[tuple[str, str, Mapping[str, str], Any]]


def enter(clients: Clients, config: MetaConfig, url: str) -> None:
    runner, http = clients(config)
    runner.run(register(http, config, url))


def test_the_address_is_confirmed_and_then_used(
    clients: Clients, config: MetaConfig, control: httpx2.Client, hook: Hook
) -> None:
    for _ in range(2):
        enter(clients, config, hook[0])
    assert control.get("/meta/_settings").json()["hook"] == hook[0]
    journal = control.get("/_journal").text
    assert config.verify_token is not None
    assert "hidden" not in journal and config.verify_token.get_secret_value() not in journal


def test_an_address_that_does_not_answer_is_not_taken(
    clients: Clients, config: MetaConfig, control: httpx2.Client
) -> None:
    with pytest.raises(Rejected) as caught:
        enter(clients, config, "http://127.0.0.1:9/hook")
    assert caught.value.code == "100"
    assert control.get("/meta/_settings").json()["hook"] is None


@pytest.mark.parametrize("missing", ["verify_token", "app_secret"])
def test_it_needs_the_word_and_the_secret(
    clients: Clients, answering: Callable[..., MetaConfig], asked: Asked, missing: str
) -> None:
    config = answering(b'{"success":true}').model_copy(update={missing: None})
    with pytest.raises(CallFailed):
        enter(clients, config, "https://uzel.example/hook")
    assert asked == []


def test_it_concerns_this_number_alone(
    clients: Clients, answering: Callable[..., MetaConfig], asked: Asked
) -> None:
    config = answering(b'{"success":true}')
    enter(clients, config, "https://uzel.example/api/webhook/meta?key=hook_1")
    ((method, target, _, body),) = asked
    assert (method, target) == ("POST", f"/v25.0/{config.phone_number_id}")
    assert config.verify_token is not None
    override = {
        "override_callback_uri": "https://uzel.example/api/webhook/meta?key=hook_1",
        "verify_token": config.verify_token.get_secret_value(),
    }
    assert body == {"webhook_configuration": override}
