"""What the control doors of the sandbox take, and what they do to an account."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers

from uzel.connectors.amocrm.miniature import books, lead_methods
from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.beginnings import (
    FIRST_STAGE_ID,
    MANAGER_ID,
    PIPELINE_ID,
    PRODUCTS_ID,
    USER_ID,
)
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import WON, Lead
from uzel.connectors.amocrm.miniature.hooks import event_of
from uzel.connectors.amocrm.miniature.settings import DAY_S, Settings
from uzel.kit.sandbox import Asked

__all__ = ["HOOK", "TOKEN", "DealAsked", "Settings"]

HOOK = r"^https?://[^\s/?#]+[^\s#]*$"
TOKEN = "sandbox-amocrm-token"  # noqa: S105 - a dummy
FIVE_YEARS_S = 5 * 366 * DAY_S


class Whose(BaseModel):
    """An account: that of a token, or of an integration."""

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    client_id: str | None = Field(default=None, min_length=1)


class DealAsked(Whose):
    """The body of `POST /_deal`.

    hook        posted to it; without it to whatever is registered for the event
    lead_id     a lead that is there is changed, with its contact
    event       what happened; `old_status_id` tells where a lead came from, which `status` without
                it takes from the lead as it was
    form        of a hook in the settings, or of the Digital Pipeline
    """

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


class MoveAsked(Whose):
    """The body of `POST /_move`: what a person does to a deal by hand."""

    lead_id: int
    user_id: int = MANAGER_ID
    name: str | None = None
    price: int | None = None
    pipeline_id: int | None = None
    status_id: int | None = None
    loss_reason_id: int | None = None
    responsible_user_id: int | None = None


class DeleteAsked(Whose):
    """The body of `POST /_delete`: a person puts something into the bin, or takes it out."""

    kind: Literal["leads", "contacts", "companies", "catalog_elements"] = "leads"
    id: int
    restore: bool = False


class SeedAsked(Whose):
    """The body of `POST /_seed`; the same body always makes the same, as of yesterday.

    first_phone  of the contacts, whose numbers are consecutive and spelled in three ways
    decoys       contacts that a search for one of those numbers finds, without having it
    sku          what the article numbers begin with
    first_code   of the leads, whose order codes are consecutive
    """

    contacts: int = Field(default=0, ge=0, le=50_000)
    first_phone: int = Field(default=77010000001, ge=10**10, lt=10**15)
    decoys: int = Field(default=0, ge=0, le=50_000)
    elements: int = Field(default=0, ge=0, le=50_000)
    catalog_id: int = PRODUCTS_ID
    sku: str = "SKU-"
    leads: int = Field(default=0, ge=0, le=50_000)
    first_code: int = Field(default=500000001, ge=1)


class IntegrationAsked(BaseModel):
    """The body of `POST /_integrations`: an integration as the account of its developer has it.

    token   whose account is to grant it access; without it, it has an account of its own
    """

    model_config = ConfigDict(extra="forbid")

    client_id: str = Field(min_length=1)
    client_secret: str | None = None
    redirect_uri: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    token: str | None = None


class TokenAsked(BaseModel):
    """The body of `POST /_token`: a long-lived token of an integration."""

    model_config = ConfigDict(extra="forbid")

    client_id: str = Field(min_length=1)
    lives_s: int = Field(default=365 * DAY_S, ge=1, le=FIVE_YEARS_S)


class RevokeAsked(BaseModel):
    """The body of `POST /_revoke`: all that an integration has been given, or one token."""

    model_config = ConfigDict(extra="forbid")

    client_id: str | None = None
    token: str | None = None


class AccountAsked(Whose):
    """The body of `POST /_account`: another subdomain.

    moved  what the address that everybody has used until now answers: 401, 404, or None for as
           before. Addresses of the form `http://{subdomain}.localhost:8100` know by themselves.
    """

    subdomain: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,63}$")
    moved: Literal[401, 404] | None = None


def changed(account: Account, asked: DealAsked) -> tuple[Lead, int | None]:
    """The lead after what was asked for, and the stage it came from."""
    lead = account.leads.get(asked.lead_id or 0)
    before = lead.status_id if lead else FIRST_STAGE_ID
    if lead is None:
        lead_id = asked.lead_id or account.next_id()
        lead = account.deal(
            lead_id, f"Заказ {lead_id}", asked.price, asked.pipeline_id, asked.status_id
        )
    if asked.with_contact:
        describe(account, lead, asked)
    lead.price, lead.pipeline_id, lead.status_id = asked.price, asked.pipeline_id, asked.status_id
    lead.is_deleted = asked.event == "delete"
    lead.touch(USER_ID)
    lead.close()
    old_status_id = asked.old_status_id
    if old_status_id is None and asked.event == "status":
        old_status_id = before
    return lead, old_status_id


def describe(account: Account, lead: Lead, asked: DealAsked) -> None:
    """Have a contact of that name, with that number and address and no others."""
    phones = ((asked.phone, "MOB"),) if asked.phone else ()
    linked = account.links.of("leads", lead.id, "contacts")
    if linked:
        contact = account.contacts[linked[0][0]]
        contact.name = contact.first_name = asked.name
        account.describe(contact, phones, asked.email)
    else:
        contact = account.person(asked.name, phones, asked.email)
        account.links.put_contact(lead.id, contact.id, is_main=True)


def by_hand(account: Account, user_id: int) -> Call:
    """As if somebody had asked for it, for what a person does in the cards of amoCRM."""
    asked = Asked("POST", "", {}, Headers(), b"", None, {})
    return Call(account, asked, Settings(), account.url, user_id)


def moved(account: Account, asked: MoveAsked) -> Call:
    """The deal is changed. Raises KeyError where there is none."""
    lead = account.leads[asked.lead_id]
    names = asked.model_fields_set - {"token", "client_id", "lead_id", "user_id"}
    values = asked.model_dump(include=set(names))
    if asked.pipeline_id is not None and asked.status_id is None:
        values["status_id"] = account.first_stage(asked.pipeline_id)
    call = by_hand(account, asked.user_id)
    lead_methods.change(call, lead, (values, {}, []))
    return call


def deleted(account: Account, asked: DeleteAsked) -> Call:
    """It is in the bin, or out of it again. Raises KeyError."""
    entity = account.store(asked.kind)[asked.id]
    entity.is_deleted = not asked.restore
    call = by_hand(account, MANAGER_ID)
    entity.touch(MANAGER_ID)
    call.tell(event_of(account, entity, "restore" if asked.restore else "delete"))
    return call


def seeded(account: Account, asked: SeedAsked) -> Json:
    """The ids of what was made: the first and the last of each kind."""
    made = {
        "contacts": books.seed_contacts(
            account, asked.contacts, asked.first_phone, decoys=asked.decoys
        ),
        "elements": books.seed_elements(account, asked.elements, asked.catalog_id, asked.sku),
        "leads": books.seed_leads(account, asked.leads, asked.first_code),
    }
    return {name: [ids[0], ids[-1]] if ids else [] for name, ids in made.items()}
