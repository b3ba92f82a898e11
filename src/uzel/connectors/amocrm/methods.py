"""The methods of API v4 in miniature, without the web: `method(account, asked) -> Reply`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from uzel.connectors.amocrm.miniature import EVENTS, USER_ID, Account, Hook
from uzel.kit.sandbox import Asked

NO_MORE: Mapping[str, Any] = {}


class Reply(NamedTuple):
    """An answer. A problem's media type has no charset: clients in use compare it as a whole."""

    status: int
    body: bytes = b""
    media_type: str = "application/hal+json"


NOTHING_FOUND = Reply(204)


def account(account: Account, asked: Asked) -> Reply:
    return hal(
        {
            "id": account.id,
            "name": "Песочница",
            "subdomain": account.subdomain,
            "current_user_id": USER_ID,
            "country": "RU",
            "currency": "RUB",
            "_links": {"self": {"href": f"{account.url}/api/v4/account"}},
        }
    )


def lead(account: Account, asked: Asked) -> Reply:
    found = account.leads.get(asked.params["lead_id"])
    if found is None or found.is_deleted:
        return NOTHING_FOUND
    wanted = str(asked.fields.get("with", "")).split(",")
    return hal(found.shown(account, with_contacts="contacts" in wanted))


def contact(account: Account, asked: Asked) -> Reply:
    found = account.contacts.get(asked.params["contact_id"])
    return hal(found.shown(account)) if found else NOTHING_FOUND


def webhooks(account: Account, asked: Asked) -> Reply:
    wanted = asked.fields.get("filter[destination]")
    found = [it.shown(account) for it in account.hooks.values() if wanted in (None, it.destination)]
    content = {"_total_items": len(found), "_embedded": {"webhooks": found}}
    return hal(content) if found else NOTHING_FOUND


def subscribe(account: Account, asked: Asked) -> Reply:
    destination, settings = asked.fields.get("destination"), asked.fields.get("settings")
    # No Cyrillic names of servers (amoCRM, "Webhooks").
    if not isinstance(destination, str) or not destination.isascii() or "://" not in destination:
        return invalid("destination", "NotValidUrl", "This value is not a valid URL.")
    if not isinstance(settings, list) or not set(map(str, settings)) <= EVENTS.keys():
        return invalid("settings", "NotSupportedChoice", "This value is not a valid choice.")
    before = account.hooks.get(destination)
    hook_id = before.id if before else account.next_id()
    account.hooks[destination] = Hook(hook_id, destination, tuple(settings), len(account.hooks) + 1)
    asked.effect = True
    return hal(account.hooks[destination].shown(account), 201)


def unsubscribe(account: Account, asked: Asked) -> Reply:
    if account.hooks.pop(str(asked.fields.get("destination")), None) is None:
        return problem(404, "Not Found", "Hook not found")
    asked.effect = True
    return NOTHING_FOUND


def hal(content: Any, status: int = 200) -> Reply:
    return Reply(status, orjson.dumps(content))


def problem(status: int, title: str, detail: str, more: Mapping[str, Any] = NO_MORE) -> Reply:
    content = {
        **more,
        "title": title,
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail,
    }
    return Reply(status, orjson.dumps(content), "application/problem+json")


def invalid(path: str, code: str, detail: str) -> Reply:
    errors = [{"request_id": "0", "errors": [{"code": code, "path": path, "detail": detail}]}]
    more = {"validation-errors": errors}
    return problem(400, "Bad Request", "Request validation failed", more)


def invalid_token() -> Reply:
    return problem(401, "Unauthorized", "Invalid user name or password")


def page(status: int, title: str) -> Reply:
    """What nginx answers before amoCRM has seen the request."""
    heading = f"{status} {title}"
    html = (
        f"<html>\r\n<head><title>{heading}</title></head>\r\n<body>\r\n"
        f"<center><h1>{heading}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>"
    )
    return Reply(status, html.encode(), "text/html")
