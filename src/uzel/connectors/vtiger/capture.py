"""A web form: `capture.php` takes it from anybody, without a session, and tells no number.

Source: originals, B3. The answer is JSON under the name of a page, or a redirect with `success` or
`error` behind the form's return address, not always encoded. Files that are too large are refused
after the record was made, so their size is looked at before.
"""

import base64
import binascii
import json as codec
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import httpx2

from uzel.connector import Answer
from uzel.connectors.vtiger.api import Arguments, private_in, said
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.connectors.vtiger.ids import newest_before
from uzel.connectors.vtiger.records import flat
from uzel.connectors.vtiger.values import checked
from uzel.errors import CallFailed, OutcomeUnknown, Rejected
from uzel.kit.http import ask

PATH = "/modules/Webforms/capture.php"
MOST_BYTES = 52_428_800
REDIRECTS = (301, 302, 303, 307, 308)
BACK = re.compile(r".*[?&](?:success=(ok)|error=(.*))\Z", re.DOTALL)
INPUT = re.compile(r"file_[0-9]{1,18}_[0-9]{1,9}")
# Said after the record was made.
AFTER_ALL = "files size exceeded"


async def capture(http: httpx2.AsyncClient, config: VtigerConfig, arguments: Arguments) -> Answer:
    """Post the form of the settings. `fields`: name (`mobile`, `cf_852`, `label:Моё_поле`) → text,
    number, list of choices; `files`: [{"input": "file_<form>_<n>", "name", "content": base64}],
    names real, for people will see them. `after`, `module` (Contacts unless said), `inn` and `sms`
    are for the search after a lost answer.

    Answer: data {"warnings"}; no reference. Raises every CallFailed but ContractBroken.
    """
    if config.public_id is None:
        raise Rejected("vtiger: в подключении нет publicid веб-формы", code="field_missing")
    newest_before(arguments)
    fields, files = fields_of(arguments), files_of(arguments)
    warnings = checked(config, fields)
    form = {"publicid": config.public_id, "urlencodeenable": "1", **fields}
    kind, body = encoded(form, files)
    response = await ask(
        http,
        "POST",
        PATH,
        effect=True,
        content=body,
        headers={"content-type": kind},
        also=REDIRECTS,
        answer_within_s=config.timeout_s,
    )
    if (refused := refusal_of(response, private_in(config, fields.values()))) is not None:
        raise refused
    return Answer(data={"warnings": warnings} if warnings else {})


def fields_of(arguments: Arguments) -> dict[str, str]:
    """What the form says. Raises Rejected."""
    given = arguments.get("fields")
    if not isinstance(given, Mapping) or not given:
        raise Rejected("vtiger: в форме нет полей", code="field_missing")
    return {str(name): text for name, value in given.items() if (text := flat(str(name), value))}


def files_of(arguments: Arguments) -> list[tuple[str, tuple[str, bytes, str]]]:
    """(input, (name, content, type)). Raises Rejected: no files, or more than it takes."""
    given = arguments.get("files") or []
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise Rejected("vtiger: files — не список", code="file_form")
    found = [file_of(one) for one in given]
    if sum(len(content) for _, (_, content, _) in found) > MOST_BYTES:
        raise Rejected("vtiger: файлы вместе больше 50 МБ", code="files_large")
    return found


def file_of(given: Any) -> tuple[str, tuple[str, bytes, str]]:
    """One file. Raises Rejected."""
    wrong = Rejected("vtiger: файлу нужны input вида file_12_1, name и content", code="file_form")
    if not isinstance(given, Mapping):
        raise wrong
    name, where, content = (given.get(it) for it in ("name", "input", "content"))
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or "/" in name:
        raise wrong
    if not isinstance(where, str) or not INPUT.fullmatch(where) or not isinstance(content, str):
        raise wrong
    try:
        plain = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    kind = "application/pdf" if name.lower().endswith(".pdf") else "application/octet-stream"
    return where, (name.strip(), plain, kind)


def encoded(
    form: Mapping[str, str], files: list[tuple[str, tuple[str, bytes, str]]]
) -> tuple[str, bytes]:
    """(content type, body): multipart, as a browser sends it."""
    parts: list[tuple[str, Any]] = [(name, (None, text.encode())) for name, text in form.items()]
    request = httpx2.Request("POST", "http://form", files=[*parts, *files])
    return request.headers["content-type"], request.read()


def refusal_of(response: httpx2.Response, private: Sequence[str]) -> CallFailed | None:
    """What an answer says but that all is well."""
    success, message = spoken(response)
    if success:
        return None
    if message is None:
        return OutcomeUnknown(
            "vtiger: ответ на форму не читается", http_status=response.status_code
        )
    detail = f"vtiger: форма не принята: «{said(message, private)}»"
    if AFTER_ALL in message.lower():
        return OutcomeUnknown(detail, code="files_large")
    return Rejected(detail, code="form_refused")


def spoken(response: httpx2.Response) -> tuple[bool, str | None]:
    """(whether it is taken, what is wrong); (False, None): nobody knows."""
    if response.status_code in REDIRECTS:
        found = BACK.fullmatch(response.headers.get("location", ""))
        if found is None:
            return False, None
        return found[1] is not None, None if found[1] else unquote(found[2])
    try:
        content = codec.loads(response.content)
    except (ValueError, RecursionError):
        return False, None
    if not isinstance(content, dict):
        return False, None
    error = content.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return content.get("success") is True, message if isinstance(message, str) else None
