"""What the client reads: the fate of e-mails, and the test button."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.sandbox import EXAMPLES
from uzel.errors import ContractBroken, RateLimited, Rejected, Unavailable

Run = Callable[[ResendConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[..., ResendConfig]

LETTER = {**EXAMPLES["send_email"], "to": "anna@post.example"}


def test_the_test_button_knows_whether_the_sender_may_send(
    run: Run, config: ResendConfig, answering: Answering
) -> None:
    assert "mail.kafe.example (verified)" in run(config, "domains", {}).data["domains"]
    trial = config.model_copy(update={"sender": "onboarding@resend.dev"})
    assert run(trial, "domains", {}).data
    elsewhere = config.model_copy(update={"sender": "Кафе <hello@kafe.example>"})
    pending = answering(b'{"data":[{"name":"mail.kafe.example","status":"pending"}]}')
    for wrong in (elsewhere, pending):
        with pytest.raises(Rejected) as caught:
            run(wrong, "domains", {})
        assert caught.value.code == "domain"
    failing = answering(b'{"data":[{"name":"mail.kafe.example","status":"temporary_failure"}]}')
    assert run(failing, "domains", {}).data == {"domains": "mail.kafe.example (temporary_failure)"}


def test_what_became_of_one_email(run: Run, config: ResendConfig, control: httpx2.Client) -> None:
    control.post("/resend/_settings", json={"receipt_delay_s": 3600})
    reference = run(config, "send_email", LETTER).reference
    (told,) = run(config, "email_status", {"ids": [reference]}).data["messages"]
    assert told == {
        "reference": reference,
        "known": True,
        "state": "pending",
        "code": "sent",
        "detail": "отправлено, ждёт сервер получателя",
        "cost_minor": None,
    }


def send_several(run: Run, config: ResendConfig, number: int) -> list[str]:
    letters = [{**LETTER, "reference": f"several-{n}"} for n in range(number)]
    return [str(run(config, "send_email", letter).reference) for letter in letters]


def reads(control: httpx2.Client) -> list[str]:
    entries = control.get("/_journal?connector=resend").json()
    return [entry["path"] for entry in entries if entry["operation"] == "email_status"]


def test_the_newest_hundred_take_one_request(
    run: Run, config: ResendConfig, control: httpx2.Client
) -> None:
    ids = send_several(run, config, 5)
    told = run(config, "email_status", {"ids": [*ids, "0-no-such-id", "x"]}).data["messages"]
    assert [message["reference"] for message in told] == [*ids, "0-no-such-id", "x"]
    assert [message["known"] for message in told] == [True] * 5 + [False] * 2
    assert [path.removeprefix("/resend") for path in reads(control)] == [
        "/emails",
        "/emails/0-no-such-id",
    ]


LIMITED = b'{"statusCode":429,"name":"rate_limit_exceeded","message":"Too many"}'


def test_a_limit_in_the_middle_leaves_the_rest_for_later(run: Run, answering: Answering) -> None:
    newest = b'{"data":[{"id":"newer-0001","last_event":"opened"}]}'
    ids = {"ids": ["older-0001", "newer-0001", "older-0002"]}
    told = run(answering(newest, later=(LIMITED, 429)), "email_status", ids).data["messages"]
    assert [(one["reference"], one["state"]) for one in told] == [("newer-0001", "read")]
    for provider in (answering(LIMITED, 429), answering(b'{"data":[]}', later=(LIMITED, 429))):
        with pytest.raises(RateLimited):
            run(provider, "email_status", ids)


def test_more_than_a_hundred_ids_are_refused_here(run: Run, config: ResendConfig) -> None:
    with pytest.raises(Rejected):
        run(config, "email_status", {"ids": [f"older-{n:04d}" for n in range(101)]})


UNREADABLE = [b"", b"<html>", b"[]", b"null", b'{"id":', b"[" * 100_000, b'{"id":"\xff"}']


@pytest.mark.parametrize("body", [*UNREADABLE, b"{}", b'{"data":null}', b'{"last_event":1}'])
@pytest.mark.parametrize(
    ("operation", "ids"),
    [
        ("email_status", ["older-0001"]),
        ("email_status", ["older-0001", "older-2"]),
        ("domains", []),
    ],
)
def test_a_read_with_an_unreadable_answer_breaks_the_contract(
    run: Run, answering: Answering, body: bytes, operation: str, ids: list[str]
) -> None:
    # A page for people is none of the API's: it goes by, and the read is asked again.
    with pytest.raises(Unavailable if body == b"<html>" else ContractBroken):
        run(answering(body), operation, {"ids": ids})
