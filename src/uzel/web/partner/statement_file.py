"""A statement file as an answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.responses import StreamingResponse

from uzel.partners.statement_files import MEDIA_TYPES, Kind, StatementFiles
from uzel.partners.statement_sheet import Sheet

PIECE = 64 * 1024


async def file_answer(files: StatementFiles, sheet: Sheet, kind: Kind) -> StreamingResponse:
    """The whole file, ready before the first byte; of what has been, where the time is not over.
    Raises what `StatementFiles.make` raises.
    """
    sheet = await files.up_to_now(sheet)
    made = await files.make(sheet, kind)
    headers = {
        "content-disposition": f'attachment; filename="{sheet.name}.{kind}"',
        "content-length": str(made.seek(0, os.SEEK_END)),
    }
    made.seek(0)
    return StreamingResponse(pieces(made), media_type=MEDIA_TYPES[kind], headers=headers)


async def pieces(made: BinaryIO) -> AsyncIterator[bytes]:
    with made:
        while piece := await asyncio.to_thread(made.read, PIECE):
            yield piece
