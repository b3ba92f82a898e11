"""The *test* button: one harmless question to the provider, with the connection's own settings.

What an operation that is a test answers is shown in the words below, None left out; `missing` in it
says what is still to be done on the provider's side.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.connector import Answer
from uzel.errors import CallFailed, ConfigError
from uzel.kit.database import Pool
from uzel.people.store import note

WORDS = {
    "access": "доступ",
    "account": "аккаунт",
    "accounts": "счетов",
    "balance": "баланс",
    "base": "валюта",
    "date": "на дату",
    "display_phone_number": "номер",
    "domains": "домены",
    "last_day": "сообщений за сутки",
    "messaging_limit": "новых адресатов в сутки",
    "modules": "модулей",
    "name": "название",
    "new": "новых заказов",
    "platform_type": "где размещён",
    "quality_rating": "качество",
    "rates": "курсов",
    "status": "состояние",
    "subdomain": "поддомен",
    "throughput": "скорость отправки",
    "unread": "не прочитано",
    "verified_name": "имя",
    "warning": "внимание",
    "webhook": "вебхук",
}
# Meta's words for a number, as its reference of the Graph API lists them.
VALUES = {
    "quality_rating": {"GREEN": "высокое", "YELLOW": "среднее", "RED": "низкое"},
    "status": {"CONNECTED": "подключён", "PENDING": "ещё не подключён", "BANNED": "заблокирован"},
    "platform_type": {"CLOUD_API": "Cloud API", "ON_PREMISE": "свой сервер"},
    "throughput": {"STANDARD": "обычная", "HIGH": "высокая"},
    "messaging_limit": {
        **{f"TIER_{number}": number for number in ("50", "250")},
        **{f"TIER_{number}K": f"{number} 000" for number in ("1", "2", "10", "100")},
        "TIER_UNLIMITED": "без предела",
    },
}
MISSING = "missing"
TESTED, LONGEST_SAID = "test", 500
# Somebody waits at the page. The client's own limits are for one answer; what sends a byte now and
# then, or is asked several times, can take longer.
LONGEST_CHECK_S = 30.0


@dataclass(frozen=True, slots=True)
class Check:
    """What the provider said, in words for the person who pressed the button. missing: all is well
    so far, and something is still to be done on their side.
    """

    good: bool
    text: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether anything ever came in through a connection, when it last did as far as known, and by
    whose clock to tell it.
    """

    ever: bool
    last_at: datetime | None
    zone: ZoneInfo


async def check(
    active: Active, reach: Reach, within_s: float = LONGEST_CHECK_S, seen: Seen | None = None
) -> Check:
    """Ask the provider. Never raises what a provider can cause, nor what can be set up wrongly."""
    connector = active.connector
    if active.config is None:
        return Check(False, active.state_reason or "настройки не читаются")
    if connector.test is None:
        return of_silent(seen)
    try:
        async with asyncio.timeout(within_s):
            answer = await reach.ask(active, connector.operations[connector.test], {})
    except TimeoutError:
        return Check(False, f"поставщик не ответил за {within_s:g} с; попробуйте позже")
    except (CallFailed, ConfigError) as error:
        return Check(False, str(error))
    parts = [(n, v) for n, v in answer.data.items() if v not in (None, []) and n != MISSING]
    said = ", ".join(in_words(name, value, answer) for name, value in parts)
    if missing := answer.data.get(MISSING):
        return Check(True, f"{said}. {missing}", missing=True)
    return Check(True, said or "поставщик принимает ключ")


async def check_and_note(pool: Pool, active: Active, reach: Reach, actor: str, seen: Seen) -> Check:
    """The same, and written down in the audit: who asked, and what came of it."""
    done = await check(active, reach, seen=seen)
    said = {"good": done.good, "text": done.text[:LONGEST_SAID], "missing": done.missing}
    await note(pool, actor, TESTED, f"connection:{active.id}", said)
    return done


def of_silent(seen: Seen | None) -> Check:
    """A provider that cannot be asked anything: what it sent last tells that it knows us."""
    text = "настройки читаются; проверять у поставщика нечего: он присылает сам"
    if seen is None:
        return Check(True, text)
    if not seen.ever:
        more = "ещё ничего не приходило: впишите адрес подключения у поставщика"
        return Check(True, f"{text}; {more}", missing=True)
    if seen.last_at is None:
        return Check(True, f"{text}; запросы приходили")
    when = f"{seen.last_at.astimezone(seen.zone):%d.%m.%Y %H:%M}"
    return Check(True, f"{text}; последний запрос пришёл {when} ({seen.zone.key})")


def in_words(name: str, value: object, answer: Answer) -> str:
    """`balance_minor` 123456 as `баланс: 1234.56 RUB`, `last_day` 6 as `сообщений за сутки: 6`; of
    a list how much is in it.
    """
    if isinstance(value, list):
        value = len(value)
    if not name.endswith("_minor") or not isinstance(value, int):
        known = VALUES.get(name, {})
        return f"{WORDS.get(name, name)}: {known.get(str(value), value)}"
    plain = name.removesuffix("_minor")
    amount = Decimal(value).scaleb(-2)
    return f"{WORDS.get(plain, plain)}: {amount} {answer.currency or ''}".rstrip()
