"""What is done for shops again and again, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

LEASE = """
update shop_task t
   set leased_until = clock_timestamp() + make_interval(secs => $1),
       started_at = clock_timestamp()
  from (
    select t.shop_id, t.task from shop_task t join shop s on s.id = t.shop_id
     where s.state <> 'off' and (t.leased_until is null or t.leased_until < clock_timestamp())
       and case when $2::int is null then t.next_at <= clock_timestamp()
                else t.shop_id = $2 and t.task = $3 end
     order by t.next_at limit 20 for update of t skip locked) due
 where (t.shop_id, t.task) = (due.shop_id, due.task)
returning t.shop_id, t.task, t.watermark
"""


async def lease(
    pool: Pool, for_s: float, shop_id: int | None = None, task: str | None = None
) -> list[Any]:
    """Take over what is due, or this one whether it is due or not: (shop_id, task, watermark)."""
    return await pool.fetch(LEASE, for_s, shop_id, task)


async def extend(pool: Pool, shop_id: int, task: str, for_s: float) -> None:
    """Whoever holds the lease is still at it."""
    await pool.execute(
        "update shop_task set leased_until = clock_timestamp() + make_interval(secs => $3) "
        "where shop_id = $1 and task = $2 and leased_until is not null",
        shop_id,
        task,
        for_s,
    )


async def succeeded(
    connection: Connection | Pool,
    shop_id: int,
    task: str,
    every_s: float,
    found: Mapping[str, Any],
    watermark: datetime | None = None,
) -> None:
    """It is done, until it is due again."""
    await connection.execute(
        "update shop_task set succeeded_at = clock_timestamp(), problem = null, found = $4, "
        "watermark = coalesce($5, watermark), leased_until = null, "
        "next_at = clock_timestamp() + make_interval(secs => $3) where shop_id = $1 and task = $2",
        shop_id,
        task,
        every_s,
        found,
        watermark,
    )


async def failed(pool: Pool, shop_id: int, task: str, again_s: float, problem: str) -> None:
    """It could not be done; once more soon."""
    await pool.execute(
        "update shop_task set failed_at = clock_timestamp(), problem = $4, leased_until = null, "
        "next_at = clock_timestamp() + make_interval(secs => $3) where shop_id = $1 and task = $2",
        shop_id,
        task,
        again_s,
        problem,
    )


async def seen(connection: Connection, shop_id: int, codes: Sequence[str]) -> dict[str, bytes]:
    """code → digest of the version that was stored last."""
    rows = await connection.fetch(
        "select code, digest from shop_seen where shop_id = $1 and code = any($2)",
        shop_id,
        list(codes),
    )
    return {row["code"]: row["digest"] for row in rows}


async def note_seen(connection: Connection, shop_id: int, digests: Mapping[str, bytes]) -> None:
    """These versions are stored."""
    await connection.execute(
        "insert into shop_seen (shop_id, code, digest) "
        "select $1, * from unnest($2::text[], $3::bytea[]) "
        "on conflict (shop_id, code) do update set digest = excluded.digest, seen_at = now()",
        shop_id,
        list(digests),
        list(digests.values()),
    )


async def forget_seen(connection: Connection, shop_id: int, codes: Sequence[str]) -> None:
    """Whatever is told of these next is stored."""
    await connection.execute(
        "delete from shop_seen where shop_id = $1 and code = any($2)", shop_id, list(codes)
    )


async def of_shop(connection: Connection | Pool, shop_id: int) -> list[Any]:
    """(task, watermark, next_at, started_at, succeeded_at, failed_at, problem, found)."""
    return await connection.fetch(
        "select task, watermark, next_at, leased_until, started_at, succeeded_at, failed_at, "
        "problem, found from shop_task where shop_id = $1 order by task",
        shop_id,
    )


async def prove(
    connection: Connection, shop_id: int, run: int, leads: Sequence[tuple[int, str]]
) -> None:
    """(deal, code) as a page of deals tells them."""
    await connection.execute(
        "insert into shop_proof (shop_id, run, lead_id, code) "
        "select $1, $2, * from unnest($3::bigint[], $4::text[]) on conflict do nothing",
        shop_id,
        run,
        [lead for lead, _ in leads],
        [code for _, code in leads],
    )


async def judged(connection: Connection, shop_id: int, run: int, since: datetime) -> Any:
    """What a complete run proves: how many orders, those without their deal, those with several."""
    return await connection.fetchrow(
        "with mine as (select id, code, lead_id, step from shop_order where shop_id = $1 "
        "  and step <> 'left_out' and ordered_at >= $3 "
        "  and (deal_at is null or deal_at < to_timestamp($2 / 1000.0))), "
        "proof as (select * from shop_proof where shop_id = $1 and run = $2) "
        "select (select count(*) from mine) as orders, "
        "array(select code from mine where lead_id is not null "
        "  and not exists (select from proof p where p.lead_id = mine.lead_id) "
        "  order by code limit 500) as missing, "
        "array(select p.code from proof p join mine using (code) group by p.code "
        "  having count(*) > 1 order by p.code limit 500) as doubles, "
        "array(select code from mine where lead_id is null order by code limit 500) as waiting",
        shop_id,
        run,
        since,
    )


async def compare_again(connection: Connection, shop_id: int, codes: Sequence[str]) -> None:
    """Look at the deals of these orders."""
    await connection.execute(
        "update shop_order set checking = 'wanted' where shop_id = $1 and code = any($2) "
        "and checking is null and step = 'done'",
        shop_id,
        list(codes),
    )


async def forget_proofs(connection: Connection, shop_id: int, run: int) -> None:
    """Only the newest run is kept."""
    await connection.execute("delete from shop_proof where shop_id = $1 and run < $2", shop_id, run)
