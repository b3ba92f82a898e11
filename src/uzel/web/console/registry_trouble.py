"""Registries whose records do not become deals, for the overview."""

from collections.abc import Iterable, Iterator
from typing import Any

from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.trouble import YOURS, Trouble

OPEN = m("Открыть")


def of_mirrors(desk: Desk, rows: Iterable[Any]) -> Iterator[Trouble]:
    """Rows of `mirrors_store.in_trouble`. Who may not see the settings is led to a record."""
    for row in rows:
        asked = f"?business={row['business_id']}"
        where = f"/registry/mirror{asked}" if desk.is_admin else ""
        name = row["source"] or (row["business"] if len(desk.businesses) > 1 else None)
        if row["stuck"]:
            link = where
            if not where and row["source_id"] is None:
                link = f"/registry/records/{row['number'].partition('x')[2]}{asked}"
            yield Trouble(
                m("сделки из реестра застряли"),
                m("Само это не пройдёт: посмотрите, почему, исправьте и попробуйте снова."),
                "ask", YOURS, link, OPEN, row["stuck"], since=row["since"], reason=name,
            )  # fmt: skip
        if row["problem"]:
            yield Trouble(
                m("vtiger не читается: люди и проекты не становятся сделками"),
                m("Ни один не потеряется: заберём всё, как только получится."),
                "bad", YOURS, where, OPEN, reason=row["problem"],
            )  # fmt: skip
