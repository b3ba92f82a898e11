"""How Kaspi in miniature writes what it has: JSON:API, as the documentation's examples do."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from uzel.connectors.kaspi.control import Settings
from uzel.connectors.kaspi.miniature import WAYS, Line, Order, encoded

API = "https://kaspi.kz/shop/api/v2"
PICKUP_POINT = "Sandbox_PP1"
CITY = {"id": "NzUwMDAwMDAw", "code": "750000000", "name": "Алматы", "active": True}
STREET = {
    "streetName": "улица Абая",
    "streetNumber": "10",
    "town": "Алматы",
    "district": None,
    "building": None,
    "apartment": "5",
    "formattedAddress": "Алматы, улица Абая, 10",
    "latitude": 43.2383321,
    "longitude": 76.8891172,
}
DAY_MS = 24 * 3600 * 1000

Content = dict[str, Any]


def order_resource(order: Order, settings: Settings, *, with_entries: bool) -> Content:
    """An order; only where entries are to be included it says which there are."""
    order_id = encoded(order.code, padded=settings.padded_ids)
    entries: Content = {"links": links("orders", order_id, "entries")}
    if with_entries:
        entries["data"] = [
            {"type": "orderentries", "id": entry_id(order, line, settings)} for line in order.lines
        ]
    user = {
        "links": links("orders", order_id, "user"),
        "data": {"type": "customers", "id": encoded(order.phone)},
    }
    return {
        "type": "orders",
        "id": order_id,
        "attributes": attributes_of(order),
        "relationships": {"entries": entries, "user": user},
        "links": {"self": f"{API}/orders/{order_id}"},
    }


def attributes_of(order: Order) -> Content:
    """What does not apply to an order is left out."""
    by_kaspi, mode, _ = WAYS[order.way]
    planned_ms = order.created_ms + 2 * DAY_MS
    told: Content = {
        "code": order.code,
        "totalPrice": float(order.total),
        "paymentMode": "PREPAID" if int(order.code) % 3 else "PAY_WITH_CREDIT",
        "creationDate": order.created_ms,
        "deliveryCostForSeller": 0.0,
        "isKaspiDelivery": by_kaspi,
        "deliveryMode": mode,
        "signatureRequired": order.to_sign,
        "preOrder": order.pre_order,
        "pickupPointId": PICKUP_POINT,
        "state": order.state,
        "approvedByBankDate": order.created_ms + 700,
        "status": order.status,
        "customer": customer(order),
        "deliveryCost": 0.0,
    }
    if told["paymentMode"] == "PAY_WITH_CREDIT":
        told["creditTerm"] = 3
    if order.way == "pickup":
        told["reservationDate"] = planned_ms
    else:
        told |= {"plannedDeliveryDate": planned_ms, "deliveryAddress": STREET}
    if order.reason:
        told["cancellationReason"] = order.reason
    return told | (delivery(order, planned_ms) if by_kaspi else {})


def delivery(order: Order, planned_ms: int) -> Content:
    """What Kaspi's own delivery adds; the waybill is there once the order is assembled."""
    waybill = f"{API}/waybill/{order.code}.pdf" if order.assembled else None
    origin = {"id": "U2FuZGJveF8x", "displayName": "1", "address": STREET, "city": CITY}
    return {
        "assembled": order.assembled,
        "originAddress": origin,
        "kaspiDelivery": {
            "waybill": waybill,
            "courierTransmissionDate": None,
            "courierTransmissionPlanningDate": planned_ms,
            "waybillNumber": f"10{order.code}" if order.assembled else None,
            "express": False,
            "returnedToWarehouse": False,
            "firstMileCourier": None,
        },
    }


def customer(order: Order) -> Content:
    """The id is the phone, so it is a secret of the buyer's."""
    return {
        "id": encoded(order.phone),
        "name": None,
        "cellPhone": order.phone,
        "firstName": order.first_name,
        "lastName": order.last_name,
    }


def customer_resource(order: Order) -> Content:
    told = customer(order)
    attributes = {name: told[name] for name in ("firstName", "lastName", "cellPhone")}
    return {
        "type": "customers",
        "id": told["id"],
        "attributes": attributes,
        "relationships": {},
        "links": {"self": f"{API}/customers/{told['id']}"},
    }


def entry_resource(order: Order, line: Line, settings: Settings) -> Content:
    """A position; `offer`, the merchant's article, came in 2025."""
    name, master = entry_id(order, line, settings), encoded(line.master)
    told: Content = {
        "unitType": "PIECES",
        "quantity": line.quantity,
        "totalPrice": float(line.total),
        "weight": 0.0,
        "entryNumber": line.number,
        "category": {"code": "Master - Goods", "title": "Товары для дома"},
        "deliveryCost": 0.0,
        "basePrice": float(line.price),
    }
    if settings.offers:
        told |= {"offer": {"code": line.sku, "name": line.name}, "isImeiRequired": False}
    return {
        "type": "orderentries",
        "id": name,
        "attributes": told,
        "relationships": {
            "product": related("orderentries", name, "product", "masterproducts", master),
            "deliveryPointOfService": related(
                "orderentries",
                name,
                "deliveryPointOfService",
                "pointofservices",
                encoded(PICKUP_POINT),
            ),
        },
        "links": {"self": f"{API}/orderentries/{name}"},
    }


def entry_id(order: Order, line: Line, settings: Settings) -> str:
    return encoded(f"{order.code}##{line.number}", padded=settings.padded_ids)


def master_resource(line: Line) -> Content:
    name = encoded(line.master)
    return {
        "type": "masterproducts",
        "id": name,
        "attributes": {"code": line.master, "name": line.name, "category": "Товары для дома"},
        "relationships": {
            "merchantProduct": {
                "links": links("masterproducts", name, "merchantProduct"),
                "data": None,
            }
        },
        "links": {"self": f"{API}/masterproducts/{name}"},
    }


def merchant_resource(line: Line) -> Content:
    name = encoded(line.sku)
    return {
        "type": "merchantproducts",
        "id": name,
        "attributes": {"code": line.sku, "name": line.name},
        "relationships": {},
        "links": {"self": f"{API}/merchantproducts/{name}"},
    }


def moved(order: Order, status: str, more: Mapping[str, Any]) -> Content:
    """The answer to a change of a status: hardly more than what was asked for."""
    order_id = encoded(order.code)
    relationships = {
        "user": {"links": links("orders", order_id, "user"), "data": None},
        "entries": {"links": links("orders", order_id, "entries")},
    }
    return {
        "type": "orders",
        "id": order_id,
        "attributes": {"code": order.code, "status": status, **more},
        "relationships": relationships,
        "links": {"self": f"{API}/orders/{order_id}"},
    }


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def related(kind: str, name: str, link: str, other: str, other_id: str) -> Content:
    return {"links": links(kind, name, link), "data": {"type": other, "id": other_id}}


def links(kind: str, name: str, link: str) -> Content:
    whole = f"{API}/{kind}/{name}"
    return {"self": f"{whole}/relationships/{link}", "related": f"{whole}/{link}"}
