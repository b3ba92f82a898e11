"""Who did what about a partner: the lines of the audit with what exactly was changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from uzel.partners.settings import PartnerSettings
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.partners_words import DEBITS, person
from uzel.web.console.show import grouped, money

FIELDS = {
    "commission_percent": m("комиссия"),
    "lead_price_minor": m("цена лида"),
    "debit": m("деньги при платеже"),
    "token_in_url": m("токен в адресе запроса"),
    "addresses": m("с каких адресов"),
    "per_minute": m("запросов в минуту"),
    "time_zone": m("часовой пояс"),
    "hook_url": m("адрес вебхуков"),
    "hook_test_url": m("адрес вебхуков тестовых денег"),
}
OWN = re.compile(r"partner_\w+, token ([0-9]+)")


@dataclass(frozen=True, slots=True)
class Acts:
    """Reads lines of the audit about one partner, with `tokens` as partner_store gives them."""

    desk: Desk
    currency: str
    tokens: Mapping[int, Any]

    def who(self, actor: str) -> str:
        """A person, or the partner in its cabinet."""
        own = OWN.fullmatch(actor)
        if own is None:
            return person(actor)
        said = self.desk.language.text(m("партнёр, по токену {token}"), token=self.named(own[1]))
        return str(said)

    def token(self, told: Mapping[str, Any]) -> str:
        """Which token was made or ended; of one that was replaced, both."""
        if told.get("token") is None:
            return ""
        new = told.get("new")
        old, new = (told.get("instead_of"), told["token"]) if new is None else (told["token"], new)
        known = {"name": told.get("name"), "prefix": told.get("prefix")}
        here = self.named(new, known)
        return here if old is None else f"{self.named(old)} → {here}"

    def named(self, number: Any, known: Mapping[str, Any] | None = None) -> str:
        """Its name and how it begins."""
        row: Mapping[str, Any] = self.tokens.get(int(number)) or known or {}
        begins = f"{row['prefix']}…" if row.get("prefix") else f"№ {number}"
        return f"«{row['name']}» {begins}" if row.get("name") else begins

    def changes(self, told: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
        """(what, before, after) of all that was agreed otherwise."""
        if "after" not in told:
            return ()
        try:
            before, after = (
                PartnerSettings.model_validate(dict(told.get(name) or {}))
                for name in ("before", "after")
            )
        except ValidationError:  # of a version that knew other settings
            return ()
        return tuple(self._differences(before, after))

    def _differences(
        self, before: PartnerSettings, after: PartnerSettings
    ) -> Iterator[tuple[str, str, str]]:
        for field, name in FIELDS.items():
            was, now = getattr(before, field), getattr(after, field)
            if was != now:
                yield (
                    str(self.desk.language.text(name)),
                    self._said(field, was),
                    self._said(field, now),
                )

    def _said(self, field: str, value: Any) -> str:
        spoken = self.desk.language
        if field == "commission_percent":
            return f"{grouped(spoken, value.normalize())} %"
        if field == "lead_price_minor":
            return (
                money(spoken, value, self.currency) if value else str(spoken.text(m("бесплатно")))
            )
        if field == "debit":
            return str(spoken.text(DEBITS[value]))
        if field == "addresses":
            return ", ".join(value) or str(spoken.text(m("с любого адреса")))
        if isinstance(value, bool):
            return str(spoken.text(m("принимается") if value else m("не принимается")))
        return "—" if value is None else str(value)
