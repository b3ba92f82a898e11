"""Whether something was made whose answer was lost.

No operation takes a key of ours, and how a site's own ones keep what they are given in fields of
their own (`cf_…`) nobody tells. So the newest number there was is noted before (`after`), and what
has come since is compared: references and texts wherever they stand, dates and descriptions where
vtiger itself has them. One that fits is ours. None, or several, prove nothing: a person looks.
"""

from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.vtiger.api import Arguments
from uzel.connectors.vtiger.capture import fields_of
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.connectors.vtiger.ids import WIRE, module_name, newest_before, number_of
from uzel.connectors.vtiger.own import OK, PROJECT, get_files_list
from uzel.connectors.vtiger.queries import Record, newest_first, pages
from uzel.connectors.vtiger.records import element_of
from uzel.connectors.vtiger.values import FAULTS, decimal_of, phone_fault, texts
from uzel.errors import OutcomeUnknown

# So many newer records are looked through; who has made more since has made them by the thousand.
MOST_PAGES = 10
# What vtiger itself has a field for → ours.
STOCK = {"startdate": "startdate", "targetenddate": "finishdate", "description": "description"}
PHONES = frozenset(name for name, fault in FAULTS.items() if fault is phone_fault)
PHONE_DIGITS = 10
# A shorter text may stand anywhere.
TELLING = 4
KEYS = frozenset({"mobile", "phone", "email", "email1", "inn", "lastname", "accountname"})


async def created(
    http: httpx2.AsyncClient, config: VtigerConfig, effect: str, arguments: Arguments
) -> Answer | None:
    """The record that `create` made: all that was sent stands in it. Raises OutcomeUnknown where
    there are several, and every other CallFailed.
    """
    sent = {name: text for name, text in element_of(arguments).items() if text}
    newer = await since(http, config, module_name(arguments.get("module")), arguments)
    found = the_one([one for one in newer if holds(one, sent)])
    return None if found is None else Answer(reference=str(found["id"]), data={"record": found})


async def project(
    http: httpx2.AsyncClient, config: VtigerConfig, effect: str, arguments: Arguments
) -> Answer | None:
    """The project that `create_project` made. Raises as `created`."""
    sent = texts({name: arguments.get(name) for name in PROJECT})
    newer = await since(http, config, "Project", arguments)
    fitting = {
        score: [one for one in newer if fit(one, sent) == score] for score in scores(newer, sent)
    }
    found = the_one(fitting[max(fitting)]) if fitting else None
    return None if found is None else Answer(reference=str(number_of(found["id"])))


async def captured(
    http: httpx2.AsyncClient, config: VtigerConfig, effect: str, arguments: Arguments
) -> Answer | None:
    """What a form made: by the files of the person, where `inn` and `sms` are told, which only this
    form brought together; else as `created`, by what identifies somebody. Raises as `created`.
    """
    if arguments.get("inn") and arguments.get("sms"):
        answer = await get_files_list(http, config, arguments)
        if answer.data["status"] == OK:
            return Answer(data={"files": answer.data["files"]})
    sent = {name: text for name, text in fields_of(arguments).items() if name in KEYS}
    newer = await since(http, config, module_name(arguments.get("module") or "Contacts"), arguments)
    found = the_one([one for one in newer if sent and holds(one, sent)])
    return None if found is None else Answer(reference=str(found["id"]), data={})


async def since(
    http: httpx2.AsyncClient, config: VtigerConfig, module: str, arguments: Arguments
) -> list[Record]:
    """Records of a module with a higher number than `after`. Raises OutcomeUnknown: too many."""
    after, found = newest_before(arguments), list[Record]()
    async for page in pages(http, config, newest_first(module), MOST_PAGES):
        newer = [one for one in page if (number_of(one.get("id")) or 0) > after]
        found += newer
        if len(newer) < len(page) or not page:
            return found
    raise OutcomeUnknown("vtiger: с тех пор сделано слишком много записей, чтобы искать свою")


def the_one(found: list[Record]) -> Record | None:
    """Raises OutcomeUnknown for several: any of them may be another's."""
    if len(found) > 1:
        ids = ", ".join(str(one["id"]) for one in found[:5])
        raise OutcomeUnknown(f"vtiger: подходят несколько записей: {ids}", code="several")
    return found[0] if found else None


def holds(record: Mapping[str, Any], sent: Mapping[str, str]) -> bool:
    """Whether a record has what was sent; of fields that it does not have, nothing is known."""
    common = [name for name in sent if record.get(name) is not None]
    return bool(common) and all(same(name, sent[name], str(record[name])) for name in common)


def scores(newer: list[Record], sent: Mapping[str, str]) -> set[int]:
    """How well the projects fit that fit at all."""
    return {score for one in newer if (score := fit(one, sent)) > 0}


def fit(record: Mapping[str, Any], sent: Mapping[str, str]) -> int:
    """How much of what was sent stands in a project; 0: it is another one. It has to name the
    person and one thing more.
    """
    values = {name: str(value) for name, value in record.items() if name != "id" and value}
    named = {found[2] for value in values.values() if (found := WIRE.fullmatch(value))}
    if sent["contactid"].rpartition("x")[2] not in named:
        return 0
    if any(
        not same(ours, sent[ours], values[theirs])
        for theirs, ours in STOCK.items()
        if theirs in values and ours in sent
    ):
        return 0
    others = [sent[name].rpartition("x")[2] for name in ("offenderid", "agentid") if name in sent]
    said = {folded(value) for value in values.values()}
    told = [text for name, text in sent.items() if name != "contactid" and len(text) >= TELLING]
    return sum(number in named for number in others) + sum(folded(text) in said for text in told)


def same(name: str, sent: str, kept: str) -> bool:
    """Whether a value is the one that was sent, as their fields spell it."""
    if folded(sent) == folded(kept):
        return True
    if name in PHONES:
        ours, theirs = digits(sent)[-PHONE_DIGITS:], digits(kept)[-PHONE_DIGITS:]
        return ours == theirs and len(ours) == PHONE_DIGITS
    number = decimal_of(sent)
    return number is not None and number == decimal_of(kept)


def folded(text: str) -> str:
    """Without what makes no difference."""
    return " ".join(text.casefold().split())


def digits(text: str) -> str:
    """Its digits."""
    return "".join(sign for sign in text if sign.isdecimal())
