"""`/amogt/amo2json.php`: the address at which integrations have always posted deals of amoCRM.

It is the hook of the amoCRM connection whose key is given, as `key` or, as hooks entered there long
ago have it, as `apikey`: stored first, answered at once, refused as every hook is.
"""

from urllib.parse import unquote_plus

from uzel.web.hooks import PREFIX, Hooks, Receive, Scope, Send

PATH = "/amogt/amo2json.php"
CONNECTOR = "amocrm"
OLD_NAME, NAME = "apikey", "key"


class Amo2Json:
    """The old address in front of the hooks."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        query = with_key(query).encode("latin-1")
        asked = {**scope, "path": f"{PREFIX}{CONNECTOR}", "query_string": query}
        await self._hooks(asked, receive, send)


def with_key(query: str) -> str:
    """The query with its key under our name, in front of what else may be called so."""
    parts = query.split("&") if query else []
    keys = [part for part in parts if name_of(part) in (OLD_NAME, NAME)]
    others = [part for part in parts if part not in keys]
    renamed = [f"{NAME}={part.partition('=')[2]}" for part in keys]
    return "&".join((*renamed, *others))


def name_of(part: str) -> str:
    return unquote_plus(part.partition("=")[0]).lower()
