"""What we may ask of Resend (resend.com/docs/api-reference).

Resend refuses requests without a User-Agent (403, Cloudflare's 1010); `kit.http.new_client` sets
one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.resend.codes import NOT_FOUND, SENDING_ONLY, event, refusal
from uzel.connectors.resend.config import ResendConfig, bare, is_address
from uzel.errors import AuthFailed, ContractBroken, OutcomeUnknown, RateLimited, Rejected
from uzel.kit.body import id_of, storable, text_of
from uzel.kit.http import ask, json_of
from uzel.model.receipt import ReceiptState

MOST_STATUS_IDS = 100
# The name of the tag that carries our reference; a webhook brings it back.
TAG = "uzel"
# The charset of tags and less than the length of an idempotency key.
REFERENCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
# What may stand between the angle brackets of List-Unsubscribe (RFC 2369).
LINK = re.compile(r"https?://[!-;=?-~]{1,2000}")
# A domain that these words are said of cannot be sent from; `partially_verified` and
# `temporary_failure` still can.
NOT_VERIFIED = frozenset({"not_started", "pending", "failed"})
# Their own domain, for trials before one has one's own; it is in nobody's list.
TRIAL_DOMAIN = "resend.dev"

Arguments = Mapping[str, Any]
Content = dict[str, Any]


async def send_email(
    http: httpx2.AsyncClient, config: ResendConfig, arguments: Arguments
) -> Answer:
    """Send one e-mail to one address: an event does not say which of several it is about.

    to, subject      one bare address; a line of text
    text, html       at least one of them
    reference        our own id (letters, digits, - and _); Resend takes it as the key against
                     doubles for 24 hours and gives it back in each event
    unsubscribe_url  http or https; mail programs show it as a button (RFC 8058), which needs https

    Asked again within 24 hours with the same arguments and settings, Resend gives the first answer
    and sends nothing; so a lost answer may be asked for again. After 24 hours it would send again.

    Answer: reference = Resend's id. Raises every CallFailed but ContractBroken.
    """
    letter = letter_of(config, arguments)
    headers = {**authorized(config), "idempotency-key": arguments["reference"]}
    response = await ask(
        http, "POST", "/emails", effect=True, json=letter, headers=headers, refusal=refusal
    )
    email_id = id_of(json_of(response, effect=True).get("id"))
    if email_id is None:
        raise OutcomeUnknown("Resend: в ответе нет номера письма")
    return Answer(reference=email_id)


def letter_of(config: ResendConfig, arguments: Arguments) -> Content:
    """The body of the request: the same for the same arguments, in the same order, or Resend would
    take a repetition for another e-mail. Raises Rejected for what is none.
    """
    reference, to = arguments["reference"], str(arguments["to"]).strip()
    texts = {name: storable(arguments.get(name) or "") for name in ("text", "html")}
    demand(REFERENCE.fullmatch(reference) is not None, "reference", "метка не годится")
    demand(any(texts.values()), "content", "в письме нет ни текста, ни HTML")
    if not is_address(to):
        raise Rejected("Resend: это не один адрес", code="to", unreachable=True)
    return {
        "from": config.sender,
        "to": [to],
        "subject": " ".join(storable(arguments["subject"]).split()),
        **{name: text for name, text in texts.items() if text},
        **({"reply_to": config.reply_to} if config.reply_to else {}),
        **unsubscribing(arguments.get("unsubscribe_url")),
        "tags": [{"name": TAG, "value": reference}],
    }


def unsubscribing(url: str | None) -> Content:
    """The headers behind the button of mail programs; Gmail and Yahoo want them of bulk senders."""
    if not url:
        return {}
    demand(LINK.fullmatch(url) is not None, "unsubscribe_url", "адрес отписки не годится")
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return {"headers": {"List-Unsubscribe": f"<{url}>", **one_click}}


async def email_status(
    http: httpx2.AsyncClient, config: ResendConfig, arguments: Arguments
) -> Answer:
    """What became of the e-mails `ids` (at most 100): Resend tells it of its newest hundred at
    once, of older ones singly.

    Answer: data {"messages": [{"reference", "known", "state", "code", "detail", "cost_minor"}]};
    an e-mail has no price of its own. Those that a rate limit leaves no room for are left out.
    Raises Rejected for a key that may only send.
    """
    ids = list(dict.fromkeys(arguments["ids"]))
    demand(len(ids) <= MOST_STATUS_IDS, "ids", f"не больше {MOST_STATUS_IDS} писем за раз")
    found: dict[str, str] = {}
    try:
        if len(ids) > 1:
            found |= await newest(http, config)
        for email_id in ids:
            if email_id not in found:
                found[email_id] = await last_event(http, config, email_id)
    except RateLimited:
        if not found.keys() & set(ids):
            raise
    return Answer(data={"messages": [message(one, found[one]) for one in ids if one in found]})


async def newest(http: httpx2.AsyncClient, config: ResendConfig) -> dict[str, str]:
    """Id → last event of the team's newest hundred."""
    content = await get(http, config, "/emails?limit=100")
    return {
        email_id: word
        for entry in entries(content)
        if (email_id := id_of(entry.get("id"))) and (word := text_of(entry.get("last_event")))
    }


async def last_event(http: httpx2.AsyncClient, config: ResendConfig, email_id: str) -> str:
    """The word for what happened last; `not_found` of an id that is not theirs."""
    if id_of(email_id) is None:
        return NOT_FOUND
    try:
        content = await get(http, config, f"/emails/{email_id}")
    except Rejected as error:
        if error.http_status == 404:
            return NOT_FOUND
        raise
    word = text_of(content.get("last_event"))
    if word is None:
        raise ContractBroken("Resend: в ответе нет last_event")
    return word


def message(email_id: str, word: str) -> Content:
    """One entry of `email_status`."""
    known = word != NOT_FOUND
    state, detail = event(word) if known else (ReceiptState.FAILED, "Resend не знает такого письма")
    return {
        "reference": email_id,
        "known": known,
        "state": state.value,
        "code": word,
        "detail": detail,
        "cost_minor": None,
    }


async def domains(http: httpx2.AsyncClient, config: ResendConfig, arguments: Arguments) -> Answer:
    """Whether the key is good and the sender's domain may be sent from.

    Answer: data {"domains"} or, for a key that may only send, {"access"}: Resend tells such a key
    apart from a wrong one, but shows it nothing. Raises Rejected for a domain that is not verified.
    """
    try:
        content = await get(http, config, "/domains")
    except Rejected as error:
        if error.code != SENDING_ONLY:
            raise
        return Answer(data={"access": "ключ верен, но только для отправки: остальное не проверить"})
    status = {str(entry.get("name")): text_of(entry.get("status")) for entry in entries(content)}
    domain = bare(config.sender).rpartition("@")[2].lower()
    if domain != TRIAL_DOMAIN and status.get(domain, "failed") in NOT_VERIFIED:
        raise Rejected(f"Resend: домен {domain} не подтверждён («Domains»)", code="domain")
    return Answer(data={"domains": ", ".join(f"{name} ({word})" for name, word in status.items())})


async def get(http: httpx2.AsyncClient, config: ResendConfig, path: str) -> Content:
    """The object at `path`. A key that may only send is no reason to stop sending with it, so to
    it a read is Rejected.
    """
    try:
        response = await ask(
            http, "GET", path, effect=False, headers=authorized(config), refusal=refusal
        )
    except AuthFailed as error:
        if error.code == SENDING_ONLY and error.http_status == 401:
            raise Rejected(error.detail, code=error.code, http_status=401) from error
        raise
    return json_of(response, effect=False)


def entries(content: Content) -> Sequence[Content]:
    """The objects of a list."""
    listed = content.get("data")
    if not isinstance(listed, list):
        raise ContractBroken("Resend: в ответе нет списка")
    return [entry for entry in listed if isinstance(entry, dict)]


def authorized(config: ResendConfig) -> dict[str, str]:
    return {"authorization": f"Bearer {config.api_key.get_secret_value()}"}


def demand(condition: bool, code: str, wrong: str) -> None:
    """Raises Rejected for what Resend would refuse, or worse, would take for something else."""
    if not condition:
        raise Rejected(f"Resend: {wrong}", code=code)
