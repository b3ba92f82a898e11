"""SMS.ru's codes: what each means for people, and what follows from it.

The table is the one SMS.ru publishes with its methods; where its wording changed over the years the
newer reading stands here. Codes 401 and 402 belong to confirmation by call, which we do not use.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto
from zoneinfo import ZoneInfo

from uzel.errors import (
    AuthFailed,
    CallFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.model.receipt import ReceiptState

ACCEPTED = 100
NOT_FOUND = -1
NO_SUCH_CALLBACK = 902
# `202626-1000000`: year, week and a running number, seen in recorded answers; read more widely.
SMS_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# SMS.ru does not say where its day begins; it is a Moscow company and writes Moscow time.
MOSCOW = ZoneInfo("Europe/Moscow")


class Verdict(Enum):
    """What follows from an error code.

    ACCOUNT    nothing will be sent for anybody until a person acts: the connection pauses
    REFUSED    this message or this number, not the next one
    STOPPED    the number is on a stop-list: it must not be tried again by anyone
    DUPLICATE  the same text was accepted for the number a moment ago: this copy is not wanted, and
               another channel must not carry it either
    DAY        too many today: not before the next day
    HOUR, MINUTES  too many just now
    BUSY       SMS.ru promises that nothing happened
    SERVER     SMS.ru failed and promises nothing
    """

    ACCOUNT = auto()
    REFUSED = auto()
    STOPPED = auto()
    DUPLICATE = auto()
    DAY = auto()
    HOUR = auto()
    MINUTES = auto()
    BUSY = auto()
    SERVER = auto()


@dataclass(frozen=True, slots=True)
class Code:
    verdict: Verdict
    text: str


ERRORS: dict[int, Code] = {
    200: Code(Verdict.ACCOUNT, "API-ключ не подходит: проверьте его в настройках подключения"),
    # The money comes back by topping up, without any change here; but until then every text fails
    # in the same way, so the connection pauses like one without a key.
    201: Code(
        Verdict.ACCOUNT, "на счёте SMS.ru кончились деньги: пополните счёт и нажмите «Проверить»"
    ),
    202: Code(Verdict.REFUSED, "номер неверен или к нему нет маршрута"),
    203: Code(Verdict.REFUSED, "нет текста сообщения"),
    # One operator may refuse a sender that all others carry, hence not a matter of the account.
    204: Code(Verdict.REFUSED, "отправитель не согласован с оператором получателя"),
    205: Code(Verdict.REFUSED, "сообщение длиннее восьми SMS"),
    206: Code(Verdict.DAY, "исчерпан дневной лимит сообщений аккаунта"),
    207: Code(
        Verdict.REFUSED,
        "у вашего аккаунта нет маршрута на этот номер; номера Казахстана (+7 7…) и других стран "
        "SMS.ru включает отдельно",
    ),
    208: Code(Verdict.REFUSED, "неверное время отправки"),
    209: Code(Verdict.STOPPED, "номер в вашем стоп-листе SMS.ru"),
    210: Code(Verdict.REFUSED, "запрос отправлен методом GET вместо POST"),
    211: Code(Verdict.REFUSED, "у SMS.ru нет такого метода"),
    212: Code(Verdict.REFUSED, "текст не в UTF-8"),
    213: Code(Verdict.REFUSED, "слишком много номеров в одном запросе"),
    214: Code(Verdict.REFUSED, "номер зарубежный, а в аккаунте включена отправка только по России"),
    215: Code(Verdict.STOPPED, "номер в общем стоп-листе SMS.ru: получатель жаловался на спам"),
    216: Code(Verdict.REFUSED, "в тексте запрещённое слово"),
    217: Code(Verdict.REFUSED, "в рекламе кредита нет обязательной фразы"),
    # Seen, explained nowhere: nothing may be concluded from it.
    218: Code(Verdict.SERVER, "ошибка 218, которую SMS.ru не объясняет"),
    220: Code(Verdict.BUSY, "сервис SMS.ru временно недоступен"),
    221: Code(
        Verdict.ACCOUNT,
        "в аккаунте нет согласованного буквенного отправителя: создайте его на SMS.ru",
    ),
    230: Code(Verdict.DAY, "на этот номер сегодня уже отправлено предельное число сообщений"),
    231: Code(Verdict.DUPLICATE, "тот же текст на этот номер уже принят меньше минуты назад"),
    232: Code(Verdict.DUPLICATE, "тот же текст на этот номер сегодня уже принят"),
    233: Code(Verdict.DUPLICATE, "сообщение с кодом на этот номер только что принято"),
    300: Code(Verdict.ACCOUNT, "токен неверен или устарел"),
    301: Code(Verdict.ACCOUNT, "API-ключ, логин или пароль не подходит"),
    302: Code(
        Verdict.ACCOUNT, "аккаунт SMS.ru не подтверждён: введите код из регистрационного SMS"
    ),
    303: Code(Verdict.REFUSED, "неверный код подтверждения"),
    304: Code(Verdict.HOUR, "слишком много кодов подтверждения"),
    305: Code(Verdict.HOUR, "слишком много неверных кодов подтверждения"),
    500: Code(Verdict.SERVER, "внутренняя ошибка SMS.ru"),
    **{code: Code(Verdict.HOUR, "защита от накрутки: превышен лимит") for code in range(501, 507)},
    507: Code(Verdict.REFUSED, "указан неверный IP-адрес получателя"),
    508: Code(Verdict.MINUTES, "слишком много запросов за пять минут"),
    550: Code(Verdict.REFUSED, "страна получателя закрыта для отправки"),
    901: Code(Verdict.REFUSED, "адрес обработчика неверен"),
    902: Code(Verdict.REFUSED, "такого обработчика нет"),
}

# Limits of one recipient; the others are the account's.
OF_ONE_NUMBER = frozenset({230, 304, 305, *range(501, 507)})

DELIVERY: dict[int, tuple[ReceiptState, str]] = {
    NOT_FOUND: (ReceiptState.FAILED, "SMS.ru не знает такого сообщения"),
    100: (ReceiptState.PENDING, "в очереди SMS.ru"),
    101: (ReceiptState.PENDING, "передаётся оператору"),
    102: (ReceiptState.PENDING, "в пути"),
    103: (ReceiptState.DELIVERED, "доставлено"),
    104: (ReceiptState.FAILED, "не доставлено: истёк срок"),
    105: (ReceiptState.FAILED, "не доставлено: удалено оператором"),
    106: (ReceiptState.FAILED, "не доставлено: сбой в телефоне"),
    107: (ReceiptState.FAILED, "не доставлено по неизвестной причине"),
    108: (ReceiptState.FAILED, "отклонено"),
    110: (ReceiptState.READ, "прочитано"),
    150: (ReceiptState.FAILED, "не доставлено: нет маршрута"),
}


def delivery(code: int) -> tuple[ReceiptState, str]:
    """State and meaning of a delivery code. An unknown one settles nothing, so it is pending."""
    return DELIVERY.get(code, (ReceiptState.PENDING, f"неизвестный код доставки {code}"))


def explain(code: int | None) -> str:
    """An error code in our own Russian: SMS.ru's texts may carry a phone number."""
    known = ERRORS.get(code) if code is not None else None
    return f"SMS.ru: {known.text}" if known else "SMS.ru: неизвестная ошибка"


def failure(code: int | None, *, effect: bool, now: datetime) -> CallFailed:
    """The error that SMS.ru's explicit ERROR with `code` means (None: it came without a code).

    effect  whether the request was to change something
    now     aware UTC, from which a limit's end is counted

    A code that is in no table is Rejected, not OutcomeUnknown: the status word ERROR has meant "not
    sent" with every documented code but 500 and 231 to 233, and to hold each such text for a person
    would cost more than the rare one that is shown as failed though it went out.
    """
    known = ERRORS.get(code) if code is not None else None
    verdict = known.verdict if known else Verdict.REFUSED
    detail, text = explain(code), str(code)
    match verdict:
        case Verdict.ACCOUNT:
            return AuthFailed(detail, code=text)
        case Verdict.STOPPED:
            return Rejected(detail, code=text, suppress=True)
        case Verdict.REFUSED | Verdict.DUPLICATE:
            return Rejected(detail, code=text, final=verdict is Verdict.DUPLICATE)
        case Verdict.BUSY:
            return Unavailable(detail, code=text)
        case Verdict.SERVER:
            lost = OutcomeUnknown if effect else Unavailable
            return lost(detail, code=text)
    return RateLimited(
        detail, code=text, retry_at=retry_at(verdict, now), everyone=code not in OF_ONE_NUMBER
    )


def retry_at(verdict: Verdict, now: datetime) -> datetime:
    """When a limit ends."""
    if verdict is Verdict.MINUTES:
        return now + timedelta(minutes=5)
    if verdict is Verdict.HOUR:
        return now + timedelta(hours=1)
    tomorrow = now.astimezone(MOSCOW).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, MOSCOW).astimezone(UTC)
