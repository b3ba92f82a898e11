"""Visits to send by hand: as each source tells of one, with as little in them as will do."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from uzel.demo.business import YCLIENTS_COMPANY

# Last digits of their guests: above those of the sandbox, which leaves these guests alone.
PRINTED_FROM, NUMBERS = 9_100_000, 10_000_000
BY_HAND = tuple(f"+7999{digit}" for digit in range(91, 100))


def new_guest() -> str:
    """Somebody nobody has told of: the visit of an earlier start would be a duplicate."""
    digits = str(PRINTED_FROM + secrets.randbelow(NUMBERS - PRINTED_FROM))
    return f"+7 999 {digits[:3]}-{digits[3:5]}-{digits[5:]}"


def iiko_visit(guest: str) -> str:
    """The one that people are asked to send first."""
    return f"""{{"eventType":"DeliveryOrderUpdate","eventInfo":{{"order":{{"status":"Delivered",
      "customer":{{"phone":"{guest}","name":"Иван"}}}}}}}}"""


def rkeeper_visit(guest: str, number: int) -> Any:
    """An order that is done."""
    person = {"phone": guest, "firstName": "Иван"}
    return {"orderId": str(number), "guest": person, "orderStatusName": "Выполнен"}


def yclients_visit(guest: str, number: int) -> Any:
    """A record whose guest came."""
    person = {"name": "Иван", "phone": guest}
    record = {"id": number, "visit_attendance": 1, "attendance": 1, "client": person}
    about = {"company_id": YCLIENTS_COMPANY, "resource": "record", "resource_id": number}
    return {**about, "status": "update", "data": record}


def amocrm_visit(guest: str, number: int) -> Any:
    """A deal won, with its contact inside, as middlemen post it."""
    contact = {"name": "Иван", "phone": guest}
    deal = {"id": number, "status_id": 142, "main_contact": contact}
    return {"leads": {"status": [deal]}}


OTHERS: dict[str, Callable[[str, int], Any]] = {
    "rkeeper": rkeeper_visit,
    "yclients": yclients_visit,
    "amocrm": amocrm_visit,
}


def curl(url: str, body: str) -> str:
    """The command, on two lines or more."""
    return f"""  curl -X POST '{url}' -H 'content-type: application/json' -d \\
    '{body}'
"""


def other_curls(hook: Callable[[str], str]) -> str:
    """One for each source but iiko, every guest and number a new one."""
    return "\n".join(
        curl(hook(source), json.dumps(made(new_guest(), new_number()), ensure_ascii=False))
        for source, made in OTHERS.items()
    )


def new_number() -> int:
    """Of an order, a record or a deal: above those of the sandbox."""
    return 10**9 + secrets.randbelow(10**9)
