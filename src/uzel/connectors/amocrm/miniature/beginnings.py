"""What every account of the sandbox has from its first moment: users, pipelines, lists, fields."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.entities import LOST, WON
from uzel.connectors.amocrm.miniature.fields import (
    DELIVERY_FIELD_ID,
    EMAIL_FIELD_ID,
    ENUM_IDS,
    ORDER_FIELD_ID,
    PHONE_FIELD_ID,
    POSITION_FIELD_ID,
    PRICE_FIELD_ID,
    SKU_FIELD_ID,
    Choice,
    Field,
    Fields,
)
from uzel.connectors.amocrm.miniature.numbers import now_s

USER_ID, MANAGER_ID = 10000601, 10000602
PIPELINE_ID, ORDERS_PIPELINE_ID = 7310001, 7310002
FIRST_STAGE_ID, WON_STAGE_ID = 61000001, 61000005
NEW_ORDER_STAGE_ID, TAKEN_STAGE_ID, SENT_STAGE_ID = 61000011, 61000012, 61000013
PRODUCTS_ID, SUPPLIERS_ID = 11271, 11273
LOSS_REASON_ID = 4203748
UTM = ("utm_content", "utm_medium", "utm_campaign", "utm_source", "utm_term", "referrer")
FIRST_UTM_ID = 752101


def users() -> list[Json]:
    """The administrator first."""
    return [
        user(USER_ID, "Ольга Владелец", "owner@example.org", is_admin=True),
        user(MANAGER_ID, "Пётр Менеджер", "manager@example.org", is_admin=False),
    ]


def user(user_id: int, name: str, email: str, *, is_admin: bool) -> Json:
    everything = dict.fromkeys(("view", "edit", "add", "delete", "export"), "A")
    rights: Json = {
        **{kind: dict(everything) for kind in ("leads", "contacts", "companies")},
        "tasks": {"edit": "A", "delete": "A"},
        "mail_access": False,
        "catalog_access": True,
        "files_access": False,
        "status_rights": [],
        "catalog_rights": None,
        "custom_fields_rights": None,
        "oper_day_reports_view_access": False,
        "oper_day_user_tracking": False,
        "is_admin": is_admin,
        "is_free": False,
        "is_active": True,
        "group_id": None,
        "role_id": None,
    }
    return {"id": user_id, "name": name, "email": email, "lang": "ru", "rights": rights}


def pipelines() -> list[Json]:
    """The main one, and one for orders of a shop."""
    main = ("Первичный контакт", "Переговоры", "Принимают решение", "Счёт выставлен", "Выдано")
    orders = ("Новый заказ", "Принят", "Передан на доставку")
    return [
        pipeline(PIPELINE_ID, "Воронка", 1, FIRST_STAGE_ID, main),
        pipeline(ORDERS_PIPELINE_ID, "Заказы", 2, NEW_ORDER_STAGE_ID, orders),
    ]


def pipeline(pipeline_id: int, name: str, sort: int, first: int, names: tuple[str, ...]) -> Json:
    own = [
        stage(first + nth, name, 20 + 10 * nth, "#99ccff", is_editable=True)
        for nth, name in enumerate(names)
    ]
    return {
        "id": pipeline_id,
        "name": name,
        "sort": sort,
        "is_main": sort == 1,
        "is_unsorted_on": True,
        "is_archive": False,
        "statuses": [
            stage(first - 1, "Неразобранное", 10, "#c1c1c1", kind=1),
            *own,
            stage(WON, "Успешно реализовано", 10000, "#CCFF66"),
            stage(LOST, "Закрыто и не реализовано", 11000, "#D5D8DB"),
        ],
    }


def stage(
    stage_id: int, name: str, sort: int, color: str, *, is_editable: bool = False, kind: int = 0
) -> Json:
    """`kind` 1: the leads that nobody has sorted yet."""
    shown = {"id": stage_id, "name": name, "sort": sort, "is_editable": is_editable}
    return {**shown, "color": color, "type": kind}


def loss_reasons() -> list[Json]:
    names = ("Пропала потребность", "Слишком дорого", "Заказ отменён")
    moment = now_s()
    return [
        {"id": LOSS_REASON_ID + 2 * nth, "name": name, "sort": 100000 + nth}
        | {"created_at": moment, "updated_at": moment}
        for nth, name in enumerate(names)
    ]


def catalogs() -> list[Json]:
    return [
        catalog(PRODUCTS_ID, "Товары", "products", 10),
        catalog(SUPPLIERS_ID, "Мои юр. лица", "suppliers", 20),
    ]


def catalog(catalog_id: int, name: str, kind: str, sort: int, **more: Any) -> Json:
    moment = now_s()
    return {
        "id": catalog_id,
        "name": name,
        "created_by": USER_ID,
        "updated_by": USER_ID,
        "created_at": moment,
        "updated_at": moment,
        "sort": sort,
        "type": kind,
        "can_add_elements": True,
        "can_show_in_cards": kind == "products",
        "can_link_multiple": True,
        "can_be_deleted": kind == "regular",
        "sdk_widget_code": None,
        **more,
    }


def fields() -> Mapping[str, Fields]:
    """Owner (`leads`, `catalogs/11271`) → its fields."""
    return {
        "leads": Fields([*lead_fields(), *tracking()]),
        "contacts": Fields(person_fields("contacts")),
        "companies": Fields(person_fields("companies")),
        f"catalogs/{PRODUCTS_ID}": Fields(product_fields()),
    }


def lead_fields() -> list[Field]:
    ways = [Choice(931001, "Курьер", 1), Choice(931003, "Самовывоз", 2)]
    return [
        Field(ORDER_FIELD_ID, "Номер заказа", "text", "leads", sort=501),
        Field(DELIVERY_FIELD_ID, "Способ доставки", "select", "leads", sort=502, choices=ways),
        Field(752013, "Комментарий", "textarea", "leads", sort=503),
        Field(752015, "Вес, кг", "numeric", "leads", sort=504),
        Field(752017, "Дата доставки", "date", "leads", sort=505),
        Field(752019, "Подарок", "checkbox", "leads", sort=506),
    ]


def tracking() -> list[Field]:
    return [
        Field(FIRST_UTM_ID + 2 * nth, name, "tracking_data", "leads", name.upper(), sort=510 + nth)
        for nth, name in enumerate(UTM)
    ]


def person_fields(kind: str) -> list[Field]:
    kinds = {
        code: [Choice(enum, name, 2 * nth) for nth, (name, enum) in enumerate(ids.items(), 1)]
        for code, ids in ENUM_IDS.items()
    }
    known = partial(Field, entity_type=kind, is_predefined=True)
    position = known(POSITION_FIELD_ID, "Должность", "text", code="POSITION", sort=2)
    return [
        *([position] if kind == "contacts" else []),
        known(PHONE_FIELD_ID, "Телефон", "multitext", code="PHONE", sort=4, choices=kinds["PHONE"]),
        known(EMAIL_FIELD_ID, "Email", "multitext", code="EMAIL", sort=6, choices=kinds["EMAIL"]),
    ]


def product_fields() -> list[Field]:
    groups = [Choice(6319, "Телефоны", 0), Choice(6321, "Аксессуары", 1)]
    units = [Choice(932001, "шт.", 1, "piece"), Choice(932003, "кг", 2, "kg")]
    known = partial(Field, entity_type="catalogs", catalog_id=PRODUCTS_ID, is_predefined=True)
    return [
        known(SKU_FIELD_ID, "Артикул", "text", code="SKU", sort=510),
        known(2235145, "Описание", "textarea", code="DESCRIPTION", sort=511),
        known(PRICE_FIELD_ID, "Цена", "price", code="PRICE", sort=512),
        known(2235149, "Группа", "category", code="GROUP", sort=513, choices=groups),
        known(2235151, "External ID", "text", code="EXTERNAL_ID", sort=514),
        known(2235153, "Единица измерения", "select", code="UNIT", sort=515, choices=units),
        known(2235155, "Спеццена 1", "price", code="SPECIAL_PRICE_1", sort=516),
    ]
