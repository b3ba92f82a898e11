"""Numbers of cards nobody else has, into every field of the API of claims and of the commands: none
is in an answer, in the log or in the database afterwards.
"""

import io
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claim_client import open_room
from running_web import WebApp, running_web
from sample_data import MASTER_KEY
from test_canaries import absent, everything
from uzel.cli import main
from uzel.kit import logs
from uzel.kit.card_numbers import luhn

FIELDS = ("amount", "name", "purpose", "card", "phone", "bank", "external_id")


def numbers(chance: random.Random) -> Iterator[str]:
    """Cards of МИР that pass the checksum."""
    while True:
        digits = f"2202{chance.randrange(10**11):011}"
        yield next(digits + last for last in "0123456789" if luhn(digits + last) == 0)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything this process logs."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.set_up_logs("json", "debug")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:], root.level = before


def by_the_api(app: WebApp, card: Callable[[], str]) -> str:
    """What is answered to a card in every place."""
    room = open_room(app)
    answers = []
    made = room.add(card=card())["id"]
    bodies: tuple[tuple[str, dict[str, Any]], ...] = (
        *(("", {name: card()}) for name in FIELDS),
        ("", {"details": {"a": f"x {card()}"}, "claimant": {"id": "1", "name": card()}}),
        ("", {"claimant": {"id": card()}}),
        ("", {card(): card(), "card": [card()]}),
        ("/messages", {"text": f"карта {card()}, {' '.join(card())}"}),
        ("/reject", {"reason": card()}),
        ("/cancel", {"reason": f"карта {card()}"}),
        ("/approve", {"version": card()}),
    )
    for at, more in bodies:
        right = {"amount": "5", "name": "Иванова Анна", "purpose": "Приз", "external_id": card()}
        body = more if at else {**right, "external_id": "canary", **more}
        by = "vera" if at in ("/reject", "/approve") else "shop"
        path = f"/{made}{at}" if at else ""
        answers.append(room.ask("POST", path, by=by, json=body))
    answers.append(room.ask("PATCH", f"/{made}", json={"card": card(), "purpose": card()}))
    answers.append(room.ask("POST", content=f'{{"card": {card()}'.encode()))
    answers.append(room.ask("GET", f"?claimant={card()}&{card()}=1"))
    answers.append(
        room.ask("POST", f"/{room.add()['id']}/files?name={card()}", content=b"%PDF-1.4 ...")
    )
    answers.append(room.decide(room.add(card=card())))
    return "\n".join(f"{it.status_code} {it.headers} {it.text}" for it in answers)


def by_command(card: Callable[[], str], type_in: Callable[[str], None]) -> None:
    """A card in every place of the commands."""
    right = ("--name", "Иванова Анна", "--json")
    for words in (
        ("add", "5", *right, "--purpose", "Приз", "--card", "--submit"),
        ("add", "5", *right, "--purpose", card(), "--external-id", card()),
        ("add", card(), *right, "--phone", card(), "--bank", card()),
        ("say", "1", f"карта {card()}"),
        ("reject", "1", card(), "--by", "vera"),
        ("block", card(), card()),
        ("list",),
    ):
        type_in(card())
        main(("claim", *words))


def test_no_number_of_a_card_comes_out_again(
    dsn: str,
    tmp_path: Path,
    written: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made: list[str] = []
    source = numbers(random.Random(6))

    def card() -> str:
        made.append(next(source))
        return made[-1]

    for name, value in (("DATABASE_URL", dsn), ("DATA_DIR", tmp_path), ("MASTER_KEY", MASTER_KEY)):
        monkeypatch.setenv(f"UZEL_{name}", str(value))
    with running_web(dsn, tmp_path) as app:
        said = by_the_api(app, card)
        by_command(card, lambda it: monkeypatch.setattr("sys.stdin", io.StringIO(f"{it}\n")))
        kept = app.run(lambda: everything(app.deps.pool))
    logging.getLogger("uzel.test").info("the end")
    printed = capsys.readouterr()
    assert len(made) > 30
    for text in (said, kept, written.getvalue(), printed.out, printed.err):
        absent(text, *made)
        absent("".join(text.split()), *made)
