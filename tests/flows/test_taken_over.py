"""A request that reached its guest by its second way is not made anew, whatever its visit does."""

from uuid import uuid4

from parts import Hub, Sandbox, go, new_phone, open_hub, visit


async def by_the_second_way(hub: Hub) -> None:
    """The first way was withdrawn and the second one delivered."""
    await hub.pool.execute(
        "insert into message (business_id, connection_id, purpose, origin, channel, phone, "
        "address, body, encoding, segments, hop, state) "
        "select business_id, connection_id, purpose, origin || '#1', channel, phone, address, "
        "body, encoding, segments, 1, 'delivered' from message where business_id = $1",
        hub.business,
    )
    await hub.pool.execute(
        "update message set state = 'cancelled' where business_id = $1 and hop = 0", hub.business
    )


def test_called_off_and_completed_again_keeps_its_page(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            order, phone = str(uuid4()), new_phone()
            await hub.post(visit(order, phone=phone))
            await hub.process()
            asked = "select id, code from review_request where business_id = $1"
            before = await hub.pool.fetch(asked, hub.business)
            await by_the_second_way(hub)
            other = new_phone()
            for minute, status in ((1, "Cancelled"), (2, "Delivered")):
                await hub.post(visit(order, status, other, minute=minute))
                await hub.process()
            assert await hub.pool.fetch(asked, hub.business) == before
            assert len(await hub.pool.fetch("select 1 from message where phone = $1", other)) == 0

    go(run)
