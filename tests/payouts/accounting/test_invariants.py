"""What must hold between payouts and the ledger, and that it is seen where it does not."""

from parts import go
from payouts_at_work import paying
from uzel.payouts.accounting.invariants import broken
from uzel.payouts.payout import State


def test_money_that_is_not_where_a_state_says_is_seen(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            paid, back, late, open_one = [
                await it.begin(it.wish(amount)) for amount in (1_000, 2_000, 3_000, 4_000)
            ]
            for begun in (paid, back):
                await it.move(begun.id, State.PAID)
            await it.move(back.id, State.RETURNED)
            await it.move(late.id, State.FAILED)
            await it.move(late.id, State.PAID)
            await it.begin(it.wish(500))
            assert await broken(it.pool) == []
            # Past all steps, as only an error of ours could.
            change = "update payout set state = $2 where id = $1"
            await it.pool.execute(change, open_one.id, "failed")
            assert await broken(it.pool) == [
                f"connection {it.connection_id}: 45.00 RUB are held, 5.00 RUB are open"
            ]
            await it.pool.execute(change, open_one.id, "paid")
            found = await broken(it.pool)
            assert len(found) == 3 and found[-1].startswith(f"{open_one.public_id} is paid")
            await it.pool.execute(change, open_one.id, "waiting")
            await it.pool.execute(change, paid.id, "returned")
            found = await broken(it.pool)
            assert len(found) == 2 and "40.00 RUB are posted, 30.00 RUB are paid" in found[0]
            await it.pool.execute(change, paid.id, "paid")
            assert await broken(it.pool) == []

    go(story)
