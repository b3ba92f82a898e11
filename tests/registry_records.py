"""Records of registries put into the database by hand, and what they are on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from uzel.crm.field import Module
from uzel.kit.database import Connection, Pool

LONG_AGO = datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC)
NUMBERED = {"contact_no": "CON", "account_no": "ACC", "project_no": "PROJ", "note_no": "DOC"}
ADD = """
insert into crm_record (
    business_id, module, content, folded, owner_id, modified_by, source, made_by, created_at,
    modified_at, deleted_at
)
select $1, $2, content::jsonb, folded::jsonb, owner_id, modified_by, source, 'test', created_at,
       modified_at, deleted_at
  from unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::timestamptz[],
              $9::timestamptz[], $10::timestamptz[])
    as t(content, folded, owner_id, modified_by, source, created_at, modified_at, deleted_at)
"""


@dataclass(frozen=True)
class Made:
    """A record to put there; `owner` and `modifier` are places in the list of users."""

    content: dict[str, str] = field(default_factory=dict)
    owner: int = 0
    modifier: int = 0
    source: str = "CRM"
    created_at: datetime = LONG_AGO
    modified_at: datetime = LONG_AGO
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class Registry:
    """A registry and the ids of its users."""

    business_id: int
    users: tuple[int, ...]

    async def add(
        self, connection: Connection | Pool, module: Module, made: Sequence[Made]
    ) -> None:
        folded = [{name: text.casefold() for name, text in one.content.items()} for one in made]
        await connection.execute(
            ADD,
            self.business_id,
            module.name,
            [orjson.dumps(one.content).decode() for one in made],
            [orjson.dumps(one).decode() for one in folded],
            [self.users[one.owner] for one in made],
            [self.users[one.modifier] for one in made],
            [one.source for one in made],
            [one.created_at for one in made],
            [one.modified_at for one in made],
            [one.deleted_at for one in made],
        )


async def open_registry(pool: Pool, users: int = 2) -> Registry:
    """A new one, of a business of its own."""
    business_id: int = await pool.fetchval(
        "insert into business (name) values ('Registry') returning id"
    )
    await pool.execute(
        "insert into crm_registry (business_id, code_key) values ($1, '\\x00')", business_id
    )
    rows = await pool.fetch(
        "insert into crm_user (business_id, login, last_name, access_key) "
        "select $1::bigint, format('api%s-%s', $1::bigint, n), 'Api', '\\x00' "
        "from generate_series(1, $2) n "
        "returning id",
        business_id,
        users,
    )
    return Registry(business_id, tuple(row["id"] for row in rows))


def wire(row: Any, module: Module) -> dict[str, str]:
    """A row of `crm_record` as clients see it."""
    beside = {
        "id": module.wire_id(row["id"]),
        "assigned_user_id": f"19x{row['owner_id']}",
        "modifiedby": f"19x{row['modified_by']}",
        "createdtime": f"{row['created_at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "modifiedtime": f"{row['modified_at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "source": row["source"],
        **{name: f"{prefix}{row['id']}" for name, prefix in NUMBERED.items()},
    }
    return {
        one.name: beside[one.name] if one.system else row["content"].get(one.name, "")
        for one in module.fields
    }
