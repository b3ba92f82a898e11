"""Which addresses amoCRM posts to (API v4, "Webhooks"); needs a token of an administrator."""

from hashlib import sha256

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm.api import Arguments, embedded, read, write
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import Rejected
from uzel.kit.body import number_of

PATH = "/api/v4/webhooks"
# A lead made or edited is none of our business: see `hook_leads`. Only links in fields are.
EVENTS = ("status_lead", "delete_lead", "restore_lead")
EDITS = ("add_lead", "update_lead")
DIGEST_CHARS = 16


async def webhooks(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """The registered addresses. Answer: data {"webhooks": [{"url", "digest", "events",
    "disabled"}]}. An address carries its key in the query, so the query is cut off; `digest` tells
    which one it is.
    """
    found = embedded(await read(http, config, PATH), "webhooks")
    shown = [
        {
            "url": destination.partition("?")[0],
            "digest": sha256(destination.encode()).hexdigest()[:DIGEST_CHARS],
            "events": item.get("settings"),
            "disabled": item.get("disabled") is True,
        }
        for item in found
        if isinstance(destination := item.get("destination"), str)
    ]
    return Answer(data={"webhooks": shown})


async def subscribe(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Have EVENTS posted to `url`, and EDITS where deals have links that are to be paid. An address
    that is there already gets these events.

    Answer: reference = amoCRM's id of the hook.
    """
    wanted = EVENTS + (EDITS if config.payment_links else ())
    json = {"destination": arguments["url"], "settings": list(wanted)}
    made = await write(http, config, "POST", PATH, json)
    return Answer(reference=number_of(made.get("id")))


async def unsubscribe(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Have nothing posted to `url` any more; an address that is not registered is fine."""
    try:
        await write(http, config, "DELETE", PATH, {"destination": arguments["url"]})
    except Rejected as error:
        if error.http_status != 404:
            raise
    return Answer()


async def register(http: httpx2.AsyncClient, config: AmocrmConfig, url: str) -> None:
    """Have deals posted to `url`, and no longer to addresses that differ from it in their query
    only: those carry an earlier key of ours, and after a hundred refusals amoCRM writes to the
    administrators. The hooks of others stay. The new address comes first, so that no deal is
    missed. Raises a CallFailed.
    """
    await subscribe(http, config, {"url": url})
    for item in embedded(await read(http, config, PATH), "webhooks"):
        address = item.get("destination")
        if isinstance(address, str) and is_earlier(address, url):
            await unsubscribe(http, config, {"url": address})


def is_earlier(address: str, url: str) -> bool:
    """Whether it is the same hook with another key."""
    return address != url and address.partition("?")[0] == url.partition("?")[0]
