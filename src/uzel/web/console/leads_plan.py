"""What a table that comes back would do, row by row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from uzel.partners.lead import LeadState
from uzel.partners.report_text import BAD, GOOD
from uzel.partners.reports import Report
from uzel.views.leads import LeadRow
from uzel.web.console.language import mark as m
from uzel.web.console.leads_report import TOLD, Unreadable, report_of
from uzel.web.console.leads_sheet import Row


class Outcome(StrEnum):
    """Of a row; the first two change something."""

    SUCCESS = "success"
    FAILURE = "failure"
    SAME = "same"
    EMPTY = "empty"
    UNKNOWN = "unknown"
    SEVERAL = "several"
    REPEATED = "repeated"
    STATUS = "status"
    AMOUNT = "amount"
    CURRENCY = "currency"
    LONG = "long"
    LINK = "link"
    CHANGED = "changed"
    ADMIN = "admin"
    BROKEN = "broken"


DOES = (Outcome.SUCCESS, Outcome.FAILURE)
# Nothing to do, and nothing wrong.
CALM = (Outcome.SAME, Outcome.EMPTY)
# What it is, and how it looks.
OUTCOMES: Mapping[str, tuple[str, str]] = {
    Outcome.SUCCESS: (m("отчёт: выполнен"), "good"),
    Outcome.FAILURE: (m("отчёт: не вышло"), "bad"),
    Outcome.SAME: (m("без изменений"), "idle"),
    Outcome.EMPTY: (m("статуса нет"), "idle"),
    Outcome.UNKNOWN: (m("такого номера нет"), "ask"),
    Outcome.SEVERAL: (m("лидов с этим номером несколько: скачайте таблицу отсюда"), "ask"),
    Outcome.REPEATED: (m("этот лид уже был в таблице выше"), "ask"),
    Outcome.STATUS: (m("статус не понят: нужен «Успешно» или «ОШИБКА!»"), "ask"),
    Outcome.AMOUNT: (m("сумма не читается, или её можно понять двояко"), "ask"),
    Outcome.CURRENCY: (m("валюта не читается, или у суммы другая"), "ask"),
    Outcome.LONG: (m("слишком длинное значение"), "ask"),
    Outcome.LINK: (m("у лида теперь другая ссылка"), "ask"),
    Outcome.CHANGED: (m("с тех пор пришёл другой отчёт: скачайте таблицу заново"), "ask"),
    Outcome.ADMIN: (m("деньги уже списаны: вернуть их может администратор"), "ask"),
    Outcome.BROKEN: (m("записать не удалось"), "bad"),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A row, and what would become of it; `report` where it does something."""

    row: Row
    outcome: Outcome
    lead: LeadRow | None = None
    report: Report | None = None

    @property
    def kept(self) -> Row:
        """The row with what is known by now, to be read again once somebody agreed."""
        assert self.lead is not None
        known = {"lead": self.lead.public_id, "seen": self.lead.report or ""}
        known["line"] = str(self.row.line)
        return replace(self.row, values={**self.row.values, **known}, has_seen=True)


def numbers_of(rows: Iterable[Row]) -> list[str]:
    """By what the rows call their leads."""
    said = (row.get(name) for row in rows for name in ("lead", "number"))
    return list(dict.fromkeys(text[:255] for text in said if text))


def plan(rows: Sequence[Row], leads: Sequence[LeadRow], *, is_admin: bool) -> list[Planned]:
    """Every row against the leads as they are; `leads`: all that the rows might mean."""
    known: dict[str, list[LeadRow]] = {}
    for one_of in leads:
        for number in {one_of.public_id, one_of.deal_id, one_of.external_id}:
            known.setdefault(number, []).append(one_of)
    done: set[int] = set()
    planned = []
    for row in rows:
        one = judge(row, known, is_admin=is_admin)
        lead = one.lead
        if lead is not None and lead.id in done and one.outcome is not Outcome.SAME:
            one = replace(one, outcome=Outcome.REPEATED, report=None)
        if lead is not None:
            done.add(lead.id)
        planned.append(one)
    return planned


def judge(row: Row, known: Mapping[str, Sequence[LeadRow]], *, is_admin: bool) -> Planned:
    """One row."""
    if row.get("status") is None:
        return Planned(row, Outcome.EMPTY)
    found = meant(row, known)
    if len(found) != 1:
        return Planned(row, Outcome.SEVERAL if found else Outcome.UNKNOWN)
    lead, status = found[0], row.values["status"].casefold()
    if status not in (*GOOD, *BAD):
        return Planned(row, Outcome.STATUS, lead)
    typed = {name: row.values[name] for name in (*TOLD, "status") if name in row.values}
    try:
        report = report_of(lead.deal_id, typed, is_success=status in GOOD)
    except Unreadable as error:
        return Planned(row, Outcome(error.why), lead)
    outcome = against(row, lead, report, is_admin=is_admin)
    return Planned(row, outcome, lead, report if outcome in DOES else None)


def meant(row: Row, known: Mapping[str, Sequence[LeadRow]]) -> Sequence[LeadRow]:
    """The leads a row may mean: by our number, else by theirs, of several by the link."""
    ours, theirs, link = row.get("lead"), row.get("number"), row.get("link")
    if ours is not None:
        return [lead for lead in known.get(ours, ()) if lead.public_id == ours]
    found = known.get(theirs, ()) if theirs is not None else ()
    by_link = [lead for lead in found if link is not None and lead.payment_url == link]
    return by_link if len(found) > 1 and len(by_link) == 1 else found


def against(row: Row, lead: LeadRow, report: Report, *, is_admin: bool) -> Outcome:
    """What a report that can be read means for its lead as it is."""
    link = row.get("link")
    is_other = link is not None and lead.payment_url is not None and link != lead.payment_url
    if says_the_same(lead, report) and (lead.is_told or link is None):
        return Outcome.SAME
    if is_other:
        return Outcome.LINK
    if row.has_seen and (row.get("seen") or None) != lead.report:
        return Outcome.CHANGED
    if not report.is_success and lead.payment_state == "completed" and not is_admin:
        return Outcome.ADMIN
    return Outcome.SUCCESS if report.is_success else Outcome.FAILURE


def says_the_same(lead: LeadRow, report: Report) -> bool:
    """Whether this is what was last reported."""
    if lead.report is None:
        return False
    state = LeadState.DONE if report.is_success else LeadState.FAILED
    if lead.state not in (state, LeadState.NEW) or lead.is_success != report.is_success:
        return False
    before = (lead.amount, lead.currency, lead.email, lead.card)
    return before == (report.amount, report.currency, report.email, report.card)
