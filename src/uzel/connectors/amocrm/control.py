"""What the control doors of the sandbox take, and what they do to an account."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.amocrm.miniature import (
    FIRST_STAGE_ID,
    PIPELINE_ID,
    WON,
    Account,
    Contact,
    Hook,
    Lead,
)

HOOK = r"^https?://[^\s/?#]+[^\s#]*$"
TOKEN = "sandbox-amocrm-token"  # noqa: S105 - a dummy


class Settings(BaseModel):
    """How this amoCRM behaves; a body of `POST /_settings` names only what it changes.

    invent_guests a lead that nobody made is there when it is asked for, won, with a contact of its
                  own: for hooks that somebody posts by hand
    limit_per_s   requests it takes a second, then HTML 429; after STRIKES of those it blocks
    blocked       HTML 403 to everything
    unpaid        402 to everything
    retry_scale   how long a pause of theirs takes here: 1/300 makes five minutes a second
    """

    model_config = ConfigDict(extra="forbid")

    limit_per_s: int | None = Field(default=None, ge=1)
    blocked: bool = False
    unpaid: bool = False
    invent_guests: bool = False
    retry_scale: float = Field(default=1 / 300, ge=0, le=1)


class DealAsked(BaseModel):
    """The body of `POST /_deal`.

    hook        posted to it; without it to whatever is registered for the event
    lead_id     a lead that is there is changed, with its contact
    event       what happened; `old_status_id` tells where a lead came from, which `status` without
                it takes from the lead as it was
    form        of a hook in the settings, or of the Digital Pipeline
    """

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    hook: str | None = Field(default=None, pattern=HOOK)
    lead_id: int | None = Field(default=None, ge=1)
    event: Literal["status", "add", "update", "delete", "restore"] = "status"
    form: Literal["settings", "digital_pipeline"] = "settings"
    status_id: int = WON
    old_status_id: int | None = None
    pipeline_id: int = PIPELINE_ID
    price: int | None = 1290
    phone: str | None = "+79990000001"
    name: str = "Мария"
    email: str | None = None
    with_contact: bool = True


def changed(account: Account, asked: DealAsked) -> tuple[Lead, int | None]:
    """The lead after what was asked for, and the stage it came from."""
    lead_id = asked.lead_id or account.next_id()
    before = account.leads.get(lead_id)
    contacts = before.contacts if before else ()
    if asked.with_contact and not contacts:
        contacts = (account.next_id(),)
    if asked.with_contact:
        phones = ((asked.phone, "MOB"),) if asked.phone else ()
        account.contacts[contacts[0]] = Contact(contacts[0], asked.name, phones, asked.email)
    account.leads[lead_id] = Lead(
        id=lead_id,
        name=f"Заказ {lead_id}",
        price=asked.price,
        pipeline_id=asked.pipeline_id,
        status_id=asked.status_id,
        contacts=contacts,
        is_deleted=asked.event == "delete",
        made_at=before.made_at if before else datetime.now(UTC),
    )
    old_status_id = asked.old_status_id
    if old_status_id is None and asked.event == "status":
        old_status_id = before.status_id if before else FIRST_STAGE_ID
    return account.leads[lead_id], old_status_id


def listening(account: Account, action: str) -> list[Hook]:
    """The hooks that get this event of a lead."""
    event = f"{action}_lead"
    return [it for it in account.hooks.values() if event in it.settings and not it.disabled]
