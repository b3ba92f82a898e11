"""Whatever is sent: an answer below 500, in JSON, nothing paid that was not asked for, and no card
number anywhere afterwards.
"""

import io
import json
import logging
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from payout_client import Company, add_company, by_card, by_phone, payout_web
from running_web import WebApp
from uzel.kit import logs
from uzel.kit.body import read_json
from uzel.kit.card_numbers import luhn
from uzel.payouts.card_texts import holds_card
from uzel.payouts.programs.asked import read_money
from uzel.payouts.requisites import read_amount
from uzel.payouts.wish import WishRejected

BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
NAMES = (*by_card(), "phone_number", "bank", "callback_url", "invoice_id", "status")
odd = st.sampled_from(
    [
        *("", "0", "-1", "1e400", "NaN", "9" * 400, "\0", "a\0b", "\ud800", "\u202e", "x" * 3000),
        *("'; drop table payout; --", "po_0000000000000000", "https://127.0.0.1/\r\nx: y"),
    ]
)
values = st.recursive(
    st.one_of(odd, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(odd, inside, max_size=3),
    max_leaves=6,
)
damage = st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=4)
bodies = st.one_of(
    st.binary(max_size=60),
    values.map(lambda it: json.dumps(it).encode()),
    st.sampled_from(
        [
            *(b"[" * 100_000, b'{"a":' * 50_000, b'{"amount":' + b"9" * 5000 + b"}", b"\xff\xfe{"),
            *(b"{}", b"null", b'{"amount":1', b'{"metadata":' + b'{"a":' * 400 + b"1" + b"}" * 401),
        ]
    ),
)
paths = st.sampled_from(
    ["/payments", "/payments/x", "/payments/%00", "/invoices", "/invoices/%00", "/webhook",
     "/balance", "/payments?page=%D9%A1", "/payments?user_id=%00", "/webhooks?page=1e9", "/x", "/"]
)  # fmt: skip


@pytest.fixture(scope="module")
def written() -> Iterator[io.StringIO]:
    """Everything this process logs while the tests of the file run."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.set_up_logs("json", "debug")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    logging.getLogger("asyncio").setLevel("WARNING")
    yield stream
    root.handlers[:], root.level = before


@pytest.fixture(scope="module")
def web(
    shared_dsn: str, tmp_path_factory: pytest.TempPathFactory, written: io.StringIO
) -> Iterator[tuple[WebApp, str]]:
    with payout_web(shared_dsn, tmp_path_factory.mktemp("konsol")) as running:
        yield running


@pytest.fixture(scope="module")
def rich(web: tuple[WebApp, str]) -> Company:
    return add_company(*web)


def check(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["success"] is (answer.status_code == 200)


@given(damage, st.booleans())
@BOUNDED
def test_a_payment_with_damaged_fields(rich: Company, fields: dict[str, Any], card: bool) -> None:
    """Everything right but for what was damaged. What is paid all the same is what was asked."""
    before = rich.value("select count(*) from payout")
    body = (by_card() if card else by_phone()) | fields
    answer = rich.ask("POST", "/payments", None, None, content=json.dumps(body).encode())
    check(answer)
    made = rich.value("select count(*) from payout") - before
    assert made <= (answer.status_code == 200)
    if answer.status_code == 200:
        data = answer.json()["data"]
        assert Decimal(str(data["amount"])) == Decimal(str(body["amount"]))


@given(st.sampled_from(["POST", "GET", "PUT", "DELETE", "PATCH"]), paths, bodies)
@example("POST", "/payments", b"[" * 100_000)
@BOUNDED
def test_every_address_survives(rich: Company, method: str, path: str, body: bytes) -> None:
    before = rich.value("select count(*) from payout")
    answer = rich.ask(method, path, None, content=body)
    if path != "/webhook" or answer.status_code != 429:
        check(answer)
    assert rich.value("select count(*) from payout") == before


@given(st.integers(1_00, 500_000_00), st.integers(0, 4), st.booleans())
@BOUNDED
def test_an_amount_is_taken_as_it_is_written(amount: int, zeros: int, text: bool) -> None:
    written = f"{amount // 100}.{amount % 100:02}" + "0" * zeros
    found = read_money(written if text else read_json(written.encode()))
    assert read_amount(found) == amount
    finer = f"{amount // 100}.{amount % 100:02}{'0' * zeros}1"
    with pytest.raises(WishRejected):
        read_money(finer if text else read_json(finer.encode()))


@given(st.floats(1, 500_000))
@BOUNDED
def test_what_a_double_makes_of_kopecks_is_not_rounded(amount: float) -> None:
    exact = Decimal(repr(amount))
    try:
        found = read_money(read_json(json.dumps(amount).encode()))
    except WishRejected:
        assert exact != round(exact, 2)
    else:
        assert read_amount(found) == exact * 100


def a_card(chance: random.Random) -> str:
    """Nobody's: of MIR's range, with the right last digit."""
    digits = f"2200{chance.randrange(10**11):011}"
    return next(digits + str(last) for last in range(10) if luhn(digits + str(last)) == 0)


def dressed(number: str, chance: random.Random) -> str:
    """As people write it."""
    gap = chance.choice(("", " ", "-", "  ", "\u00a0", "."))
    return gap.join(number[it : it + 4] for it in range(0, 16, 4))


@given(st.integers(0, 2**32))
@BOUNDED
def test_a_card_in_a_text_is_seen(seed: int) -> None:
    chance = random.Random(seed)
    number = dressed(a_card(chance), chance)
    around = chance.choice(("{}", "на {} пожалуйста", "карта:{}.", "17 руб, {}, Анна", "x{}y"))
    assert holds_card({"a": [around.format(number)]})
    assert not holds_card({"a": ["order_20241101", 123456789, "+79991234567", "1" * 16]})


def everywhere(company: Company, card: str, number: int) -> list[Any]:
    """A card in its field, and in every other one. What was answered."""
    path = "/payments/x"
    hint = {"event": "payment.failed", "data": {"id": card, "card": card}, "timestamp": card}
    callback = {"action_name": "failed", "payload": {"id": f"p{number}", "requisites": card,
                                                      "amount": 1, "pan": int(card)}}  # fmt: skip
    escaped = "".join(f"\\u003{digit}" for digit in card)
    return [
        company.pay(card_number=card, key=f"k{number}", external_id=f"canary_{number}"),
        company.pay(card_number=card, key=f"k{number}", external_id=f"canary_{number}"),
        company.pay(card_number=card, amount=-1),
        company.pay(card_number=card, recipient={"last_name": card, "first_name": "А"}),
        company.pay(card_number=card[:-1] + str((int(card[-1]) + 1) % 10)),
        *(company.pay(**{it: card}) for it in ("description", "external_id", "user_id", "bank")),
        company.pay(metadata={card: {"a": [card]}}),
        company.pay(callback_url=f"https://127.0.0.1/{card}"),
        company.ask("PUT", path, {"description": card, "metadata": {"a": card}}),
        company.ask("POST", "/invoices", {"amount": 5, "description": card, "user_id": card}),
        company.app.client.post("/konsol/webhook", content=json.dumps(hint)),
        company.app.client.post("/konsol/webhook", content=json.dumps(callback)),
        company.app.client.post("/konsol/webhook", content=f'{{"event":"{escaped}"}}'),
        company.ask("GET", "/payments", None, key=card),
    ]


def test_no_card_number_is_left_anywhere(rich: Company, written: io.StringIO) -> None:
    chance = random.Random(20261121)
    cards = [a_card(chance) for _ in range(12)]
    said = ""
    for number, card in enumerate(cards):
        answers = everywhere(rich, card, number)
        assert [it.status_code for it in answers[:2]] == [200, 200], answers[0].text
        assert {it.status_code for it in answers[2:13]} <= {400, 404}
        said += "".join(it.text for it in answers)
    rich.work()
    said += rich.ask("GET", "/payments?per_page=100").text
    said += rich.ask("GET", "/webhooks?per_page=100").text
    found = tables(rich) + said + written.getvalue()
    assert len(found) > 10_000
    for card in cards:
        assert card not in found
        assert card.encode().hex() not in found


def tables(company: Company) -> str:
    """Every value of every table as text, bytes also in hex."""

    async def read() -> str:
        pool, text = company.app.deps.pool, []
        for table in await pool.fetch(
            "select quote_ident(table_name) as name from information_schema.tables "
            "where table_schema = 'public'"
        ):
            for row in await pool.fetch(f"select t::text as said from {table['name']} t"):
                text.append(row["said"])
        return "\n".join(text)

    return company.app.run(read)


def test_a_long_row_of_numbers_holds_nobody_up(rich: Company) -> None:
    """Looked through for cards as a whole it would take minutes."""
    row = "1," * 200_000
    note = {"event": "payment.completed", "data": {"id": "x", "y": row}, "timestamp": "2026"}
    answer = rich.app.client.post("/konsol/webhook", json=note)
    assert answer.status_code == 200
    for body in ({"metadata": {"a": row}}, {"description": row}, {"metadata": {row: "a"}}):
        answer = rich.ask("POST", "/payments", by_card(**body))
        assert (answer.status_code, answer.json()["reason"]) == (400, "too_long")
    assert rich.ask("GET", "/payments").status_code == 200
