"""CreateContact: a person is known by the phone. Whoever comes again is the same person."""

from collections.abc import Mapping

from uzel.crm.codes import keep_code
from uzel.crm.field import Module
from uzel.crm.knowing import write_known
from uzel.crm.own.fields import demand, draft_of, in_parameters
from uzel.crm.record import Record, Writer
from uzel.kit.database import Connection

FIELDS = {
    "firstname": "firstname",
    "secondname": "cf_contacts_secondname",
    "lastname": "lastname",
    "mobile": "mobile",
    "email": "email",
    "tgid": "cf_contacts_tgid",
    "birthday": "birthday",
    "birthplace": "cf_contacts_birthplace",
    "mailingstreet": "mailingstreet",
    "inn": "cf_contacts_inn",
    "requisites": "cf_contacts_requisites",
}
MANDATORY = ("firstname", "lastname", "birthday", "mobile", "inn")


async def create_contact(
    connection: Connection,
    writer: Writer,
    module: Module,
    given: Mapping[str, str],
    code_key: bytes,
) -> Record:
    """The person with the phone, made or brought up to date. `code`: the one from the SMS."""
    demand(given, MANDATORY)
    with in_parameters(FIELDS):
        record = await write_known(connection, writer, module, draft_of(module, given, FIELDS))
    if code := given.get("code", "").strip():
        await keep_code(connection, code_key, record.id, code)
    return record
