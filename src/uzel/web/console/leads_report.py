"""A report that a person makes: read from what was typed, taken as a robot's is."""

from collections.abc import Mapping

from uzel.flows.lead_deals import begin
from uzel.kit.body import storable
from uzel.kit.database import Connection
from uzel.model.sums import read_sum
from uzel.partners import reports
from uzel.partners.report_text import as_kept, currency_of, field_kept
from uzel.people.store import note
from uzel.views.leads import LeadRow
from uzel.web.console.desk import Desk

SUCCESS, FAILURE = "Успешно", "ОШИБКА!"
LONGEST = 255
TOLD = ("amount", "currency", "email", "card")


class Unreadable(Exception):
    """`field`: where something stands that cannot be read; `why`: amount, currency, long."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field)
        self.field = field
        self.why = why


def report_of(deal_id: str, typed: Mapping[str, str], *, is_success: bool) -> reports.Report:
    """What was typed (TOLD, and a status in other words) as a report. Raises Unreadable."""
    told = {name: storable(" ".join(text.split())) for name, text in typed.items() if text.strip()}
    for name, text in told.items():
        if len(text) > LONGEST:
            raise Unreadable(name, "long")
    written = told.get("amount")
    found = read_sum(written) if written else None
    if written and found is None:
        raise Unreadable("amount", "amount")
    beside = currency_of(found.currency) if found else None
    currency = currency_of(told.get("currency")) or beside
    if ("currency" in told and currency_of(told["currency"]) is None) or (
        found and found.currency and (beside is None or beside != currency)
    ):
        raise Unreadable("currency", "currency")
    status = told.get("status") or (SUCCESS if is_success else FAILURE)
    card = field_kept("card", told.get("card"))
    data = as_kept({"status": status, **{name: told[name] for name in TOLD if name in told}})
    amount = found.amount if found else None
    return reports.Report(
        deal_id, None, is_success, status, amount, currency, told.get("email"), card, data
    )


def may(desk: Desk, lead: LeadRow, *, is_success: bool) -> bool:
    """Giving back what was taken is for administrators, as with any payment."""
    return is_success or lead.payment_state != "completed" or desk.is_admin


async def write(connection: Connection, desk: Desk, lead: LeadRow, report: reports.Report) -> str:
    """Take it, in the caller's transaction, with the lead locked; its number."""
    login = desk.person.login
    kept = await reports.take(connection, lead.book, report, robot_id=None, made_by=login)
    if kept.crm_state == "waiting":
        await begin.begin(connection, kept.id)
    said = {"report": kept.public_id, "status": report.status}
    await note(connection, login, "report", f"lead:{lead.id}", said)
    return kept.public_id
