"""The token stands in every address; it comes out nowhere."""

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx2
import pytest

from miniatures import Caller
from uzel.connector import Answer
from uzel.connectors.telegram import CONNECTOR
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.registration import register
from uzel.connectors.telegram.sandbox import EXAMPLES, SETTINGS
from uzel.errors import CallFailed, ConfigError
from uzel.kit import logs
from uzel.kit.faults import SILENCES, WEBHOOK_KINDS, FaultKind

numbers = count(900_000_001)
IMPATIENT = httpx2.Timeout(10, read=0.15)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything this process logs, as its log has it, and the client's own lines with it."""
    root, client = logging.getLogger(), logging.getLogger("httpx2")
    before = (root.handlers[:], root.level, client.level)
    stream = io.StringIO()
    logs.set_up_logs("json", "debug")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    client.setLevel(logging.DEBUG)
    yield stream
    root.handlers[:], root.level = before[:2]
    client.setLevel(before[2])


@pytest.fixture
def canary(sandbox: str, control: httpx2.Client) -> TelegramConfig:
    """A bot whose token nobody else has."""
    token = f"{next(numbers)}:canary-of-telegram-00000000000000000"
    secret = "canary-of-the-webhook-0000"
    settings = {"token": token, "webhook_secret": secret, "base_url": f"{sandbox}/telegram"}
    return TelegramConfig.model_validate({**SETTINGS, **settings})


def told(error: BaseException) -> str:
    """All that an error says, and those below it."""
    said = "".join(traceback.format_exception(error))
    below: BaseException | None = error
    while below is not None:
        said += f"{below!r} {below} {below.args!r}"
        below = below.__cause__ or below.__context__
    if isinstance(error, CallFailed):
        said += f"{error.detail} {error.code}"
    return said


def secretless(text: str, config: TelegramConfig) -> bool:
    """Whether the part of the token that nobody may know is absent, plain and in hex; and the
    webhook's secret.
    """
    token = config.token.get_secret_value()
    assert config.webhook_secret is not None
    secrets = (token.partition(":")[2], config.webhook_secret.get_secret_value())
    return all(it not in text and it.encode().hex() not in text for it in secrets)


def absent(text: str, config: TelegramConfig) -> None:
    assert text and secretless(text, config)


@pytest.mark.parametrize("kind", [None, *sorted(set(FaultKind) - WEBHOOK_KINDS - {FaultKind.SLOW})])
def test_no_end_of_a_call_tells_the_token(
    session_caller: Caller,
    canary: TelegramConfig,
    control: httpx2.Client,
    written: io.StringIO,
    kind: FaultKind | None,
) -> None:
    said = repr(canary) + canary.model_dump_json()
    session_caller.http.timeout = IMPATIENT if kind in SILENCES else session_caller.patience
    for operation in CONNECTOR.operations.values():
        if kind:
            fault = {"connector": "telegram", "operation": operation.name, "kind": kind}
            control.post("/_faults", json=fault).raise_for_status()
        try:
            answer: Answer = session_caller.run(operation, canary, EXAMPLES[operation.name])
            said += repr(answer)
        except CallFailed as error:
            logging.getLogger("uzel.calls").exception("a call failed")
            said += told(error)
    session_caller.http.timeout = session_caller.patience
    absent(said, canary)
    if kind is None:
        # The client's own line was there to be searched.
        assert "/bot•••/getMe" in written.getvalue()
    assert secretless(written.getvalue(), canary)
    absent(control.get("/_journal").text, canary)
    assert "get_me" in control.get("/_journal").text


@pytest.mark.parametrize(
    "said",
    [b"", b"{", b"<html></html>", b'{"ok":false,"error_code":400,"description":"%s"}', b"\xff"],
)
@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 429, 500])
def test_nor_does_a_provider_that_says_it_back(
    session_caller: Caller,
    answering: Callable[..., TelegramConfig],
    canary: TelegramConfig,
    written: io.StringIO,
    said: bytes,
    status: int,
) -> None:
    token = canary.token.get_secret_value()
    body = said.replace(b"%s", token.encode())
    there = answering(body, status, {"location": f"https://a.example/bot{token}/getMe"})
    config = canary.model_copy(update={"base_url": there.base_url})
    for name in ("get_me", "send_message", "edit_message_text"):
        with pytest.raises(CallFailed) as caught:
            session_caller.run(CONNECTOR.operations[name], config, EXAMPLES[name])
        absent(told(caught.value), canary)
    with pytest.raises(CallFailed) as caught:
        session_caller(config, register, "https://uzel.example/hook")
    absent(told(caught.value), canary)
    absent(written.getvalue(), canary)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_nor_does_nobody(
    session_caller: Caller, canary: TelegramConfig, written: io.StringIO, base_url: str
) -> None:
    config: Any = canary.model_copy(update={"base_url": base_url})
    for name in CONNECTOR.operations:
        with pytest.raises((CallFailed, ConfigError)) as caught:
            session_caller.run(CONNECTOR.operations[name], config, EXAMPLES[name])
        absent(told(caught.value), canary)
    logging.getLogger("uzel.calls").warning("still here")
    absent(written.getvalue(), canary)
