"""GetFilesList: a person's documents, for who knows the ИНН and the code from the SMS."""

import hashlib
from collections.abc import Mapping
from typing import Any

from uzel.crm import code_store, file_store
from uzel.crm.codes import is_code
from uzel.crm.own.fields import demand
from uzel.crm.record import Writer
from uzel.kit.database import Pool
from uzel.model import tax_ids
from uzel.people import store as people

FREE_ATTEMPTS, LONGEST_WAIT_S = 10, 900
NOT_FOUND = "Клиент с указанным СМС-кодом и ИНН не найден"


async def list_files(
    pool: Pool, writer: Writer, given: Mapping[str, str], code_key: bytes
) -> dict[str, Any]:
    """`{"status": "ok", "files": [{"title", "path"}]}`, or `{"status": "failed", "message"}`:
    nobody with this ИНН has this code. After many wrong codes for an ИНН the right one is not found
    either, for a while: a code of four digits is soon guessed.
    """
    demand(given, ("inn", "sms"))
    inn = tax_ids.known_by(tax_ids.plain(given["inn"]))
    people_found = await code_store.people_by_inn(pool, writer.business_id, inn) if inn else []
    bucket = {bucket_of(writer.business_id, inn): FREE_ATTEMPTS} if people_found else {}
    if bucket and await people.take_attempt(pool, bucket, LONGEST_WAIT_S):
        return {"status": "failed", "message": NOT_FOUND}
    known = [
        row["id"]
        for row in people_found
        if row["digest"] is not None and is_code(code_key, row["id"], given["sms"], row["digest"])
    ]
    if not known:
        return {"status": "failed", "message": NOT_FOUND}
    await people.forget_failures(pool, bucket)
    files = await file_store.files_of(pool, writer.business_id, known)
    return {"status": "ok", "files": [{"title": it["title"], "path": it["path"]} for it in files]}


def bucket_of(business_id: int, inn: str | None) -> str:
    """Where wrong codes are counted."""
    return f"crm-code:{business_id}:{hashlib.sha256((inn or '').encode()).hexdigest()[:32]}"
