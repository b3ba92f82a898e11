"""Receipts: by webhook as events, and by asking where no webhook came."""

import asyncio
import logging
import re
from collections.abc import Sequence

from uzel.calls import recover_store
from uzel.calls.runner import LONGEST_CALL_S, Runner
from uzel.connections.registry import Active, Registry
from uzel.connector import Answer, Element, Operation
from uzel.errors import CallFailed, ConfigError
from uzel.kit import database
from uzel.messages import store
from uzel.messages.send import advance, heed, settle_early
from uzel.messages.withdraw import effect_of
from uzel.model.receipt import Receipt, ReceiptState

log = logging.getLogger("uzel.messages")

NUMBER = re.compile("[1-9][0-9]{0,17}")
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
    """Write (connection id, `receipt.updated` element) to the messages they are about, and draw the
    consequences: lost answers found, recipients to stop, the next way to try.
    """
    hints = [(c, receipt_of(e).reference) for c, e in receipts if receipt_of(e).hint]
    if hints:
        await store.ask_soon(connection, hints)
    proofs = [(c, e) for c, e in receipts if not receipt_of(e).hint]
    if not proofs:
        return
    await adopt(connection, proofs)
    rows = [columns(connection_id, element) for connection_id, element in proofs]
    settled = await store.settle(connection, rows)
    by_reference = {(row["connection_id"], row["reference"]): row for row in settled}
    early = []
    for connection_id, element in proofs:
        receipt = receipt_of(element)
        row = by_reference.get((connection_id, receipt.reference))
        said = (receipt.suppress, receipt.unreachable)
        if row is None:
            early.append((*columns(connection_id, element), *said))
        else:
            await heed(connection, row["id"], *said, receipt.detail)
    if early:
        await store.keep_early(connection, early)
    await advance(connection, [row["id"] for row in settled if row["state"] == "failed"])


async def adopt(connection: database.Connection, receipts: Sequence[tuple[int, Element]]) -> None:
    """Receipts that echo our own reference find their message although the provider's is unknown,
    since the answer that would have told it was lost.
    """
    echoed = [(c, receipt_of(e)) for c, e in receipts if receipt_of(e).ours]
    if not echoed:
        return
    mine = f"{await store.installation(connection)}-"
    rows = {
        int(number): (int(number), connection_id, receipt.reference)
        for connection_id, receipt in echoed
        for number in [(receipt.ours or "").removeprefix(mine)]
        if (receipt.ours or "").startswith(mine) and NUMBER.fullmatch(number)
    }
    if rows:
        adopted = await store.adopt(connection, [rows[key] for key in sorted(rows)])
        await recover_store.happened(connection, [effect_of(number) for number in adopted])


def receipt_of(element: Element) -> Receipt:
    """The receipt of a `receipt.updated`."""
    assert isinstance(element.data, Receipt)
    return element.data


def columns(connection_id: int, element: Element) -> tuple[object, ...]:
    """In the order of messages.store.SETTLE."""
    receipt = receipt_of(element)
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


def can_be_asked(active: Active) -> bool:
    """Whether this connection's provider tells what became of a message."""
    return (
        active.connector.receipts is not None
        and active.config is not None
        and active.state == "active"
    )


async def poll_receipts(pool: database.Pool, registry: Registry, runner: Runner) -> None:
    """Ask about messages no receipt has settled, and about what messages cost; all providers at the
    same time, so that one that hangs keeps nobody else waiting.
    """
    able = [active for active in registry.all() if can_be_asked(active)]
    await asyncio.gather(*(poll_one(pool, active, runner) for active in able))


async def poll_one(pool: database.Pool, active: Active, runner: Runner) -> None:
    """The messages of one connection."""
    operation = active.connector.operations[active.connector.receipts or ""]
    for _ in range(MOST_ROUNDS):
        references = await store.worth_asking(
            pool, active.id, tells_costs=active.connector.tells_costs
        )
        if not references:
            return
        answer = await ask(runner, active, operation, references)
        if answer is None:
            return
        await store.touch(pool, active.id, references)
        await settle_polled(pool, active.id, answer)


async def ask(
    runner: Runner, active: Active, operation: Operation, references: Sequence[str]
) -> Answer | None:
    """What became of these messages; None where this provider cannot say now, which must not keep
    the others waiting.
    """
    try:
        async with asyncio.timeout(LONGEST_CALL_S):
            return await runner.reach.ask(active, operation, {"ids": list(references)})
    except (CallFailed, ConfigError, TimeoutError) as error:
        log.warning("receipts of %s not read: %s", active.title, error or type(error).__name__)
    except database.PASSING:
        raise
    except Exception:  # an error of ours about one of them
        log.exception("receipts of %s cannot be read", active.title)
    return None


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
        async with pool.acquire() as connection, connection.transaction():
            settled = await store.settle(connection, rows)
            await advance(connection, [row["id"] for row in settled if row["state"] == "failed"])
