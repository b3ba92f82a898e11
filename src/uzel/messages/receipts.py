"""Receipts: by webhook as events, and by asking where no webhook came."""

import logging
from collections.abc import Sequence

from uzel.calls.runner import Runner
from uzel.connections.registry import Registry
from uzel.connector import Answer, Element
from uzel.errors import CallFailed
from uzel.kit import database
from uzel.messages import store
from uzel.messages.send import settle_early
from uzel.model.receipt import Receipt, ReceiptState

log = logging.getLogger("uzel.messages")

OPERATION = "sms_status"
# Of a hundred messages each; what is left over is asked about the next time.
MOST_ROUNDS = 20

STATE = {
    ReceiptState.PENDING: "accepted",
    ReceiptState.DELIVERED: "delivered",
    ReceiptState.READ: "delivered",
    ReceiptState.FAILED: "failed",
}


async def apply_receipts(
    connection: database.Connection, receipts: Sequence[tuple[int, Element]]
) -> None:
    """Write (connection id, `receipt.updated` element) to the messages they are about."""
    rows = [columns(connection_id, element) for connection_id, element in receipts]
    known = await store.settle(connection, rows)
    early = [row for row in rows if (row[0], row[1]) not in known]
    if early:
        await store.keep_early(connection, early)


def columns(connection_id: int, element: Element) -> tuple[object, ...]:
    """In the order of messages.store.SETTLE."""
    receipt = element.data
    assert isinstance(receipt, Receipt)
    return (
        connection_id,
        receipt.reference,
        STATE[receipt.state],
        receipt.detail,
        element.occurred_at,
        receipt.cost_minor,
        receipt.currency,
    )


async def match_early(pool: database.Pool) -> None:
    """A receipt and the acceptance it belongs to may be written at the same moment, each unseen by
    the other; this brings them together.
    """
    async with pool.acquire() as connection, connection.transaction():
        await settle_early(connection)
        await store.forget_early(connection)


async def poll_receipts(pool: database.Pool, registry: Registry, runner: Runner) -> None:
    """Ask about messages no receipt has settled, and about what messages cost."""
    for active in registry.all():
        operation = active.connector.operations.get(OPERATION)
        if operation is None or active.config is None or active.state != "active":
            continue
        for _ in range(MOST_ROUNDS):
            references = await store.worth_asking(pool, active.id)
            if not references:
                break
            try:
                answer = await operation.run(
                    runner.client(active), active.config, {"ids": references}
                )
            except CallFailed as error:
                log.warning("receipts of %s not read: %s", active.title, error.detail)
                break
            await store.touch(pool, active.id, references)
            await settle_polled(pool, active.id, answer)


async def settle_polled(pool: database.Pool, connection_id: int, answer: Answer) -> None:
    """Apply what the provider said of the messages it was asked about. That it does not know one
    says nothing of a message it had accepted.
    """
    rows = [
        (
            connection_id,
            item["reference"],
            STATE[ReceiptState(item["state"])],
            item["detail"],
            None,
            item["cost_minor"],
            answer.currency,
        )
        for item in answer.data["messages"]
        if item["known"]
    ]
    if rows:
        async with pool.acquire() as connection:
            await store.settle(connection, rows)
