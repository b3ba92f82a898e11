"""Resend's words: names of errors and of what happened to an e-mail (resend.com/docs, "Errors",
"Email events"), each with what it means for people and what follows from it.

An HTTP status alone says too little: 429 is a moment's limit, a day's or a month's; 403 may be the
key or the sender's domain.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto

import httpx2

from uzel.errors import AuthFailed, CallFailed, RateLimited, Rejected
from uzel.kit.http import retry_at
from uzel.model.receipt import ReceiptState

SENDING_ONLY = "restricted_api_key"
NOT_FOUND = "not_found"
USED_KEY = "invalid_idempotent_request"
# While the first request with the same key is being worked on; theirs take a second or two.
BUSY_S = 15.0

NAME = re.compile(r"[a-z_]{1,64}")
# Resend names fields in backticks; a domain or an address there is nobody's business.
FIELD = re.compile(r"`([a-z_]{1,32})`")
RESET = re.compile(r"[0-9]{1,3}")
BLOCKED = re.compile(rb"error code: ?([0-9]{4})")


class Verdict(Enum):
    """What follows from an error.

    ACCOUNT  nothing will be sent for anybody until a person acts: the connection pauses
    REFUSED  this e-mail, not the next one
    BUSY     this e-mail is being worked on just now
    RATE     too many requests this second
    DAY      the day's quota is used up; the day is UTC's
    """

    ACCOUNT = auto()
    REFUSED = auto()
    BUSY = auto()
    RATE = auto()
    DAY = auto()


ERRORS: dict[str, tuple[Verdict, str]] = {
    "missing_api_key": (Verdict.ACCOUNT, "запрос без API-ключа"),
    "invalid_api_key": (Verdict.ACCOUNT, "API-ключ не подходит: проверьте его в настройках"),
    "suspended_api_key": (Verdict.ACCOUNT, "API-ключ приостановлен: напишите в поддержку Resend"),
    "invalid_permission": (Verdict.ACCOUNT, "у ключа нет нужных прав"),
    SENDING_ONLY: (Verdict.ACCOUNT, "ключ выключен или ему разрешено не всё: создайте другой"),
    "concurrent_idempotent_requests": (Verdict.BUSY, "это письмо сейчас отправляется"),
    "resource_locked": (Verdict.BUSY, "это письмо сейчас меняется"),
    # The first request with this key was taken, with other settings: a second one, by whatever
    # channel, is not wanted.
    USED_KEY: (
        Verdict.REFUSED,
        "письмо уже принято раньше, но с другим содержимым: между попытками сменили отправителя?",
    ),
    "invalid_idempotency_key": (Verdict.REFUSED, "неверный ключ от повторов"),
    "rate_limit_exceeded": (Verdict.RATE, "слишком много запросов в секунду"),
    "daily_quota_exceeded": (Verdict.DAY, "исчерпана дневная квота; новая с полуночи по UTC"),
    # It ends with the month or with a better plan; which of the two, a person decides.
    "monthly_quota_exceeded": (
        Verdict.ACCOUNT,
        "исчерпана месячная квота: смените тариф или дождитесь нового месяца и нажмите «Проверить»",
    ),
    "validation_error": (Verdict.REFUSED, "письмо не прошло проверку"),
    "invalid_parameter": (Verdict.REFUSED, "неверное значение"),
    "invalid_attachment": (Verdict.REFUSED, "неверное вложение"),
    "missing_required_field": (Verdict.REFUSED, "не хватает поля"),
    "missing_required_parameter": (Verdict.REFUSED, "не хватает параметра"),
    NOT_FOUND: (Verdict.REFUSED, "такого письма или адреса API нет"),
    "method_not_allowed": (Verdict.REFUSED, "такого метода у API нет"),
}

# Word of an event, the same in webhooks (after `email.`) and in `last_event`.
EVENTS: dict[str, tuple[ReceiptState, str]] = {
    "queued": (ReceiptState.PENDING, "в очереди Resend"),
    "scheduled": (ReceiptState.PENDING, "отложено до своего часа"),
    "sent": (ReceiptState.PENDING, "отправлено, ждёт сервер получателя"),
    "delivery_delayed": (ReceiptState.PENDING, "сервер получателя пока не принимает"),
    "delivered": (ReceiptState.DELIVERED, "доставлено"),
    "opened": (ReceiptState.READ, "открыто"),
    "clicked": (ReceiptState.READ, "получатель перешёл по ссылке"),
    "complained": (ReceiptState.READ, "получатель пожаловался на спам"),
    "bounced": (ReceiptState.FAILED, "не доставлено: сервер получателя отверг письмо"),
    "failed": (ReceiptState.FAILED, "не отправлено"),
    "suppressed": (ReceiptState.FAILED, "не отправлено: адрес в стоп-листе Resend"),
    "canceled": (ReceiptState.FAILED, "не отправлено: отменено в Resend"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """The error in a body: `{"statusCode", "name", "message"}`. The message may hold an address, so
    it is read, never shown.
    """

    name: str
    message: str


def event(word: str) -> tuple[ReceiptState, str]:
    """State and meaning of an event. An unknown one settles nothing, so it is pending."""
    return EVENTS.get(word, (ReceiptState.PENDING, "неизвестное событие"))


def refusal(response: httpx2.Response) -> CallFailed | None:
    """The error that Resend explains in the body; None: only the status says anything. A 5xx is
    left to the status, for even a worded one promises nothing.
    """
    status = response.status_code
    if not 400 <= status < 500:
        return None
    said = read(response.content)
    if said is None:
        return blocked(response)
    verdict, text = meaning(said, status)
    detail, code = f"Resend: {text}", said.name
    match verdict:
        case Verdict.ACCOUNT:
            return AuthFailed(detail, code=code, http_status=status)
        case Verdict.REFUSED:
            # The address itself is wrong: no e-mail will ever reach it, an SMS may.
            unreachable = status == 422 and "to" in FIELD.findall(said.message)
            final = code == USED_KEY
            return Rejected(
                detail, code=code, http_status=status, unreachable=unreachable, final=final
            )
    return RateLimited(
        detail,
        retry_at=limit_ends(verdict, response),
        everyone=verdict is not Verdict.BUSY,
        code=code,
        http_status=status,
    )


def read(body: bytes) -> Said | None:
    """The error in a body, None where there is none: what stands before Resend answers in HTML."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = content.get("name") if isinstance(content, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return None
    return Said(name, str(content.get("message")))


def meaning(said: Said, status: int) -> tuple[Verdict, str]:
    """What an error means. A name in no table means what its status does."""
    if "api key is invalid" in said.message.lower():  # comes as `validation_error` too
        return ERRORS["invalid_api_key"]
    if said.name == "validation_error" and status == 403:
        return Verdict.ACCOUNT, domain_refused(said.message)
    if said.name == SENDING_ONLY and status == 401:
        return Verdict.ACCOUNT, "этому ключу разрешено только отправлять письма"
    by_status = {401: Verdict.ACCOUNT, 403: Verdict.ACCOUNT, 429: Verdict.RATE}
    unknown = by_status.get(status, Verdict.REFUSED), f"ошибка {said.name}"
    verdict, text = ERRORS.get(said.name, unknown)
    fields = ", ".join(dict.fromkeys(FIELD.findall(said.message)))
    return verdict, f"{text} ({fields})" if fields and verdict is Verdict.REFUSED else text


def domain_refused(message: str) -> str:
    if "testing emails" in message:
        return "пока домен не подтверждён, письма уходят только на адрес владельца аккаунта"
    return "домен отправителя не подтверждён: resend.com → «Domains»"


def blocked(response: httpx2.Response) -> CallFailed | None:
    """Cloudflare stands before Resend and turns requests away by itself: 1010 for one without a
    User-Agent, others by country or network.
    """
    found = BLOCKED.search(response.content[:100_000])
    if response.status_code != 403 or found is None:
        return None
    code = found[1].decode()
    return AuthFailed(
        f"Resend: запрос не пропустила его защита (Cloudflare, {code})", code=code, http_status=403
    )


def limit_ends(verdict: Verdict, response: httpx2.Response) -> datetime:
    """When it is worth asking again. `ratelimit-reset` is in seconds, like Retry-After."""
    now = datetime.now(UTC)
    if verdict is Verdict.BUSY:
        return now + timedelta(seconds=BUSY_S)
    if verdict is Verdict.DAY:
        return datetime.combine(now.date() + timedelta(days=1), time.min, UTC)
    reset = response.headers.get("ratelimit-reset", "")
    if "retry-after" not in response.headers and RESET.fullmatch(reset):
        return now + timedelta(seconds=int(reset))
    return retry_at(response)
