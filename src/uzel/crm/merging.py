"""Two records of the same somebody become one: what is known of both stays, nothing is lost.

The one that survives keeps its number. What it does not know it takes from the other; where both
know something else, its own stays, unless a person chose the other's. A second phone or address
goes where there is room for one. Whatever referred to the other refers to the survivor.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from uzel.crm import merging_store as store
from uzel.crm import record_store, refusal
from uzel.crm.catalogue import Modules
from uzel.crm.checks import judged
from uzel.crm.field import Field, Kind, Module
from uzel.crm.record import Record, Writer
from uzel.crm.values import Doubt, known_by_phone
from uzel.crm.writing import columns_of, differences, not_taken
from uzel.kit.database import Connection

MERGEABLE = ("Contacts", "Accounts", "Leads", "Project")
# Where the value that does not stay may go, the first place that is free.
ROOM: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Contacts": {"mobile": ("otherphone", "homephone", "phone"), "email": ("secondaryemail",)},
    "Accounts": {"phone": ("otherphone",), "email1": ("email2",)},
    "Leads": {"mobile": ("phone",)},
}


class Outdated(Exception):
    """One of the two is not what somebody looked at before they said yes."""


@dataclass(frozen=True, slots=True)
class Merged:
    """moved: how many references of other records."""

    record: Record
    moved: int


async def merge(
    connection: Connection,
    writer: Writer,
    modules: Modules,
    survivor: tuple[int, int],
    other: tuple[int, int],
    taken: Set[str] = frozenset(),
) -> Merged:
    """(number, version) of both, as they were looked at; taken: fields whose value is that of the
    other. Raises Refused: one of them is not there, or of another module; Outdated.
    """
    await store.take_turn(connection, writer.business_id)
    kept, gone = await both(connection, writer, survivor[0], other[0])
    if (kept.version, gone.version) != (survivor[1], other[1]):
        raise Outdated
    module = modules[kept.module]
    await end(connection, writer, module, kept, gone)
    record = await complete(connection, writer, module, kept, gone, taken)
    await store.move_relations(connection, gone.id, kept.id)
    moved = 0
    for name, field in referring(modules, module):
        moved += await store.move_references(
            connection,
            writer.business_id,
            name,
            field,
            (module.wire_id(gone.id), module.wire_id(kept.id)),
            user_id=writer.user_id,
            made_by=writer.made_by,
        )
    return Merged(record, moved)


async def both(
    connection: Connection, writer: Writer, survivor: int, other: int
) -> tuple[Record, Record]:
    """For nobody else to change or to refer to meanwhile. Raises Refused."""
    found: dict[int, Record] = {}
    for number in sorted({survivor, other}):
        row = await record_store.lock_to_end(connection, writer.business_id, number)
        if row is None:
            raise refusal.denied()
        found[number] = Record.of(row)
    kept, gone = found[survivor], found[other]
    if kept.id == gone.id or kept.module != gone.module or kept.module not in MERGEABLE:
        raise refusal.unsupported()
    return kept, gone


async def end(
    connection: Connection, writer: Writer, module: Module, kept: Record, gone: Record
) -> None:
    """The other one first: the survivor may take its phone."""
    row = await store.end(connection, gone.id, kept.id, user_id=writer.user_id)
    changes = differences(gone.content, {}) | {"merged_into": ["", module.wire_id(kept.id)]}
    await record_store.add_change(connection, row, "merged", writer.made_by, changes)


async def complete(
    connection: Connection,
    writer: Writer,
    module: Module,
    kept: Record,
    gone: Record,
    taken: Set[str],
) -> Record:
    """What remains, written down."""
    content = merged_content(module, kept, gone, taken)
    # What was let in before stays in: a merge is no moment to refuse it.
    lenient = replace(writer, strict=False)
    doubts = judged(lenient, module, content, doubts_of(kept, gone, content))
    columns = columns_of(module, content, doubts, kept.owner_id)
    async with not_taken(connection, writer, module, columns):
        row = await record_store.change(connection, kept.id, columns, user_id=writer.user_id)
    changes = differences(kept.content, content) | {"merged_from": ["", module.wire_id(gone.id)]}
    await record_store.add_change(connection, row, "merged", writer.made_by, changes)
    return Record.of(row)


def merged_content(
    module: Module, kept: Record, gone: Record, taken: Set[str] = frozenset()
) -> dict[str, str]:
    """What remains of both."""
    content = {**gone.content, **kept.content}
    content |= {name: gone.content[name] for name in taken if name in gone.content}
    for name, places in ROOM.get(module.name, {}).items():
        for text in (kept.content.get(name, ""), gone.content.get(name, "")):
            there = [content.get(place, "") for place in (name, *places)]
            if text and not is_among(there, text):
                free = next((place for place in places if not content.get(place)), None)
                if free is not None:
                    content[free] = text
    own = (module.wire_id(kept.id), module.wire_id(gone.id))
    references = {one.name for one in module.fields if one.kind is Kind.REFERENCE}
    return {
        name: text
        for name, text in content.items()
        if text and not (name in references and text in own)
    }


def is_among(texts: Iterable[str], text: str) -> bool:
    """Whether a phone or an address is one of these, however it is spelt."""
    phone = known_by_phone(text)
    return any(
        one.casefold() == text.casefold() or (phone is not None and known_by_phone(one) == phone)
        for one in texts
    )


def doubts_of(kept: Record, gone: Record, content: Mapping[str, str]) -> Iterator[Doubt]:
    """Those about values that remain, each once."""
    seen: set[tuple[str, str]] = set()
    for record in (kept, gone):
        for it in record.doubts:
            name, key = it["field"], (it["field"], it["code"])
            if content.get(name) == record.content.get(name) and key not in seen:
                seen.add(key)
                yield Doubt(**it)


def referring(modules: Modules, module: Module) -> Iterator[tuple[str, str]]:
    """(module, field) of all that may refer to records of a module."""
    for one in modules.values():
        if one.is_kept:
            yield from ((one.name, it.name) for it in one.fields if may_refer(it, module))


def may_refer(field: Field, module: Module) -> bool:
    """Whether a field that records keep refers to records of a module."""
    is_kept = field.kind is Kind.REFERENCE and not field.system
    return is_kept and module.name in field.refers_to


async def referred_by(
    connection: Connection, business_id: int, modules: Modules, record: Record
) -> dict[str, int]:
    """Module → how many records come with one that is merged into another."""
    module = modules[record.module]
    found = dict(await store.count_relations(connection, record.id))
    for name, field in referring(modules, module):
        many = await store.count_references(
            connection, business_id, name, field, module.wire_id(record.id)
        )
        if many:
            found[name] = found.get(name, 0) + many
    return found
