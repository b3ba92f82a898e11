"""Orders that were under way when the schema was brought up to date go on."""

import asyncio

import asyncpg

from conftest import in_database
from uzel import migrations

BEFORE, AFTER = "0008", "0009"
FILL = """
insert into business (name) values ('b') on conflict do nothing;
insert into connection (business_id, connector, name) select min(id), 'kaspi', 'k' from business;
insert into shop (business_id, source_id, crm_id)
  select b.id, c.id, c.id from connection c, (select min(id) as id from business) b limit 1;
insert into shop_order (shop_id, code, event_id, source_order, status, currency, told_at, lines,
                        step, lead_id, goods_step, note_step, lead_goods)
  select s.id, g.*
    from shop s, (values
      ('asked', 1, 'x', 'NEW', 'KZT', timestamptz '2026-11-20 10:00Z', '[{"sku": "A"}]'::jsonb,
       'details', 5, 'asked', 'done', '{"7": "2"}'::jsonb),
      ('refused', 1, 'x', 'NEW', 'KZT', '2026-11-20 11:00Z', '[{"sku": "A"}]', 'details', 6,
       'todo', 'todo', '{"7": "2"}'),
      ('done', 1, 'x', 'NEW', 'KZT', '2026-11-20 12:00Z', '[{"sku": "A"}]', 'done', 7, 'done',
       'done', '{"7": "2"}'),
      ('forgotten', 1, 'x', 'NEW', 'KZT', '2026-11-20 09:00Z', null, 'waiting', null, 'todo',
       'todo', '{}')) g;
"""


def test_orders_under_way_go_on(server_dsn: str) -> None:
    async def run() -> None:
        server = await asyncpg.connect(server_dsn)
        await server.execute("drop database if exists uzel_test_upgrade")
        await server.execute("create database uzel_test_upgrade")
        dsn = in_database(server_dsn, "uzel_test_upgrade")
        try:
            await migrations.upgrade(dsn, BEFORE)
            connection = await asyncpg.connect(dsn)
            await connection.execute(FILL)
            await migrations.upgrade(dsn, AFTER)
            rows = {row["code"]: row for row in await connection.fetch("select * from shop_order")}
            told_at = await connection.fetchval("select told_at from shop")
            await connection.close()
        finally:
            await server.execute("drop database uzel_test_upgrade with (force)")
            await server.close()
        assert rows["asked"]["goods_asked"] == '{"7": "2"}' and rows["asked"]["lead_goods"] == "{}"
        assert (rows["refused"]["goods_asked"], rows["refused"]["lead_goods"]) == (None, "{}")
        assert rows["done"]["lead_goods"] == '{"7": "2"}'
        assert {code for code, row in rows.items() if row["noted_lines"]} == {"asked", "done"}
        assert rows["forgotten"]["step"] == "lines"
        assert told_at == rows["done"]["told_at"]

    asyncio.run(run())
