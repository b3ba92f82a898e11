"""What we may ask of amoCRM, as one table. How each was checked is in the README."""

from collections.abc import Awaitable, Callable
from datetime import date

from uzel.connector import Answer, Checked, Operation
from uzel.connectors.amocrm import (
    client,
    contacts,
    deals,
    elements,
    leads,
    links,
    notes,
    registration,
    setup,
)

Run = Callable[..., Awaitable[Answer]]
LookUp = Callable[..., Awaitable[Answer | None]]

CHECKED_ON = date(2026, 11, 21)
DOCUMENTATION, RECORDED = Checked.DOCUMENTATION, Checked.RECORDED
# amocrm_api 2.6.1 and aioamocrm 0.1.1 read leads and contacts of the sandbox as we do.
INDEPENDENT_CLIENT = Checked.INDEPENDENT_CLIENT

# A call ends half a minute after it left at the latest; work that outlived its gateway has two
# minutes and a half more to show itself, before it is done again.
SETTLED_S = 180.0

SKU_FIELDS = ("sku_field_id", "price_field_id")

# They may be asked twice: reads, an address that is entered or taken away once, and changes that
# say what the result shall be.
REPEATABLE: tuple[tuple[Run, tuple[str, ...], Checked], ...] = (
    (client.account, (), DOCUMENTATION),
    (client.find_guest, ("guest",), INDEPENDENT_CLIENT),
    (registration.webhooks, (), DOCUMENTATION),
    (registration.subscribe, ("url",), DOCUMENTATION),
    (registration.unsubscribe, ("url",), DOCUMENTATION),
    (contacts.find_contacts, ("phone",), DOCUMENTATION),
    (elements.find_elements, ("catalog_id", "sku", *SKU_FIELDS), DOCUMENTATION),
    (elements.list_elements, ("catalog_id", "page", *SKU_FIELDS), DOCUMENTATION),
    (elements.update_elements, ("catalog_id", "elements", "price_field_id"), DOCUMENTATION),
    (leads.read_lead, ("lead_id",), DOCUMENTATION),
    (deals.read_deal, ("lead_id",), DOCUMENTATION),
    (
        deals.fill_deal,
        ("lead_id", "mark", "fields", "pipeline_id", "status_id", "keep_stages"),
        DOCUMENTATION,
    ),
    (leads.find_leads, ("order_code", "order_code_field_id", "name"), DOCUMENTATION),
    (leads.list_leads, ("since", "page", "order_code_field_id"), DOCUMENTATION),
    (leads.update_leads, ("leads",), DOCUMENTATION),
    (links.read_links, ("lead_ids",), DOCUMENTATION),
    (links.unlink_elements, ("links",), DOCUMENTATION),
    (setup.pipelines, (), RECORDED),
    (setup.users, (), RECORDED),
    (setup.catalogs, (), RECORDED),
    (setup.lead_fields, (), DOCUMENTATION),
    (setup.catalog_fields, ("catalog_id",), RECORDED),
)

# Asked twice, they would make things twice; each can be looked up.
ONCE: tuple[tuple[Run, LookUp, tuple[str, ...], Checked], ...] = (
    (
        contacts.create_contacts,
        contacts.look_up_contacts,
        ("contacts", "since"),
        RECORDED,
    ),
    (
        elements.create_elements,
        elements.look_up_elements,
        ("catalog_id", "elements", *SKU_FIELDS, "since"),
        RECORDED,
    ),
    (
        leads.create_leads,
        leads.look_up_leads,
        ("leads", "order_code_field_id", "since", "tag"),
        DOCUMENTATION,
    ),
    (links.link_elements, links.look_up_links, ("links",), DOCUMENTATION),
    (notes.add_notes, notes.look_up_notes, ("notes", "since"), RECORDED),
    (setup.create_lead_field, setup.look_up_lead_field, ("name",), DOCUMENTATION),
    (
        setup.create_catalog_fields,
        setup.look_up_catalog_fields,
        ("catalog_id", "fields"),
        DOCUMENTATION,
    ),
)

OPERATIONS = {
    run.__name__: Operation(run.__name__, run, arguments, checked, CHECKED_ON, repeatable=True)
    for run, arguments, checked in REPEATABLE
} | {
    run.__name__: Operation(
        run.__name__,
        run,
        arguments,
        checked,
        CHECKED_ON,
        look_up=look_up,
        settles_after_s=SETTLED_S,
    )
    for run, look_up, arguments, checked in ONCE
}
