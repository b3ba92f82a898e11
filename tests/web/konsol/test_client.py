"""The Python API: as scripts use it, and when answers are lost on the way."""

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx2
import orjson
import pytest

from loopback import Got, LoopbackServer, Said
from payout_client import Company, by_card
from uzel import konsol_client as module
from uzel.errors import AuthFailed, ConfigError, OutcomeUnknown, RateLimited, Rejected, Unavailable
from uzel.konsol_client import KonsolClient, konsol_client


@pytest.fixture
def client(company: Company) -> KonsolClient:
    return KonsolClient(company.app.url, company.token)


@contextmanager
def answering(*answers: Said | None, pass_on: str = "") -> Iterator[tuple[str, list[Got]]]:
    """A server that says these one after the other; None: it does what is asked, and the answer is
    lost.
    """
    got: list[Got] = []

    def answer(it: Got) -> Said:
        got.append(it)
        said = answers[min(len(got), len(answers)) - 1]
        if said is not None and said[0]:
            return said
        headers = {name: it.headers[name] for name in ("authorization", "content-type")}
        found = httpx2.request(it.method, f"{pass_on}{it.target}", headers=headers, content=it.body)
        return (500, {}, b"lost") if said is None else (found.status_code, {}, found.content)

    with LoopbackServer(answer) as server:
        yield server.url, got


PASSED: Said = (0, {}, b"")


def test_a_script_pays(
    company: Company, client: KonsolClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UZEL_URL", company.app.url)
    monkeypatch.setenv("UZEL_TOKEN", company.token)
    body = by_card(amount=Decimal("1000.50"))
    made = asyncio.run(konsol_client.create_payment(body))
    assert (made["status"], made["amount"]) == ("pending", Decimal("1000.50"))
    # Another event loop, the same client.
    again = asyncio.run(konsol_client.create_payment(body))
    assert again["id"] == made["id"]
    found = asyncio.run(client.get_payment(made["id"]))
    assert found == made
    page = asyncio.run(client.list_payments(status="pending", user_id=None, per_page=1))
    assert (page["total"], page["payments"][0]["id"]) == (1, made["id"])
    assert asyncio.run(client.get_balance())["frozen"] == Decimal("1000.50")
    changed = asyncio.run(client.update_payment(made["id"], {"description": "Иначе"}))
    assert changed["description"] == "Иначе"
    assert asyncio.run(client.cancel_payment(made["id"]))["status"] == "cancelled"
    assert set(module.Payment.__annotations__) == set(found)


def test_refusals_say_what_is_known(company: Company, client: KonsolClient) -> None:
    with pytest.raises(Rejected) as refused:
        asyncio.run(client.create_payment(by_card(amount=0)))
    assert (refused.value.code, refused.value.http_status) == ("invalid_request", 400)
    with pytest.raises(Rejected) as unsafe:
        asyncio.run(client.create_payment(by_card(external_id=None)))
    assert unsafe.value.code == "key_missing"
    with pytest.raises(Rejected) as absent:
        asyncio.run(client.get_payment("a/../b?c"))
    assert absent.value.code == "not_found"
    with pytest.raises(AuthFailed):
        asyncio.run(KonsolClient(company.app.url, "uzel_wrong").get_balance())
    with pytest.raises(Unavailable):
        asyncio.run(KonsolClient("http://127.0.0.1:1", "x").get_balance())
    assert company.token not in repr(client)


def test_refusals_name_what_is_wrong(company: Company, client: KonsolClient) -> None:
    with pytest.raises(Rejected) as number:
        asyncio.run(client.create_payment(by_card(card_number="2200 7702 1272 7078")))
    assert number.value.about == {"field": "card_number", "reason": "card_checksum"}
    assert "7078" not in str(vars(number.value))
    with pytest.raises(AuthFailed) as stranger:
        asyncio.run(KonsolClient(company.app.url, "uzel_wrong").get_balance())
    assert stranger.value.about == {}


@pytest.mark.parametrize(
    ("status", "code", "about"),
    [
        (409, "limit_day", {"left": 5000}),
        (400, "invalid_request", {"field": "bank", "candidates": [{"name": "Восток", "id": "1"}]}),
    ],
)
def test_whatever_else_is_named_is_kept(status: int, code: str, about: dict[str, Any]) -> None:
    body = {"success": False, "data": None, "message": "x", "code": code, **about}
    said: Said = (status, {}, orjson.dumps(body))
    with answering(said) as (url, _), pytest.raises(Rejected) as refused:
        asyncio.run(KonsolClient(url, "x").create_payment(by_card()))
    assert (refused.value.code, refused.value.about) == (code, about)


def test_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UZEL_TOKEN", raising=False)
    monkeypatch.setenv("UZEL_URL", "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="UZEL_TOKEN"):
        asyncio.run(KonsolClient().get_balance())


def test_a_lost_answer_is_asked_for_again(company: Company) -> None:
    with answering(None, PASSED, pass_on=company.app.url) as (url, got):
        client = KonsolClient(url, company.token)
        made = asyncio.run(client.create_payment(by_card(amount=31)))
    assert len(got) == 2 and got[0].body == got[1].body
    count = "select count(*) from payout where connection_id = $1"
    assert company.value(count, company.connection_id) == 1
    assert company.data("GET", f"/payments/{made['id']}")["id"] == made["id"]


def test_what_stays_lost_is_unknown(company: Company) -> None:
    with answering(None, pass_on=company.app.url) as (url, got):
        client = KonsolClient(url, company.token)
        with pytest.raises(OutcomeUnknown):
            asyncio.run(client.create_payment(by_card(amount=32)))
        assert len(got) == module.TRIES
    count = "select count(*) from payout where connection_id = $1"
    assert company.value(count, company.connection_id) == 1


def test_too_many_is_said_and_not_repeated() -> None:
    busy: Said = (
        429,
        {"retry-after": "7"},
        b'{"success":false,"code":"rate_limited","message":"x"}',
    )
    with answering(busy) as (url, got):
        with pytest.raises(RateLimited):
            asyncio.run(KonsolClient(url, "x").get_balance())
        assert len(got) == 1


def test_every_method_is_explained() -> None:
    methods = inspect.getmembers(KonsolClient, inspect.iscoroutinefunction)
    assert [name for name, it in methods if not it.__doc__ and not name.startswith("_")] == []
