"""What amoCRM posts, to whom, and how often (amoCRM, "Webhooks"; the order of the fields as in
recorded hooks of 2025).
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.numbers import seconds

if TYPE_CHECKING:
    from uzel.connectors.amocrm.miniature.account import Account
    from uzel.connectors.amocrm.miniature.entities import Entity, Lead

CREATOR_ID = 10000601
MOST_HOOKS = 100
ENTITIES = ("lead", "contact", "company", "customer", "task")
# The events that an address may be registered for.
EVENTS = frozenset(
    {
        *(f"{what}_{of}" for what in ("responsible", "add", "update", "delete") for of in ENTITIES),
        *(f"{what}_{of}" for what in ("restore", "note") for of in ("lead", "contact", "company")),
        *("note_customer", "status_lead", "add_talk", "update_talk", "add_chat_template_review"),
    }
)
ONE_OF = {"leads": "lead", "contacts": "contact", "companies": "company"}
# Hooks number the kinds of notes and of what they belong to.
NOTE_TYPES = {"common": 4, "call_in": 10, "call_out": 11, "service_message": 25, "sms_in": 102}
ELEMENT_TYPES = {"contacts": 1, "leads": 2, "companies": 3}
# Pauses before the 2nd to the 5th attempt; the last two only after 499 or 5xx.
PAUSES_S = (300, 900, 900, 3600)
ATTEMPTS_WITHOUT_5XX = 3
MOST_INVALID = 100
INVALID_WITHIN = timedelta(hours=2)


@dataclass(slots=True)
class Hook:
    """One registered address; `invalid` are the times of its recent refusals."""

    id: int
    destination: str
    settings: tuple[str, ...]
    sort: int
    disabled: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    invalid: deque[datetime] = field(default_factory=deque)

    def shown(self, account: "Account") -> Json:
        return {
            "id": self.id,
            "destination": self.destination,
            "created_at": seconds(self.at),
            "updated_at": seconds(self.at),
            "account_id": account.id,
            "created_by": CREATOR_ID,
            "sort": self.sort,
            "disabled": self.disabled,
            "settings": list(self.settings),
        }

    def answered(self, status: int | None, now: datetime) -> None:
        """Switched off once more than a hundred answers in two hours were invalid, this one too."""
        if is_valid(status):
            return
        self.invalid.append(now)
        while self.invalid[0] < now - INVALID_WITHIN:
            self.invalid.popleft()
        self.disabled = self.disabled or len(self.invalid) > MOST_INVALID


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an entity, with its form of that moment.

    kind, action  where a body has it: `leads[status]`
    name          what a hook is registered for: `status_lead`
    """

    kind: str
    action: str
    name: str
    entity_id: int
    form: Json

    def body(self, account: "Account") -> bytes:
        return form_of({"account": account.told(), self.kind: {self.action: [self.form]}})


def event_of(
    account: "Account", entity: "Entity", action: str, form: Json | None = None
) -> Event | None:
    """None for a kind that hooks do not tell of. A company comes among the contacts."""
    one = ONE_OF.get(entity.kind)
    if one is None:
        return None
    kind = "leads" if one == "lead" else "contacts"
    told = form if form is not None else posted(account, entity)
    return Event(kind, action, f"{action}_{one}", entity.id, told)


def listening(account: "Account", name: str) -> list[Hook]:
    """The addresses that get this event."""
    return [it for it in account.hooks.values() if name in it.settings and not it.disabled]


def posted(account: "Account", entity: "Entity", **more: Any) -> Json:
    """An entity as a hook of the settings tells of it: a lead without its contacts."""
    one = ONE_OF[entity.kind]
    if entity.is_deleted:
        return {"id": entity.id, "type": one}
    if one == "lead":
        return posted_lead(account, entity, **more)  # type: ignore[arg-type]
    linked = [lead for lead, _ in account.links.of(entity.kind, entity.id, "leads")]
    return {
        "id": entity.id,
        "name": entity.name,
        "responsible_user_id": entity.responsible_user_id,
        "date_create": entity.created_at,
        "last_modified": entity.updated_at,
        "created_user_id": entity.created_by,
        "modified_user_id": entity.updated_by,
        "account_id": account.id,
        **posted_values(account, entity),
        **({"linked_leads_id": {str(lead): {"ID": lead} for lead in linked}} if linked else {}),
        **more,
        "created_at": entity.created_at,
        "updated_at": entity.updated_at,
        "type": one,
    }


def posted_lead(account: "Account", lead: "Lead", old_status_id: int | None = None) -> Json:
    tags = [{"id": tag, "name": account.tags["leads"][tag]} for tag in lead.tags]
    return {
        "id": lead.id,
        "name": lead.name,
        "status_id": lead.status_id,
        **({"old_status_id": old_status_id} if old_status_id is not None else {}),
        # Seen empty in a hook of 2016, for a deal without a budget.
        "price": "" if lead.price is None else lead.price,
        "responsible_user_id": lead.responsible_user_id,
        "last_modified": lead.updated_at,
        "modified_user_id": lead.updated_by,
        "created_user_id": lead.created_by,
        "date_create": lead.created_at,
        "pipeline_id": lead.pipeline_id,
        **({"tags": tags} if tags else {}),
        "account_id": account.id,
        **posted_values(account, lead),
        "created_at": lead.created_at,
        "updated_at": lead.updated_at,
    }


def posted_values(account: "Account", entity: "Entity") -> Json:
    """Custom fields in the spelling of hooks: `code`, and a numeric `enum`."""
    shown = account.fields_of(entity).shown(entity.values) or []
    found = [
        {
            "id": it["field_id"],
            "name": it["field_name"],
            "values": [
                {"value": value["value"], "enum": value.get("enum_id")}
                for value in it["values"]
                if "value" in value
            ],
            "code": it["field_code"],
        }
        for it in shown
    ]
    return {"custom_fields": found} if found else {}


def posted_by_pipeline(lead: "Lead", old_status_id: int | None) -> Json:
    """As a hook of the Digital Pipeline tells of it."""
    old = {"old_status_id": old_status_id, "old_pipeline_id": lead.pipeline_id}
    return {
        "id": lead.id,
        "status_id": lead.status_id,
        "pipeline_id": lead.pipeline_id,
        **(old if old_status_id is not None else {}),
    }


def posted_note(account: "Account", kind: str, note: Json) -> Json:
    return {
        "note": {
            "id": note["id"],
            "note_type": NOTE_TYPES.get(note["note_type"], 4),
            "text": note["params"].get("text", ""),
            "element_id": note["entity_id"],
            "element_type": ELEMENT_TYPES[kind],
            "created_by": note["created_by"],
            "account_id": account.id,
            "date_create": note["created_at"],
        }
    }


def form_of(tree: Mapping[str, Any]) -> bytes:
    """A body as amoCRM writes it: PHP's brackets, percent-encoded."""
    return urlencode(list(_fields(tree, ""))).encode()


def _fields(tree: Any, name: str) -> Iterator[tuple[str, str]]:
    if tree is None:
        return
    if not isinstance(tree, Mapping | list):
        yield name, str(int(tree) if isinstance(tree, bool) else tree)
        return
    for part, inner in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
        yield from _fields(inner, f"{name}[{part}]" if name else str(part))


def hook_headers() -> dict[str, str]:
    """As amoCRM sends them since 2023."""
    return {
        "user-agent": "amoCRM-Webhooks/3.0",
        "x-amocrm-requestid": str(uuid4()),
        "content-type": "application/x-www-form-urlencoded",
        "accept-encoding": "gzip",
    }


def is_valid(status: int | None) -> bool:
    """Whether amoCRM takes an answer for a receipt."""
    return status is not None and 100 <= status < 300


def pause_s(attempt: int, status: int | None) -> int | None:
    """How long after the `attempt`-th one the next follows; None: that was the last."""
    given_up = attempt >= ATTEMPTS_WITHOUT_5XX and not (status == 499 or (status or 0) >= 500)
    return None if given_up or attempt > len(PAUSES_S) else PAUSES_S[attempt - 1]
