"""GetFilesList: a person's documents, for who knows the ИНН and the code from the SMS."""

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
    nobody with this ИНН has this code. After many wrong codes for a person the right one is not
    found either, for a while: a code of four digits is soon guessed. Anybody may say that an ИНН is
    theirs, so a right code ends the wait of its own person and of nobody else.
    """
    demand(given, ("inn", "sms"))
    inn = tax_ids.known_by(tax_ids.plain(given["inn"]))
    people_found = await code_store.people_by_inn(pool, writer.business_id, inn) if inn else []
    buckets = {bucket_of(row["id"]): row for row in people_found if row["digest"] is not None}
    free = await people.take_attempts(pool, dict.fromkeys(buckets, FREE_ATTEMPTS), LONGEST_WAIT_S)
    known = {
        bucket: row["id"]
        for bucket, row in buckets.items()
        if bucket in free and is_code(code_key, row["id"], given["sms"], row["digest"])
    }
    if not known:
        return {"status": "failed", "message": NOT_FOUND}
    await people.forget_failures(pool, known)
    files = await file_store.files_of(pool, writer.business_id, list(known.values()))
    return {"status": "ok", "files": [{"title": it["title"], "path": it["path"]} for it in files]}


def bucket_of(record_id: int) -> str:
    """Where wrong codes for a person are counted."""
    return f"crm-code:{record_id}"
