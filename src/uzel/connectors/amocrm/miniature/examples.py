"""Arguments with which each of our operations succeeds in an account that has just begun."""

from collections.abc import Mapping
from typing import Any

from uzel.connectors.amocrm.miniature.account import ELEMENT_ID, LEAD_ID
from uzel.connectors.amocrm.miniature.beginnings import (
    FIRST_STAGE_ID,
    PIPELINE_ID,
    PRODUCTS_ID,
    USER_ID,
)
from uzel.connectors.amocrm.miniature.fields import (
    DELIVERY_FIELD_ID,
    ORDER_FIELD_ID,
    PRICE_FIELD_ID,
    SKU_FIELD_ID,
)

HOOK = "http://127.0.0.1:9/hook?key=hidden"
LEAD = {
    **{"request_id": "500000001", "name": "Заказ 500000001", "price": 1290},
    **{"pipeline_id": PIPELINE_ID, "status_id": FIRST_STAGE_ID, "responsible_user_id": USER_ID},
    **{"order_code": "500000001"},
}
CONTACT = {
    **{"request_id": "0", "first_name": "Айгерим", "last_name": "Тестова"},
    **{"phone": "+77010000042", "responsible_user_id": USER_ID},
}
ELEMENT = {"request_id": "0", "sku": "SKU-0002", "name": "Чай зелёный", "price": "1290"}
LINK = {"lead_id": LEAD_ID, "element_id": ELEMENT_ID, "catalog_id": PRODUCTS_ID, "quantity": 2}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "account": {},
    "find_guest": {"guest": f"lead:{LEAD_ID}"},
    "webhooks": {},
    "subscribe": {"url": HOOK},
    "unsubscribe": {"url": HOOK},
    "find_contacts": {"phone": "+79990000001"},
    "create_contacts": {"contacts": [CONTACT], "since": 0},
    "find_elements": {"catalog_id": PRODUCTS_ID, "sku": "SKU-0001"},
    "list_elements": {"catalog_id": PRODUCTS_ID, "page": 1},
    "create_elements": {
        "catalog_id": PRODUCTS_ID,
        "elements": [ELEMENT],
        "sku_field_id": SKU_FIELD_ID,
        "price_field_id": PRICE_FIELD_ID,
        "since": 0,
    },
    "update_elements": {
        "catalog_id": PRODUCTS_ID,
        "elements": [{"id": ELEMENT_ID, "price": "1390.50"}],
        "price_field_id": PRICE_FIELD_ID,
    },
    "create_leads": {"leads": [LEAD], "order_code_field_id": ORDER_FIELD_ID, "since": 0},
    "find_leads": {"order_code": "500000001", "order_code_field_id": ORDER_FIELD_ID},
    "read_lead": {"lead_id": LEAD_ID},
    "read_deal": {"lead_id": LEAD_ID},
    "fill_deal": {
        "lead_id": LEAD_ID,
        "mark": DELIVERY_FIELD_ID,
        "fields": [{"field_id": ORDER_FIELD_ID, "values": [{"value": "500000001"}]}],
        "pipeline_id": PIPELINE_ID,
        "status_id": FIRST_STAGE_ID,
        "keep_stages": [],
    },
    "list_leads": {"since": 0, "page": 1, "order_code_field_id": ORDER_FIELD_ID},
    "update_leads": {"leads": [{"id": LEAD_ID, "price": 1500}]},
    "link_elements": {"links": [LINK]},
    "unlink_elements": {"links": [LINK]},
    "read_links": {"lead_ids": [LEAD_ID]},
    "add_notes": {"notes": [{"request_id": "0", "lead_id": LEAD_ID, "text": "Оплачен"}]},
    "pipelines": {},
    "users": {},
    "catalogs": {},
    "lead_fields": {},
    "catalog_fields": {"catalog_id": PRODUCTS_ID},
    "create_lead_field": {"name": "Номер заказа на площадке"},
    "create_catalog_fields": {
        "catalog_id": PRODUCTS_ID,
        "fields": [{"name": "Штрихкод", "type": "text", "code": None}],
    },
}
