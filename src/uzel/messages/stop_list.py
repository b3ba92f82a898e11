"""Who wants no messages: as people, answers, providers and the page behind the link say."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from uzel.kit.database import Connection
from uzel.messages import route_store
from uzel.messages import stop_store as store
from uzel.messages import store as message_store
from uzel.messages.withdraw import withdraw
from uzel.model.phone import PhoneRejected, parse_phone

# A mailbox that does not exist says nothing of its owner's phone.
BOUNCE = "bounce"
EMAIL = re.compile(r"""[^@\s<>,;"'()]+@[^@\s<>,;"'()]+\.[^@\s<>,;"'().]{2,}""")
LONGEST_EMAIL = 254
SHORTEST_PHONE, LONGEST_PHONE = 10, 15
# Reasons that a guest gave.
BY_GUEST = ("reply", "page", "user_stopped")
# Reasons that the provider who gave them may take back.
TAKEN_BACK = (BOUNCE, "user_stopped")


def address_of(raw: str) -> str | None:
    """E.164 or a lower-case e-mail address; None for what is neither."""
    text = unicodedata.normalize("NFKC", raw).strip()
    if "@" in text:
        address = text.rstrip(".").casefold()
        fits = len(address) <= LONGEST_EMAIL and EMAIL.fullmatch(address)
        return address if fits else None
    digits = re.sub(r"[^0-9]", "", text)
    if not SHORTEST_PHONE <= len(digits) <= LONGEST_PHONE:
        return None  # two numbers, or none: whoever was meant cannot be told
    try:
        return parse_phone(text).e164
    except PhoneRejected as error:
        # Who shares a switchboard behind an extension is not one person.
        return None if error.reason == "phone_extension" else f"+{digits}"


async def stop(
    connection: Connection,
    business_id: int,
    addresses: Sequence[str],
    reason: str,
    source: str,
    note: str | None = None,
    *,
    said_at: datetime | None = None,
    connection_id: int | None = None,
) -> int:
    """Write nobody there any more: what waits for them is withdrawn, and what is being planned at
    this very moment meets the guard. So does what waits for a mailbox that bounced, since there it
    gives way to the next channel. said_at: when the wish was made, None for now; connection_id: by
    which connection it came. Returns how many were not listed yet.
    """
    if not addresses:
        return 0
    listed = sorted(set(addresses))
    why = (reason, source, note)
    added = await store.add(
        connection, business_id, listed, why, weaker_than(reason), said_at, connection_id
    )
    if reason == BOUNCE:
        return added
    waiting = await message_store.waiting_for(connection, business_id, listed)
    await route_store.end_chains(connection, waiting)
    await withdraw(connection, waiting, "stopped")
    return added


async def stop_recipient(
    connection: Connection, message_id: int, reason: str, detail: str | None
) -> None:
    """The recipient of a message was stopped by the provider: the guest, by all channels; or by a
    bounce the mailbox alone.
    """
    row = await store.recipient(connection, message_id)
    contacts = {row["address"]} if reason == BOUNCE else {row["address"], row["phone"]} - {None}
    await stop(
        connection,
        row["business_id"],
        sorted(contacts),
        reason,
        f"message:{message_id}",
        detail,
        connection_id=row["connection_id"],
    )


def weaker_than(reason: str) -> Sequence[str]:
    """The reasons that give way to this one: what says less of the guest, and what the guest may
    take back to what the guest may not.
    """
    if reason == BOUNCE:
        return ()
    return (BOUNCE,) if reason in BY_GUEST else (BOUNCE, *BY_GUEST)


async def resume(
    connection: Connection,
    business_id: int,
    address: str,
    *,
    by_guest: bool,
    said_at: datetime | None = None,
) -> bool:
    """Take somebody off the list; False if they were not on it, or stay there. A guest can take
    back what guests said, not what a person here or a complaint says; and only by a wish that is
    known to be newer than the last stop, for messages come late, twice and in any order.
    """
    if not by_guest:
        return await store.remove(connection, business_id, address)
    if said_at is None:
        return False
    return await store.remove(connection, business_id, address, BY_GUEST, said_at)


async def take_back(
    connection: Connection,
    business_id: int,
    address: str,
    reason: str,
    connection_id: int,
    said_at: datetime | None,
) -> bool:
    """A provider takes back its own word, and nothing that anybody else said: not what the guest
    answered or said on the page, and not a complaint. False if the address stays listed, or was
    not.
    """
    if said_at is None or reason not in TAKEN_BACK:
        return False
    return await store.remove(connection, business_id, address, [reason], said_at, connection_id)


async def stopped(connection: Connection, business_id: int, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that are listed."""
    return await store.listed(connection, business_id, addresses)
