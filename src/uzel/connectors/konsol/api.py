"""One request to the payments service and what its answer means.

Known from clients that others wrote and from a diagram of the service (2025-10): the paths, the
bearer token, JSON; that a refusal may come with a status of success as `{"success": false,
"errors": […]}`, or as `error`, `message`, `error_message`, `detail`. Unknown: its status codes, so
only what proves that nothing happened counts as a refusal of a payment.

Answers may repeat the number of a card. Errors therefore show no long number, and carry neither the
request nor the answer they came from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2

from uzel.connectors.konsol.config import PREFIX, KonsolConfig
from uzel.connectors.konsol.privacy import said, texts_in
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    PayloadInvalid,
    Rejected,
    Unavailable,
)
from uzel.kit.body import at, id_of, number_of, read_json
from uzel.kit.http import ask, is_page

Arguments = Mapping[str, Any]
Content = dict[str, Any]

# Where a refusal has its words, the most telling first.
WORDS = ("errors", "error", "message", "error_message", "detail")
MOST_WORDS, DEEPEST_WORDS = 5, 6
DENIED = "access denied"
LONGEST_DENIAL = 200
# No digits: a number in it could be that of a card.
CODE = re.compile(r"[A-Za-z_]{1,40}")
LIKE_A_CARD = re.compile(r"[0-9]{13,19}")
# Where an object may stand in an answer that wraps it; the wrapping is not confirmed.
WRAPPERS = ("data", "payment", "contractor", "item", "result")
# No word of theirs about what was asked: they may be about to do it, or have done it before.
UNDECIDED = (408, 409, 425)


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx answer: an object or a list, and its headers."""

    content: Any
    headers: Mapping[str, str]


async def call(
    http: httpx2.AsyncClient,
    config: KonsolConfig,
    method: str,
    path: str,
    *,
    effect: bool,
    body: Content | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask `path` below the API's prefix. Raises ConfigError or the CallFailed it means."""
    private = [config.token.get_secret_value(), *texts_in(private_part(body))]
    try:
        response = await ask(
            http,
            method,
            PREFIX + path,
            effect=effect,
            json=body,
            headers={"authorization": f"Bearer {private[0]}", **(headers or {})},
            refusal=partial(refusal, private=private, effect=effect),
            answer_within_s=config.timeout_s,
        )
    except (CallFailed, ConfigError) as failure:
        # What it came from holds the request, card number and all.
        failure.__cause__ = failure.__context__ = None
        raise
    content = content_of(response, effect=effect)
    demand_success(content, private, effect=effect, status=response.status_code)
    return Reply(content, response.headers)


def private_part(body: Content | None) -> Content:
    """What of a request must not come back in an error."""
    open_names = ("services_list", "purpose", "amount", "bank_details_kind", "kind")
    return {name: value for name, value in (body or {}).items() if name not in open_names}


def content_of(response: httpx2.Response, *, effect: bool) -> Any:
    """The object or list of a 2xx answer. What cannot be read after an effect may have happened
    all the same.
    """
    status = response.status_code
    if not effect and is_page(response):
        raise Unavailable("Консоль: страница для людей вместо ответа", http_status=status)
    content = readable(response)
    if not isinstance(content, dict | list):
        broken = OutcomeUnknown if effect else ContractBroken
        raise broken("Консоль: ответ не читается", http_status=status)
    return content


def readable(response: httpx2.Response) -> Any:
    """The JSON of an answer, None where it is none."""
    try:
        return read_json(response.content)
    except (PayloadInvalid, ValueError):
        return None


def demand_success(content: Any, private: list[str], *, effect: bool, status: int) -> None:
    """Raise what an error under a status of success means. One that names a payment all the same
    contradicts itself, and one without `success` is not known: neither proves anything.
    """
    if not isinstance(content, dict):
        return
    success, words = content.get("success"), words_of(content)
    if success is not False and (entity_id(content) is not None or not errors_in(content)):
        return
    spoken = quoted(words, private)
    if success is False and not names_one(content):
        if DENIED in words.lower():
            raise AuthFailed(f"Консоль: токен не подходит{spoken}", http_status=status)
        raise Rejected(f"Консоль: отказ{spoken}", code=code_of(content, status), http_status=status)
    broken = OutcomeUnknown if effect else ContractBroken
    raise broken(f"Консоль: и успех, и ошибка в одном ответе{spoken}", http_status=status)


def errors_in(content: Content) -> bool:
    """Whether an answer speaks of errors at all."""
    return any(content.get(name) for name in ("errors", "error"))


def refusal(response: httpx2.Response, *, private: list[str], effect: bool) -> CallFailed | None:
    """What an answer outside 2xx means; None: its status says it all."""
    status = response.status_code
    if not 400 <= status < 500 or status == 429:
        return None
    content = readable(response)
    words = words_of(content)
    spoken = f"Консоль: HTTP {status}{quoted(words, private)}"
    if status in UNDECIDED:
        lost = OutcomeUnknown if effect else Unavailable
        return lost(spoken, code=str(status), http_status=status)
    if DENIED in words.lower() or (status in (401, 403) and (not effect or denies(response))):
        return AuthFailed(spoken, code=str(status), http_status=status)
    if effect and not isinstance(content, dict | list):
        # Somebody between us and them said it; who knows what it did with the request.
        return OutcomeUnknown(f"{spoken}: отказ не от самой Консоли", http_status=status)
    return Rejected(spoken, code=code_of(content, status), http_status=status)


def denies(response: httpx2.Response) -> bool:
    """Whether a 401 or 403 is their own: their words as JSON, or the plain text that their kind of
    server has for a token it does not know. Of a page of somebody in between, a proxy or a filter
    of attacks, nobody knows whether it had let the request through.
    """
    if is_page(response):
        return False
    content = readable(response)
    return isinstance(content, dict | list) or DENIED in response.text[:LONGEST_DENIAL].lower()


def words_of(content: Any, depth: int = DEEPEST_WORDS) -> str:
    """Their explanation, whatever its shape: a text, a list, an object that says it under one of
    the usual names. Empty where there is none.
    """
    if isinstance(content, str):
        return content
    if depth == 0:
        return ""
    if isinstance(content, list):
        return "; ".join(filter(None, (inner_words(it, depth) for it in content[:MOST_WORDS])))
    if not isinstance(content, dict):
        return ""
    found = (inner_words(content.get(name), depth) for name in WORDS)
    return next(filter(None, found), "")


def inner_words(value: Any, depth: int) -> str:
    """The same below one of those names, where an object may also be fields with what is wrong
    with each.
    """
    words = words_of(value, depth - 1)
    if words or not isinstance(value, dict):
        return words
    if isinstance(title := value.get("title"), str):
        return title
    parts = list(value.items())[:MOST_WORDS]
    told = ((name, words_of(inner, depth - 1)) for name, inner in parts if name != "code")
    return "; ".join(f"{name}: {words}" for name, words in told if words)


def quoted(words: str, private: list[str]) -> str:
    """Their words behind a colon, as an operator may see them."""
    shown = said(words, private)
    return f": «{shown}»" if shown else ""


def code_of(content: Any, status: int) -> str:
    """A short code of theirs, else the status as text."""
    first = at(content, "errors")
    first = first[0] if isinstance(first, list) and first else content
    code = at(first, "code")
    return code if isinstance(code, str) and CODE.fullmatch(code) else str(status)


def entity(content: Any) -> Content | None:
    """The object an answer is about, bare or wrapped."""
    if not isinstance(content, dict):
        return None
    if entity_name(content) is not None:
        return content
    inner = (content.get(name) for name in WRAPPERS)
    return next((it for it in inner if isinstance(it, dict) and entity_name(it)), None)


def entity_id(content: Any) -> str | None:
    """The id of what an answer is about; None where there is none to be read."""
    found = entity(content)
    return None if found is None else entity_name(found)


def names_one(content: Content) -> bool:
    """Whether an answer speaks of one that is there, be it by an id that nobody can read."""
    inner = (content.get(name) for name in WRAPPERS)
    return any(isinstance(it, dict) and it.get("id") for it in (content, *inner))


def entity_name(content: Content) -> str | None:
    """An id of theirs."""
    return identifier(content.get("id"))


def identifier(value: Any) -> str | None:
    """A UUID, or a number as text; None for what is no id, or could be the number of a card."""
    found = id_of(value) or number_of(value)
    return None if found is None or LIKE_A_CARD.fullmatch(found.replace("-", "")) else found
