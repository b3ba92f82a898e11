"""Ten thousand numbers of cards nobody has, into every door of a running installation and wherever
in each somebody could put one. Afterwards a dump by pg_dump, the logs of all processes and what can
be exported have none of them.
"""

import itertools
import json
import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from acceptance_demo import JSON, Demo, ask, running_demo
from console_visitor import Visitor
from uzel.kit.card_numbers import luhn
from uzel.kit.embedded.binaries import find_tool
from uzel.kit.embedded.server import running

SEED = 20261121
MANY = int(os.environ.get("CANARY_CARDS", "10000"))
AT_ONCE = 6
SCOPES = ("payouts:read", "payouts:write", "claims:read", "claims:write")
DONE = "select count(*) from call where state in ('planned', 'sending') and due_at < now()"
Send = Callable[[str, int], str]


def numbers() -> Iterator[str]:
    """As МИР, Visa and Mastercard have them."""
    chance = random.Random(SEED)
    for head in itertools.cycle(("220299", "427699", "548699")):
        digits = f"{head}{chance.randrange(10**9):09}"
        yield next(digits + last for last in "0123456789" if luhn(digits + last) == 0)


def written(card: str, nth: int) -> str:
    """As people write them."""
    part = ("", " ", "-", "\u00a0")[nth % 4]
    return part.join(card[at : at + 4] for at in range(0, 16, 4)) if part else card


class Doors:
    """Where numbers are put. Each gives what was answered."""

    def __init__(self, demo: Demo, token: str) -> None:
        self.demo = demo
        self.headers = {**JSON, "authorization": f"Bearer {token}"}
        self.visitor = Visitor(demo.told["url"]).sign_in(
            demo.told["console"]["user"], demo.told["console"]["password"]
        )
        self.console = threading.Lock()

    def said(self, method: str, path: str, body: Any = None, **headers: str) -> str:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        url = f"{self.demo.told['url']}{path}"
        status, answer = ask(method, url, content, {**self.headers, **headers})
        assert status < 500, (method, path, status, answer)
        return answer.decode()

    def pays(self, card: str, nth: int) -> str:
        return self.said("POST", "/konsol/payments", payment(written(card, nth), nth))

    def pays_wrongly(self, card: str, nth: int) -> str:
        """In a field where none belongs."""
        names = (
            "description",
            "external_id",
            "bank",
            "phone_number",
            "currency",
            "amount",
            "user_id",
        )
        wrong = {**payment("2200770212727079", nth), names[nth % len(names)]: written(card, nth)}
        return self.said("POST", "/konsol/payments", wrong)

    def pays_tagged(self, card: str, nth: int) -> str:
        tagged = {**payment("2200770212727079", nth), "metadata": {"a": [card], card: int(card)}}
        return self.said("POST", "/konsol/payments", tagged, **{"idempotency-key": card})

    def breaks(self, card: str, nth: int) -> str:
        torn = (f'{{"card_number": "{card}"', f'{{"card_number": {card}, }}', card)[nth % 3]
        return self.said("POST", "/konsol/payments", torn.encode())

    def looks_for(self, card: str, nth: int) -> str:
        where = quote(written(card, nth))
        paths = (
            "/konsol/payments/",
            "/konsol/payments?user_id=",
            "/api/v1/claims?external_id=",
            "/",
        )
        return self.said("GET", paths[nth % 4] + where)

    def claims(self, card: str, nth: int) -> str:
        return self.said("POST", "/api/v1/claims", claim(nth, card=written(card, nth)))

    def claims_wrongly(self, card: str, nth: int) -> str:
        names = ("purpose", "name", "phone", "bank", "external_id", "amount", "details", "claimant")
        name = names[nth % len(names)]
        value: Any = {"details": {"a": card}, "claimant": {"id": "1", "name": card}}.get(name, card)
        return self.said("POST", "/api/v1/claims", claim(nth, **{name: value}))

    def talks(self, card: str, nth: int) -> str:
        return self.said("POST", "/api/v1/claims/1/messages", {"text": f"вот {written(card, nth)}"})

    def is_told(self, card: str, nth: int) -> str:
        """By the provider, whole, as its diagram has it."""
        payload = {"id": f"p{nth}", "status": "executed", "requisites": {"card_number": card}}
        body = {"action_name": "executed", "payload": {**payload, "note": f"карта {card}"}}
        status, answer = self.demo.post("konsol", json.dumps(body).encode(), **JSON)
        assert status == 200
        return answer.decode()

    def is_told_by_name(self, card: str, nth: int) -> str:
        event = {
            "event": "payment.completed",
            "timestamp": "2026-11-21T12:00:00Z",
            "signature": "x",
        }
        return self.said("POST", "/konsol/webhook", {**event, "data": {"id": card, "card": card}})

    def chats(self, card: str, nth: int) -> str:
        text = (written(card, nth), f"карта {card}, жду", "1000", "/start")[nth % 4]
        said = {"user_id": 7000 + nth % 40, "text": text}
        return json.dumps(self.demo.door("/telegram/_said", **said))

    def types(self, card: str, nth: int) -> str:
        """Into the console."""
        fields = {"amount": "5", "purpose": "Приз", "name": "Иванова Анна", "card": card}
        if nth % 2:
            fields |= {"purpose": card, "card": ""}
        with self.console:
            return str(self.visitor.post("/claims/new", **fields).text)

    def doors(self) -> tuple[Send, ...]:
        return (
            self.pays, self.claims, self.pays_wrongly, self.pays_tagged, self.breaks,
            self.looks_for, self.claims_wrongly, self.talks, self.is_told, self.is_told_by_name,
            self.chats, self.types,
        )  # fmt: skip


def payment(card: str, nth: int) -> dict[str, Any]:
    return {
        "amount": f"1.{nth % 100:02}", "currency": "RUB", "description": "Приз",
        "payment_type": "card_payment", "card_number": card, "external_id": f"canary-{nth}",
        "recipient": {"last_name": "Иванова", "first_name": "Анна"},
    }  # fmt: skip


def claim(nth: int, **fields: Any) -> dict[str, Any]:
    base = {
        "amount": "5",
        "name": "Иванова Анна",
        "purpose": "Приз",
        "external_id": f"canary-{nth}",
    }
    return {**base, **fields}


def leaks(text: str, cards: list[str]) -> list[str]:
    """However their digits are parted there."""
    plain = re.sub(r"[\s\u00a0\u2028.\-]", "", text)
    found = set(re.findall(r"(?=(\d{16}))", plain))
    coded = {bytes.fromhex(it).decode() for it in re.findall(r"(?=((?:3\d){16}))", plain)}
    return [card for card in cards if card in found or card in coded]


def dumped(demo: Demo) -> str:
    """By the program that makes backups."""
    server = running(Path(demo.told["data_dir"]))
    assert server is not None
    command = [find_tool("pg_dump"), "--inserts", server.dsn]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


@pytest.mark.long
def test_no_number_of_a_card_comes_out_again(tmp_path: Path) -> None:
    cards = list(itertools.islice(numbers(), MANY))
    with running_demo(tmp_path / "data") as demo:
        made = subprocess.run(
            [sys.executable, "-m", "uzel", "token", "add", "canary",
             *itertools.chain.from_iterable(("--scope", it) for it in SCOPES)],
            env={**os.environ, "UZEL_DATA_DIR": demo.told["data_dir"]},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        doors = Doors(demo, made.stdout.split()[-1])
        ways = doors.doors()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            said = list(
                pool.map(lambda it: ways[it[0] % len(ways)](it[1], it[0]), enumerate(cards))
            )
        exported = [
            doors.said("GET", "/konsol/payments?per_page=100"),
            doors.said("GET", "/konsol/webhooks"),
            doors.said("GET", "/api/v1/claims?limit=100"),
            json.dumps(demo.api("/events", limit="100")),
            str(doors.visitor.get("/payouts.csv").text),
            str(doors.visitor.get("/events").text),
        ]
        dump = dumped(demo)
    log = (tmp_path / "data.log").read_text("utf-8", "replace")
    assert len(dump) > 100_000 and len(log) > 1000
    told = [(ways[nth % len(ways)].__name__, leaks(it, cards)) for nth, it in enumerate(said)]
    assert [it for it in told if it[1]] == []
    found = {"dump": dump, "log": log, "exports": "\n".join(exported)}
    assert {name: leaks(text, cards) for name, text in found.items()} == {
        name: [] for name in found
    }
