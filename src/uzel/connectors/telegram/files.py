"""Files that people sent to the bot (core.telegram.org/bots/api, "getFile", "File").

`get_file` tells where a file lies, `download` brings it. The address is good for at least an hour,
and files above 20 MB are not given to bots.
"""

import base64
import functools
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.telegram.api import call, refusal, token_of
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.values import file_in
from uzel.errors import CallFailed, ContractBroken, Rejected, Unavailable
from uzel.kit.body import at
from uzel.kit.http import ask

# The transport takes 8 MiB of an answer at most.
MOST_BYTES = 7 * 1024 * 1024
# A path that cannot lead elsewhere. A Bot API server of one's own gives whole paths of its disk.
_PATH = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
LONGEST_PATH = 200

Arguments = Mapping[str, Any]


async def get_file(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """Where the file `file_id` lies. Answer: data {"file_path", "size_bytes" (None: not told),
    "file_unique_id"}; the last one stays the same for other bots and other messages.
    """
    file_id = file_in(arguments["file_id"])
    if file_id is None:
        raise Rejected("Telegram: это не id файла", code="file_unknown")
    found = await call(http, config, "getFile", {"file_id": file_id}, effect=False)
    file_path, size = at(found, "file_path"), at(found, "file_size")
    if not is_path(file_path):
        raise ContractBroken("Telegram: в ответе о файле нет пути, по которому его брать")
    data = {
        "file_path": file_path,
        "size_bytes": size if isinstance(size, int) and not isinstance(size, bool) else None,
        "file_unique_id": file_in(at(found, "file_unique_id")),
    }
    return Answer(data=data)


async def download(
    http: httpx2.AsyncClient, config: TelegramConfig, arguments: Arguments
) -> Answer:
    """The file at `file_path`. Ask for it, do not plan it as a call: the journal would keep it.

    size_bytes  as `get_file` tells it, so that a file that is too large is not even begun
    most_bytes  the largest file that is wanted, at most 7 MiB

    Answer: data {"name", "size_bytes", "content" (base64)}. Raises every CallFailed of a read;
    Rejected with `file_too_big`, `file_gone`, `file_path`.
    """
    path, most = arguments["file_path"], min(arguments.get("most_bytes") or MOST_BYTES, MOST_BYTES)
    if not is_path(path):
        raise Rejected("Telegram: это не путь к файлу", code="file_path")
    if (arguments.get("size_bytes") or 0) > most:
        raise too_big(most)
    token = token_of(config)
    refuse = functools.partial(gone, token=token)
    response = await ask(http, "GET", f"/file/bot{token}/{path}", effect=False, refusal=refuse)
    if response.headers.get("content-type", "").startswith("text/html"):
        # Files of people come as application/octet-stream, whatever they are.
        raise Unavailable("a page for people instead of the file")
    if len(response.content) > most:
        raise too_big(most)
    content = base64.b64encode(response.content).decode()
    name = PurePosixPath(path).name
    data = {"name": name, "size_bytes": len(response.content), "content": content}
    return Answer(data=data)


def is_path(value: Any) -> bool:
    """Whether it is a relative path without `..` and without anything that means something else in
    an address.
    """
    if not isinstance(value, str) or len(value) > LONGEST_PATH:
        return False
    return _PATH.fullmatch(value) is not None and ".." not in value


def too_big(most: int) -> Rejected:
    return Rejected(f"Telegram: файл больше {most} байт", code="file_too_big")


def gone(response: httpx2.Response, *, token: str) -> CallFailed | None:
    """As `api.refusal`, but what is wrong is the path: Telegram says 404 of a wrong token, too, and
    `get_file` has just been answered with the same one.
    """
    refused = refusal(response, token=token)
    if response.status_code not in (400, 404) or not is_json(response):
        return refused
    detail = "Telegram: файла по этому пути больше нет, спросите путь заново"
    return Rejected(detail, code="file_gone", http_status=response.status_code)


def is_json(response: httpx2.Response) -> bool:
    """Whether it is Telegram that answers, and no server in between."""
    try:
        json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return True
