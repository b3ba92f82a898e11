"""People, companies and projects in somebody's vtiger, for programs: what `uzel crm` does.

    from uzel.crm_client import create_contact, create_project

    person = create_contact({"firstname": "Иван", …}, key="lead-17")
    if person.outcome == "accepted":
        create_project({"contactid": person.number, "offenderid": "83837"}, key="project-17")

What is written goes through the journal: an answer that was lost is looked for in the CRM, nothing
is made twice for one `key`, and what nobody can find waits for a person in the console. Without a
key each asking is a new one. What only asks is asked at once.

The functions wait for the outcome and are for scripts; programs with a loop of asyncio use
`CrmClient`, which has the same methods. `via`: a connection by name or number, where there are
several.
"""

from uzel.crm_client.client import CrmClient
from uzel.crm_client.scripts import (
    create_account,
    create_contact,
    create_project,
    describe,
    list_files,
    list_modules,
    query,
)
from uzel.crm_client.shapes import (
    CrmFile,
    Files,
    NewAccount,
    NewContact,
    NewProject,
    Records,
    Written,
)

__all__ = [
    "CrmClient",
    "CrmFile",
    "Files",
    "NewAccount",
    "NewContact",
    "NewProject",
    "Records",
    "Written",
    "create_account",
    "create_contact",
    "create_project",
    "describe",
    "list_files",
    "list_modules",
    "query",
]
