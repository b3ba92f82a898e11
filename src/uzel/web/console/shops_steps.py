"""The steps of setting a shop up: what each reads, what a form of it changes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from uzel.errors import CallFailed, ConfigError
from uzel.flows.kaspi_orders.settings import LOST, WON, ShopSettings, split_stage
from uzel.model.order import OrderState
from uzel.web.console import words
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.shops_desk import Shop
from uzel.web.console.shops_lists import Lists, create_once, stage_choices
from uzel.web.console.typed import Typed

NAMES = {
    "crm": m("Подключения"),
    "deals": m("Где начинаются сделки"),
    "goods": m("Товары"),
    "code": m("Номер заказа"),
    "stages": m("Куда двигать сделку"),
    "trial": m("Проба на настоящем заказе"),
    "on": m("Включение"),
}
ORDER = tuple(NAMES)
# States that can move a deal, and where they move it unless somebody chose otherwise.
MOVES: Mapping[OrderState, tuple[str, int | None]] = {
    OrderState.ACCEPTED: (m("заказ приняли"), None),
    OrderState.COMPLETED: (m("заказ выдан"), WON),
    OrderState.CANCELLED: (m("заказ отменён"), LOST),
    OrderState.RETURNED: (m("заказ вернули"), LOST),
}
# Of stages where deals of accepted orders usually are; not of those for refused ones.
ACCEPTED_NAME = re.compile(r"(?<!не )(?<!не)принят", re.IGNORECASE)
CODE_FIELD = "Номер заказа Kaspi"
# Setting → what its field is called where we make it.
CATALOG_FIELDS = (("sku_field_id", "Артикул", "text"), ("price_field_id", "Цена", "numeric"))
PRODUCTS = "products"
# Kinds of lists that can hold goods; others are those of invoices and the like.
OF_GOODS = (PRODUCTS, "regular")
# Step → the lists it is chosen from.
READS = {
    "deals": ("pipelines", "users"),
    "code": ("lead_fields",),
    "stages": ("pipelines",),
    "trial": ("pipelines", "users", "lead_fields"),
}
Changes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Light:
    """How far a step is; no tone where there is nothing to be done."""

    code: str
    name: str
    tone: str
    said: str


def lights(shop: Shop) -> list[Light]:
    """The steps, as far as the settings tell. To do without goods or a field for the number is a
    choice like any other.
    """
    mine, chosen = shop.settings, shop.settings.model_fields_set
    good = {
        "crm": shop.crm is not None and shop.crm.state == "active",
        "deals": mine.status_id is not None,
        "goods": "catalog_id" in chosen,
        "code": "order_code_field_id" in chosen,
        "stages": bool(mine.ranks),
        "on": shop.state == "on",
    }
    said = {
        "crm": m("выбраны") if good["crm"] else m("amoCRM не работает"),
        "deals": m("выбрано") if good["deals"] else m("первый этап главной воронки"),
        "goods": m("из каталога") if mine.catalog_id else m("без товаров"),
        "code": m("в поле сделки") if mine.order_code_field_id else m("только в названии сделки"),
        "stages": m("выбрано") if good["stages"] else m("сделки не двигаются"),
        "trial": m("по желанию; ничего не создаёт"),
        "on": {"on": m("включён"), "paused": m("на паузе")}.get(shop.state, m("выключен")),
    }
    return [
        Light(code, name, ("good" if good[code] else "idle") if code in good else "", said[code])
        for code, name in NAMES.items()
    ]


def asked_by(step: str, mine: ShopSettings) -> dict[str, dict[str, Any]]:
    """Operation → arguments: what the page of a step has to read."""
    if step == "goods":
        of_catalog = {"catalog_fields": {"catalog_id": mine.catalog_id}} if mine.catalog_id else {}
        return {"catalogs": {}, **of_catalog}
    return {name: {} for name in READS.get(step, ())}


def read_deals(typed: Typed, mine: ShopSettings, lists: Lists) -> Changes:
    """Where a deal begins and who answers for it."""
    stages = [value for _, some in stage_choices(lists.of("pipelines")) for value, _ in some]
    if not lists.has("pipelines"):
        typed.refuse("stage", m("Воронки не прочитаны: сохранить нельзя."))
        return {}
    stage = typed.choice("stage", stages)
    changes: Changes = {}
    if stage in stages:
        pipeline_id, status_id = split_stage(stage)
        changes = {"pipeline_id": pipeline_id, "status_id": status_id}
        if pipeline_id != mine.pipeline_id:
            # Stages of another pipeline: to be chosen anew.
            changes |= {"stages": {}, "ranks": {}}
    if lists.has("users"):
        users = [str(user["id"]) for user in lists.of("users")]
        chosen = typed.choice("responsible", ["", *users])
        changes["responsible_user_id"] = int(chosen) if chosen else None
    return changes


def read_goods(typed: Typed, mine: ShopSettings, lists: Lists) -> Changes:
    """Where goods are kept, and in which fields; another catalog has other fields."""
    if not lists.has("catalogs"):
        typed.refuse("catalog", m("Каталоги не прочитаны: сохранить нельзя."))
        return {}
    chosen = typed.choice("catalog", ["", *(str(it["id"]) for it in catalogs(mine, lists))])
    catalog_id = int(chosen) if chosen.isdigit() else None
    if catalog_id != mine.catalog_id:
        return {"catalog_id": catalog_id, "sku_field_id": None, "price_field_id": None}
    changes: Changes = {"catalog_id": catalog_id}
    if lists.has("catalog_fields"):
        fields = [str(it["id"]) for it in lists.of("catalog_fields")]
        for name in ("sku_field_id", "price_field_id"):
            value = typed.choice(name, ["", *fields])
            changes[name] = int(value) if value.isdigit() else None
        if not is_product(mine.catalog_id, lists) and changes["sku_field_id"] is None:
            typed.refuse(
                "sku_field_id", m("В этом списке нет поля артикула: выберите или создайте.")
            )
    return changes


def read_code(typed: Typed, mine: ShopSettings, lists: Lists) -> Changes:
    """Which field of a deal holds the order's number."""
    if not lists.has("lead_fields"):
        typed.refuse("order_code_field_id", m("Поля сделок не прочитаны: сохранить нельзя."))
        return {}
    fields = [str(it["id"]) for it in lists.of("lead_fields")]
    chosen = typed.choice("order_code_field_id", ["", *fields])
    name = typed.line("name", 100)
    note = typed.switch("note")
    field_id = int(chosen) if chosen.isdigit() else None
    return {"order_code_field_id": field_id, "name": name, "note": note}


def read_stages(typed: Typed, mine: ShopSettings, lists: Lists) -> Changes:
    """Which stage a deal moves to with its order, and the order of the stages."""
    if lists.pipeline(mine.pipeline_id) is None:
        typed.refuse("accepted", m("Воронки не прочитаны: сохранить нельзя."))
        return {}
    known = [value for value, _ in moves_to(mine, lists)]
    stages = {state: stage for state, stage in mine.stages.items() if state not in MOVES}
    for state in MOVES:
        if chosen := typed.choice(state.value, ["", *known]):
            stages[state] = chosen
    return {"stages": stages, "ranks": lists.ranks(mine.pipeline_id)}


Reader = Callable[[Typed, ShopSettings, Lists], Changes]
READERS: Mapping[str, Reader] = {
    "deals": read_deals,
    "goods": read_goods,
    "code": read_code,
    "stages": read_stages,
}


def moves_to(mine: ShopSettings, lists: Lists) -> list[tuple[str, str]]:
    """(`pipeline:stage`, name): the stages of the chosen pipeline, closing ones included."""
    pipeline = lists.pipeline(mine.pipeline_id)
    if pipeline is None:
        return []
    return [
        (f"{pipeline['id']}:{stage['id']}", stage["name"])
        for stage in pipeline["stages"]
        if stage["type"] != 1
    ]


def moves_now(mine: ShopSettings, lists: Lists) -> dict[str, str]:
    """State → the stage that stands in the form: what was chosen, else the usual."""
    if mine.ranks or not mine.pipeline_id:
        return {state.value: mine.stages.get(state, "") for state in MOVES}
    usual = {
        state.value: f"{mine.pipeline_id}:{stage}" if stage else ""
        for state, (_, stage) in MOVES.items()
    }
    return {**usual, OrderState.ACCEPTED.value: accepted_stage(mine, lists)}


def accepted_stage(mine: ShopSettings, lists: Lists) -> str:
    """The one open stage that is called as accepted orders are, if there is one."""
    named = [
        stage
        for stage, name in moves_to(mine, lists)
        if ACCEPTED_NAME.search(name) and split_stage(stage)[1] not in (WON, LOST)
    ]
    return named[0] if len(named) == 1 else ""


def is_product(catalog_id: int | None, lists: Lists) -> bool:
    """Whether a list is amoCRM's catalog of goods, which has fields of its own for both."""
    kinds = {it["id"]: it["type"] for it in lists.of("catalogs")}
    return kinds.get(catalog_id) == PRODUCTS


def catalogs(mine: ShopSettings, lists: Lists) -> list[dict[str, Any]]:
    """Lists that can hold goods, and the one that is chosen."""
    found = lists.of("catalogs")
    return [it for it in found if it["type"] in OF_GOODS or it["id"] == mine.catalog_id]


async def create(desk: Desk, shop: Shop, what: str, typed: Typed) -> Changes:
    """Make the fields a step lacks. What kept it from that is said at the form."""
    assert shop.crm is not None
    try:
        if what == "code":
            made = await create_once(desk, shop.crm, "create_lead_field", {"name": CODE_FIELD})
            return {"order_code_field_id": made["id"]}
        changes: Changes = {}
        for setting, name, kind in CATALOG_FIELDS:
            asked = {"name": name, "type": kind, "code": None}
            arguments = {"catalog_id": shop.settings.catalog_id, "fields": [asked]}
            made = await create_once(desk, shop.crm, "create_catalog_fields", arguments)
            changes[setting] = made["ids"][name]
        return changes
    except TimeoutError:
        typed.refuse("", m("amoCRM не отвечает; нажмите ещё раз, второго поля не будет."))
    except (CallFailed, ConfigError) as error:
        typed.wrong.setdefault("", words.detail(desk.language, str(error)))
    return {}
