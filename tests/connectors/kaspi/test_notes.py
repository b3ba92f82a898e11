"""What a person reads of an order."""

from typing import Any

import pytest

from uzel.connectors.kaspi.notes import note_of

MAY_2025 = 1747126800000  # 2025-05-13 09:00 UTC; Almaty is five hours ahead since March 2024


@pytest.mark.parametrize(
    ("attributes", "label", "text"),
    [
        ({"paymentMode": "PREPAID"}, "Оплата", "предоплата"),
        ({"paymentMode": "PAY_WITH_CREDIT", "creditTerm": 3}, "Оплата", "в кредит на 3 мес."),
        ({"paymentMode": "PAY_WITH_CREDIT", "creditTerm": "x"}, "Оплата", "в кредит"),
        ({"paymentMode": "BONUSES"}, "Оплата", "BONUSES"),
        ({"deliveryMode": "DELIVERY_PICKUP"}, "Доставка", "самовывоз"),
        (
            {"deliveryMode": "DELIVERY_PICKUP", "isKaspiDelivery": True},
            "Доставка",
            "Kaspi Postomat",
        ),
        (
            {
                "deliveryMode": "DELIVERY_REGIONAL_TODOOR",
                "isKaspiDelivery": True,
                "kaspiDelivery": {"express": True},
            },
            "Доставка",
            "Kaspi Доставка до двери, экспресс",
        ),
        ({"deliveryMode": "BY_DRONE"}, "Доставка", "BY_DRONE"),
        ({"deliveryAddress": {"formattedAddress": "Алматы"}}, "Адрес", "Алматы"),
        ({"deliveryCost": 500.5}, "Стоимость доставки", None),
        ({"deliveryCost": "500.50"}, "Стоимость доставки", "500.5 ₸"),
        ({"deliveryCost": 0}, "Стоимость доставки", None),
        ({"plannedDeliveryDate": MAY_2025}, "Доставить до", "13.05.2025 14:00 (Алматы)"),
        ({"reservationDate": MAY_2025}, "Хранится до", "13.05.2025 14:00 (Алматы)"),
        ({"reservationDate": "soon"}, "Хранится до", None),
        ({"kaspiDelivery": {"waybillNumber": "101"}}, "Накладная", "101"),
        ({"kaspiDelivery": {"waybill": "javascript:x"}}, "Файл накладной", None),
        ({"kaspiDelivery": {"waybill": "https://a/" + "b" * 300}}, "Файл накладной", None),
        ({"cancellationReason": "MERCHANT_OUT_OF_STOCK"}, "Причина отмены", "нет в наличии"),
        ({"cancellationReason": "NEW_WORD"}, "Причина отмены", "NEW_WORD"),
        ({"signatureRequired": False}, "Подпись документов", None),
    ],
)
def test_a_label_says_what_kaspi_said(
    attributes: dict[str, Any], label: str, text: str | None
) -> None:
    assert note_of(attributes).get(label) == text


@pytest.mark.parametrize("value", [None, [], {}, 5, True, "x"])
def test_nothing_in_it_can_break_a_note(value: Any) -> None:
    names = ("paymentMode", "creditTerm", "deliveryMode", "deliveryAddress", "kaspiDelivery")
    more = ("plannedDeliveryDate", "cancellationReason", "pickupPointId", "deliveryCost")
    found = note_of(dict.fromkeys((*names, *more), value))
    assert all(isinstance(text, str) and text for text in found.values())
