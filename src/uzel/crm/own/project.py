"""CreateProject: what a person has against a company.

It has no key by which a second asking could be told from a second project, and programs ask again
when an answer is lost. So the same project of the same person within some minutes is the one that
was made.
"""

from collections.abc import Mapping
from dataclasses import replace

from uzel.crm import record_store as store
from uzel.crm import refusal, writing
from uzel.crm.codes import keep_code
from uzel.crm.field import Module
from uzel.crm.own.fields import demand, draft_of, in_parameters
from uzel.crm.record import Record, Writer, is_number
from uzel.crm.stock import ACCOUNTS, CONTACTS
from uzel.kit.database import Connection

SAME_WITHIN_S = 15 * 60
LONGEST_NAME = 120
NAMELESS = "Обращение"
REFERENCES = {
    "contactid": ("linktoaccountscontacts", CONTACTS),
    "offenderid": ("cf_project_offender", ACCOUNTS),
    "agentid": ("cf_project_agent", ACCOUNTS),
}
FIELDS = {
    "startdate": "startdate",
    "finishdate": "targetenddate",
    "description": "description",
    **{
        name: f"cf_project_{name}"
        for name in (
            *("ip", "source", "region", "formid", "category", "direction", "agrprice", "subject"),
            *("agrdate", "loss", "servicecost", "progress", "country", "hotel", "transport"),
            *("insurance", "other", "independently", "claimdate", "returned"),
        )
    },
}
MANDATORY = ("contactid", "offenderid")


async def create_project(
    connection: Connection,
    writer: Writer,
    module: Module,
    given: Mapping[str, str],
    code_key: bytes,
) -> Record:
    """A new project, or the one that the same asking made a moment ago. `sms`: the code."""
    demand(given, MANDATORY)
    with in_parameters(FIELDS):
        record = await make(connection, writer, module, given)
    if code := given.get("sms", "").strip():
        await keep_code(connection, code_key, record.id, code)
    return record


async def make(
    connection: Connection, writer: Writer, module: Module, given: Mapping[str, str]
) -> Record:
    """The project. Raises Refused, in the words of the fields."""
    draft = draft_of(module, given, FIELDS)
    meant = await referred_to(connection, writer, given)
    content = {**draft.content, **meant, "projectname": name_of(draft.content)}
    whose = meant["linktoaccountscontacts"]
    await store.take_turn(connection, writer.business_id, f"project of {whose}")
    same = await store.same_lately(
        connection, writer.business_id, module.name, content, SAME_WITHIN_S
    )
    if same is not None:
        return Record.of(same)
    return await writing.insert(connection, writer, module, replace(draft, content=content))


async def referred_to(
    connection: Connection, writer: Writer, given: Mapping[str, str]
) -> dict[str, str]:
    """Field → id on the wire. Programs give the bare number of the record, as these operations
    answered it; one with its prefix is understood as well. Raises Refused.
    """
    numbers: dict[str, int] = {}
    for name, (_, target) in REFERENCES.items():
        text = given.get(name, "").strip().removeprefix(f"{target.prefix}x")
        if text in ("", "0"):
            continue
        if not is_number(text):
            raise refusal.wrong_reference(name)
        numbers[name] = int(text)
    modules = await store.modules_of(connection, writer.business_id, list(numbers.values()))
    for name, number in numbers.items():
        if modules.get(number) != REFERENCES[name][1].name:
            raise refusal.wrong_reference(name)
    return {
        REFERENCES[name][0]: REFERENCES[name][1].wire_id(number) for name, number in numbers.items()
    }


def name_of(content: Mapping[str, str]) -> str:
    """What people will see in lists."""
    said = (content.get(f"cf_project_{name}", "") for name in ("subject", "category", "direction"))
    name = next(filter(None, said), NAMELESS)
    return " ".join(name.split())[:LONGEST_NAME]
