"""What is looked at before a record is written down: references, whose it is, what is in doubt."""

from collections.abc import Iterable, Mapping

from uzel.crm import record_store as store
from uzel.crm import refusal, user_store
from uzel.crm.draft import Draft
from uzel.crm.field import Kind, Module
from uzel.crm.record import Writer, parse_id
from uzel.crm.stock import FOLDERS, STOCK
from uzel.crm.values import Doubt
from uzel.kit.database import Connection

PREFIXES = {module.name: module.prefix for module in STOCK}
ONLY_FOLDER = 1
# First date, last date.
IN_ORDER = {"Project": (("startdate", "targetenddate"), ("startdate", "actualenddate"))}
KEPT_ANYWAY = frozenset({"card_masked"})


async def demand_references(
    connection: Connection, writer: Writer, module: Module, draft: Draft
) -> None:
    """What is referred to is there, and of a kind that may be. Raises Refused."""
    meant: dict[str, tuple[int, int]] = {}
    for name, text in draft.content.items():
        if module.by_name[name].kind == Kind.REFERENCE and text:
            meant[name] = parse_id(text)
    if not meant:
        return
    numbers = [number for _, number in meant.values()]
    modules = await store.modules_of(connection, writer.business_id, numbers)
    for name, (prefix, number) in meant.items():
        target = modules.get(number)
        if prefix == FOLDERS.prefix:
            target = FOLDERS.name if number == ONLY_FOLDER else None
        allowed = module.by_name[name].refers_to
        if target not in allowed or PREFIXES[target] != prefix:
            raise refusal.wrong_reference(name)


async def demand_owner(connection: Connection, writer: Writer, draft: Draft) -> None:
    """A record is given to somebody of the same registry. Raises Refused."""
    if draft.owner_id in (None, writer.user_id):
        return
    if not await user_store.is_user(connection, writer.business_id, draft.owner_id):
        raise refusal.wrong_reference("assigned_user_id")


def judged(
    writer: Writer, module: Module, content: Mapping[str, str], doubts: Iterable[Doubt]
) -> list[Doubt]:
    """The doubts of a record, those about its dates among them. Raises Refused where the registry
    takes none.
    """
    found = [one for one in doubts if one.code != "dates_reversed"]
    for first, last in IN_ORDER.get(module.name, ()):
        if content.get(first) and "" < content.get(last, "") < content[first]:
            found.append(Doubt(last, "dates_reversed", content[last]))
    if writer.strict:
        for one in found:
            if one.code not in KEPT_ANYWAY:
                raise refusal.wrong_value(one.field, one.code)
    return found
