"""A card number nobody else has, through every way a payment can end: it comes out nowhere.

Looked through are the answer, the whole chain of an error with all that hangs on it, the log, the
sandbox's journal and books. Any seven of its digits in a row count.
"""

import logging
import random
import re
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.konsol.arguments import to_card
from uzel.connectors.konsol.privacy import windows
from uzel.errors import CallFailed, ConfigError, UzelError
from uzel.kit.faults import REQUEST_KINDS, SILENCES

# Of digits that no status, time or port looks like.
DRAWN = random.Random(1)
SEEN = 7
BETWEEN = re.compile(r"(?<=\d)[^\w]{1,3}(?=\d)")
CARDS = ["".join(DRAWN.choices("6789", k=16)) for _ in range(3)]
OPERATIONS = ("create_payment", "payment", "payments", "contractors", "balance", "fps_banks")
ECHOES: list[dict[str, Any]] = [
    {"status": status, **what, "made": made}
    for status in (200, 201, 202, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503)
    for made in (False, True)
    for what in (
        {"body": {"success": False, "errors": ["card {card_number} is not valid"]}},
        {"body": {"error": {"message": "{card_number}", "code": "c{card_number}"}}},
        {"body": {"errors": [{"code": "{card_number}", "detail": {"x": ["{card_number}"]}}]}},
        {"body": {"errors": {"{card_number}": "{card_number}"}}},
        {"body": {"id": "{card_number}", "status": "{card_number}"}},
        {"body": {"id": {"x": "{card_number}"}, "message": "{card_number}"}},
        {"text": '{"id": "{card_number}'},
        {"text": "<html>{card_number}</html>"},
    )
]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that is logged, down to what libraries say in debugging."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def hanging(error: BaseException | None) -> Iterator[str]:
    """Everything that hangs on an error and the errors behind it."""
    while error is not None:
        yield from (repr(error), str(error), repr(error.args), repr(vars(error)))
        for value in vars(error).values():
            yield repr(getattr(value, "content", ""))
        for value in (getattr(error, "_request", None), getattr(error, "doc", None)):
            yield repr(getattr(value, "content", value))
        error = error.__cause__ or error.__context__


def absent(card: str, *texts: object) -> None:
    """No seven digits of it in a row, whatever signs part them, beside the ends that are shown."""
    shown = f"{card[:6]}••••••{card[-4:]}"
    for text in texts:
        joined = BETWEEN.sub("", str(text).replace(shown, " a "))
        assert not any(part in joined for part in windows(card, SEEN)), text


def attempt(client: Any, config: Any, operation: str, arguments: dict[str, Any]) -> list[str]:
    """All that comes out of one call."""
    try:
        answer = client.run(config, operation, **arguments)
    except UzelError as error:
        assert isinstance(error, CallFailed | ConfigError)
        return [*traceback.format_exception(error), *hanging(error)]
    return [repr(answer), str(dict(answer.data))]


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: f"{echo['status']}-{echo['made']}")
def test_whatever_they_answer_to_a_payment_the_card_stays_there(
    client: Any, company: Any, logged: pytest.LogCaptureFixture, echo: dict[str, Any]
) -> None:
    for card in CARDS:
        company.prepare(**echo)
        arguments = to_card(card_number=card)
        made = attempt(client, company.config, "create_payment", arguments)
        absent(card, *made)
        absent(card, logged.text)
        absent(card, company.books(), company.journal("create_payment"))


@pytest.mark.parametrize("kind", sorted(REQUEST_KINDS - SILENCES))
def test_whatever_goes_wrong_the_card_stays_there(
    client: Any, company: Any, logged: pytest.LogCaptureFixture, kind: str
) -> None:
    for card in CARDS:
        company.fault("create_payment", kind)
        absent(card, *attempt(client, company.config, "create_payment", to_card(card_number=card)))
        absent(card, logged.text, company.journal("create_payment"))


@pytest.mark.parametrize("kind", sorted(SILENCES))
def test_an_answer_that_never_comes_holds_no_card(
    client: Any, company: Any, logged: pytest.LogCaptureFixture, kind: str
) -> None:
    impatient = company.config.model_copy(update={"timeout_s": 0.3})
    company.fault("create_payment", kind)
    out = attempt(client, impatient, "create_payment", to_card(card_number=CARDS[0]))
    assert "ReadTimeout" in "".join(out)
    absent(CARDS[0], *out, logged.text)


def test_reads_and_searches_bring_no_card_back(
    client: Any, company: Any, logged: pytest.LogCaptureFixture
) -> None:
    for card in CARDS:
        arguments = to_card(card_number=card)
        made = client.run(company.config, "create_payment", **arguments)
        company.move(made.reference, "failed", error_message=f"карта {card} отклонена")
        absent(card, client.look_up(company.config, arguments))
        for operation in OPERATIONS[1:]:
            asked = {"id": made.reference} if operation == "payment" else {}
            absent(card, *attempt(client, company.config, operation, asked))
        doubled = [client.run(company.config, "create_payment", **arguments)]
        with pytest.raises(CallFailed) as caught:
            client.look_up(company.config, arguments)
        absent(card, *traceback.format_exception(caught.value), *hanging(caught.value), doubled)
        absent(card, logged.text)


def test_a_refusal_of_ours_holds_no_card(client: Any, company: Any) -> None:
    for card in CARDS:
        for changes in ({"amount_minor": 0}, {"contractor": None}, {"card_number": f"{card}x"}):
            arguments = to_card(**{"card_number": card, **changes})
            absent(card, *attempt(client, company.config, "create_payment", arguments))


def test_the_search_for_canaries_finds_them() -> None:
    card = CARDS[0]
    for leak in (card, card[3:10], " ".join(card), f"{card[:6]}••••••{card[-4:]}, {card[4:12]}"):
        with pytest.raises(AssertionError):
            absent(card, f"x {leak} y")
    absent(card, f"{card[:6]}••••••{card[-4:]}")
