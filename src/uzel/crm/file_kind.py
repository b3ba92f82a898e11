"""What a file is, by its content; and what it is called, without what could do harm.

Nothing here trusts what a program says of a file. What is taken: PDF, pictures, and a PDF that is
to come: an empty file with its name, as the site sends before the person has signed the real one.
Of programs that have signed in plain text, too.
"""

import codecs
import re
import unicodedata
from pathlib import PurePosixPath
from typing import BinaryIO

from uzel.kit.body import storable
from uzel.kit.card_numbers import cut, masked

PDF, TEXT = "application/pdf", "text/plain"
ENDINGS = {PDF: "pdf", TEXT: "txt", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
TEXT_ENDINGS = ("txt", "csv")
SAME_ENDING = {"jpeg": "jpg"}
LONGEST_NAME = 120
# A PDF says where its table lies within its last kibibyte (ISO 32000-1, 7.5.5 and annex H): what
# has something else behind that is more than a PDF.
TAIL = 1024
PART = 1024 * 1024
_HEAD = re.compile(rb"%PDF-[12]\.[0-9]")
_END = re.compile(rb"startxref\s+[0-9]+\s+%%EOF\s*\Z")
# What no text has: signs that are for machines.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_HARMFUL = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class NotTaken(Exception):
    """A file that is not kept. `reason`: `type`, `damaged`, `other_type`, `too_large`, `empty`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def kind_of(file: BinaryIO, size: int, name: str, *, texts: bool = False) -> str:
    """Its media type; `texts`: whether plain text is one. Raises NotTaken."""
    file.seek(0)
    head = file.read(16)
    if not size and ending_of(name) == "pdf":
        return PDF
    if head.startswith(b"%PDF-"):
        demand_pdf(file, size)
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if texts and size and ending_of(name) in TEXT_ENDINGS and is_text(file):
        return TEXT
    raise NotTaken("type" if size else "empty")


def is_text(file: BinaryIO) -> bool:
    """Whether all of it is text in UTF-8, and no page or script of a browser's."""
    file.seek(0)
    if file.read(1024).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        return False
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while part := file.read(PART):
            if _NO_TEXT.search(decoder.decode(part)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def demand_pdf(file: BinaryIO, size: int) -> None:
    """It begins and ends as a PDF does. Raises NotTaken."""
    file.seek(0)
    is_begun = _HEAD.match(file.read(8)) is not None
    file.seek(max(0, size - TAIL))
    if not is_begun or _END.search(file.read(TAIL)) is None:
        raise NotTaken("damaged")


def ending_of(name: str) -> str:
    """The ending of a name, in small letters."""
    ending = PurePosixPath(name.lower()).suffix.removeprefix(".")
    return SAME_ENDING.get(ending, ending)


def named(name: str, media_type: str) -> str:
    """A name that is one: no folders, one ending and that of its kind, nobody's card."""
    name = unicodedata.normalize("NFC", storable(name)).replace("\\", "/").rsplit("/", 1)[-1]
    name = "_".join(_HARMFUL.sub(" ", masked(cut(name, LONGEST_NAME))[0]).split())
    ending = ENDINGS[media_type]
    stem = name[: -len(PurePosixPath(name).suffix) or None]
    stem = stem.replace(".", "_").strip("_-… ")
    return f"{stem or 'file'}.{ending}"
