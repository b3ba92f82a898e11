"""What we may ask of SMS.ru (sms.ru/api). Every method is a form POST with the key in the body: a
query string would leave it in logs. SMS.ru answers HTTP 200 to all of it, so only the body counts;
its types wander (a limit is text, an empty list is a missing key or []), so reading is lenient.

No `partner_id` is ever sent: it would credit a stranger with our messages.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.smsru.codes import NO_SUCH_CALLBACK, NOT_FOUND, SMS_ID, delivery, failure
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.money import CURRENCY, kopecks
from uzel.errors import ContractBroken, OutcomeUnknown, Rejected, Unavailable
from uzel.kit.http import ask

MOST_STATUS_IDS = 100
DIGEST_CHARS = 16
LONGEST_TTL_MINUTES = 24 * 60

Arguments = Mapping[str, Any]
Content = dict[str, Any]


async def send_sms(http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments) -> Answer:
    """Text `text` to `phone` (E.164), one number per request: with several, one lost answer would
    leave all of them in doubt. There is no key against doubles and no search by number, so a lost
    answer stays unknown.

    `lifetime_s` (optional, seconds): what is not delivered by then never will be. SMS.ru does not
    refund a text that died so; one without a lifetime that did not arrive it does.

    Answer: reference = sms_id, data {"balance_minor"}. Raises every CallFailed but ContractBroken.
    """
    fields = {"to": digits(arguments["phone"]), "msg": arguments["text"]}
    if config.sender:
        fields["from"] = config.sender
    if config.test:
        fields["test"] = "1"
    if (lifetime_s := arguments.get("lifetime_s")) is not None:
        fields["ttl"] = str(ttl_minutes(lifetime_s))
    content = await call(http, config, "/sms/send", fields, effect=True)
    entry = recipient(content, fields["to"])
    if entry is None:
        raise OutcomeUnknown("SMS.ru: в ответе нет получателя")
    demand_ok(entry, effect=True)
    return Answer(
        reference=sms_id(entry.get("sms_id")),
        data={"balance_minor": kopecks(content.get("balance"))},
        currency=CURRENCY,
    )


async def sms_status(http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments) -> Answer:
    """What became of the messages `ids` (at most 100 sms_id).

    Answer: data {"messages": [{"reference", "state", "code", "detail", "cost_minor"}]}, where
    `state` is a ReceiptState; an id that SMS.ru left out of its answer is left out here.
    """
    ids = list(arguments["ids"])
    if len(ids) > MOST_STATUS_IDS:
        raise Rejected(f"SMS.ru: не больше {MOST_STATUS_IDS} сообщений за запрос", code="ids")
    found = entries(await call(http, config, "/sms/status", {"sms_id": ",".join(ids)}))
    return Answer(
        data={"messages": [message(name, found[name]) for name in ids if name in found]},
        currency=CURRENCY,
    )


async def sms_cost(http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments) -> Answer:
    """What `text` to `phone` (E.164) would cost. Answer: cost_minor, data {"parts"}."""
    to = digits(arguments["phone"])
    content = await call(http, config, "/sms/cost", {"to": to, "msg": arguments["text"]})
    entry = recipient(content, to)
    if entry is None:
        raise ContractBroken("SMS.ru: в ответе о цене нет получателя")
    demand_ok(entry, effect=False)
    return Answer(
        data={"parts": number(entry.get("sms"))},
        cost_minor=kopecks(entry.get("cost")),
        currency=CURRENCY,
    )


async def balance(http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments) -> Answer:
    """Money left on the account. Answer: data {"balance_minor"}."""
    content = await call(http, config, "/my/balance", {})
    amount = kopecks(content.get("balance"))
    if amount is None:
        raise ContractBroken("SMS.ru: в ответе нет баланса")
    return Answer(data={"balance_minor": amount}, currency=CURRENCY)


async def limit(http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments) -> Answer:
    """The account's daily limit. Answer: data {"total", "used_today"}, None where not said."""
    content = await call(http, config, "/my/limit", {})
    return Answer(
        data={
            "total": number(content.get("total_limit")),
            "used_today": number(content.get("used_today")),
        }
    )


async def auth_check(http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments) -> Answer:
    """Whether the key is good."""
    await call(http, config, "/auth/check", {})
    return Answer()


async def stoplist_add(
    http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments
) -> Answer:
    """Put `phone` (E.164) on the account's stop-list, with the note `note`."""
    fields = {"stoplist_phone": digits(arguments["phone"]), "stoplist_text": arguments["note"]}
    await call(http, config, "/stoplist/add", fields, effect=True)
    return Answer()


async def stoplist_del(
    http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments
) -> Answer:
    """Take `phone` (E.164) off the account's stop-list."""
    fields = {"stoplist_phone": digits(arguments["phone"])}
    await call(http, config, "/stoplist/del", fields, effect=True)
    return Answer()


async def stoplist_get(
    http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments
) -> Answer:
    """The account's stop-list. Answer: data {"stoplist": {"+7…": note}}."""
    content = await call(http, config, "/stoplist/get", {})
    listed = content.get("stoplist")
    notes = listed if isinstance(listed, dict) else {}
    return Answer(data={"stoplist": {f"+{phone}": note for phone, note in notes.items()}})


async def callback_add(
    http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments
) -> Answer:
    """Have delivery reports posted to `url`, besides the addresses already registered."""
    return await callbacks(http, config, "/callback/add", {"url": arguments["url"]})


async def callback_del(
    http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments
) -> Answer:
    """Have no more delivery reports posted to `url`; an address that is not registered is fine."""
    try:
        return await callbacks(http, config, "/callback/del", {"url": arguments["url"]})
    except Rejected as error:
        if error.code == str(NO_SUCH_CALLBACK):
            return Answer()
        raise


async def callback_get(
    http: httpx2.AsyncClient, config: SmsruConfig, arguments: Arguments
) -> Answer:
    """The registered addresses."""
    return await callbacks(http, config, "/callback/get", None)


async def callbacks(
    http: httpx2.AsyncClient, config: SmsruConfig, path: str, fields: Mapping[str, str] | None
) -> Answer:
    """Answer: data {"callbacks": [{"url", "digest"}]}. A hook's address carries its key in the
    query, so the query is cut off; `url_digest` of the whole address tells which one it is.
    """
    content = await call(http, config, path, fields or {}, effect=fields is not None)
    shown = [
        {"url": url.partition("?")[0], "digest": url_digest(url)} for url in registered(content)
    ]
    return Answer(data={"callbacks": shown})


def registered(content: Content) -> list[str]:
    """The addresses in an answer, their keys included: not for logs, not for people."""
    listed = content.get("callback")
    return [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []


def url_digest(url: str) -> str:
    """How `callbacks` names an address without showing its key."""
    return sha256(url.encode()).hexdigest()[:DIGEST_CHARS]


async def call(
    http: httpx2.AsyncClient,
    config: SmsruConfig,
    path: str,
    fields: Mapping[str, str],
    *,
    effect: bool = False,
) -> Content:
    """Ask and return the answer's object once its outer status is OK; raises CallFailed."""
    form = {"api_id": config.api_id.get_secret_value(), "json": "1", **fields}
    response = await ask(http, "POST", path, effect=effect, form=form)
    content = parse(response.content, effect=effect)
    demand_ok(content, effect=effect)
    return content


def parse(body: bytes, *, effect: bool) -> Content:
    """The JSON object in `body`, its numbers exact.

    What is no JSON is the page SMS.ru shows while it is being worked on: a read may be asked again,
    a send may have happened.
    """
    try:
        content = json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        lost = OutcomeUnknown if effect else Unavailable
        raise lost("SMS.ru: ответ не в формате JSON") from error
    if not isinstance(content, dict):
        broken = OutcomeUnknown if effect else ContractBroken
        raise broken("SMS.ru: ответ не является объектом")
    return content


def demand_ok(entry: Content, *, effect: bool) -> None:
    """Raise what the status of an answer, or of one recipient in it, means.

    Only the word OK is success: a recipient that was refused has an sms_id too (recorded with code
    221, 2026-06), and the outer status is OK all the same.
    """
    status = entry.get("status")
    if status == "OK":
        return
    if status != "ERROR":
        broken = OutcomeUnknown if effect else ContractBroken
        raise broken("SMS.ru: в ответе нет статуса")
    raise failure(number(entry.get("status_code")), effect=effect, now=datetime.now(UTC))


def entries(content: Content) -> dict[str, Content]:
    """The `sms` object: number or sms_id → entry."""
    listed = content.get("sms")
    found = listed if isinstance(listed, dict) else {}
    return {name: entry for name, entry in found.items() if isinstance(entry, dict)}


def recipient(content: Content, to: str) -> Content | None:
    """The entry of the one number we asked about, however SMS.ru writes it back."""
    found = entries(content)
    if to in found or len(found) != 1:
        return found.get(to)
    return next(iter(found.values()))


def message(reference: str, entry: Content) -> dict[str, Any]:
    code = number(entry.get("status_code")) or 0
    state, detail = delivery(code)
    return {
        "reference": reference,
        "known": code != NOT_FOUND,
        "state": state.value,
        "code": str(code),
        "detail": detail,
        "cost_minor": kopecks(entry.get("cost")),
    }


def number(value: Any) -> int | None:
    """An integer that may come as text."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def sms_id(value: Any) -> str | None:
    return value if isinstance(value, str) and SMS_ID.fullmatch(value) else None


def ttl_minutes(lifetime_s: float) -> int:
    """SMS.ru counts whole minutes from 1 to 1440. Rounded down, so that nothing arrives too late;
    only below a minute is it longer than was asked for, since there is nothing shorter.
    """
    return min(max(int(lifetime_s // 60), 1), LONGEST_TTL_MINUTES)


def digits(phone: str) -> str:
    """SMS.ru writes E.164 without its plus."""
    return phone.removeprefix("+")
