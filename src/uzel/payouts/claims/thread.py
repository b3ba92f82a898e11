"""What is said about a claim between the claimant and those who decide, and the files with it."""

import hashlib
from typing import Any

from uzel.kit.card_numbers import cut
from uzel.kit.database import Connection
from uzel.model.cards import masked
from uzel.payouts.claims import claim_store as claims
from uzel.payouts.claims import thread_store as store
from uzel.payouts.claims.acts import locked
from uzel.payouts.claims.claim import Act, ClaimRefused

LONGEST_TEXT = 4000
LONGEST_NAME = 120
MOST_FILES = 20
LARGEST_FILE = 10 * 1024 * 1024
# What a file is, by how it begins; nothing else is taken, least of all what a browser would run.
BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)


async def say(
    connection: Connection, number: int, text: str, by: str, *, is_claimants: bool
) -> int:
    """Write to the claimant, or by them; the number of the message. Numbers of cards are masked: a
    card has a field of its own. Raises ClaimRefused.
    """
    row = await locked(connection, number)
    said = masked(cut(text.replace("\0", "").strip(), LONGEST_TEXT))[:LONGEST_TEXT]
    if not said:
        raise ClaimRefused("reason", "there is nothing in it")
    found = await store.say(connection, number, by, said, is_claimants=is_claimants)
    await claims.step(connection, number, Act.SAID, row["state"], by, said)
    return found


async def attach(connection: Connection, number: int, name: str, content: bytes, by: str) -> int:
    """Keep a picture or a PDF with it; its number. The same file again is the same one. Raises
    ClaimRefused.
    """
    await locked(connection, number)
    if len(content) > LARGEST_FILE:
        raise ClaimRefused("too_large", f"a file has at most {LARGEST_FILE} bytes")
    kind = type_of(content)
    if await store.how_many(connection, number) >= MOST_FILES:
        raise ClaimRefused("too_many", f"a claim has at most {MOST_FILES} files")
    kept = masked(cut(name.replace("\0", "").strip(), LONGEST_NAME))[:LONGEST_NAME] or "file"
    digest = hashlib.sha256(content).digest()
    return await store.attach(connection, number, by, kept, kind, digest, content)


def type_of(content: bytes) -> str:
    """Raises ClaimRefused for anything but a picture or a PDF."""
    for begins, kind in BEGINNINGS:
        if content.startswith(begins):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise ClaimRefused("file_type", "JPEG, PNG, WebP or PDF")


async def thread(connection: Connection, number: int) -> tuple[list[Any], list[Any]]:
    """(messages, files) of a claim, the oldest first."""
    return await store.messages(connection, number), await store.files(connection, number)
