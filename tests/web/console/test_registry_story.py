"""Somebody's whole story: whatever Uzel knows by their phone or e-mail, on their page."""

import re
from collections.abc import Iterator

import pytest

from registry_console import RegistryConsole, registry_console
from sample_data import DELIVERED_PHONE
from uzel.connections import manage
from uzel.payouts.banks import Directory
from uzel.payouts.claims import acts
from uzel.payouts.claims.acts import Keys
from uzel.payouts.claims.claim import Form
from uzel.payouts.keys import fingerprint_key


@pytest.fixture(scope="module")
def room(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryConsole]:
    with registry_console(shared_sample_dsn, tmp_path_factory.mktemp("story")) as made:
        yield made


def claimed(room: RegistryConsole, phone: str) -> int:
    """The number of a claim to be paid to a phone."""

    async def work() -> int:
        deps = room.web.deps
        async with deps.pool.acquire() as connection, connection.transaction():
            config = {"token": "sandbox-token", "base_url": "http://127.0.0.1:9/konsol"}
            added = await manage.add(connection, deps.ring, "konsol", "main", config)
            keys = Keys(deps.ring, await fingerprint_key(connection, deps.ring), Directory())
            form = Form("1500", "Возврат за тур", "Иванова Анна", phone=phone, bank="сбер")
            row = await acts.make(connection, keys, added.id, form, "olga")
            return int(row["id"])

    return room.web.run(work)


def story(page: str) -> str:
    found = re.search(r'<section class="panel" id="story".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def test_visits_messages_requests_and_claims_stand_on_the_page(room: RegistryConsole) -> None:
    claim = claimed(room, DELIVERED_PHONE)
    number = room.person("Историческая", mobile=f"8 ({DELIVERED_PHONE[2:5]}) {DELIVERED_PHONE[5:]}")
    told = story(room.ivan.page(f"/registry/records/{number}"))
    message = room.value("select max(id) from message where phone = $1", DELIVERED_PHONE)
    event = room.value("select max(id) from event where phone = $1", DELIVERED_PHONE)
    request = room.value("select id from review_request where phone = $1", DELIVERED_PHONE)
    for path in (f"messages/{message}", f"events/{event}", f"ratings/{request}", f"claims/{claim}"):
        assert f'href="/{path}"' in told
        assert room.ivan.get(f"/{path}").status_code == 200
    assert "Возврат за тур" in told and "1\u202f500,00" in told


def test_an_order_and_a_payout_are_found_by_a_second_phone(room: RegistryConsole) -> None:
    phone = "+79995554433"
    room.rows(
        "insert into review_request (business_id, connection_id, visit, event_id, email, state, "
        "rating, comment, code) values (1, 1, 'v-1', 1, 'Anna@Mail.example', 'asked', 2, "
        "'<script>alert(1)</script>', 'story-code')"
    )
    number = room.person("Вторая", otherphone=phone, email="anna@mail.EXAMPLE")
    room.rows("update event set phone = $1 where id = 1", phone)
    told = story(room.ivan.page(f"/registry/records/{number}"))
    assert 'href="/events/1"' in told
    assert "&lt;script&gt;alert(1)" in told and "2 из 5" in told


def test_who_has_no_phone_has_no_story(room: RegistryConsole) -> None:
    number = room.add("Leads", lastname="Безвестный")
    assert "Нет телефона и почты" in story(room.ivan.page(f"/registry/records/{number}"))
    known = room.person("Тихая")
    assert "ничего не знает" in story(room.ivan.page(f"/registry/records/{known}"))
    project = room.add("Project", projectname="Дело")
    assert 'id="story"' not in room.ivan.page(f"/registry/records/{project}")
