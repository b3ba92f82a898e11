"""Mirrored people and projects in the database."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from uzel.kit.database import Connection, Pool

# A project's person is another row of the same mirror.
READY = """
select i.id, i.deal_name, i.price, i.together, e.entity_id as contact_id, e.state as contact_state,
       e.reason as contact_reason, coalesce(i.phone, o.phone) as phone
  from crm_mirrored i join crm_mirror m on m.id = i.mirror_id
  left join crm_mirrored o on o.mirror_id = i.mirror_id and o.number = i.person
  left join crm_entity e on e.crm_id = m.crm_id and e.catalog_id = 0
        and e.key = coalesce(i.phone, o.phone)
 where i.mirror_id = $1 and i.step = 'waiting'
   and (i.not_before is null or i.not_before <= clock_timestamp())
   and (coalesce(i.phone, o.phone) is null or e.state in ('known', 'refused'))
 order by i.together desc, i.id limit $2
"""
WANTED = """
select distinct coalesce(i.phone, o.phone) as phone, coalesce(o.told, i.told) as told
  from crm_mirrored i left join crm_mirrored o on o.mirror_id = i.mirror_id and o.number = i.person
 where i.mirror_id = $1 and i.step = 'waiting' and coalesce(i.phone, o.phone) is not null
   and not exists (select from crm_entity e where e.crm_id = $2 and e.catalog_id = 0
                                              and e.key = coalesce(i.phone, o.phone))
 limit $3
"""
TAKE = """
update crm_mirrored i
   set step = $4, step_at = clock_timestamp(), reason = null,
       batch = case when $3::bigint is null then nextval('shop_batch') else $3 end
 where i.id = any($1::bigint[]) and i.step = $2
returning i.id, i.batch, i.deal_name, i.told
"""


async def known(connection: Connection | Pool, mirror_id: int, numbers: Sequence[str]) -> list[Any]:
    """Rows by the protocol's numbers, for nobody else to change meanwhile."""
    return await connection.fetch(
        "select * from crm_mirrored where mirror_id = $1 and number = any($2) "
        "order by id for update",
        mirror_id,
        list(numbers),
    )


async def add(
    connection: Connection, mirror_id: int, values: Mapping[str, Any], step: str, note: str
) -> None:
    """A record that was not heard of. One that another process adds at the same time stays."""
    await connection.execute(
        "insert into crm_mirrored (mirror_id, module, number, told, phone, person, deal_name, "
        "price, step, notes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "on conflict do nothing",
        mirror_id,
        values["module"],
        values["number"],
        values["told"],
        values["phone"],
        values["person"],
        values["deal_name"],
        values["price"],
        step,
        [note],
    )


async def change(
    connection: Connection, item_id: int, values: Mapping[str, Any], notes: Sequence[str]
) -> None:
    """What is known of a record now. The deal's name is fixed as soon as it is on its way."""
    await connection.execute(
        "update crm_mirrored set told = $2, phone = $3, person = $4, price = $5, notes = $6, "
        "deal_name = case when lead_id is null and step in ('known', 'waiting') then $7 "
        "else deal_name end where id = $1",
        item_id,
        values["told"],
        values["phone"],
        values["person"],
        values["price"],
        list(notes),
        values["deal_name"],
    )


async def want(connection: Connection, item_id: int) -> None:
    """A deal is wanted of one that was only known."""
    await set_step(connection, item_id, "waiting", None)


async def set_step(connection: Connection, item_id: int, step: str, reason: str | None) -> None:
    await connection.execute(
        "update crm_mirrored set step = $2, step_at = clock_timestamp(), reason = $3, "
        "batch = null where id = $1",
        item_id,
        step,
        reason,
    )


async def wanted_people(connection: Connection, mirror: Any, most: int) -> list[Any]:
    """(phone, told) of whom deals wait for and nobody has looked for."""
    return await connection.fetch(WANTED, mirror["id"], mirror["crm_id"], most)


async def ready(connection: Connection, mirror_id: int, most: int) -> list[Any]:
    """Those whose deal can be made, or whose person cannot be had."""
    return await connection.fetch(READY, mirror_id, most)


async def take(
    connection: Connection, ids: Sequence[int], step: tuple[str, str], batch: int | None
) -> list[Any]:
    """They go from a step to another with a call, all with one or each with its own."""
    return await connection.fetch(TAKE, list(ids), step[0], batch, step[1])


async def to_find(connection: Connection, mirror_id: int, most: int) -> list[int]:
    """Those whose deal may be there."""
    rows = await connection.fetch(
        "select id from crm_mirrored where mirror_id = $1 and step = 'finding' and batch is null "
        "and (not_before is null or not_before <= clock_timestamp()) order by id limit $2",
        mirror_id,
        most,
    )
    return [row["id"] for row in rows]


async def in_batch(connection: Connection, batch: int) -> list[Any]:
    """Those whose deal is in a call, with their mirror's CRM."""
    return await connection.fetch(
        "select i.*, m.crm_id from crm_mirrored i join crm_mirror m on m.id = i.mirror_id "
        "where i.batch = $1 order by i.id for update of i",
        batch,
    )


async def made(connection: Connection, batch: int, leads: Mapping[int, int]) -> None:
    """Their deals are there."""
    await connection.execute(
        "update crm_mirrored i set step = 'done', step_at = clock_timestamp(), batch = null, "
        "reason = null, together = 50, lead_id = g.lead, deal_at = clock_timestamp() "
        "from unnest($2::bigint[], $3::bigint[]) as g(id, lead) where i.batch = $1 and i.id = g.id",
        batch,
        list(leads),
        list(leads.values()),
    )


async def put_back(
    connection: Connection,
    ids: Sequence[int],
    step: str,
    *,
    together: int | None = None,
    wait_s: float | None = None,
) -> None:
    """They go to a step without a call, and wait there."""
    await connection.execute(
        "update crm_mirrored set step = $2, step_at = clock_timestamp(), batch = null, "
        "together = coalesce($3, together), "
        "not_before = clock_timestamp() + make_interval(secs => $4) where id = any($1::bigint[])",
        list(ids),
        step,
        together,
        wait_s,
    )


async def to_note(connection: Connection, mirror_id: int, most: int) -> list[Any]:
    """Deals that have notes to come: those that may share a call."""
    return await connection.fetch(
        "select id, lead_id, notes, together from crm_mirrored where mirror_id = $1 "
        "and notes <> '[]' and note_batch is null and lead_id is not null and step = 'done' "
        "and reason is null "
        "and (not_before is null or not_before <= clock_timestamp()) "
        "order by together desc, id limit $2 for update",
        mirror_id,
        most,
    )


async def noting(connection: Connection, ids: Sequence[int], batch: int) -> None:
    """All notes that they have are on their way."""
    await connection.execute(
        "update crm_mirrored set note_batch = $2, noting = jsonb_array_length(notes) "
        "where id = any($1::bigint[])",
        list(ids),
        batch,
    )


async def in_note_batch(connection: Connection, batch: int) -> list[Any]:
    return await connection.fetch(
        "select i.*, m.crm_id from crm_mirrored i join crm_mirror m on m.id = i.mirror_id "
        "where i.note_batch = $1 order by i.id for update of i",
        batch,
    )


async def noted(connection: Connection, ids: Sequence[int]) -> None:
    """What was on its way is written, or nobody wants it any more."""
    await connection.execute(
        "update crm_mirrored i set note_batch = null, noting = 0, reason = null, together = 50, "
        "not_before = null, notes = coalesce((select jsonb_agg(text order by nth) from "
        "jsonb_array_elements(i.notes) with ordinality as n(text, nth) where nth > i.noting), "
        "'[]') where i.id = any($1::bigint[])",
        list(ids),
    )


async def note_refused(connection: Connection, item_id: int, reason: str) -> None:
    """What was on its way waits for a person, and so does what comes after it."""
    await connection.execute(
        "update crm_mirrored set note_batch = null, noting = 0, reason = $2 where id = $1",
        item_id,
        reason,
    )


async def note_again(
    connection: Connection, ids: Sequence[int], wait_s: float, together: int | None = None
) -> None:
    """What was on its way is not written; it is tried later."""
    await connection.execute(
        "update crm_mirrored set note_batch = null, noting = 0, together = coalesce($3, together), "
        "not_before = clock_timestamp() + make_interval(secs => $2) where id = any($1::bigint[])",
        list(ids),
        wait_s,
        together,
    )


async def add_note(connection: Connection, item_id: int, text: str) -> None:
    await connection.execute(
        "update crm_mirrored set notes = notes || to_jsonb($2::text) where id = $1", item_id, text
    )


async def retry(connection: Connection, mirror_id: int, number: str | None) -> list[Any]:
    """Stuck ones and notes that were refused, or those of this number, are tried anew; gives
    (number, phone) of each.
    """
    return await connection.fetch(
        "update crm_mirrored i set step = case when i.lead_id is null then 'finding' else 'done' "
        "end, step_at = clock_timestamp(), reason = null, together = 50, not_before = null "
        "from crm_mirrored s left join crm_mirrored o "
        "on o.mirror_id = s.mirror_id and o.number = s.person "
        "where s.id = i.id and i.mirror_id = $1 "
        "and (i.step = 'stuck' or i.step = 'done' and i.reason is not null) "
        "and ($2::text is null or $2 in (i.number, i.told ->> 'called')) "
        "returning i.number, coalesce(i.phone, o.phone) as phone",
        mirror_id,
        number,
    )


def price_text(price: Decimal | None) -> str | None:
    """As the CRM takes it."""
    return None if price is None else f"{price:f}"


async def phones_of(connection: Connection, ids: Sequence[int]) -> list[str]:
    """Of the people that these are about."""
    rows = await connection.fetch(
        "select distinct coalesce(i.phone, o.phone) as phone from crm_mirrored i "
        "left join crm_mirrored o on o.mirror_id = i.mirror_id and o.number = i.person "
        "where i.id = any($1::bigint[]) and coalesce(i.phone, o.phone) is not null",
        list(ids),
    )
    return [row["phone"] for row in rows]
