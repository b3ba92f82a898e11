"""Modules that are no records of the registry: its accounts, the one folder of documents, and
letters, of which there are none.
"""

from typing import Any

from uzel.crm import refusal, user_store
from uzel.crm.field import Module
from uzel.crm.stock import FOLDERS, USERS
from uzel.kit.database import Pool

Row = dict[str, str]
FOLDER: Row = {"foldername": "Default", "description": "", "id": FOLDERS.wire_id(1)}


async def rows(pool: Pool, business_id: int, module: Module) -> list[Row]:
    """All rows of such a module, as programs see them. Keys are not among them."""
    if module.name == FOLDERS.name:
        return [FOLDER]
    if module.name == USERS.name:
        return [user_row(one) for one in await user_store.users(pool, business_id)]
    return []


def user_row(row: Any) -> Row:
    """An account."""
    return {
        "user_name": row["login"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "email1": row["email"],
        "is_admin": "on" if row["is_admin"] else "off",
        "status": "Inactive" if row["disabled_at"] else "Active",
        "id": USERS.wire_id(row["id"]),
    }


async def one(pool: Pool, business_id: int, module: Module, number: int) -> Row:
    """A row of such a module. Raises Refused: there is none."""
    wire_id = module.wire_id(number)
    for row in await rows(pool, business_id, module):
        if row["id"] == wire_id:
            names = (row[name] for name in module.labelled_by)
            return {**row, "label": " ".join(filter(None, names))}
    raise refusal.denied()
