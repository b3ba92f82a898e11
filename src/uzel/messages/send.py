"""Planning messages and following them to their end."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.calls import recover_store
from uzel.calls.closing import Closed
from uzel.calls.outcome import Result, State
from uzel.calls.plan import Plan, plan
from uzel.kit.database import Connection, Pool
from uzel.messages import proof_store, route_store, stop_list, store
from uzel.messages.draft import Draft, Letter, pack, pack_route, size_of, unpack
from uzel.messages.withdraw import effect_of, id_of

log = logging.getLogger("uzel.messages")

MESSAGE_STATE = {
    State.ACCEPTED: "accepted",
    State.REJECTED: "failed",
    State.NOT_SENT: "failed",
    State.UNKNOWN: "unknown",
    State.CANCELLED: "cancelled",
    State.PLANNED: "planned",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A message that was just written down, and what its call needs beside the letter."""

    id: int
    letter: Letter
    due_at: datetime | None
    request_id: str | None
    installation: str


async def plan_messages(connection: Connection, drafts: Sequence[Draft]) -> list[int]:
    """Write messages and the calls that will send them, in the caller's transaction. Returns the
    ids of the new ones.
    """
    if not drafts:
        return []
    rows = await store.add(connection, [columns(draft, 0) for draft in drafts])
    by_origin = {draft.origin: draft for draft in drafts}
    written = []
    for row in rows:
        draft = by_origin[row["origin"]]
        written.append(written_of(row, draft.letters[0], draft.due_at, draft.request_id))
    await plan_calls(connection, written)
    return [row["id"] for row in rows]


def written_of(
    row: Any, letter: Letter, due_at: datetime | None, request_id: str | None
) -> Written:
    """A row of messages.store.ADD with its letter."""
    return Written(row["id"], letter, due_at, request_id, row["installation"])


async def plan_calls(connection: Connection, messages: Sequence[Written]) -> None:
    """The calls that send these messages."""
    await plan(
        connection,
        [
            Plan(
                message.letter.connection_id,
                message.letter.operation,
                arguments_of(message),
                effect_of(message.id),
                message.request_id,
                message.due_at,
            )
            for message in messages
        ],
    )


def arguments_of(message: Written) -> dict[str, Any]:
    """The arguments of the call: those of the letter, and what only the message knows."""
    letter = message.letter
    arguments = dict(letter.arguments)
    if "reference" in letter.takes:
        arguments["reference"] = f"{message.installation}-{message.id}"
    if "lifetime_s" in letter.takes and letter.wait_s is not None:
        arguments["lifetime_s"] = letter.wait_s
    return arguments


def columns(draft: Draft, hop: int) -> tuple[Any, ...]:
    """In the order of messages.store.ADD."""
    letter = draft.letters[0]
    encoding, segments = size_of(letter)
    return (
        draft.business_id,
        letter.connection_id,
        draft.purpose,
        draft.origin if hop == 0 else f"{draft.origin}#{hop}",
        draft.event_id,
        letter.channel,
        draft.phone,
        letter.address,
        letter.body,
        letter.subject,
        encoding,
        segments,
        letter.template_id,
        draft.place_id,
        hop,
        pack(draft.letters[1:]),
        letter.wait_s,
        draft.due_at,
        draft.not_after,
        draft.polite,
        letter.estimate_minor,
        letter.currency,
        pack_route(draft.route) if hop == 0 else None,
    )


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The calls of some messages ended: write it to the messages; the owner hook of `calls`."""
    rows, results = [], {}
    for item in closed:
        result, answer = item.result, item.result.answer
        results[id_of(item.effect)] = result
        rows.append(
            (
                id_of(item.effect),
                MESSAGE_STATE[result.state],
                None if result.state is State.ACCEPTED else result.detail,
                answer.reference if answer else None,
                answer.cost_minor if answer else None,
                answer.currency if answer else None,
            )
        )
    await store.close(connection, sorted(rows, key=lambda row: row[0]))
    if any(row[3] for row in rows):
        await settle_early(connection)
    # A person who says that it arrived says so instead of a receipt.
    vouched = [n for n, r in results.items() if r.state is State.ACCEPTED and r.answer is None]
    await route_store.end_chains(connection, vouched)
    await follow_failures(connection, results)
    await settle_certain(connection, results)
    await postpone(connection, results)
    await advance(connection, [n for n, result in results.items() if has_bounced(result)])


def has_bounced(result: Result) -> bool:
    """Whether the guard knew that the mailbox does not exist."""
    return result.state is State.CANCELLED and result.detail == stop_list.BOUNCE


async def follow_failures(connection: Connection, results: Mapping[int, Result]) -> None:
    """What the provider said of recipients it does not take, and the next way for the others."""
    failed = {
        number: result
        for number, result in results.items()
        if MESSAGE_STATE[result.state] == "failed"
    }
    if not failed:
        return
    for number, result in failed.items():
        if result.suppress:
            await stop_list.stop_recipient(connection, number, "provider", result.detail)
        elif result.unreachable:
            await route_store.mark_unreachable(connection, [number])
    ending = [number for number, result in failed.items() if result.final or result.suppress]
    await route_store.end_chains(connection, ending)
    await advance(connection, [number for number in failed if number not in ending])


async def settle_certain(connection: Connection, results: Mapping[int, Result]) -> None:
    """Calls whose answer was lost, of messages that a receipt had proved to be there before."""
    lost = [number for number, result in results.items() if result.state is State.UNKNOWN]
    if proved := await proof_store.arrived(connection, lost) if lost else []:
        await recover_store.happened(connection, [effect_of(number) for number in proved])


async def postpone(connection: Connection, results: Mapping[int, Result]) -> None:
    """What the guard holds back has not had its chance yet: the next way waits for it."""
    for number, result in results.items():
        held = result.state is State.PLANNED and result.error_class is None
        if held and result.due_at is not None:
            await route_store.postpone(connection, number, result.due_at)


async def advance(connection: Connection, message_ids: Sequence[int]) -> list[int]:
    """Have the next letter of these messages take over; the caller knows that they did not and
    will not arrive. Each gives way once. Returns the new messages.
    """
    rows = await route_store.take_next(connection, message_ids) if message_ids else []
    drafts = {f"{row['origin'].partition('#')[0]}#{row['hop'] + 1}": of_next(row) for row in rows}
    if not drafts:
        return []
    added = await store.add(
        connection, [columns(draft, hop) for draft, hop in sorted_drafts(drafts)]
    )
    await plan_calls(
        connection,
        [
            written_of(row, draft.letters[0], draft.due_at, draft.request_id)
            for row in added
            for draft in [drafts[row["origin"]][0]]
        ],
    )
    return [row["id"] for row in added]


def sorted_drafts(drafts: Mapping[str, tuple[Draft, int]]) -> list[tuple[Draft, int]]:
    """In one order everywhere, so that two transactions cannot wait for each other."""
    return [drafts[origin] for origin in sorted(drafts)]


def of_next(row: Any) -> tuple[Draft, int]:
    """The draft that takes over from a message, and its place in the chain."""
    draft = Draft(
        business_id=row["business_id"],
        purpose=row["purpose"],
        origin=row["origin"].partition("#")[0],
        letters=unpack(row["next_hops"]),
        phone=row["phone"],
        event_id=row["event_id"],
        place_id=row["place_id"],
        request_id=row["request_id"],
        not_after=row["not_after"],
        polite=row["polite"],
    )
    return draft, row["hop"] + 1


async def settle_early(connection: Connection) -> None:
    """Receipts that were here before the acceptance was."""
    early = await store.take_early(connection)
    if early:
        settled = await store.settle(
            connection,
            [
                (
                    row["connection_id"],
                    row["reference"],
                    *row["receipt"][:2],
                    row["occurred_at"],
                    *row["receipt"][2:4],
                )
                for row in early
            ],
        )
        found = {(row["connection_id"], row["reference"]): row["id"] for row in settled}
        for row in early:
            said: list[Any] = row["receipt"]
            number = found.get((row["connection_id"], row["reference"]))
            if number is not None and len(said) == 6:
                await heed(connection, number, said[4], said[5], said[1])
        await advance(connection, [row["id"] for row in settled if row["state"] == "failed"])


async def heed(
    connection: Connection,
    message_id: int,
    suppress: str | None,
    unreachable: bool | None,
    detail: str | None,
) -> None:
    """What a receipt says of the recipient of a message; see Receipt."""
    if suppress:
        await stop_list.stop_recipient(connection, message_id, suppress, detail)
        if suppress != stop_list.BOUNCE:
            await route_store.end_chains(connection, [message_id])
    elif unreachable:
        await route_store.mark_unreachable(connection, [message_id])


async def belongs_to_another(pool: Pool, effect: str, connection_id: int, reference: str) -> bool:
    """Whether a provider's reference is that of another message than the one with this effect."""
    ids = await proof_store.with_reference(pool, connection_id, reference)
    return any(effect != effect_of(number) for number in ids)
