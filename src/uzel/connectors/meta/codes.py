"""Meta's error codes: what each means for people, and what follows from it.

The same codes come in the answer to a send and, later, in `statuses[].errors` of a webhook. Only
`code` counts: one code comes with several HTTP statuses, and titles change (Meta, "Error codes",
2026-09).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from uzel.errors import (
    AuthFailed,
    CallFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.kit.body import object_at, text_of

LONGEST_DETAILS = 160
# Long enough to be a phone, an account or a token's part: nothing for an operator's list.
DIGITS = re.compile(r"[0-9][0-9 ()+-]{5,}[0-9]")
NO_SUCH_OBJECT = 33  # a subcode of 100


class Verdict(Enum):
    """What follows from an error code.

    ACCOUNT      nothing will be sent for anybody until a person acts: the connection pauses
    REFUSED      this message, not the next one
    SUPPRESSED   this person must not be written to by any channel
    UNREACHABLE  this person cannot be reached in WhatsApp; another channel may do
    PAIR         too much to one and the same person just now
    THROUGHPUT   too much at once from this number
    USAGE        too many requests; a header says how long to wait
    COOL_DOWN    Meta has throttled the number for its quality
    BUSY         Meta says that it did not take the message
    UNCLEAR      Meta failed and promises nothing
    """

    ACCOUNT = auto()
    REFUSED = auto()
    SUPPRESSED = auto()
    UNREACHABLE = auto()
    PAIR = auto()
    THROUGHPUT = auto()
    USAGE = auto()
    COOL_DOWN = auto()
    BUSY = auto()
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Code:
    """`why` is the short code of a stop, see `uzel.model.receipt`."""

    verdict: Verdict
    text: str
    why: str | None = None


PERMISSION = Code(
    Verdict.ACCOUNT,
    "у токена нет нужного права: выпустите новый с whatsapp_business_messaging и "
    "whatsapp_business_management",
)
TOKEN = Code(Verdict.ACCOUNT, "токен не подходит или истёк: выпустите постоянный токен")
NO_OBJECT = Code(
    Verdict.ACCOUNT,
    "нет такого номера или аккаунта, либо токену он не виден: проверьте Phone number ID",
)

# Codes 1 and 2 come from the layer below WhatsApp and were seen after posts that had been taken,
# so they promise nothing; 131016, 131057 and 133004 are WhatsApp's own word that it did not.
ERRORS: Mapping[int, Code] = {
    0: TOKEN,
    1: Code(Verdict.UNCLEAR, "внутренняя ошибка Meta"),
    2: Code(Verdict.UNCLEAR, "временный сбой у Meta"),
    3: PERMISSION,
    4: Code(Verdict.USAGE, "исчерпан лимит запросов приложения"),
    10: PERMISSION,
    33: NO_OBJECT,
    100: Code(Verdict.REFUSED, "в запросе неверный или лишний параметр"),
    190: TOKEN,
    **dict.fromkeys(range(200, 300), PERMISSION),
    368: Code(Verdict.ACCOUNT, "аккаунт WhatsApp ограничен за нарушение правил"),
    80007: Code(Verdict.USAGE, "исчерпан лимит запросов аккаунта WhatsApp"),
    130403: Code(Verdict.SUPPRESSED, "этот человек заблокирован вами в WhatsApp", "blocked"),
    130429: Code(Verdict.THROUGHPUT, "слишком много сообщений в секунду с этого номера"),
    130472: Code(Verdict.REFUSED, "Meta придержала рекламное сообщение: получатель в эксперименте"),
    130497: Code(Verdict.REFUSED, "аккаунту запрещено писать в страну получателя"),
    131000: Code(Verdict.UNCLEAR, "неизвестная ошибка WhatsApp"),
    131005: PERMISSION,
    131008: Code(Verdict.REFUSED, "в запросе не хватает параметра"),
    131009: Code(Verdict.REFUSED, "значение параметра не подходит"),
    131016: Code(Verdict.BUSY, "сервис WhatsApp временно недоступен"),
    131021: Code(Verdict.REFUSED, "получатель и отправитель — один номер"),
    131026: Code(
        Verdict.UNREACHABLE,
        "не доставить: на номере нет WhatsApp, он устарел или человек не принял условия",
    ),
    131030: Code(
        Verdict.UNREACHABLE,
        "тестовый номер пишет только тем, кого внесли в список получателей на API Setup",
    ),
    131031: Code(Verdict.ACCOUNT, "аккаунт WhatsApp заблокирован"),
    131037: Code(Verdict.ACCOUNT, "отображаемое имя номера не одобрено"),
    131042: Code(Verdict.ACCOUNT, "не проходит оплата: проверьте способ оплаты в Meta Business"),
    131045: Code(Verdict.ACCOUNT, "номер не зарегистрирован в Cloud API: неверный сертификат"),
    131047: Code(
        Verdict.REFUSED,
        "прошло больше суток с последнего сообщения получателя: можно писать только шаблоном",
    ),
    131048: Code(Verdict.COOL_DOWN, "Meta ограничила номер: слишком много жалоб на спам"),
    131049: Code(
        Verdict.REFUSED, "Meta не доставила рекламу: человеку за последнее время её уже хватило"
    ),
    131050: Code(Verdict.SUPPRESSED, "человек отказался от рекламы в WhatsApp", "user_stopped"),
    131051: Code(Verdict.REFUSED, "такой вид сообщений не поддерживается"),
    131052: Code(Verdict.REFUSED, "не удалось скачать вложение"),
    131053: Code(Verdict.REFUSED, "не удалось загрузить вложение"),
    131056: Code(Verdict.PAIR, "слишком много сообщений подряд одному человеку"),
    131057: Code(Verdict.BUSY, "номер на обслуживании у Meta, это около минуты"),
    131063: Code(Verdict.ACCOUNT, "рекламные шаблоны на этом номере выключены"),
    131064: Code(
        Verdict.ACCOUNT, "аккаунт временно ограничен: шаблоны отнесены не к той категории"
    ),
    132000: Code(Verdict.REFUSED, "число параметров не такое, как в шаблоне"),
    132001: Code(Verdict.REFUSED, "шаблона с таким именем и языком нет или он не одобрен"),
    132005: Code(Verdict.REFUSED, "с параметрами текст шаблона слишком длинный"),
    132007: Code(Verdict.REFUSED, "содержание шаблона нарушает правила"),
    132008: Code(Verdict.REFUSED, "значение параметра не подходит шаблону"),
    132012: Code(Verdict.REFUSED, "параметр не того вида, что в шаблоне"),
    132015: Code(Verdict.REFUSED, "шаблон приостановлен из-за низкого качества"),
    132016: Code(Verdict.REFUSED, "шаблон выключен навсегда из-за низкого качества"),
    132068: Code(Verdict.REFUSED, "форма (Flow) в шаблоне заблокирована"),
    132069: Code(Verdict.REFUSED, "форма (Flow) в шаблоне придержана"),
    133004: Code(Verdict.BUSY, "сервер Meta временно недоступен"),
    133010: Code(Verdict.ACCOUNT, "номер не зарегистрирован в Cloud API"),
    133016: Code(Verdict.ACCOUNT, "слишком много попыток регистрации номера"),
    135000: Code(Verdict.REFUSED, "WhatsApp не принял параметры сообщения"),
}
# What Meta adds to these names a parameter or a template, which is what a person needs.
WITH_DETAILS = frozenset({100, 131008, 131009, *range(132000, 133000)})

WAITS: Mapping[Verdict, timedelta] = {
    # One message in six seconds, and a burst is borrowed from the time after it.
    Verdict.PAIR: timedelta(minutes=1),
    Verdict.THROUGHPUT: timedelta(seconds=5),
    Verdict.USAGE: timedelta(minutes=5),
    Verdict.COOL_DOWN: timedelta(hours=1),
}


@dataclass(frozen=True, slots=True)
class GraphError:
    """One error as Meta writes it, `error` of an answer or an entry of `errors` in a webhook.

    title      Meta's words, kept for codes that are in no table
    details    `error_data.details`
    transient  Meta expects the same request to succeed later
    """

    code: int
    subcode: int | None = None
    title: str | None = None
    details: str | None = None
    transient: bool = False

    @classmethod
    def of(cls, value: Any) -> "GraphError | None":
        """None for what has no code."""
        code = integer(value.get("code")) if isinstance(value, dict) else None
        if code is None:
            return None
        return cls(
            code=code,
            subcode=integer(value.get("error_subcode")),
            title=text_of(value.get("title")) or text_of(value.get("message")),
            details=text_of((object_at(value, "error_data") or {}).get("details")),
            transient=value.get("is_transient") is True,
        )

    @property
    def known(self) -> Code | None:
        if self.code == 100 and self.subcode == NO_SUCH_OBJECT:
            return NO_OBJECT
        return ERRORS.get(self.code)

    @property
    def verdict(self) -> Verdict:
        if self.known:
            return self.known.verdict
        return Verdict.UNCLEAR if self.transient else Verdict.REFUSED

    @property
    def stops(self) -> str | None:
        """Why this person must not be written to by anybody, None if nothing says so."""
        return self.known.why if self.known else None

    @property
    def unreachable(self) -> bool:
        return self.verdict is Verdict.UNREACHABLE

    @property
    def explained(self) -> str:
        """For people: our words, and Meta's where ours do not name the parameter."""
        known = self.known
        if known is None:
            return f"WhatsApp: {masked(self.title) or 'неизвестная ошибка'} ({self.code})"
        details = masked(self.details) if self.code in WITH_DETAILS else None
        return f"WhatsApp: {known.text}" + (f" ({details})" if details else "")


def failure(
    error: GraphError,
    *,
    effect: bool,
    now: datetime,
    wait: timedelta | None = None,
    http_status: int | None = None,
) -> CallFailed:
    """The error class that Meta's explicit error means.

    effect  whether the request was to change something
    now     aware UTC, from which a limit's end is counted
    wait    what the answer's headers ask for, None if they do not

    A code in no table is Rejected: an explicit error means that the message was not taken, unless
    Meta calls it transient, which may be said of a message on its way.
    """
    detail, code, verdict = error.explained, str(error.code), error.verdict
    if (usual := WAITS.get(verdict)) is not None:
        return RateLimited(
            detail,
            retry_at=now + (wait or usual),
            everyone=verdict is not Verdict.PAIR,
            code=code,
            http_status=http_status,
        )
    match verdict:
        case Verdict.ACCOUNT:
            return AuthFailed(detail, code=code, http_status=http_status)
        case Verdict.BUSY:
            return Unavailable(detail, code=code, http_status=http_status)
        case Verdict.UNCLEAR:
            lost = OutcomeUnknown if effect else Unavailable
            return lost(detail, code=code, http_status=http_status)
    return Rejected(
        detail,
        code=code,
        http_status=http_status,
        suppress=verdict is Verdict.SUPPRESSED,
        unreachable=verdict is Verdict.UNREACHABLE,
    )


def integer(value: Any) -> int | None:
    """A whole number that may come as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def masked(text: str | None) -> str | None:
    """Meta's words, shortened and without phones."""
    return DIGITS.sub("•••", text)[:LONGEST_DETAILS] if text else None
