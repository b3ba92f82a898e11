"""What amoCRM posts, read as visits (amoCRM, "Webhooks" and "Digital Pipeline").

A form with PHP's brackets, or the same as JSON from robots in between:
`{"leads": {"status": [{"id", "status_id", …}]}, "account": {"id", "subdomain"}}`. One body may tell
of several entities and actions; the indices of a list come as names. All values are texts. Nothing
is signed: the key in the address vouches for the sender.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from uzel.connector import BodyKind, Element, Received, Webhook
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.custom_fields import field, is_indices, items
from uzel.connectors.amocrm.hook_contacts import COMPANY, Contacts
from uzel.connectors.amocrm.hook_deals import TOLD, deal_of
from uzel.connectors.amocrm.hook_leads import Around, element_of
from uzel.errors import PayloadInvalid
from uzel.kit.body import number_of, read_json, utc_of_epoch
from uzel.kit.brackets import read_brackets

ACCOUNT = "account"
# Name in the body → (ours, for people).
NOUNS: Mapping[str, tuple[str, str]] = {
    "leads": ("lead", "сделка"),
    "contacts": ("contact", "контакт"),
    "companies": ("company", "компания"),
    "customers": ("customer", "покупатель"),
    "task": ("task", "задача"),
    "tasks": ("task", "задача"),
    "talk": ("talk", "беседа"),
    "message": ("message", "сообщение"),
    "unsorted": ("unsorted", "заявка"),
    "notes": ("note", "примечание"),
}
UNKNOWN = ("unknown", "запись")
VERBS: Mapping[str, str] = {
    "add": "added",
    "update": "updated",
    "delete": "deleted",
    "restore": "restored",
    "status": "status_changed",
    "responsible": "responsible_changed",
    "note": "note_added",
}
MOMENTS = ("updated_at", "last_modified", "created_at", "date_create")
REASONS = {"company": "company", "contact": "no_lead_status"}


def parse(received: Received, config: AmocrmConfig) -> list[Element]:
    """One element per entity, in the order of the body; where deals have links that are to be paid,
    one more for each deal behind them. Raises PayloadInvalid.
    """
    body = _tree(received.body)
    around = Around(body.get(ACCOUNT), Contacts.of(body), frozenset(config.won_stages))
    entities = list(_entities(body))
    elements = [_element(entity, action, found, around) for entity, action, found in entities]
    if config.payment_links:
        elements += [it for entity in entities for it in _deals(*entity)]
    return elements or [Element("account.received", reason="entity")]


def _tree(body: bytes) -> dict[str, Any]:
    """The body as objects within objects, whichever way it was written."""
    is_json = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    tree: Any = read_json(body) if is_json else read_brackets(body)
    if not isinstance(tree, dict):
        raise PayloadInvalid("amoCRM sends an object, this is a list")
    if not tree:
        raise PayloadInvalid("nothing stands in the body")
    return tree


def _entities(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(entity, action, what stands there) in the order of the body."""
    for entity, actions in body.items():
        if entity == ACCOUNT:
            continue
        if entity == "lead" and isinstance(actions, dict) and "id" in actions:
            yield "leads", "update", actions  # one lead, as robots in between post it
            continue
        if not isinstance(actions, dict):
            yield from ((entity, "", found) for found in items(actions))
            continue
        for action, listed in actions.items():
            for found in items(listed):
                # The documentation's tasks stand one index deeper than the rest.
                if isinstance(found, dict) and is_indices(found):
                    yield from ((entity, action, inner) for inner in found.values())
                else:
                    yield entity, action, found


def _element(entity: str, action: str, found: Any, around: Around) -> Element:
    if action == "delete" and number_of(found):
        found = {"id": found}  # documented as {entity: {"delete": id}}
    noun, word = NOUNS.get(entity, UNKNOWN)
    if noun == "contact" and field(found, "type") == COMPANY:
        noun, word = NOUNS["companies"]
    kind = f"{noun}.{VERBS.get(action, 'received')}"
    if not isinstance(found, dict):
        return Element(kind, reason="element_invalid" if noun != UNKNOWN[0] else "entity")
    entity_id = number_of(found.get("id"))
    element = Element(
        type=kind,
        subject=f"{word} {entity_id}" if entity_id else None,
        occurred_at=_occurred_at(found),
    )
    if noun == "lead":
        return element_of(found, action, element, around)
    return replace(element, reason=REASONS.get(noun, "entity"))


def _deals(entity: str, action: str, found: Any) -> Iterator[Element]:
    deal = deal_of(found, action) if entity == "leads" else None
    if deal is not None:
        subject = f"{NOUNS['leads'][1]} {deal.number}"
        yield Element(TOLD, subject=subject, occurred_at=_occurred_at(found), data=deal)


def _occurred_at(found: Mapping[str, Any]) -> datetime | None:
    """UNIX seconds as text; the day and hour that tasks have instead are the account's local time
    without a zone. Digital Pipeline says no time at all.
    """
    for name in MOMENTS:
        seconds = number_of(found.get(name))
        moment = utc_of_epoch(int(seconds)) if seconds else None
        if moment is not None:
            return moment
    return None


WEBHOOK = Webhook(body=BodyKind.FORM | BodyKind.JSON, parse=parse)
