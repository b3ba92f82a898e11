"""amoCRM in miniature: what it posts, to whom, how often; the whole way from a deal to a phone."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from uzel.connector import Answer, Element, Received
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.miniature import Account, form_of
from uzel.connectors.amocrm.miniature.entities import View
from uzel.connectors.amocrm.miniature.hooks import MOST_INVALID, Hook, pause_s, posted
from uzel.connectors.amocrm.registration import register
from uzel.connectors.amocrm.webhook import parse
from uzel.kit.brackets import read_brackets
from uzel.kit.http import new_client
from uzel.model.visit import Visit

Run = Callable[[AmocrmConfig, str, Mapping[str, Any]], Answer]
WAIT_S = 30


def deal(control: httpx2.Client, served: Any, **asked: Any) -> dict[str, Any]:
    """What the control door answered; posted to `served` unless said otherwise."""
    hook = {"hook": f"{served.url}/hook?key=secret"} if served is not None else {}
    answered = control.post("/amocrm/_deal", json={**hook, **asked})
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


def elements(served: Any) -> list[Element]:
    config: AmocrmConfig = served.config()
    return [
        element
        for _, _, body in served.got
        for element in parse(Received(body, {}, "", datetime.now(UTC)), config)
    ]


def wait_for(served: Any, number: int) -> None:
    end = monotonic() + WAIT_S
    while len(served.got) < number and monotonic() < end:
        sleep(0.01)
    assert len(served.got) == number


def test_a_won_deal_becomes_a_visit_whose_guest_is_found(
    run: Run, config: AmocrmConfig, control: httpx2.Client, served: Any
) -> None:
    async def enter() -> None:
        async with new_client(config.base_url) as http:
            await register(http, config, f"{served.url}/hook?key=secret")

    asyncio.run(enter())
    assert config.access_token is not None
    asked = {"token": config.access_token.get_secret_value(), "phone": "+79990000042"}
    made = deal(control, None, **asked, name="Айгерим")
    assert made["statuses"] == [200]
    (won,) = elements(served)
    assert isinstance(won.data, Visit)
    assert won.key == f"visit:{won.data.visit}:completed"
    assert (won.data.phone, won.data.guest) == (None, f"lead:{made['lead_id']}")
    found = run(config, "find_guest", {"guest": won.data.guest}).data
    assert (found["phone"], found["name"]) == ("+79990000042", "Айгерим")


def test_only_registered_events_are_posted(
    config: AmocrmConfig, control: httpx2.Client, served: Any
) -> None:
    async def enter() -> None:
        async with new_client(config.base_url) as http:
            await register(http, config, f"{served.url}/hook")

    asyncio.run(enter())
    assert config.access_token is not None
    token = config.access_token.get_secret_value()
    for event, posts in (("update", 0), ("add", 0), ("delete", 1), ("restore", 1)):
        assert len(deal(control, None, token=token, event=event)["statuses"]) == posts
    assert [element.type for element in elements(served)] == ["visit.cancelled", "lead.restored"]


def test_a_lead_goes_on_from_the_stage_it_was_at(control: httpx2.Client, served: Any) -> None:
    lead_id = deal(control, served)["lead_id"]
    deal(control, served, lead_id=lead_id, status_id=143)
    deal(control, served, lead_id=lead_id, event="delete")
    notes = [element.data.note for element in elements(served) if isinstance(element.data, Visit)]
    assert notes == [None, "reopened", "deleted"]


def test_a_post_looks_like_one_of_amocrm(control: httpx2.Client, served: Any) -> None:
    deal(control, served, price=None)
    ((what, headers, body),) = served.got
    assert what == "POST /hook?key=secret"
    assert headers["user-agent"] == "amoCRM-Webhooks/3.0"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert len(headers["x-amocrm-requestid"]) == 36
    assert b"[" not in body
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert fields["leads[status][0][status_id]"] == "142"
    assert fields["leads[status][0][price]"] == ""
    assert not any("contact" in name for name in fields)


def test_the_digital_pipeline_says_little_and_once(control: httpx2.Client, served: Any) -> None:
    served.answers = [(500, "", b"")]
    deal(control, served, form="digital_pipeline")
    ((_, _, body),) = served.got
    (lead,) = read_brackets(body)["leads"]["status"].values()
    assert set(lead) == {"id", "status_id", "pipeline_id", "old_status_id", "old_pipeline_id"}
    # What a settings hook does meanwhile: it comes again.
    control.post("/amocrm/_settings", json={"retry_scale": 0}).raise_for_status()
    deal(control, served)
    wait_for(served, 1 + 5)
    assert len({body for _, _, body in served.got[1:]}) == 1


def test_a_receipt_ends_the_attempts(control: httpx2.Client, served: Any) -> None:
    control.post("/amocrm/_settings", json={"retry_scale": 0}).raise_for_status()
    served.answers = [(401, "", b""), (302, "", b""), (204, "", b"")]
    deal(control, served)
    wait_for(served, 3)
    entries = control.get("/_journal?connector=amocrm").json()
    assert [entry["status"] for entry in entries] == [401, 302, 204]
    assert [entry["effect"] for entry in entries] == [False, False, True]
    assert "secret" not in str(entries)


@pytest.mark.parametrize(
    ("attempt", "status", "pause"),
    [
        *((1, 400, 300), (2, 400, 900), (3, 400, None), (3, 500, 900), (4, 503, 3600)),
        *((5, 500, None), (1, None, 300), (3, None, None), (3, 499, 900), (4, 404, None)),
    ],
)
def test_pauses_are_amocrms(attempt: int, status: int | None, pause: int | None) -> None:
    assert pause_s(attempt, status) == pause


def test_a_hook_is_switched_off_after_more_than_a_hundred_refusals_in_two_hours() -> None:
    hook, now = Hook(1, "https://a.test", (), 1), datetime.now(UTC)
    hook.answered(500, now - timedelta(hours=3))
    for _ in range(MOST_INVALID):
        hook.answered(500, now)
    hook.answered(200, now)
    assert not hook.disabled
    hook.answered(None, now)
    assert hook.disabled


@pytest.mark.parametrize(("kind", "posts"), [("duplicate_webhook", 2), ("lost_webhook", 0)])
def test_posts_can_be_lost_and_doubled(
    control: httpx2.Client, served: Any, kind: str, posts: int
) -> None:
    control.post("/_faults", json={"connector": "amocrm", "kind": kind, "times": 1})
    deal(control, served)
    assert len(served.got) == posts


@pytest.mark.parametrize(
    "asked", [{"hook": "no address"}, {"event": "won"}, {"lead_id": 0}, {"more": 1}, []]
)
def test_what_the_door_does_not_know_it_refuses_without_repeating_it(
    control: httpx2.Client, asked: Any
) -> None:
    answered = control.post("/amocrm/_deal", json=asked)
    assert answered.status_code == 400
    assert "no address" not in answered.text


def test_contacts_are_shown_to_who_asks_for_them_and_deleted_leads_to_nobody() -> None:
    account = Account(31)
    lead = next(iter(account.leads.values()))
    assert "contacts" not in lead.shown(View(account, "http://a"))["_embedded"]
    shown = lead.shown(View(account, "http://a", {"contacts"}))
    assert shown["_embedded"]["contacts"][0]["is_main"]
    body = form_of({"leads": {"status": [posted(account, lead, old_status_id=40)]}})
    assert read_brackets(body)["leads"]["status"]["0"]["account_id"] == "31"


def test_nothing_found_is_204_without_a_body(control: httpx2.Client) -> None:
    for path in ("/api/v4/leads/1", "/api/v4/contacts/1", "/api/v4/webhooks"):
        answered = control.get(f"/amocrm{path}", headers={"authorization": "Bearer nobody"})
        assert (answered.status_code, answered.content) == (204, b"")


def test_problems_have_their_media_type_without_a_charset(control: httpx2.Client) -> None:
    answered = control.get("/amocrm/api/v4/account", headers={"authorization": "Bearer bad"})
    assert answered.status_code == 401
    assert answered.headers["content-type"] == "application/problem+json"
