"""The inside of amoCRM in miniature: leads, contacts and hooks of an account, the forms it posts.

Shapes: amoCRM, API v4 and "Webhooks"; the order of the fields as in hooks of 2025.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

PIPELINE_ID = 7310001
FIRST_STAGE_ID = 61000001
WON_STAGE_ID = 61000005
WON, LOST = 142, 143
USER_ID = 10000601
LEAD_ID = 23802101
FIRST_ID = 37054101
NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур")
INVENTED_PHONE, INVENTED_PHONES = 79970000000, 10_000_000
PHONE_FIELD_ID, EMAIL_FIELD_ID = 735649, 735651
ENUM_IDS = {"WORK": 718321, "MOB": 718325, "PRIV": 718335}
# Hook events → entity and action in the body.
EVENTS: Mapping[str, tuple[str, str]] = {
    f"{action}_{entity}": (f"{entity}s", action)
    for entity in ("lead", "contact")
    for action in ("add", "update", "delete", "restore", "responsible")
} | {"status_lead": ("leads", "status"), "note_lead": ("leads", "note")}
# Pauses before the 2nd to the 5th attempt; the last two only after 499 or 5xx.
PAUSES_S = (300, 900, 900, 3600)
ATTEMPTS_WITHOUT_5XX = 3
MOST_INVALID = 100
INVALID_WITHIN = timedelta(hours=2)


@dataclass(slots=True)
class Contact:
    id: int
    name: str
    phones: tuple[tuple[str, str], ...] = ()
    email: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def shown(self, account: "Account") -> dict[str, Any]:
        """As `GET /api/v4/contacts/{id}` gives it."""
        return {
            "id": self.id,
            "name": self.name,
            "first_name": self.name,
            "last_name": "",
            **account.common(self.at),
            "custom_fields_values": self._fields() or None,
            "_links": account.links("contacts", self.id),
            "_embedded": {"tags": [], "companies": []},
        }

    def _fields(self) -> list[dict[str, Any]]:
        named = ((PHONE_FIELD_ID, "Телефон", "PHONE"), (EMAIL_FIELD_ID, "Email", "EMAIL"))
        values = (self.phones, ((self.email, "WORK"),) if self.email else ())
        return [
            {
                "field_id": field_id,
                "field_name": name,
                "field_code": code,
                "field_type": "multitext",
                "values": [
                    {"value": value, "enum_id": ENUM_IDS.get(kind, 0), "enum_code": kind}
                    for value, kind in found
                ],
            }
            for (field_id, name, code), found in zip(named, values, strict=True)
            if found
        ]


@dataclass(slots=True)
class Lead:
    """`contacts`: ids, the main one first."""

    id: int
    name: str
    price: int | None
    pipeline_id: int
    status_id: int
    contacts: tuple[int, ...] = ()
    is_deleted: bool = False
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def shown(self, account: "Account", *, with_contacts: bool) -> dict[str, Any]:
        """As `GET /api/v4/leads/{id}` gives it; its contacts only to who asks for them."""
        contacts = [
            {"id": contact, "is_main": nth == 0, "_links": account.links("contacts", contact)}
            for nth, contact in enumerate(self.contacts)
        ]
        return {
            "id": self.id,
            "name": self.name,
            "price": self.price or 0,
            **account.common(self.at),
            "status_id": self.status_id,
            "pipeline_id": self.pipeline_id,
            "loss_reason_id": None,
            "closed_at": seconds(self.at) if self.status_id in (WON, LOST) else None,
            "is_deleted": self.is_deleted,
            "custom_fields_values": None,
            "_links": account.links("leads", self.id),
            "_embedded": {
                "tags": [],
                "companies": [],
                **({"contacts": contacts} if with_contacts else {}),
            },
        }

    def posted(self, account: "Account", old_status_id: int | None) -> dict[str, Any]:
        """As a hook of the settings tells of it: without its contacts."""
        if self.is_deleted:
            return {"id": self.id, "type": "lead"}
        moments = seconds(self.made_at), seconds(self.at)
        return {
            "id": self.id,
            "name": self.name,
            "status_id": self.status_id,
            **({"old_status_id": old_status_id} if old_status_id is not None else {}),
            "price": "" if self.price is None else self.price,
            "responsible_user_id": USER_ID,
            "last_modified": moments[1],
            "modified_user_id": USER_ID,
            "created_user_id": USER_ID,
            "date_create": moments[0],
            "pipeline_id": self.pipeline_id,
            "account_id": account.id,
            "created_at": moments[0],
            "updated_at": moments[1],
        }

    def posted_by_pipeline(self, old_status_id: int | None) -> dict[str, Any]:
        """As a hook of the Digital Pipeline tells of it."""
        old = {"old_status_id": old_status_id, "old_pipeline_id": self.pipeline_id}
        return {
            "id": self.id,
            "status_id": self.status_id,
            "pipeline_id": self.pipeline_id,
            **(old if old_status_id is not None else {}),
        }


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

    def shown(self, account: "Account") -> dict[str, Any]:
        return {
            "id": self.id,
            "destination": self.destination,
            "created_at": seconds(self.at),
            "updated_at": seconds(self.at),
            "account_id": account.id,
            "created_by": USER_ID,
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


class Account:
    """One account, as its token sees it."""

    def __init__(self, account_id: int) -> None:
        self.id = account_id
        self.subdomain = "sandbox"
        self.leads: dict[int, Lead] = {}
        self.contacts: dict[int, Contact] = {}
        self.hooks: dict[str, Hook] = {}
        self._ids = count(FIRST_ID)
        phones = (("+79990000002", "WORK"), ("+79990000001", "MOB"))
        contact = Contact(self.next_id(), "Мария", phones, "maria@example.org")
        self.contacts[contact.id] = contact
        self.leads[LEAD_ID] = Lead(LEAD_ID, "Заказ", 1290, PIPELINE_ID, WON, (contact.id,))

    def next_id(self) -> int:
        return next(self._ids)

    def invent(self, lead_id: int) -> None:
        """Have this lead, won, and a contact with a number that other leads hardly share."""
        if lead_id in self.leads:
            return
        phone = f"+{INVENTED_PHONE + lead_id % INVENTED_PHONES}"
        contact = Contact(self.next_id(), NAMES[lead_id % len(NAMES)], ((phone, "MOB"),))
        self.contacts[contact.id] = contact
        self.leads[lead_id] = Lead(
            lead_id, f"Заказ {lead_id}", 1290, PIPELINE_ID, WON, (contact.id,)
        )

    @property
    def url(self) -> str:
        return f"https://{self.subdomain}.amocrm.ru"

    def links(self, entity: str, entity_id: int) -> dict[str, Any]:
        return {"self": {"href": f"{self.url}/api/v4/{entity}/{entity_id}"}}

    def common(self, at: datetime) -> dict[str, Any]:
        """What leads and contacts have both."""
        return {
            "responsible_user_id": USER_ID,
            "group_id": 0,
            "created_by": USER_ID,
            "updated_by": USER_ID,
            "created_at": seconds(at),
            "updated_at": seconds(at),
            "closest_task_at": None,
            "account_id": self.id,
        }

    def told(self) -> dict[str, Any]:
        """How a body names the account."""
        return {"subdomain": self.subdomain, "id": self.id, "_links": {"self": self.url}}


def form_of(tree: Mapping[str, Any]) -> bytes:
    """A body as amoCRM writes it: PHP's brackets, percent-encoded."""
    return urlencode(list(_fields(tree, ""))).encode()


def _fields(tree: Any, name: str) -> Iterator[tuple[str, str]]:
    if not isinstance(tree, Mapping | list):
        yield name, str(tree)
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


def seconds(at: datetime) -> int:
    return int(at.timestamp())
