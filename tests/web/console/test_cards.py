"""Whole numbers of cards come in by every door and out by none: neither new ones, nor those that
were kept by earlier rules.
"""

import io
from typing import Any

import openpyxl
import pytest

from cabinet_visitor import CabinetVisitor
from console_visitor import rows
from lead_room import LeadRoom, open_leads
from partner_client import Client, add_client
from robots import REPORTS, add_robot
from running_web import WebApp
from uzel.flows.lead_deals.begin import report_of

# As they were sent, and what is kept.
SENT = (
    ("4111 1111 1111 1111 12/27 123", "411111******1111"),
    ("4111 1111 1111 1234", "411111******1234"),
    ("4111111111111112", "411111******1112"),
    ("9112345678901234567", "911234*********4567"),
)
NEVER = ("12/27", "1111 1111", "4111111111", "1112345678", "912345678901")


@pytest.fixture
def room(web_app: WebApp) -> LeadRoom:
    return open_leads(web_app)


def lead_of(it: Client, number: str) -> tuple[int, str]:
    """(its number here, our id)."""
    made = it.v1("POST", "/leads", json={"leads": [{"external_id": number}]}).json()["leads"][0]
    query = "select id from lead where public_id = $1"
    found = it.app.run(lambda: it.app.deps.pool.fetchval(query, made["lead_id"]))
    return int(found), str(made["lead_id"])


def shown(room: LeadRoom, it: Client, lead: int, public_id: str) -> list[str]:
    """What comes out of every door."""
    sheet = openpyxl.load_workbook(io.BytesIO(room.ivan.get("/leads.xlsx").content)).active
    cabinet = CabinetVisitor(it.app.url).sign_in(it.token)
    return [
        room.ivan.page("/leads"),
        room.ivan.page(f"/leads/{lead}"),
        room.ivan.get("/leads.csv").text,
        str(list(sheet.iter_rows(values_only=True))) if sheet is not None else "",
        it.get("get_transactions").text,
        cabinet.page(f"/partner/leads/{public_id}"),
    ]


def is_clean(text: str) -> bool:
    return not any(part in text for part in NEVER)


@pytest.mark.parametrize(("sent", "kept"), SENT)
def test_a_robots_report(room: LeadRoom, sent: str, kept: str) -> None:
    it, robot = add_client(room.web, "100", lead_price_minor=2500), add_robot(room.web)
    lead, public_id = lead_of(it, "deal-1")
    by_form = robot.report(public_id, card=sent, comment=f"{SENT[0][0]} ok").json()
    by_get = robot.report_by_get(public_id, "Успешно", card=sent).json()
    body = {"id": public_id, "status": "Успешно", "card": [sent], "x": {"card": sent}}
    by_json = room.web.client.post(
        REPORTS, params={"token": robot.token}, json={**body, "card": sent}
    ).json()
    for said in (by_form, by_get, by_json):
        assert said["warnings"] == [
            f"card: only '{kept}' is kept; do not send whole numbers, ends or codes."
        ]
    stored = str(rows(room.web, "select to_jsonb(r)::text as r from lead_report r"))
    assert kept in stored
    assert is_clean(stored)
    doors = shown(room, it, lead, public_id)
    assert all(is_clean(text) for text in doors)
    assert sum(kept in text for text in doors) == len(doors)


@pytest.mark.parametrize(("sent", "kept"), SENT)
def test_what_people_type_and_load(room: LeadRoom, sent: str, kept: str) -> None:
    first, second = room.submit("a-1", "a-2")
    fields = {"do": "success", "seen": room.seen(room.ivan, first), "card": sent}
    asked = room.ivan.post(f"/leads/{first}/report", **fields).text
    assert is_clean(asked)
    assert kept in asked
    room.report(room.ivan, first, card=sent)
    table = f"Номер сделки;Карта;Статус\na-2;{sent};Успешно\n"
    room.send(room.ivan, table, text=table, sure="yes")
    stored = str(rows(room.web, "select to_jsonb(r)::text as r from lead_report r"))
    assert stored.count(kept) == 4
    assert is_clean(stored)
    assert room.state(second) == "done"


@pytest.mark.parametrize(("sent", "kept"), SENT)
def test_what_was_kept_by_earlier_rules(room: LeadRoom, sent: str, kept: str) -> None:
    it, robot = add_client(room.web, "100", lead_price_minor=2500), add_robot(room.web)
    lead, public_id = lead_of(it, "deal-1")
    robot.report(public_id, amount="19,17")
    data = {"status": "Успешно", "amount": "19,17", "card": sent, "email": SENT[0][0]}
    room.value(
        "update lead_report set card = $2, email = $3, data = $4 where lead_id = $1",
        lead, sent, SENT[0][0], data,
    )  # fmt: skip
    doors = shown(room, it, lead, public_id)
    assert all(is_clean(text) for text in doors)
    assert sum(kept in text for text in doors) == len(doors)
    assert "19,17" in doors[4]
    row: dict[str, Any] = {"amount": None, "currency": None, "email": None, "card": sent}
    told = report_of({**row, "data": data, "status": "Успешно", "is_success": True}).told
    assert told["card"] == kept
    assert told["amount"] == "19,17"
    assert is_clean(told["email"])
