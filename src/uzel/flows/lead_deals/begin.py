"""A report on its way into its deal: whose turn it is, what has to be known, and the write."""

from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.plan import plan
from uzel.errors import ConfigError
from uzel.flows.lead_deals import asks, report_store
from uzel.flows.lead_deals.known import Known
from uzel.flows.lead_deals.settings import TOLD, LeadSettings
from uzel.flows.lead_deals.values import Filling, Report, filling
from uzel.kit.database import Connection
from uzel.partners.report_text import field_kept

WAITING, SUCCESS, FAILED, SKIPPED = "waiting", "success", "failed", "skipped"
KNOW, WRITE = "know", "write"
ALREADY = "AmoCRM update already performed for this lead ID."
# The account is asked for its fields again after a day, for one that is missing sooner.
KNOWN_FOR, MISSING_FOR = timedelta(days=1), timedelta(minutes=1)


async def begin(connection: Connection, report_id: int) -> None:
    """Have a report that waits written into its deal; in the caller's transaction. One of the same
    lead goes first: then this one has its turn after it. Nothing for a report of no CRM.
    """
    for row in await report_store.lock(connection, [report_id]):
        if row["crm_state"] != WAITING or row["crm_step"] is not None:
            continue
        before = await report_store.before(connection, row["lead_id"], row["id"])
        if before["under_way"]:
            continue
        if before["done"]:
            await report_store.end(connection, row["id"], SKIPPED, ALREADY)
            await begin_next(connection, row["lead_id"])
        elif is_known(row):
            await write(connection, row)
        else:
            await know(connection, row)


async def begin_next(connection: Connection, lead_id: int) -> None:
    """The next report of a lead has its turn."""
    if (following := await report_store.next_waiting(connection, lead_id)) is not None:
        await begin(connection, following)


async def retry(connection: Connection, report: str) -> int:
    """Have a report that failed, or was skipped, written once more: a person mended the cause. Its
    number. Raises ConfigError.
    """
    row = await report_store.named(connection, report)
    if row is None:
        raise ConfigError(f"there is no report {report}")
    locked = await report_store.lock(connection, [row["id"]])
    if not locked:
        raise ConfigError(f"{report} is about no deal of a CRM: there is nothing to write")
    if locked[0]["crm_state"] not in (FAILED, SKIPPED):
        raise ConfigError(f"{report} is {locked[0]['crm_state']}: only what failed is repeated")
    await report_store.again(connection, row["id"])
    await begin(connection, row["id"])
    return int(row["id"])


async def know(connection: Connection, row: Any, *, late: bool = False) -> None:
    """Ask the account for its fields, then for its stages; see `closed`."""
    nth = await report_store.step(connection, row["id"], KNOW)
    await plan(connection, [asks.ask_fields(row["connection_id"], row["id"], nth, late=late)])


async def write(connection: Connection, row: Any, *, late: bool = False) -> None:
    """Plan the write itself."""
    settings, known = settings_of(row), known_of(row)
    nth = await report_store.step(connection, row["id"], WRITE)
    final = known.stage(settings.final) if settings.final and row["is_success"] else None
    call = asks.write(
        row["connection_id"],
        row["id"],
        nth,
        row["external_id"],
        filling_of(row),
        final,
        kept(settings, known),
        late=late,
    )
    await plan(connection, [call])


def left_out_of(row: Any) -> list[str]:
    """What of a report and of the settings could not be written, in words."""
    settings, known = settings_of(row), known_of(row)
    final = settings.final if row["is_success"] else None
    lost = [final] if final is not None and known.stage(final) is None else []
    return [*filling_of(row).left_out, *(f"there is no stage '{name}'" for name in lost)]


def kept(settings: LeadSettings, known: Known) -> list[int]:
    """The stages that no deal is moved out of; the closed ones are known to the connector."""
    found = (known.stage(it) for it in (settings.final, *settings.keep) if it)
    return [stage.status_id for stage in found if stage is not None]


def is_known(row: Any) -> bool:
    """Whether what is known of the account is fresh and enough."""
    if row["known_at"] is None:
        return False
    age = datetime.now(UTC) - row["known_at"]
    return age < MISSING_FOR or (age < KNOWN_FOR and not known_of(row).missing(settings_of(row)))


def settings_of(row: Any) -> LeadSettings:
    return LeadSettings.model_validate(row["settings"])


def known_of(row: Any) -> Known:
    return Known.model_validate(row["known"])


def filling_of(row: Any) -> Filling:
    """What the report means for the fields of its deal."""
    return filling(settings_of(row), known_of(row), report_of(row))


def report_of(row: Any) -> Report:
    """A row as what is to be written. Texts are as they came, where they came."""
    data = row["data"] if isinstance(row["data"], dict) else {}
    told: dict[str, str] = {
        name: kept
        for name in TOLD
        if (value := data.get(name, row[name])) not in (None, "")
        and isinstance(value, str | int | float)
        and (kept := field_kept(name, str(value)))
    }
    if row["amount"] is not None:
        told.setdefault("amount", str(row["amount"]))
    return Report(row["status"], row["is_success"], row["amount"], told)
