"""What Exolve's list of messages tells (GetList, GetCount): what became of them, and whether a send
whose answer was lost did happen.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.exolve.answers import Content, call, digits_of, message_id_of
from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.states import delivery, word_of
from uzel.errors import ConfigError, ContractBroken, OutcomeUnknown, Rejected
from uzel.kit.body import label_of

LIST = "/messaging/v1/GetList"
COUNT = "/messaging/v1/GetCount"
MOST_STATUS_IDS = 100
# Up to so many messages are asked for one by one; for more, the list is cheaper.
FEW = 5
PAGE = 2000  # the most GetList gives
MOST_PAGES = 10
STATUS_SINCE = timedelta(days=3)
LOOK_UP_SINCE = timedelta(hours=1)
CLOCKS_DIFFER_BY = timedelta(minutes=5)
INCOMING = "DIRECTION_INCOMING"
COUNTED = re.compile(r"[0-9]{1,18}")
SEVERAL = re.compile(r"[2-9]|[1-9][0-9]{1,2}")

Arguments = Mapping[str, Any]


async def sms_status(
    http: httpx2.AsyncClient, config: ExolveConfig, arguments: Arguments
) -> Answer:
    """What became of the messages `ids` (at most 100 message_id): a few are asked for one by one,
    more are looked for in the list of the last three days first.

    Answer: data {"messages": [{"reference", "known", "state", "code", "detail", "cost_minor"}]}.
    Exolve tells no price, so `cost_minor` is None; `detail` has the number of parts.
    """
    ids = list(dict.fromkeys(map(str, arguments["ids"])))
    if len(ids) > MOST_STATUS_IDS:
        raise Rejected(f"Exolve: не больше {MOST_STATUS_IDS} сообщений за запрос", code="ids")
    found: dict[str, Content] = {}
    if len(ids) > FEW:
        async for name, item in listed(http, config, STATUS_SINCE):
            if name in ids:
                found[name] = item
            if len(found) == len(ids):
                break
    for name in ids:
        if name not in found and (alone := await one(http, config, name)):
            found[name] = alone
    return Answer(data={"messages": [message(name, found.get(name)) for name in ids]})


async def message_count(
    http: httpx2.AsyncClient, config: ExolveConfig, arguments: Arguments
) -> Answer:
    """How many messages there were within a day; proves the key. Answer: data {"last_day"}."""
    content = await call(http, key_of(config), COUNT, period(timedelta(days=1)), effect=False)
    # A 64-bit number, so it is text; a zero may be left out.
    count = label_of(content.get("count", 0)) or ""
    if not COUNTED.fullmatch(count):
        raise ContractBroken("Exolve: в ответе нет числа сообщений")
    return Answer(data={"last_day": int(count)})


async def look_up_sms(
    http: httpx2.AsyncClient, config: ExolveConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """Whether a text whose answer was lost is in the list of the last hour: an outgoing message to
    this number with this text. `reference`, our own, is unknown at Exolve.

    Never None. A message that is not in the list proves nothing: Exolve does not say how soon it
    lists one, this function is not told when ours left, and a wrong "it did not happen" would text
    a guest twice. So what is not found stays unknown, for a person to decide, and so do two alike.

    Exactly one alike is taken for ours. Were the same text meant for the same number twice within
    the hour, the other one could be mistaken for it, and the second text would be missing; a link
    of the guest's own in the text rules that out. The hour keeps this chance small.

    Raises OutcomeUnknown while nothing can be told, ConfigError, and what a read raises.
    """
    receiver, text = digits_of(arguments["phone"]), plain(arguments["text"])
    alike: dict[str, Content] = {}
    async for name, item in listed(http, config, LOOK_UP_SINCE):
        if is_outgoing(item) and (digits(item.get("receiver")), plain(item.get("text"))) == (
            receiver,
            text,
        ):
            alike[name] = item
    if len(alike) != 1:
        problem = "в списке Exolve его нет" if not alike else "в списке Exolve таких несколько"
        raise OutcomeUnknown(f"исход сообщения неизвестен: {problem}")
    (name,) = alike
    return Answer(reference=name)


async def listed(
    http: httpx2.AsyncClient, config: ExolveConfig, since: timedelta
) -> AsyncIterator[tuple[str, Content]]:
    """(message_id, message) of the last `since`, page by page, in Exolve's order."""
    body = period(since)
    for page in range(MOST_PAGES):
        items = await messages(http, config, {**body, "limit": PAGE, "offset": page * PAGE})
        for item in items:
            if name := message_id_of(item.get("message_id")):
                yield name, item
        if len(items) < PAGE:
            return


async def one(http: httpx2.AsyncClient, config: ExolveConfig, name: str) -> Content | None:
    """The message with this id."""
    if message_id_of(name) is None:
        return None
    items = await messages(http, config, {"message_id": int(name), "limit": 1})
    return next((item for item in items if message_id_of(item.get("message_id")) == name), None)


async def messages(http: httpx2.AsyncClient, config: ExolveConfig, body: Content) -> list[Content]:
    """One page of GetList; an empty one may come without its field."""
    content = await call(http, key_of(config), LIST, body, effect=False)
    items = content.get("messages")
    if items is not None and not isinstance(items, list):
        raise ContractBroken("Exolve: в ответе нет списка сообщений")
    return [item for item in items or [] if isinstance(item, dict)]


def period(since: timedelta) -> Content:
    now = datetime.now(UTC)
    return {"date_gte": rfc3339(now - since), "date_lte": rfc3339(now + CLOCKS_DIFFER_BY)}


def rfc3339(moment: datetime) -> str:
    """As the documentation's example: `2023-10-20T15:04:05.000Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def message(name: str, item: Content | None) -> Content:
    """One entry of `sms_status`."""
    word = word_of(item.get("delivery_status")) if item else None
    state, detail = delivery(word)
    return {
        "reference": name,
        "known": item is not None,
        "state": state.value,
        "code": word or "",
        "detail": (detail if item else "Exolve не нашёл такого сообщения") + parts_of(item),
        "cost_minor": None,
    }


def parts_of(item: Content | None) -> str:
    """How many SMS it was, where it was more than one."""
    count = label_of(item.get("segments_count")) if item else None
    return f", частей: {count}" if count and SEVERAL.fullmatch(count) else ""


def key_of(config: ExolveConfig) -> str:
    """The key for reads. Raises ConfigError."""
    key = config.api_key or config.whatsapp_api_key
    if key is None:
        raise ConfigError("Exolve: введите API-ключ приложения")
    return key.get_secret_value()


def is_outgoing(item: Content) -> bool:
    """The values of the enumeration are documented by their type only; the word for incoming ones
    was seen. What came in has a receiver of ours anyway.
    """
    return item.get("direction") != INCOMING


def digits(value: Any) -> str:
    return "".join(character for character in str(value) if character in "0123456789")


def plain(text: Any) -> str:
    """A text as a reader sees it: Exolve may trim it, or write its line ends in another way."""
    return " ".join(str(text).split())
