"""CreateAccount: a company is known by its ИНН."""

from collections.abc import Mapping

from uzel.crm.field import Module
from uzel.crm.knowing import write_known
from uzel.crm.own.fields import demand, draft_of, in_parameters
from uzel.crm.record import Record, Writer
from uzel.kit.database import Connection

FIELDS = {
    "accountname": "accountname",
    "address": "bill_street",
    "email": "email1",
    "website": "website",
    "phone": "phone",
    "inn": "inn",
    "ogrn": "cf_accounts_ogrn",
}
MANDATORY = ("accountname", "inn", "ogrn")


async def create_account(
    connection: Connection, writer: Writer, module: Module, given: Mapping[str, str]
) -> Record:
    """The company with the ИНН, made or brought up to date."""
    demand(given, MANDATORY)
    with in_parameters(FIELDS):
        return await write_known(connection, writer, module, draft_of(module, given, FIELDS))
