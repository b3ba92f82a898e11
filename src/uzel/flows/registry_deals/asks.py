"""The calls of this flow: how each is named, and what it asks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from uzel.calls.effect import Effect
from uzel.calls.plan import Plan
from uzel.entities.together import since
from uzel.flows.registry_deals.item_store import price_text
from uzel.flows.registry_deals.settings import MirrorSettings

# First word of the effects of all calls of this flow.
OWNER: Final = "mirror"
DEALS, FIND, NOTES = "deals", "find", "notes"


def create_deals(crm_id: int, batch: int, rows: Sequence[Any], settings: MirrorSettings) -> Plan:
    """Deals of rows of `item_store.ready`."""
    leads = [
        {
            "request_id": str(row["id"]),
            "name": row["deal_name"],
            "price": price_text(row["price"]),
            "pipeline_id": settings.pipeline_id,
            "status_id": settings.status_id,
            "responsible_user_id": settings.responsible_user_id,
            "contact_id": row["contact_id"],
            "order_code": None,
        }
        for row in rows
    ]
    arguments = {"leads": leads, "order_code_field_id": None, "since": since(), "tag": None}
    return Plan(crm_id, "create_leads", arguments, str(Effect(OWNER, DEALS, batch)))


def find_deal(crm_id: int, batch: int, row: Any) -> Plan:
    """Whether there is a deal of this name already."""
    arguments = {
        "order_code": row["told"]["called"],
        "order_code_field_id": None,
        "name": row["deal_name"],
    }
    return Plan(crm_id, "find_leads", arguments, str(Effect(OWNER, FIND, batch)))


def add_notes(crm_id: int, batch: int, rows: Sequence[Mapping[str, Any]]) -> Plan:
    """All that rows of `item_store.to_note` have to say, one note each."""
    notes = [
        {
            "request_id": str(row["id"]),
            "lead_id": row["lead_id"],
            "text": "\n\n".join(row["notes"]),
        }
        for row in rows
    ]
    arguments = {"notes": notes, "since": since()}
    return Plan(crm_id, "add_notes", arguments, str(Effect(OWNER, NOTES, batch)))
