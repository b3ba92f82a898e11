"""What the service answers in miniature, method by method; a part of the sandbox."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

from uzel.connectors.konsol.control import AnswerAsked
from uzel.connectors.konsol.miniature import Content, Office, Payment, Refused
from uzel.connectors.konsol.pages import NEXT_PAGE
from uzel.connectors.konsol.privacy import masked
from uzel.connectors.konsol.shapes import CURRENCY, amount_minor, reference_in
from uzel.kit.credentials import HIDDEN
from uzel.kit.sandbox import Asked
from uzel.model.currency import text
from uzel.model.phone import mask_phone

EXAMPLE_ID = "5a4db0c5-0000-4000-8000-00000000c001"
EXAMPLE_PAYEE_ID = "5a4db0c5-0000-4000-8000-00000000c002"
DEFAULT_PER = 20
# Some banks of the public directory of the fast payment system (NSPK, 2026-04).
BANKS = (
    ("100000000111", "Сбербанк", "044525225"),
    ("100000000004", "Т-Банк", "044525974"),
    ("110000000005", "ВТБ", "044525187"),
    ("100000000008", "Альфа-Банк", "044525593"),
    ("100000000007", "Райффайзенбанк", "044525700"),
)


@dataclass(slots=True)
class Done:
    """An answer, and whose life begins with it."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    payment: Payment | None = None
    contractor: Content | None = None


Method = Callable[[Office, Asked], Done]


def create_payment(office: Office, asked: Asked) -> Done:
    before = len(office.payments)
    made = office.pay(fields_of(asked), asked.headers.get("idempotency-key"))
    asked.effect = len(office.payments) > before
    return Done(made.show(), 201, payment=made if asked.effect else None)


def payment(office: Office, asked: Asked) -> Done:
    found = office.payments.get(asked.params["payment_id"])
    if found is None:
        raise Refused("Payment not found", 404)
    return Done(found.show())


def payments(office: Office, asked: Asked) -> Done:
    shown = page(office, asked, office.listed())
    items = [it.show() for it in shown.entries]
    if office.settings().brief:
        brief = ("purpose", "services_list")
        items = [{n: v for n, v in it.items() if n not in brief} for it in items]
    return shown.done(office, items)


def create_contractor(office: Office, asked: Asked) -> Done:
    made = office.hire(fields_of(asked))
    asked.effect = True
    return Done(made, 201, contractor=made)


def contractors(office: Office, asked: Asked) -> Done:
    shown = page(office, asked, list(office.contractors.values()))
    return shown.done(office, list(shown.entries))


def fps_banks(office: Office, asked: Asked) -> Done:
    return Done([{"id": member, "name": name, "bic": bic} for member, name, bic in BANKS])


def balance(office: Office, asked: Asked) -> Done:
    account = {
        "id": "5a4db0c5-0000-4000-8000-00000000c003",
        "balance": text(office.balance_minor, CURRENCY),
        "currency": CURRENCY,
    }
    return Done({"data": [account]} if office.settings().accounts == "list" else account)


METHODS: Mapping[str, tuple[str, str, Method]] = {
    "create_payment": ("POST", "/payments", create_payment),
    "payments": ("GET", "/payments", payments),
    "payment": ("GET", "/payments/{payment_id}", payment),
    "create_contractor": ("POST", "/contractors", create_contractor),
    "contractors": ("GET", "/contractors", contractors),
    "fps_banks": ("GET", "/references/fps_bank_members", fps_banks),
    "balance": ("GET", "/company_accounts", balance),
}


@dataclass(slots=True)
class Page:
    """One page of a list of `total` entries."""

    entries: Sequence[Any]
    number: int
    per: int
    total: int
    more: bool

    def done(self, office: Office, items: list[Content]) -> Done:
        """In the shape that the settings want."""
        settings = office.settings()
        says = {NEXT_PAGE: "true" if self.more else "false"}
        headers = says if settings.next_page == "header" else {}
        place = {"page": self.number, "per_page": self.per}
        total = {"total": self.total} if settings.next_page == "total" else {}
        shapes: dict[str, Any] = {
            "items": {"items": items, **total, **place},
            "data": {"data": items, **total},
            "nested": {"data": {"items": items}, **total},
            "bare": items,
        }
        return Done(shapes[settings.list_shape], headers=headers)


def page(office: Office, asked: Asked, found: Sequence[Any]) -> Page:
    """The page that was asked for; the first one always, where `page` is not read."""
    settings = office.settings()
    number = whole(asked, "page", 1) if settings.paged else 1
    per = min(whole(asked, "per", DEFAULT_PER), settings.most_per)
    ordered = found[::-1] if settings.newest_first else found
    start = (number - 1) * per
    more = start + per < len(found)
    return Page(ordered[start : start + per], number, per, len(found), more)


def whole(asked: Asked, name: str, otherwise: int) -> int:
    value = str(asked.fields.get(name, otherwise))
    if not value.isascii() or not value.isdigit() or not int(value[:9]) > 0:
        raise Refused(f"{name} is invalid")
    return int(value[:9])


def fields_of(asked: Asked) -> Content:
    if not isinstance(asked.json, dict):
        raise Refused("the body is not an object", 400)
    return asked.json


def add_example(office: Office) -> None:
    """The payment of the examples, older than any search goes back."""
    office.contractors[EXAMPLE_PAYEE_ID] = {
        "id": EXAMPLE_PAYEE_ID,
        "kind": "individual",
        "first_name": "Иван",
        "last_name": "Образцов",
        "phone": "+79990000000",
    }
    asked: Content = {
        "purpose": "Выплата po-example-0000",
        "services_list": [{"title": "Выплата po-example-0000", "amount": "150.00"}],
        "bank_details_kind": "fps",
        "bank_details": {
            "fps_mobile_phone": "+79990000000",
            "fps_bank_member_id": BANKS[0][0],
        },
    }
    at = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
    made = Payment(EXAMPLE_ID, EXAMPLE_PAYEE_ID, 150_00, asked, at, history=[(at, "created")])
    made.become("executed")
    office.payments[made.id] = made


def prepared_answer(prepared: AnswerAsked, asked: Asked) -> Response:
    """An answer that a door was told, with what the request had in place of its names."""
    kind = "application/json" if prepared.text is None else "text/html"
    body = orjson.dumps(prepared.body).decode() if prepared.text is None else prepared.text
    details = asked.json.get("bank_details") if isinstance(asked.json, dict) else None
    for name, value in (details if isinstance(details, dict) else {}).items():
        body = body.replace(f"{{{name}}}", str(value))
    return Response(body, prepared.status, media_type=kind)


def describe(asked: Asked) -> Content:
    """For the journal: what was asked, without whom it goes to."""
    fields = {**asked.params, **asked.fields}
    kind, details = fields.get("bank_details_kind"), fields.pop("bank_details", None)
    for name in ("contractor", "first_name", "last_name", "patronymic", "taxpayer_id"):
        if name in fields:
            fields[name] = HIDDEN
    if isinstance(fields.get("phone"), str):
        fields["phone"] = mask_phone(fields["phone"])
    if "amount" not in fields:
        return fields
    shown = masked(kind, details) if isinstance(details, dict) and isinstance(kind, str) else None
    return {
        **fields,
        "masked": shown,
        "reference": reference_in(fields),
        "amount_minor": amount_minor(fields["amount"]),
        "idempotency_key": asked.headers.get("idempotency-key"),
    }
