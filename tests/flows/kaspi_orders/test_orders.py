"""Orders become deals: each once, each whole, at the least cost."""

from decimal import ROUND_HALF_UP, Decimal

from parts import Sandbox, go
from shops import NEW_STAGE, open_shop


def test_new_orders_become_whole_deals(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(5, customers=3, skus=4, lines=2)
            await shop.fetch()
            await shop.work()
            deals, orders = shop.deals(), shop.orders()
            assert sorted(deals) == sorted(codes)
            for code in codes:
                deal, order = deals[code], orders[code]
                assert deal["status_id"] == NEW_STAGE
                assert deal["price"] == Decimal(str(order["total"])).quantize(
                    Decimal(1), ROUND_HALF_UP
                )
                assert deal["contact"]["phones"]
                wanted: dict[str, Decimal] = {}
                for line in order["lines"]:
                    wanted[line["sku"]] = wanted.get(line["sku"], Decimal(0)) + Decimal(
                        str(line["quantity"])
                    )
                got = {e["sku"]: Decimal(str(e["quantity"])) for e in deal["elements"]}
                assert got == wanted
                assert len(deal["notes"]) == 1 and code in str(deal["notes"][0])
            for code in codes:
                phone = f"+7{orders[code]['phone']}"
                assert phone in deals[code]["contact"]["phones"]
            rows = await shop.rows()
            assert {row["step"] for row in rows.values()} == {"done"}
            calls = await shop.calls()
            # However many orders: one call makes the deals, one links, one writes.
            assert (calls["create_leads"], calls["link_elements"], calls["add_notes"]) == (1, 1, 1)

    go(run)
