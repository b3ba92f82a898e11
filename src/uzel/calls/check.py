"""The *test* button: one harmless question to the provider, with the connection's own settings."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from uzel.connections.registry import Active
from uzel.connector import Answer, Operation
from uzel.errors import CallFailed, ConfigError
from uzel.kit.http import new_client

WORDS = {"balance": "баланс"}
# Somebody waits at the page. The client's own limits are for one answer; what sends a byte now and
# then, or is asked several times, can take longer.
LONGEST_CHECK_S = 30.0


@dataclass(frozen=True, slots=True)
class Check:
    """What the provider said, in words for the person who pressed the button."""

    good: bool
    text: str


async def check(active: Active, within_s: float = LONGEST_CHECK_S) -> Check:
    """Ask the provider. Never raises what a provider can cause, nor what can be set up wrongly."""
    connector = active.connector
    if active.config is None:
        return Check(False, active.state_reason or "настройки не читаются")
    if connector.test is None:
        return Check(True, "настройки читаются; проверять у поставщика нечего: он присылает сам")
    try:
        async with asyncio.timeout(within_s):
            answer = await ask(active, connector.operations[connector.test])
    except TimeoutError:
        return Check(False, f"поставщик не ответил за {within_s:g} с; попробуйте позже")
    except (CallFailed, ConfigError) as error:
        return Check(False, str(error))
    said = ", ".join(in_words(name, value, answer) for name, value in answer.data.items())
    return Check(True, said or "поставщик принимает ключ")


async def ask(active: Active, operation: Operation) -> Answer:
    """The answer to a question without arguments. Raises CallFailed, ConfigError."""
    async with new_client(str(getattr(active.config, "base_url", ""))) as http:
        return await operation.run(http, active.config, {})


def in_words(name: str, value: object, answer: Answer) -> str:
    """`balance_minor` 123456 as `баланс: 1234.56 RUB`."""
    if not name.endswith("_minor") or not isinstance(value, int):
        return f"{name}: {value}"
    plain = name.removesuffix("_minor")
    amount = Decimal(value).scaleb(-2)
    return f"{WORDS.get(plain, plain)}: {amount} {answer.currency or ''}".rstrip()
