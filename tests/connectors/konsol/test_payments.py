"""Payments against the sandbox, and against answers it would not give."""

import socket
from typing import Any

import httpx2
import pytest

from connectors.konsol.arguments import to_card
from uzel.connectors.konsol.payments import create_payment
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.kit.http import new_client

ID = "7c1e52d0-0000-4000-8000-000000000001"
MADE = {"id": ID, "status": "created"}


def failure(client: Any, config: Any, operation: str = "create_payment", **arguments: Any) -> Any:
    with pytest.raises(CallFailed) as caught:
        client.run(config, operation, **(arguments or to_card()))
    return caught.value


def test_a_payment_is_made_once_and_asked_for(client: Any, company: Any) -> None:
    company.settings(moves_after_s=0)
    arguments = to_card(amount_minor=1234_50)
    answer = client.run(company.config, "create_payment", **arguments)
    contractor = answer.data["contractor_id"]
    assert contractor
    assert answer.data == {
        "status": "created",
        "meaning": "pending",
        "contractor_id": contractor,
        "kind": "card",
        "masked": "220000••••••0004",
    }
    book = company.until_status(arguments["reference"], "executed")
    assert (book["id"], book["amount_minor"]) == (answer.reference, 1234_50)
    assert book["purpose"] == f"Выплата {arguments['reference']}"
    told = client.run(company.config, "payment", id=answer.reference)
    assert told.reference == answer.reference
    assert told.data["meaning"] == "succeeded"
    assert told.data["reference"] == arguments["reference"]
    assert (told.data["amount_minor"], told.data["contractor_id"]) == (1234_50, contractor)
    assert told.data["paid_at"] is not None
    assert company.balance_minor() == 1_000_000_000 - 1234_50


@pytest.mark.parametrize(
    ("kind", "arguments", "masked"),
    [
        ("fps", {"phone": "+79990000001", "bank_member_id": "100000000111"}, "+7999•••0001"),
        (
            "bank_account",
            {
                "bank_id": "044525225",
                "bank_account_id": "40817810000000000001",
                "owner_name": "Образцов Иван",
            },
            "408178••••••0001",
        ),
    ],
)
def test_phones_and_accounts_are_paid_too(
    client: Any, company: Any, kind: str, arguments: dict[str, str], masked: str
) -> None:
    made = client.run(company.config, "create_payment", **to_card(kind=kind, **arguments))
    assert (made.data["kind"], made.data["masked"]) == (kind, masked)
    told = client.run(company.config, "payment", id=made.reference)
    assert (told.data["kind"], told.data["masked"]) == (kind, masked)


def test_a_known_contractor_is_paid(client: Any, company: Any) -> None:
    whom = {"kind": "individual", "first_name": "Иван", "last_name": "Образцов"}
    known = client.run(company.config, "create_contractor", **whom).reference
    arguments = to_card(contractor=None, contractor_id=known)
    assert client.run(company.config, "create_payment", **arguments).data["contractor_id"] == known


def test_the_request_is_the_one_that_is_known(client: Any, provider: Any) -> None:
    provider.says(MADE, 201)
    arguments = to_card(contractor=None, contractor_id=ID)
    client.run(provider.config(purpose="Оплата услуг"), "create_payment", **arguments)
    purpose = f"Оплата услуг {arguments['reference']}"
    body = {
        "contractor_id": ID,
        "services_list": [{"title": purpose, "amount": "100.00"}],
        "bank_details_kind": "card",
        "bank_details": {"card_number": "2200000000000004"},
        "purpose": purpose,
        "amount": "100.00",
    }
    assert provider.asked == [("POST", "/api/v1/payments", body)]
    assert provider.headers["authorization"] == "Bearer provider-token"
    assert "idempotency-key" not in provider.headers


def test_our_reference_is_a_key_where_somebody_says_so(client: Any, company: Any) -> None:
    company.settings(idempotent=True)
    keyed = company.config.model_copy(update={"idempotency_key": True})
    arguments = to_card()
    first = client.run(keyed, "create_payment", **arguments)
    assert client.run(keyed, "create_payment", **arguments).reference == first.reference
    assert client.run(company.config, "create_payment", **arguments).reference != first.reference
    assert [entry["effect"] for entry in company.journal("create_payment")] == [True, False, True]


@pytest.mark.parametrize(
    "content",
    [
        MADE,
        {"success": True, "data": MADE},
        {"payment": MADE},
        {"success": True, "errors": [], **MADE},
        {**MADE, "error_message": "проверка", "error": "x"},
        {"id": 4711},
    ],
)
def test_an_answer_with_an_id_is_a_payment(client: Any, provider: Any, content: Any) -> None:
    provider.says(content, 201)
    made = client.run(provider.config(), "create_payment", **to_card())
    assert made.reference in (ID, "4711")
    assert made.data["masked"] == "220000••••••0004"


def test_a_payment_that_failed_at_once_is_told_as_it_is(client: Any, provider: Any) -> None:
    provider.says({"id": ID, "status": "failed"}, 201)
    assert client.run(provider.config(), "create_payment", **to_card()).data["meaning"] == "failed"
    provider.answers[:] = []
    provider.says({"id": ID, "status": "sent_to_bank"}, 201)
    data = client.run(provider.config(), "create_payment", **to_card()).data
    assert (data["status"], data["meaning"]) == ("sent_to_bank", "unknown")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html></html>",
        b'{"id": "7c1e52d0-0000-4000',
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"id": ' + b"9" * 5000 + b"}",
        {"id": None},
        {"id": ""},
        {"id": "x"},
        {"id": 0},
        {"id": True},
        {"id": "2200000000000004"},
        {"id": 2200000000000004},
        {"success": True},
        {"error": "strange"},
        {"success": False, "errors": ["paid before"], "id": ID},
        {"success": False, "errors": ["paid before"], "id": "an id of another kind"},
        {"success": False, "payment": MADE},
        [MADE],
    ],
)
def test_a_success_that_names_no_payment_proves_nothing(
    client: Any, provider: Any, content: Any, status: int
) -> None:
    provider.says(content, status)
    if status == 204:
        provider.answers[:] = [(204, {}, b"")]
    assert type(failure(client, provider.config())) is OutcomeUnknown
    assert len(provider.asked) == 1


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_statuses_that_do_not_say_that_it_did_not_happen(
    client: Any, company: Any, status: int
) -> None:
    company.prepare(status=status, body={"errors": ["already exists"]}, made=True)
    arguments = to_card()
    error = failure(client, company.config, **arguments)
    assert type(error) is OutcomeUnknown
    assert error.http_status == status
    assert len(company.books(arguments["reference"])) == 1


@pytest.mark.parametrize("status", [400, 404, 405, 415, 422])
def test_a_4xx_counts_as_a_refusal_if_they_said_it_themselves(
    client: Any, provider: Any, status: int
) -> None:
    provider.says({"errors": ["amount is too small"]}, status)
    error = failure(client, provider.config())
    assert (type(error), error.http_status) == (Rejected, status)
    assert "amount is too small" in error.detail
    provider.answers[:] = []
    provider.says(b"<html><h1>nginx</h1></html>", status)
    assert type(failure(client, provider.config())) is OutcomeUnknown


def test_too_many_requests_are_not_sent(client: Any, provider: Any) -> None:
    provider.says({"error": "slow down"}, 429, retry_after="7")
    assert type(failure(client, provider.config())) is RateLimited


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (401, {"error": "unauthorized"}),
        (403, b"HTTP Token: Access denied.\n"),
        (422, {"error": "Access denied"}),
        (200, {"success": False, "errors": ["access denied"]}),
    ],
)
def test_a_wrong_token_pauses_the_connection_however_it_is_said(
    client: Any, provider: Any, status: int, content: Any
) -> None:
    provider.says(content, status)
    assert type(failure(client, provider.config())) is AuthFailed


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "content", [b"", b"<html><h1>Access denied</h1></html>", b"blocked by the filter", b"\xff\xfe"]
)
def test_a_refusal_of_somebody_in_between_proves_nothing(
    client: Any, provider: Any, status: int, content: bytes
) -> None:
    provider.says(content, status)
    assert type(failure(client, provider.config())) is OutcomeUnknown


def test_without_a_connection_nothing_was_sent(client: Any, provider: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        config = provider.config().model_copy(update={"base_url": closed})
        assert type(failure(client, config)) is Unavailable


@pytest.mark.parametrize("kind", ["reset", "500", "garbage"])
def test_what_is_lost_after_it_was_made_may_have_happened(
    client: Any, company: Any, kind: str
) -> None:
    company.fault("create_payment", kind)
    arguments = to_card()
    assert type(failure(client, company.config, **arguments)) is OutcomeUnknown
    assert len(company.books(arguments["reference"])) == (kind != "500")


def test_it_waits_as_long_as_the_settings_say(client: Any, company: Any) -> None:
    waited: list[Any] = []

    class Watching(httpx2.AsyncBaseTransport):
        def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
            self.inner = inner

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            waited.append(request.extensions["timeout"]["read"])
            return await self.inner.handle_async_request(request)

    async def pay(timeout_s: float) -> None:
        config = company.config.model_copy(update={"timeout_s": timeout_s})
        async with new_client(config.base_url, Watching) as http:
            await create_payment(http, config, to_card())

    for timeout_s in (30.0, 7.0):
        client.caller.runner.run(pay(timeout_s))
    assert waited == [30.0, 7.0]


def test_an_error_of_a_read_is_told_from_no_payment(client: Any, company: Any) -> None:
    error = failure(client, company.config, "payment", id=ID)
    assert (type(error), error.http_status) == (Rejected, 404)
    assert failure(client, company.config, "payment", id="../contractors").code == "id"
    company.fault("payment", "500")
    assert type(failure(client, company.config, "payment", id=ID)) is Unavailable


@pytest.mark.parametrize("content", [[], {}, {"id": "7c1e52d0-other"}, {"data": []}])
def test_another_payment_is_not_the_one_that_was_asked_for(
    client: Any, provider: Any, content: Any
) -> None:
    provider.says(content)
    assert type(failure(client, provider.config(), "payment", id=ID)) is ContractBroken


def test_payments_are_listed(client: Any, company: Any) -> None:
    references = [to_card(amount_minor=100_99) for _ in range(3)]
    for arguments in references:
        client.run(company.config, "create_payment", **arguments)
    answer = client.run(company.config, "payments", since=None)
    assert answer.data["complete"] is True
    listed = [payment["reference"] for payment in answer.data["payments"]]
    assert listed == [arguments["reference"] for arguments in reversed(references)]
    assert failure(client, company.config, "payments", since="вчера").code == "since"
