"""A code goes to a phone by SMS, and whoever has the phone gives it back.

Kept is a keyed digest. The newest code alone is good, for some minutes and some attempts. Codes
cost money and wake people up, so there are few of them: for a phone, an address that asks, a day.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from uzel.crm import phone_code_store as store
from uzel.kit.database import Connection

DIGITS = 6
LASTS_S = 10 * 60
# How long a form may still be posted after its phone was confirmed.
CONFIRMED_S = 60 * 60
AGAIN_S = 60
MOST_FOR_A_PHONE, MOST_FOR_AN_ADDRESS, MOST_FOR_A_REGISTRY = 5, 20, 1000
MOST_WRONG = 5


class CodeRefused(Exception):
    """`code`: `too_soon`, `too_many`, `wrong`, `expired`, `none`; `wait_s` where waiting helps."""

    def __init__(self, code: str, wait_s: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Sent:
    """A code on its way. It is written into the message, and nowhere else."""

    id: int
    code: str


async def new_code(
    connection: Connection, key: bytes, business_id: int, phone: str, address: str
) -> Sent:
    """A code for a phone, in the caller's transaction. Raises CodeRefused."""
    await store.take_turn(connection, business_id)
    lately = await store.lately(connection, business_id, phone)
    if lately["last_s"] < AGAIN_S:
        raise CodeRefused("too_soon", AGAIN_S - int(lately["last_s"]))
    if (
        lately["of_phone"] >= MOST_FOR_A_PHONE
        or lately["of_registry"] >= MOST_FOR_A_REGISTRY
        or await store.of_address(connection, address) >= MOST_FOR_AN_ADDRESS
    ):
        raise CodeRefused("too_many", 60 * 60)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    digest = digest_of(key, business_id, phone, code)
    number = await store.add(connection, business_id, phone, digest, address, LASTS_S)
    return Sent(number, code)


async def check(
    connection: Connection, key: bytes, business_id: int, phone: str, code: str
) -> CodeRefused | None:
    """Whether this is the phone's code; None: it is, and the phone is confirmed. A wrong one is
    counted, so the caller's transaction has to be kept either way.
    """
    row = await store.newest(connection, business_id, phone)
    if row is None:
        return CodeRefused("none")
    if row["is_over"]:
        return CodeRefused("expired")
    if row["wrong"] >= MOST_WRONG:
        return CodeRefused("too_many", AGAIN_S)
    if not hmac.compare_digest(digest_of(key, business_id, phone, code), row["digest"]):
        await store.count_wrong(connection, row["id"])
        return CodeRefused("wrong")
    await store.confirm(connection, row["id"])
    return None


async def is_confirmed(
    connection: Connection, key: bytes, business_id: int, phone: str, code: str
) -> bool:
    """Whether the phone was confirmed by this code, lately. A wrong one is counted, as
    by `check`.
    """
    row = await store.newest(connection, business_id, phone)
    if row is None or row["confirmed_s"] is None or row["confirmed_s"] > CONFIRMED_S:
        return False
    if row["wrong"] >= MOST_WRONG:
        return False
    if hmac.compare_digest(digest_of(key, business_id, phone, code), row["digest"]):
        return True
    await store.count_wrong(connection, row["id"])
    return False


def digest_of(key: bytes, business_id: int, phone: str, code: str) -> bytes:
    """Of a code as people copy it: spaces and hyphens do not count."""
    bare = "".join(code.replace("-", " ").split())
    return hmac.digest(key, f"phone:{business_id}:{phone}:{bare}".encode(), hashlib.sha256)
