"""Deals one after the other, and guests made up for deals that somebody posts by hand."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from acceptance_demo import until
from uzel.connectors.amocrm.control import TOKEN
from uzel.sandbox.server import running

HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with running() as url, httpx2.Client(base_url=url, timeout=20) as client:
        yield client


@pytest.fixture
def posts() -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """(address of a hook, what was posted there)."""
    taken: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append(parse_qs(body.decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook?key=hidden", taken
    server.shutdown()
    thread.join()
    server.server_close()


def contact_of(http: httpx2.Client, lead: int | str) -> dict[str, list[str]]:
    """Phones and addresses of a lead's main contact, by code."""
    found = http.get(f"/amocrm/api/v4/leads/{lead}?with=contacts", headers=HEADERS).json()
    (contact,) = found["_embedded"]["contacts"]
    shown = http.get(f"/amocrm/api/v4/contacts/{contact['id']}", headers=HEADERS).json()
    return {
        part["field_code"]: [value["value"] for value in part["values"]]
        for part in shown["custom_fields_values"] or []
    }


def test_each_deal_of_a_run_is_made_and_won(
    http: httpx2.Client, posts: tuple[str, list[dict[str, list[str]]]]
) -> None:
    hook, taken = posts
    asked = {"hook": hook, "count": 3, "per_s": 50, "first_phone": "+79990000501"}
    run = http.post("/amocrm/_run", json=asked).json()["run"]
    told = until(lambda: (it := http.get(f"/amocrm/_run/{run}").json())["finished"] and it)
    assert told == {"run": run, "finished": True, "acknowledged": 6, "failed": 0, "visits": 3}
    made = [body["leads[add][0][id]"][0] for body in taken if "leads[add][0][id]" in body]
    won = [body for body in taken if "leads[status][0][id]" in body]
    assert sorted(made) == sorted(body["leads[status][0][id]"][0] for body in won)
    assert {body["leads[status][0][status_id]"][0] for body in won} == {"142"}
    phones = sorted(contact_of(http, lead)["PHONE"][0] for lead in made)
    assert phones == ["+79990000501", "+79990000502", "+79990000503"]


def test_deals_can_be_lost_and_contacts_have_an_address_alone(
    http: httpx2.Client, posts: tuple[str, list[dict[str, list[str]]]]
) -> None:
    hook, taken = posts
    asked = {"hook": hook, "count": 1, "per_s": 50, "lost": 1, "no_phone": 1}
    run = http.post("/amocrm/_run", json=asked).json()["run"]
    until(lambda: http.get(f"/amocrm/_run/{run}").json()["finished"])
    assert taken[-1]["leads[status][0][status_id]"] == ["143"]
    contact = contact_of(http, taken[-1]["leads[status][0][id]"][0])
    assert "PHONE" not in contact and contact["EMAIL"][0].endswith("@mail.example")


@pytest.mark.parametrize("body", [{"hook": "ftp://a"}, {"count": 0}, {"per_s": 0}, {"lot": 1}])
def test_a_run_that_makes_no_sense_is_refused(http: httpx2.Client, body: dict[str, Any]) -> None:
    assert http.post("/amocrm/_run", json=body).status_code == 400
    assert http.get("/amocrm/_run/none").status_code == 404


def test_a_deal_nobody_made_has_a_guest_where_that_is_wanted(http: httpx2.Client) -> None:
    unknown = "/amocrm/api/v4/leads/4711?with=contacts"
    assert http.get(unknown, headers=HEADERS).status_code == 204
    http.post("/amocrm/_settings", json={"invent_guests": True}).raise_for_status()
    assert contact_of(http, 4711) == contact_of(http, 4711) == {"PHONE": ["+79970004711"]}
    assert contact_of(http, 4712) == {"PHONE": ["+79970004712"]}
    http.post("/amocrm/_settings", json={"unpaid": False}).raise_for_status()
    assert contact_of(http, 4713) == {"PHONE": ["+79970004713"]}
