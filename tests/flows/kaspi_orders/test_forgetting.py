"""The SQL by which a guest's data are deleted reaches what orders left behind."""

from base64 import b64encode

from markdown_pages import blocks, read
from parts import Sandbox, go
from shops import Shop, open_shop


async def everything(shop: Shop) -> str:
    """Every row of every table as text, bodies included."""
    pool = shop.hub.pool
    tables = await pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    texts: list[str] = []
    for (table,) in tables:
        texts += [r[0] for r in await pool.fetch(f"select t::text from {table} t")]
    bodies = await pool.fetch("select body from raw_event")
    return "\n".join([*texts, *(bytes(row["body"]).decode() for row in bodies)])


def test_a_buyers_data_are_gone_and_the_others_stay(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            first, second = shop.make(2, seed=3)
            shop.change(first, phone="7015550101")
            shop.change(second, phone="7015550102")
            await shop.fetch()
            await shop.work()
            before = await everything(shop)
            assert "7015550101" in before and "7015550102" in before
            (statements,) = blocks(read("SECURITY.md"), "sql")
            async with shop.hub.pool.acquire() as connection:
                await connection.execute(statements.replace("79990000001", "77015550101"))
            after = await everything(shop)
            assert "7015550101" not in after
            assert "7015550102" in after
            # And they do not come back with what Kaspi tells next.
            buyer = shop.orders()[first]
            shop.change(first, last_name="Неповторимов", total="4321")
            shop.change(second, last_name="Остающийся", total="4321")
            for status in ("ACCEPTED_BY_MERCHANT", "COMPLETED"):
                for code in (first, second):
                    shop.change(code, status=status)
                await shop.fetch("reconcile")
                await shop.work()
            after = await everything(shop)
            assert "Остающийся" in after
            encoded = b64encode(buyer["phone"].encode()).decode().rstrip("=")
            for personal in ("7015550101", encoded, "Неповторимов"):
                assert personal not in after
            rows = await shop.rows()
            assert rows[first]["status"] == "COMPLETED" and rows[first]["total"] == 4321
            assert shop.deals()[first]["price"] == 4321
            assert rows[first]["lead_id"] is not None and rows[first]["first_name"] is None
            assert rows[second]["first_name"] is not None

    go(run)
