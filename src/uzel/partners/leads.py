"""Leads of partners: a batch is taken in one transaction, with what it costs and its answer."""

from collections.abc import Callable, Sequence

from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import standing
from uzel.partners import lead_charge, payment_store
from uzel.partners import lead_store as store
from uzel.partners.lead import (
    Batch,
    NewLead,
    Received,
    TooPoor,
    is_safe,
    new_deal_id,
    new_public_id,
)
from uzel.partners.payment import Answer, InFlight, KeyReused, Partner

# So often a number that another lead took meanwhile is replaced by one of ours.
MOST_ROUNDS = 3


async def submit(
    pool: Pool,
    partner: Partner,
    leads: Sequence[NewLead],
    render: Callable[[Batch | TooPoor], Answer],
    key: str | None = None,
    fingerprint: bytes = b"",
) -> Answer:
    """Take a batch, each number of the partner's once; all that is new, or nothing where the
    balance does not suffice. `key`: the same request under it gets the same answer, a refusal too.
    Raises InFlight, KeyReused.
    """
    async with pool.acquire() as connection:
        price = partner.settings.lead_price_minor
        house = await lead_charge.open_house(connection, partner) if price else 0
        async with connection.transaction():
            known = await answered(connection, partner, key, fingerprint)
            if known is not None:
                return known
            outcome = await all_or_nothing(connection, partner, leads, house)
            answer = render(outcome)
            if key is not None:
                kept = (partner.id, partner.book, key, fingerprint, answer.status, answer.body)
                await payment_store.add_requests(connection, [kept])
            return answer


async def all_or_nothing(
    connection: Connection, partner: Partner, leads: Sequence[NewLead], house: int
) -> Batch | TooPoor:
    try:
        async with connection.transaction():  # what was written before it turned out is undone
            return await take(connection, partner, leads, house)
    except TooPoor as error:
        return error


async def answered(
    connection: Connection, partner: Partner, key: str | None, fingerprint: bytes
) -> Answer | None:
    """What was answered under this key. The key is this transaction's until its end."""
    if key is None:
        return None
    if not await payment_store.claim(connection, partner.id, partner.book, key):
        raise InFlight
    rows = await payment_store.requests(connection, [partner.id], [partner.book], [key])
    if not rows:
        return None
    if rows[0]["fingerprint"] != fingerprint:
        raise KeyReused
    return Answer(rows[0]["status"], rows[0]["body"], repeated=True)


async def take(
    connection: Connection, partner: Partner, leads: Sequence[NewLead], house: int
) -> Batch:
    """The batch in a transaction of the caller's. Raises TooPoor."""
    known = await received(connection, partner, leads)
    fresh = {lead.external_id: lead for lead in reversed(leads) if lead.external_id not in known}
    added = await add(connection, partner, list(fresh.values()))
    # Another request may have been first with some of them.
    late = [lead for number, lead in fresh.items() if number not in added]
    if late:
        known |= await received(connection, partner, late)
    price, cost = partner.settings.lead_price_minor, 0
    if price and added:
        charges = [lead_charge.charge_for(number, it.deal_id) for number, it in added.values()]
        available = await lead_charge.take(connection, partner, house, charges, price)
        cost = price * len(charges)
    else:
        stands = await standing(connection, partner.account)
        available = stands.available_minor if stands else 0
    told: list[Received] = []
    new = {number: it for number, (_, it) in added.items()}
    for lead in leads:
        # The second of the same number in a batch is one that was received before.
        first = new.pop(lead.external_id, None)
        told.append(first or again(lead, known, added))
    return Batch(tuple(told), cost, available)


def again(
    lead: NewLead, known: dict[str, Received], added: dict[str, tuple[int, Received]]
) -> Received:
    if lead.external_id in known:
        return known[lead.external_id]
    it = added[lead.external_id][1]
    return Received(it.external_id, it.public_id, it.deal_id, is_new=False)


async def received(
    connection: Connection, partner: Partner, leads: Sequence[NewLead]
) -> dict[str, Received]:
    """Those that are there already, by the partner's number."""
    numbers = [lead.external_id for lead in leads]
    rows = await store.known(connection, partner.id, partner.book, numbers) if numbers else []
    return {
        row["external_id"]: Received(
            row["external_id"], row["public_id"], row["deal_id"], is_new=False
        )
        for row in rows
    }


async def add(
    connection: Connection, partner: Partner, leads: Sequence[NewLead]
) -> dict[str, tuple[int, Received]]:
    """Write new leads; by the partner's number, with ours. One that is missing was written by
    another request in the meantime.
    """
    added: dict[str, tuple[int, Received]] = {}
    left = list(leads)
    for _ in range(MOST_ROUNDS):
        if not left:
            break
        wanted = [lead.external_id for lead in left if is_safe(lead.external_id)]
        taken = await store.taken(connection, partner.book, wanted)
        rows = [
            (
                new_public_id(),
                lead.external_id,
                lead.external_id
                if is_safe(lead.external_id) and lead.external_id not in taken
                else new_deal_id(),
                lead.payment_url,
                dict(lead.data),
            )
            for lead in left
        ]
        for row in await store.add(
            connection, partner.id, partner.book, rows, f"partner:{partner.public_id}"
        ):
            it = Received(row["external_id"], row["public_id"], row["deal_id"], is_new=True)
            added[row["external_id"]] = (row["id"], it)
        missing = [lead for lead in left if lead.external_id not in added]
        known = await received(connection, partner, missing)
        left = [lead for lead in missing if lead.external_id not in known]
    return added
