"""One request to Exolve and its answer: a POST with JSON, the key as a bearer token.

Refusals come in several shapes: `{"error": {"message": …}}` (seen live), `{"error": "…"}` (the
documentation), `{"error": {"details": …}}` (an official example), and 404 as plain text. There are
no codes, so what a refusal means is known by its words; the list of them is nowhere complete.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx2

from uzel.errors import AuthFailed, CallFailed, ContractBroken, OutcomeUnknown, Rejected
from uzel.kit.body import storable
from uzel.kit.http import ask, json_of

Content = dict[str, Any]

LONGEST_SAID = 160
NO_SUCH_PATH = "page not found"
# Names of the text within `error`, or beside it (gRPC's own form).
TEXTS = ("message", "details", "detail")
# Longer than any word of an explanation: a key, a token, an id.
_SECRET_LIKE = re.compile(r"eyJ\S*|\S{25,}")
_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]{3,}[0-9]")
_MESSAGE_ID = re.compile(r"[1-9][0-9]{5,18}")


@dataclass(frozen=True, slots=True)
class Known:
    """What a refusal that contains `words` (lower-case) means."""

    words: str
    failure: type[AuthFailed | Rejected]
    detail: str


# The first four were seen in answers; `sendrequest.number` and `insufficient` are drawn from them.
KNOWN = (
    Known("authorization token", AuthFailed, "API-ключ не подходит: проверьте его в настройках"),
    Known(
        "customer has not signed",
        AuthFailed,
        "договор не подписан: до этого Exolve отправляет SMS только на ваш подтверждённый номер",
    ),
    Known("sendrequest.destination", Rejected, "на такой номер Exolve не отправляет"),
    # It may mean the sender too, so nothing is concluded about the recipient.
    Known("number does not exist", Rejected, "Exolve не знает такого номера"),
    Known("sendrequest.number", AuthFailed, "отправитель указан неверно: проверьте его"),
    Known("insufficient", AuthFailed, "на счёте Exolve не хватает денег: пополните его"),
)


async def call(
    http: httpx2.AsyncClient, key: str, path: str, body: Content, *, effect: bool
) -> Content:
    """Ask and return the answer's object. Raises ConfigError or the CallFailed it means."""
    response = await ask(
        http,
        "POST",
        path,
        effect=effect,
        json=body,
        headers={"authorization": f"Bearer {key}"},
        refusal=lambda refused: refusal(refused, key),
    )
    content = json_of(response, effect=effect)
    if "error" in content:
        raise refused_with_200(content, key, effect=effect)
    return content


def refusal(response: httpx2.Response, key: str) -> CallFailed | None:
    """What an answer in the 4xx means; None: its status says it all."""
    status = response.status_code
    if not 400 <= status < 500 or status == 429:
        return None
    text = text_of(response)
    if status == 404 and NO_SUCH_PATH in text.lower():
        return AuthFailed("Exolve: по этому адресу нет такого метода", http_status=status)
    code = str(status)
    if found := known(text):
        return found.failure(f"Exolve: {found.detail}", code=code, http_status=status)
    said = f"Exolve: HTTP {status}{quoted(text, key)}"
    if status in (401, 402, 403):
        return AuthFailed(said, code=code, http_status=status)
    return Rejected(said, code=code, http_status=status)


def refused_with_200(content: Content, key: str, *, effect: bool) -> CallFailed:
    """An error under a status of success, which Exolve does not document: only words that are known
    for a refusal prove that nothing happened.
    """
    text = error_text(content)
    if found := known(text):
        return found.failure(f"Exolve: {found.detail}", code="200", http_status=200)
    broken = OutcomeUnknown if effect else ContractBroken
    return broken(f"Exolve: ошибка при статусе 200{quoted(text, key)}", http_status=200)


def text_of(response: httpx2.Response) -> str:
    """The explanation in a refusal, whatever its shape; empty where there is none."""
    try:
        content = json.loads(response.content)
    except (ValueError, RecursionError):
        plain = "html" not in response.headers.get("content-type", "")
        return response.content.decode("utf-8", "replace") if plain else ""
    return error_text(content) if isinstance(content, dict) else ""


def error_text(content: Content) -> str:
    error = content.get("error", content)
    if isinstance(error, dict):
        error = next((error[name] for name in TEXTS if isinstance(error.get(name), str)), "")
    return error if isinstance(error, str) else ""


def known(text: str) -> Known | None:
    lower = text.lower()
    return next((entry for entry in KNOWN if entry.words in lower), None)


def quoted(text: str, key: str) -> str:
    """Exolve's own words behind a colon, without keys, numbers and what is long."""
    text = storable(text.replace(key, "…"))
    text = _NUMBER.sub("…", _SECRET_LIKE.sub("…", text))
    text = " ".join(text.split())[:LONGEST_SAID].rstrip()
    return f": «{text}»" if text else ""


def message_id_of(value: Any) -> str | None:
    """A message_id as text: it comes as text or as an integer above 2^53, which must never become
    a float. None for what is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    # An integer may have thousands of digits, which str() refuses.
    if isinstance(value, int) and abs(value) >= 2**63:
        return None
    text = str(value)
    return text if _MESSAGE_ID.fullmatch(text) else None


def digits_of(phone: str) -> str:
    """Exolve writes E.164 without its plus."""
    return phone.removeprefix("+")
