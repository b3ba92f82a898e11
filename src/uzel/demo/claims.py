"""The demo's claims: people ask for prizes and money back. Some were paid, others
wait for a decision, and one answer of the provider says nothing that anybody knows.
"""

import secrets
import struct
import zlib
from dataclasses import dataclass

from uzel.connections import store as connections
from uzel.demo import life
from uzel.demo.business import TELEGRAM
from uzel.flows.payouts import claims as flow
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.payouts.claims import acts, approval, claimant_store, thread
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims.acts import Keys
from uzel.payouts.claims.claim import Form, State
from uzel.payouts.limits import Limits, limits_of, set_limits
from uzel.people.manage import save_person

CONNECTOR = "konsol"
# Who entered the claims; whoever did cannot approve them.
CLERK, SECOND = "anna", "vera"
# Kopecks: above 15,000 roubles two people approve; a day's share of one person and of all.
TWO_ABOVE = 1_500_000
PERSON_DAY, DAY = 3_000_000, 30_000_000
CARD = "2200770212727079"


@dataclass(frozen=True, slots=True)
class Sample:
    """A claim. `becomes`: what happens to it at once; the kopecks of an amount tell the sandbox how
    it ends.
    """

    amount: str
    purpose: str
    name: str
    phone: str | None = None
    bank: str | None = None
    becomes: str = "paid"
    says: str | None = None


SAMPLES = (
    Sample("1500.00", "Приз за отзыв", "Ким Ольга", "+79990000101", "Сбербанк"),
    Sample("900.00", "Возврат предоплаты", "Ахметов Тимур", "+79990000102", "Т-Банк"),
    Sample("2500.92", "Приз за отзыв", "Серова Инна", "+79990000103", "Альфа-Банк"),
    Sample("3200.95", "Возврат предоплаты", "Лунёв Павел", "+79990000104", "Озон Банк"),
    Sample(
        "1500.00", "Приз за отзыв", "Громов Илья", becomes="rejected",
        says="На снимке не видно отзыва",
    ),
    Sample("1500.00", "Приз за отзыв", "Ким Ольга", "+79990000101", "Сбербанк", "submitted"),
    Sample(
        "4300.00", "Возврат за отменённый заказ", "Юсупова Дана", becomes="submitted",
        says="Заказ отменили вы сами, вот чек",
    ),
    Sample("18500.00", "Расчёт с ведущим", "Белов Артём", "+79990000106", "ВТБ", "submitted"),
    Sample("700.00", "Приз за отзыв", "Чайка Мария", "+79990000107", "Сбербанк", "submitted"),
    Sample("2100.00", "Возврат предоплаты", "Орлова Вера", "+79990000108", "ПСБ", "draft"),
)  # fmt: skip


async def ensure(connection: Connection, ring: KeyRing, name: str) -> None:
    """The claims, once; what somebody decided stays. `name`: of the connection, and who decides."""
    through = await connections.find(connection, CONNECTOR, name)
    assert through is not None
    if (await limits_of(connection, through)).day is not None:
        return
    await set_limits(connection, through, Limits(person_day=PERSON_DAY, day=DAY))
    await store.set_two_above(connection, through, TWO_ABOVE)
    await save_person(connection, SECOND, secrets.token_urlsafe(9), "approver")
    keys = await acts.keys_of(connection, ring)
    for number, sample in enumerate(SAMPLES, 1):
        await add(connection, keys, through, number, sample, name)


async def add(
    connection: Connection, keys: Keys, through: int, number: int, sample: Sample, by: str
) -> None:
    """One claim, as far as it has come."""
    card = CARD if sample.phone is None else None
    who = sample.phone or sample.name
    claimant = await claimant_store.known(connection, f"demo:{who}", sample.name)
    form = Form(sample.amount, sample.purpose, sample.name, card, sample.phone, sample.bank)
    row = await acts.make(
        connection, keys, through, form, CLERK, claimant_id=claimant, external_id=f"demo-{number}"
    )
    if sample.says is not None and sample.becomes == State.SUBMITTED:
        await thread.say(connection, row["id"], sample.says, f"demo:{who}", is_claimants=True)
        await thread.attach(connection, row["id"], "чек.png", receipt(number), f"demo:{who}")
    if sample.becomes == State.DRAFT:
        return
    row = await acts.submit(connection, row["id"], CLERK)
    if sample.becomes == State.REJECTED:
        await approval.reject(connection, row["id"], by, sample.says or "")
    elif sample.becomes == State.PAID:
        await flow.approve(connection, keys.ring, row["id"], row["version"], by)


def wire(sandbox: str, hook: life.Hook) -> None:
    """Have the provider tell what becomes of payouts, and the messenger what people say."""
    life.ask("POST", f"{sandbox}/konsol/_settings", json_body={"hook": hook(CONNECTOR)})
    posted = {"url": hook("telegram"), "secret_token": TELEGRAM["webhook_secret"]}
    life.ask("POST", f"{sandbox}/telegram/bot{TELEGRAM['token']}/setWebhook", json_body=posted)


def curl(sandbox: str) -> str:
    """Commands by which somebody opens the bot, and sees what it answers."""
    return f"""  curl {sandbox}/telegram/_said -H 'content-type: application/json' \\
    -d '{{"user_id": 501, "text": "/start"}}'
  curl '{sandbox}/telegram/_chat?chat_id=501'"""


def receipt(seed: int) -> bytes:
    """A picture of a till's receipt: a PNG of grey lines on white."""
    width, height = 180, 240
    rows = []
    for y in range(height):
        is_line = 20 <= y < 210 and y % 16 < 5
        ends = 40 + (y // 16 * 37 + seed * 53) % 110
        row = bytes(110 if is_line and 18 <= x < ends else 250 for x in range(width))
        rows.append(b"\0" + row)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
