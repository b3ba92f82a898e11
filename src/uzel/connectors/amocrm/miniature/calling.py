"""One request to a method of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.answers import Json, Reply
from uzel.connectors.amocrm.miniature.entities import View
from uzel.connectors.amocrm.miniature.hooks import Event
from uzel.connectors.amocrm.miniature.numbers import now_s
from uzel.connectors.amocrm.miniature.settings import Settings
from uzel.kit.brackets import read_brackets
from uzel.kit.sandbox import Asked

API = "/api/v4/"


@dataclass(slots=True)
class Call:
    """What a method gets, and what it tells of.

    url      where the account was asked: what links in the answer begin with
    user_id  whose token it is
    events   what hooks are to be told; the journal of the account (`events`) has more
    """

    account: Account
    asked: Asked
    settings: Settings
    url: str
    user_id: int
    query: Mapping[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, account: Account, asked: Asked, settings: Settings, user_id: int) -> "Call":
        query = read_brackets(asked.query.encode())
        return cls(account, asked, settings, address_of(asked, API), user_id, query)

    @property
    def view(self) -> View:
        wanted = self.query.get("with", "")
        names = wanted.split(",") if isinstance(wanted, str) else wanted.values()
        return View(self.account, self.url, frozenset(name.strip() for name in names))

    @property
    def path(self) -> str:
        """Below `/api/v4/`."""
        return self.asked.path.partition(API)[2]

    def href(self) -> str:
        return f"{self.url}{API}{self.path}"

    def param(self, name: str) -> int:
        return int(self.asked.params[name])

    def filter(self, *names: str) -> Any:
        """`filter[a][b]` of the query, None where it is not given."""
        found: Any = self.query.get("filter")
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def tell(self, event: Event | None) -> None:
        self.asked.effect = True
        if event is not None:
            self.events.append(event)

    def note_event(self, what: str, kind: str, entity_id: int, **values: Any) -> None:
        """Write down what happened, for `GET /events`. `values`: `before` and `after`."""
        self.account.events.append(
            {
                "id": self.account.next_event_id(),
                "type": what,
                "entity_id": entity_id,
                "entity_type": kind,
                "created_by": self.user_id,
                "created_at": now_s(),
                "value_after": values.get("after", []),
                "value_before": values.get("before", []),
                "account_id": self.account.id,
            }
        )


def address_of(asked: Asked, door: str) -> str:
    """Where the sandbox was asked, without the path of the door: `http://127.0.0.1:8100/amocrm`."""
    scheme = asked.headers.get("x-forwarded-proto", "http")
    return f"{scheme}://{asked.headers.get('host', '127.0.0.1')}{asked.path.partition(door)[0]}"


Method = Callable[[Call], Reply]
Shown = Callable[[Any, View], Json]


def describe(asked: Asked) -> Mapping[str, Any]:
    """For the journal: of an address only what shows no key, of a list only how long it is."""
    shown = {**asked.params, **asked.fields}
    if "destination" in shown:
        shown["destination"] = str(shown["destination"]).partition("?")[0]
    if isinstance(asked.json, list):
        shown["count"] = len(asked.json)
    return shown
