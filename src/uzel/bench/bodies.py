"""Bodies for the benches: as large and as nested as the real ones, and cheap to make."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from uzel.bench.http1 import request_head

ORGANIZATION_ID = "5b0e4c1a-7d2f-4e86-9a33-c1d2e3f40516"
_TERMINAL_GROUP_ID = "c77f2a90-13d4-4b7e-8f5a-60718293a4b5"
_LOCAL = timezone(timedelta(hours=3))


def phone_number(i: int) -> str:
    """An E.164 number of its own for each i below ten million, then the first again."""
    return f"+7999{i % 10_000_000:07d}"


def iiko_delivery(
    i: int,
    phone: str,
    *,
    run_id: int = 0,
    occurred_at: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC),
    organization_id: str = ORGANIZATION_ID,
    status: str = "Delivered",
) -> bytes:
    """A delivery webhook of iiko with one update: order `iiko_order_id(i, run_id)` was delivered.

    `run_id` (32 bits) keeps the orders of one run apart from those of another; `occurred_at` is
    aware. Shape: iiko OpenAPI, x-webhooks, DeliveryOrderUpdate.
    """
    pieces = _delivery_pieces(run_id, occurred_at, organization_id, status)
    return _spliced(pieces, i, phone.encode())


def iiko_order_id(i: int, run_id: int = 0) -> str:
    """The `eventInfo.id` of the order in `iiko_delivery(i, ..., run_id=run_id)`."""
    return f"{run_id:08x}-0d01-4d01-8d01-{i:012x}"


class DeliveryRequests:
    """The whole HTTP request of each index, each with an order and a phone of its own."""

    def __init__(
        self,
        *,
        host: str,
        path: str,
        headers: Mapping[str, str],
        run_id: int,
        occurred_at: datetime,
        organization_id: str = ORGANIZATION_ID,
    ) -> None:
        first, *rest = _delivery_pieces(run_id, occurred_at, organization_id, "Delivered")
        length = len(_spliced((first, *rest), 0, phone_number(0).encode()))  # the same for every i
        headers = {"Content-Type": "application/json", **headers}
        self._pieces = (request_head("POST", path, host, headers, length) + first, *rest)

    def __call__(self, i: int) -> bytes:
        return _spliced(self._pieces, i, b"+7999%07d" % (i % 10_000_000))


def _spliced(pieces: tuple[bytes, ...], i: int, phone: bytes) -> bytes:
    """Several times cheaper than formatting, which matters at tens of thousands a second."""
    correlation, order, before_phone, before_number, end = pieces
    index = b"%012x" % i
    number = b"%d" % (1_000_000 + i % 9_000_000)
    return b"".join(
        (correlation, index, order, index, before_phone, phone, before_number, number, end)
    )


@lru_cache(maxsize=16)
def _delivery_pieces(
    run_id: int, occurred_at: datetime, organization_id: str, status: str
) -> tuple[bytes, ...]:
    """What stands between the correlation id's index, the order id's, the phone and the number."""
    update = {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": _iiko_time(occurred_at.astimezone(UTC)),
        "organizationId": organization_id,
        "correlationId": f"{run_id:08x}-0c01-4c01-8c01-<splice>",
        "eventInfo": {
            "id": iiko_order_id(0, run_id)[:-12] + "<splice>",
            "posId": "3f1d7c52-88a0-4c3b-b6de-9a0b1c2d3e4f",
            "externalNumber": None,
            "organizationId": organization_id,
            "timestamp": int(occurred_at.timestamp() * 1000),
            "creationStatus": "Success",
            "errorInfo": None,
            "order": _order(occurred_at.astimezone(_LOCAL), status),
        },
    }
    text = json.dumps([update], ensure_ascii=False, separators=(",", ":"))
    return tuple(text.replace('"<number>"', "<splice>").encode().split(b"<splice>"))


def _order(local: datetime, status: str) -> dict[str, object]:
    """The order as iiko sends it: times local to the terminal, phones of staff beside the guest's.

    `local`: the moment of delivery.
    """
    return {
        "customer": _customer(),
        "phone": "<splice>",
        "status": status,
        "cancelInfo": None,
        "courierInfo": {
            "courier": {
                "id": "1a2b3c4d-5e6f-4708-91a2-b3c4d5e6f708",
                "name": "Курьер Илья",
                "phone": "+79980000001",
            },
            "isCourierSelectedManually": True,
        },
        "whenCreated": _iiko_time(local - timedelta(minutes=55)),
        "whenConfirmed": _iiko_time(local - timedelta(minutes=54)),
        "whenDelivered": _iiko_time(local),
        "whenClosed": None,
        "comment": None,
        "operator": {
            "id": "0d1c2b3a-4958-4677-8695-a4b3c2d1e0f9",
            "name": "Оператор Анна",
            "phone": None,
        },
        "isDeleted": False,
        "movedToDeliveryId": None,
        "sum": 1290,
        "number": "<number>",
        "sourceKey": None,
        "items": [_item(1, "Пицца с грибами", 690), _item(2, "Морс клюквенный", 600)],
        "orderType": {
            "id": "76067ea3-356f-4b93-9d14-1fa00d082c4e",
            "name": "Доставка курьером",
            "orderServiceType": "DeliveryByCourier",
        },
        "terminalGroupId": _TERMINAL_GROUP_ID,
        "processedPaymentsSum": 1290,
    }


def _customer() -> dict[str, object]:
    return {
        "type": "regular",
        "id": "9c8b7a60-5f4e-4d3c-a2b1-0f1e2d3c4b5a",
        "name": "Мария",
        "surname": None,
        "comment": None,
        "gender": "NotSpecified",
        "inBlacklist": False,
    }


def _item(position: int, name: str, price: int) -> dict[str, object]:
    return {
        "type": "Product",
        "product": {"id": f"2e4d6c8b-0a19-4283-b7c6-{position:012x}", "name": name},
        "price": price,
        "status": "Served",
        "deleted": None,
        "amount": 1,
    }


def _iiko_time(at: datetime) -> str:
    """`2026-06-01 12:00:00.000`: a space and no zone."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
