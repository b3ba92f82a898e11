"""The page on webhooks: its example is what goes out, its sample checks what really arrived."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from markdown_pages import blocks, read
from partner_receiver import Hearing, hearing
from parts import Sandbox, go, module_dsn, sandbox, sandbox_server
from uzel.calls import closing
from uzel.connectors.partner_hook import PATIENCE
from uzel.connectors.partner_hook.miniature import TOLERANCE_S
from uzel.kit.http import ANSWER_TIMEOUT_S
from uzel.partners import hook_address
from uzel.partners.payment import State

__all__ = ["module_dsn", "sandbox", "sandbox_server"]

PAGE = "docs/how-to/partner-webhooks.md"
Headers = Mapping[str, str]


def sample() -> dict[str, Any]:
    """What the Python of the page defines."""
    (code,) = blocks(read(PAGE), "python")
    defined: dict[str, Any] = {}
    exec(compile(code, PAGE, "exec"), defined)
    return defined


def headers_of(entry: Mapping[str, Any]) -> dict[str, str]:
    found = entry["headers"]
    assert isinstance(found, dict)
    return found


async def delivered(it: Hearing) -> dict[str, Any]:
    """The newest request at the receiver."""
    await it.call()
    return it.heard(well=None)[-1]


def test_the_sample_takes_what_is_ours_and_nothing_else(module_dsn: str, sandbox: Sandbox) -> None:
    defined = sample()

    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            await it.pay()
            entry = await delivered(it)
            headers, body = headers_of(entry), entry["body"].encode()
            defined["SECRETS"] = [it.secret]
            assert defined["is_ours"](headers, body)
            assert not defined["is_ours"](headers, body + b" ")
            for name, wrong in (
                ("webhook-id", "evt_other"),
                ("webhook-timestamp", str(int(headers["webhook-timestamp"]) + 1)),
                ("webhook-timestamp", str(int(headers["webhook-timestamp"]) - 400)),
                ("webhook-signature", "v1,AAAA"),
            ):
                assert not defined["is_ours"]({**headers, name: wrong}, body)
            old, new = it.secret, await it.rotate()
            await it.pay()
            entry = await delivered(it)
            for known in ([old], [new], [old, new]):
                defined["SECRETS"] = known
                assert defined["is_ours"](headers_of(entry), entry["body"].encode())
            defined["SECRETS"] = ["whsec_" + "A" * 43 + "="]
            assert not defined["is_ours"](headers_of(entry), entry["body"].encode())

    go(work)


def test_the_example_is_what_goes_out(module_dsn: str, sandbox: Sandbox) -> None:
    (example,) = blocks(read(PAGE), "json")
    expected = orjson.loads(example)

    async def work() -> None:
        async with hearing(module_dsn, sandbox, commission_percent="15") as it:
            answer = await it.paying.pay("1.11", "USD")
            payment = orjson.loads(answer.body)[0]
            await it.settle(payment, State.COMPLETED)
            await it.call()
            (event,) = (e["event"] for e in it.heard() if e["event"]["type"] == "payment.completed")
            assert list(event) == list(expected)
            assert list(event["data"]) == list(expected["data"])
            same = ("state", "amount", "currency", "cost_minor", "commission_minor", "rate")
            assert [event["data"][n] for n in same] == [expected["data"][n] for n in same]

    go(work)


@pytest.mark.parametrize("language", ["python", "php"])
def test_both_samples_check_the_same(language: str) -> None:
    (code,) = blocks(read(PAGE), language)
    assert "sha256" in code
    assert f"> {TOLERANCE_S}" in code
    assert "compare_digest" in code or "hash_equals" in code


def test_the_figures_are_those_of_the_code() -> None:
    text = " ".join(read(PAGE).split())
    seconds = [f"{pause:g}" for pause in PATIENCE.pauses_s]
    assert seconds == ["5", "300", "1800", "7200", "18000", "36000", "50400", "72000"]
    assert "через 5 секунд, 5 минут, 30 минут, 2, 5, 10, 14 и 20 часов" in text
    assert PATIENCE.tries_for_s == 3 * 24 * 3600
    assert f"{ANSWER_TIMEOUT_S:g} секунд" in text
    assert closing.BREAKER_THRESHOLD == 5
    assert hook_address.OVERLAP.total_seconds() == 24 * 3600
    assert re.search("Сутки каждый запрос подписан обоими", text)
