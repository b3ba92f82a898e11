"""What a person would want to read of an order, label → text."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from uzel.connectors.kaspi.reading import decimal_text, moment_of
from uzel.kit.body import LONGEST_TEXT, at, label_of, text_of

# Kaspi's own times are of this zone; it is named, since who reads may be in another.
ALMATY = ZoneInfo("Asia/Almaty")
CANCELLED_BECAUSE: Mapping[str, str] = {
    "BUYER_CANCELLATION_BY_MERCHANT": "отказ покупателя",
    "BUYER_NOT_REACHABLE": "не удалось связаться с покупателем",
    "MERCHANT_OUT_OF_STOCK": "нет в наличии",
    "TIMEOUT_BUYER_PICKUP": "покупатель не забрал вовремя",
}
BY_MERCHANT: Mapping[str, str] = {
    "DELIVERY_LOCAL": "доставка магазина",
    "DELIVERY_PICKUP": "самовывоз",
    "DELIVERY_REGIONAL_TODOOR": "доставка в другой город до двери",
    "DELIVERY_REGIONAL_PICKUP": "доставка в другой город до пункта выдачи",
}
BY_KASPI: Mapping[str, str] = {
    "DELIVERY_PICKUP": "Kaspi Postomat",
    "DELIVERY_REGIONAL_TODOOR": "Kaspi Доставка до двери",
    "DELIVERY_REGIONAL_PICKUP": "Kaspi Доставка до пункта выдачи",
}


def note_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """What Kaspi said; what it did not say has no label."""
    return {label: text for label, text in labelled(attributes) if text}


def labelled(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    delivery = attributes.get("kaspiDelivery")
    yield "Оплата", payment(attributes)
    yield "Доставка", way(attributes)
    yield "Адрес", text_of(at(attributes, "deliveryAddress", "formattedAddress"))
    yield "Пункт выдачи", label_of(attributes.get("pickupPointId"))
    yield "Стоимость доставки", cost(attributes.get("deliveryCost"))
    yield "Доставить до", when(attributes.get("plannedDeliveryDate"))
    yield "Хранится до", when(attributes.get("reservationDate"))
    yield "Передать курьеру до", when(at(delivery, "courierTransmissionPlanningDate"))
    yield "Передан курьеру", when(at(delivery, "courierTransmissionDate"))
    yield "Накладная", label_of(at(delivery, "waybillNumber"))
    yield "Файл накладной", address(at(delivery, "waybill"))
    yield "Собран", "да" if attributes.get("assembled") is True else None
    yield "Подпись документов", "нужна" if attributes.get("signatureRequired") is True else None
    yield "Предзаказ", "да" if attributes.get("preOrder") is True else None
    yield "Причина отмены", because(text_of(attributes.get("cancellationReason")))


def payment(attributes: Mapping[str, Any]) -> str | None:
    mode, months = text_of(attributes.get("paymentMode")), attributes.get("creditTerm")
    if mode == "PAY_WITH_CREDIT":
        is_term = isinstance(months, int) and not isinstance(months, bool) and 0 < months < 1000
        return f"в кредит на {months} мес." if is_term else "в кредит"
    return "предоплата" if mode == "PREPAID" else mode


def way(attributes: Mapping[str, Any]) -> str | None:
    mode = text_of(attributes.get("deliveryMode"))
    by_kaspi = attributes.get("isKaspiDelivery") is True
    words = (BY_KASPI if by_kaspi else BY_MERCHANT).get(mode or "", mode)
    express = at(attributes, "kaspiDelivery", "express") is True
    return f"{words}, экспресс" if words and express else words


def because(reason: str | None) -> str | None:
    """The word itself where it is a new one."""
    return CANCELLED_BECAUSE.get(reason or "", reason)


def cost(value: Any) -> str | None:
    text = decimal_text(value)
    return f"{text} ₸" if text and text != "0" else None


def when(value: Any) -> str | None:
    moment = moment_of(value)
    return f"{moment.astimezone(ALMATY):%d.%m.%Y %H:%M} (Алматы)" if moment else None


def address(value: Any) -> str | None:
    """A link, unless it would be cut."""
    text = text_of(value)
    return text if text and text.startswith("https://") and len(text) < LONGEST_TEXT else None
