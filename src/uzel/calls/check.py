"""The *test* button: one harmless question to the provider, with the connection's own settings."""

from dataclasses import dataclass
from decimal import Decimal

from uzel.connections.registry import Active
from uzel.connector import Answer
from uzel.errors import CallFailed, ConfigError
from uzel.kit.http import new_client

WORDS = {"balance": "баланс"}


@dataclass(frozen=True, slots=True)
class Check:
    """What the provider said, in words for the person who pressed the button."""

    good: bool
    text: str


async def check(active: Active) -> Check:
    """Ask the provider. Never raises what a provider can cause."""
    connector = active.connector
    if active.config is None:
        return Check(False, active.state_reason or "настройки не читаются")
    if connector.test is None:
        return Check(True, "настройки читаются; проверять у поставщика нечего: он присылает сам")
    operation = connector.operations[connector.test]
    async with new_client(str(getattr(active.config, "base_url", ""))) as http:
        try:
            answer = await operation.run(http, active.config, {})
        except (CallFailed, ConfigError) as error:
            return Check(False, str(error))
    said = ", ".join(in_words(name, value, answer) for name, value in answer.data.items())
    return Check(True, said or "поставщик принимает ключ")


def in_words(name: str, value: object, answer: Answer) -> str:
    """`balance_minor` 123456 as `баланс: 1234.56 RUB`."""
    if not name.endswith("_minor") or not isinstance(value, int):
        return f"{name}: {value}"
    plain = name.removesuffix("_minor")
    amount = Decimal(value).scaleb(-2)
    return f"{WORDS.get(plain, plain)}: {amount} {answer.currency or ''}".rstrip()
