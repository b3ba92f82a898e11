"""What we may ask of YCLIENTS and of Altegio, which has the same API (YCLIENTS REST API; Altegio
Developer Tools). Answers are `{"success": bool, "data": …, "meta": …}`; what is refused says why in
`meta.message`. The tokens go in a header: a query would leave them in logs.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import orjson

from uzel.connector import Answer
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.record import code_of, is_deleted
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
)
from uzel.kit.body import at, label_of, text_of
from uzel.kit.http import ask, json_of

# Of the documented example; a page that is not full is the last one.
RECORDS_PER_PAGE = 50
FIRST_PAGE = 1

NOTHING_TO_ASK = (
    "проверять нечего: записи приходят сами; токены и номер филиала нужны, чтобы вписать адрес "
    "и дозапросить пропущенное"
)
NOT_POSTED = "Ключи верны, но записи сюда не приходят: впишите адрес и включите уведомления"
WRONG_TOKENS = {
    401: "YCLIENTS не принимает токены: проверьте токен партнёра и токен пользователя",
    403: "YCLIENTS не даёт доступа к филиалу: у пользователя нет прав или приложение не подключено",
}
# What of a record `webhook.py` reads: the rest is nobody's business in a journal of calls.
RECORD_FIELDS = (
    *("id", "company_id", "visit_id", "activity_id", "clients_count", "deleted", "date"),
    *("datetime", "last_change_date", "visit_attendance", "attendance", "review_requested"),
)
CLIENT_FIELDS = ("id", "name", "display_name", "phone", "email", "success_visits_count")
SERVICE_FIELDS = ("id", "title", "cost", "cost_to_pay")

Arguments = Mapping[str, Any]
Content = dict[str, Any]


async def hooks(http: httpx2.AsyncClient, config: YclientsConfig, arguments: Arguments) -> Answer:
    """Where the location posts, in words for people; without tokens nothing is asked.

    Answer: data {"webhook", "missing"}; addresses without their query, which holds keys; `missing`
    is None where records are posted somewhere.
    """
    if config.partner_token is None and config.user_token is None:
        return Answer(data={"webhook": NOTHING_TO_ASK, "missing": None})
    found = await hook_settings(http, config)
    posts = all(code_of(found.get(name)) == 1 for name in ("active", "record"))
    missing = None if posts and urls_of(found) else NOT_POSTED
    return Answer(data={"webhook": in_words(found), "missing": missing})


async def records_changed(
    http: httpx2.AsyncClient, config: YclientsConfig, arguments: Arguments
) -> Answer:
    """Records created, changed or deleted since `changed_after`, to make up for lost events: an
    event that was not taken is posted again at most twice, or never.

    changed_after  `2026-03-14T00:00:00`, as documented: by the location's clock
    page           from 1; absent: the first

    Answer: data {"events", "next_page"}. `events` are what the webhook would have posted, cut down
    to what is read of it, sums as text; `next_page` is None after the last page. Records that
    change meanwhile move between pages, so the next call should begin earlier than this one did.
    """
    page = int(arguments.get("page") or FIRST_PAGE)
    query = urlencode(
        {
            "changed_after": arguments["changed_after"],
            "page": page,
            "count": RECORDS_PER_PAGE,
            "with_deleted": 1,
        }
    )
    content = await call(http, config, "GET", f"/api/v1/records/{number(config)}?{query}")
    records = content.get("data")
    if not isinstance(records, list):
        raise ContractBroken("YCLIENTS: в ответе нет списка записей")
    events = [event_of(config, record) for record in records if isinstance(record, dict)]
    next_page = page + 1 if len(records) >= RECORDS_PER_PAGE else None
    return Answer(data={"events": events, "next_page": next_page})


async def hook_settings(http: httpx2.AsyncClient, config: YclientsConfig) -> Content:
    """Where and about what the location posts: `urls`, `active`, and a flag 0 or 1 per entity."""
    content = await call(http, config, "GET", hooks_path(config))
    found = content.get("data")
    if not isinstance(found, dict):
        raise ContractBroken("YCLIENTS: в ответе нет настроек уведомлений")
    return found


async def change_hook_settings(
    http: httpx2.AsyncClient, config: YclientsConfig, settings: Mapping[str, Any]
) -> None:
    """Replace all of them: a URL or a flag that is left out is gone. May be repeated."""
    await call(http, config, "POST", hooks_path(config), json=settings)


async def call(
    http: httpx2.AsyncClient, config: YclientsConfig, method: str, path: str, json: Any = None
) -> Content:
    """Ask and return the answer's object once it says success. Raises ConfigError, CallFailed."""
    effect = method != "GET"
    response = await ask(
        http,
        method,
        path,
        effect=effect,
        json=json,
        headers=headers(config),
        refusal=refusal,
    )
    content = json_of(response, effect=effect)
    success = content.get("success")
    if success is True:
        return content
    if success is not False:
        broken = OutcomeUnknown if effect else ContractBroken
        raise broken("YCLIENTS: в ответе не сказано, удалось ли")
    said = text_of(at(content, "meta", "message")) or "причина не названа"
    raise Rejected(f"YCLIENTS: {said}", http_status=response.status_code)


def refusal(response: httpx2.Response) -> CallFailed | None:
    """Their answer does not say which token is meant; what they do say (`meta.message`) is added.
    None where the status says enough.
    """
    status = response.status_code
    if status not in WRONG_TOKENS:
        return None
    try:
        said = text_of(at(orjson.loads(response.content), "meta", "message"))
    except ValueError:
        said = None
    words = WRONG_TOKENS[status] + (f" ({said})" if said else "")
    return AuthFailed(words, http_status=status)


def headers(config: YclientsConfig) -> dict[str, str]:
    """Both tokens, and the version whose answers have `success` (it has another name at Altegio).
    Raises ConfigError where a token is missing.
    """
    if config.partner_token is None or config.user_token is None:
        raise ConfigError("нужны оба токена: партнёра и пользователя")
    partner, user = config.partner_token.get_secret_value(), config.user_token.get_secret_value()
    at_altegio = (urlsplit(config.base_url).hostname or "").endswith("alteg.io")
    return {
        "accept": f"application/vnd.{'api' if at_altegio else 'yclients'}.v2+json",
        "authorization": f"Bearer {partner}, User {user}",
    }


def number(config: YclientsConfig) -> int:
    """The location. Raises ConfigError."""
    if config.company_id is None:
        raise ConfigError("не задан номер филиала")
    return config.company_id


def hooks_path(config: YclientsConfig) -> str:
    return f"/api/v1/hooks_settings/{number(config)}"


def urls_of(settings: Mapping[str, Any]) -> list[str]:
    """The addresses that are posted to."""
    listed = settings.get("urls")
    return [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []


def in_words(settings: Mapping[str, Any]) -> str:
    """Whether records are posted, and where to."""
    on = code_of(settings.get("active")) == 1
    records = code_of(settings.get("record")) == 1
    addresses = ", ".join(url.partition("?")[0] for url in urls_of(settings)) or "нет"
    state = "выключены" if not on else "включены" if records else "включены, но не о записях"
    return f"уведомления {state}; адреса: {addresses}"


def event_of(config: YclientsConfig, record: Mapping[str, Any]) -> Content:
    """The record in the envelope of an event."""
    data = picked(record, RECORD_FIELDS)
    client, staff, services = record.get("client"), record.get("staff"), record.get("services")
    if isinstance(client, dict):
        data["client"] = picked(client, CLIENT_FIELDS)
    if isinstance(staff, dict):
        data["staff"] = picked(staff, ("id", "name"))
    if isinstance(services, list):
        data["services"] = [picked(it, SERVICE_FIELDS) for it in services if isinstance(it, dict)]
    return {
        "company_id": config.company_id,
        "resource": "record",
        "resource_id": label_of(record.get("id")),
        "status": "delete" if is_deleted(record) else "update",
        "data": data,
    }


def picked(value: Mapping[str, Any], names: tuple[str, ...]) -> Content:
    """These fields of it, as far as they are plain values."""
    return {name: plain(value[name]) for name in names if name in value}


def plain(value: Any) -> Any:
    """A value that JSON keeps exactly; what is none of the plain ones is left out."""
    if isinstance(value, Decimal):
        return str(value)
    return value if isinstance(value, str | int | bool) else None
