"""Documents with their files: `create` of one, files_retrieve.

Source: konsol-and-vtiger, B2 and B5.
"""

import base64
from collections.abc import Mapping
from typing import Any, cast

from uzel.crm import files, refusal
from uzel.crm.catalogue import module_of_prefix
from uzel.crm.checks import demand_owner, demand_references
from uzel.crm.draft import demand_mandatory, read_all
from uzel.crm.field import Module
from uzel.crm.file_kind import NotTaken
from uzel.crm.record import parse_id
from uzel.crm.refusal import Refused
from uzel.crm.stock import DOCUMENTS
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.shown import wire_of
from uzel.web.vtiger.storage import NOTHING, REFUSALS

# What fits into an answer as text; larger ones are read at their path.
LARGEST_AS_TEXT = 20 * 1024 * 1024


async def create(call: Call, module: Module, element: Mapping[str, Any]) -> Any:
    """A document with the file that came with it: the first one, whatever its input is called."""
    upload = next(iter(call.files.values()))
    given = files.Given(upload.filename or "", upload.size or 0, cast(Any, upload.file))
    draft = read_all(module, element)
    async with call.pool.acquire() as connection, connection.transaction():
        await demand_references(connection, call.writer, module, draft)
        demand_mandatory(module, draft.content, draft.owner_id)
        await demand_owner(connection, call.writer, draft)
        title = draft.content["notes_title"]
        try:
            record = await files.attach(
                connection, call.writer, module, title, given, more=draft, texts=True
            )
        except NotTaken as error:
            raise Refused("ACCESS_DENIED", REFUSALS[error.reason][1]) from None
    return wire_of(record, module)


async def retrieve(call: Call) -> Any:
    """The file of a document, as base64."""
    prefix, number = parse_id(call.text("id"))
    if module_of_prefix(await call.modules(), prefix).name != DOCUMENTS.name:
        raise refusal.wrong_id()
    kept = await files.of_document(call.pool, call.account.business_id, number)
    if kept is None:
        raise NOTHING
    if kept.size > LARGEST_AS_TEXT:
        raise Refused("ACCESS_DENIED", f"the file is too large for an answer: GET /{kept.path}")
    # A file as text is in memory several times over.
    async with call.turns.take(call.account.business_id):
        parts = [part async for part in files.content(call.pool, kept)]
    return [
        {
            "fileid": str(kept.document_id),
            "filename": kept.name,
            "filetype": kept.media_type,
            # A number here, though a text in the record.
            "filesize": kept.size,
            "filecontents": base64.b64encode(b"".join(parts)).decode(),
        }
    ]
