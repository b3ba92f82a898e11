"""What was ordered, in words: the note in a deal's feed."""

from decimal import Decimal
from typing import Any

CURRENCIES = {"KZT": "₸", "RUB": "₽"}
# amoCRM cuts longer notes; a hundred positions are enough to read.
MOST_LINES = 100


def note_text(order: Any) -> str:
    """A row of detail_store.without as text."""
    sign = CURRENCIES.get(order["currency"], order["currency"])
    head = f"Заказ {order['code']}"
    if order["total"] is not None:
        head += f" на {amount(order['total'])} {sign}"
    told = [f"{label}: {text}" for label, text in (order["note"] or {}).items()]
    return "\n".join([head, *goods_text(order, sign), *told])


def changed_text(order: Any) -> str:
    """The same once the order consists of something else."""
    sign = CURRENCIES.get(order["currency"], order["currency"])
    total = f" на {amount(order['total'])} {sign}" if order["total"] is not None else ""
    head = f"Состав изменился: заказ {order['code']}{total}"
    return "\n".join([head, *goods_text(order, sign)])


def goods_text(order: Any, sign: str) -> list[str]:
    """A line each."""
    lines = order["lines"] or []
    goods = [line_text(line, sign) for line in lines[:MOST_LINES]]
    more = [f"… и ещё {len(lines) - MOST_LINES}"] if len(lines) > MOST_LINES else []
    return [*goods, *more]


def line_text(line: dict[str, Any], sign: str) -> str:
    """`• Чайник (A-1) — 2 × 9 990 ₸`"""
    name = line["name"] or line["sku"] or "товар без названия"
    article = f" ({line['sku']})" if line["sku"] and line["name"] else ""
    price = f" × {amount(Decimal(line['price']))} {sign}" if line["price"] else ""
    return f"• {name}{article} — {line['quantity']}{price}"


def amount(value: Decimal) -> str:
    """`12 345` or `12 345,50`."""
    whole = f"{value:,.2f}".replace(",", " ").replace(".", ",")
    return whole.removesuffix(",00")
