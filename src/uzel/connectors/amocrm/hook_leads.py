"""What a hook about a lead means: a deal won, a win taken back, or nothing.

A lead enters a won stage once, and that is the visit. `status` is that very change. `add` is a lead
made in a won stage. `update` is sent at every edit of a lead and does not say what changed, so a
lead won a year ago would count as soon as somebody mends its name; it counts only with
`old_status_id`, which makes it a change of stage. `restore` brings back what was won long ago.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from uzel.connector import Element
from uzel.connectors.amocrm.hook_contacts import Contacts
from uzel.kit.body import label_of, number_of, total_of
from uzel.model.visit import Visit, VisitState

WON = "142"  # in every pipeline (amoCRM, "Pipelines")
PRICE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Around:
    """What the rest of the body and the settings say.

    account  the body's `account`; `won_stages` are `pipeline:stage` or a stage alone
    """

    account: Any
    contacts: Contacts
    won_stages: Collection[str]

    def won(self, pipeline: str | None, stage: str | None) -> bool:
        return stage is not None and (
            stage == WON or stage in self.won_stages or f"{pipeline}:{stage}" in self.won_stages
        )


def element_of(lead: Mapping[str, Any], action: str, element: Element, around: Around) -> Element:
    """The element of a lead; `element` is what holds for every entity."""
    if action == "delete":
        return _called_off(lead, element, around, "deleted")
    if action == "restore":
        return replace(element, reason="lead_restored")
    if action not in ("status", "add", "update"):
        return replace(element, reason="entity")
    return _of_stage(lead, action == "update", element, around)


def _of_stage(lead: Mapping[str, Any], is_edit: bool, element: Element, around: Around) -> Element:
    stage, old_stage = number_of(lead.get("status_id")), number_of(lead.get("old_status_id"))
    pipeline = number_of(lead.get("pipeline_id"))
    was_won = around.won(number_of(lead.get("old_pipeline_id")) or pipeline, old_stage)
    if around.won(pipeline, stage):
        if was_won or (is_edit and old_stage is None):
            return replace(element, reason="won_before")
        return _completed(lead, element, around)
    if label_of(lead.get("status_id")) is None:
        return replace(element, reason="status_missing")
    if was_won and stage is not None:
        return _called_off(lead, element, around, "reopened")
    return replace(element, reason="status_not_won")


def _completed(lead: Mapping[str, Any], element: Element, around: Around) -> Element:
    """A deal just won. Without a phone in the body the guest is asked for later, by its lead."""
    lead_id, person = number_of(lead.get("id")), around.contacts.person(lead)
    if lead_id is None:
        missing = "no_phone" if person.phone is None else "order_id_missing"
        return replace(element, type="visit.completed", reason=missing)
    visit = Visit(
        state=VisitState.COMPLETED,
        visit=_visit_id(lead_id),
        place=number_of(lead.get("pipeline_id")),
        phone=person.phone,
        name=person.name,
        total=_total(lead.get("price")),
        email=person.email,
        guest=f"lead:{lead_id}" if person.phone is None else None,
    )
    key = f"visit:{visit.visit}:completed"
    return replace(element, type="visit.completed", key=key, data=visit)


def _called_off(lead: Mapping[str, Any], element: Element, around: Around, note: str) -> Element:
    lead_id = number_of(lead.get("id"))
    if lead_id is None:
        return replace(element, reason="order_id_missing")
    visit = Visit(
        state=VisitState.CANCELLED,
        visit=_visit_id(lead_id),
        place=number_of(lead.get("pipeline_id")),
        note=note,
    )
    # No key: a lead can be reopened as often as it is won, and calling off twice changes nothing.
    return replace(element, type="visit.cancelled", data=visit)


def _visit_id(lead_id: str) -> str:
    """`lead:123`, without the account: a connection is one account, and bodies name it by its
    number, by its subdomain, or not at all, which must not make one deal two.
    """
    return f"lead:{lead_id}"


def _total(price: Any) -> str | None:
    """A lead's price: text in a form, empty where nobody entered one."""
    if isinstance(price, str):
        return total_of(Decimal(price)) if PRICE.fullmatch(price) else None
    return total_of(price)
