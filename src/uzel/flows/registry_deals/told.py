"""A person or a project as a mirror needs it, read of the fields that the protocol gives.

Uzel's registry and a vtiger name them alike (konsol-and-vtiger, B5); a vtiger's own fields are
`cf_…` with the labels that it describes them by.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.model import cards
from uzel.model.phone import PhoneRejected, parse_phone

CONTACTS, PROJECT = "Contacts", "Project"
MOMENT = "%Y-%m-%d %H:%M:%S"
# What a deal may be called, and what a fact may take of a note.
LONGEST_NAME, LONGEST_FACT = 250, 500
TRUE = ("1", "true", "yes", "on")
REFERENCE = re.compile(r"[0-9]{1,9}x[0-9]{1,18}")
NUMBER_OF = {CONTACTS: "contact_no", PROJECT: "project_no"}
PHONES = ("mobile", "phone", "homephone", "otherphone")
PERSON, ABOUT = "linktoaccountscontacts", ("cf_project_offender", "cf_project_agent")
# Field → what people call it, in the order of the note. Codes and requisites are for nobody there.
FACTS: Mapping[str, Mapping[str, str]] = {
    CONTACTS: {
        "mobile": "Телефон",
        "phone": "Рабочий телефон",
        "otherphone": "Другой телефон",
        "homephone": "Домашний телефон",
        "email": "E-mail",
        "birthday": "Дата рождения",
        "cf_contacts_inn": "ИНН",
        "mailingcity": "Город",
        "leadsource": "Откуда",
        "description": "Описание",
    },
    PROJECT: {
        "projectname": "Проект",
        "projectstatus": "Состояние",
        PERSON: "Чей",
        "cf_project_offender": "Обидчик",
        "cf_project_agent": "Посредник",
        "cf_project_category": "Категория",
        "cf_project_direction": "Направление",
        "cf_project_subject": "Предмет договора",
        "cf_project_agrdate": "Дата договора",
        "cf_project_agrprice": "Цена договора",
        "cf_project_loss": "Убыток",
        "cf_project_servicecost": "Стоимость полученной услуги",
        "cf_project_returned": "Вернули по претензии",
        "cf_project_claimdate": "Дата претензии",
        "cf_project_progress": "Прогресс, %",
        "cf_project_region": "Регион",
        "cf_project_source": "Откуда обращение",
        "targetbudget": "Бюджет",
        "startdate": "Начало",
        "targetenddate": "Срок",
        "actualenddate": "Окончание",
        "description": "Описание",
    },
}
# Its own line has the name; the rest is nothing for a deal.
HIDDEN = (
    *("cf_contacts_secondname", "cf_contacts_requisites", "cf_contacts_tgid"),
    *("cf_project_ip", "cf_project_formid"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """number: as the protocol has it (`12x83`); called: as people have it (`CON83`); person: the
    number of whom a project is about; facts: label → text; made_at: aware UTC.
    """

    module: str
    number: str
    called: str
    name: str
    first_name: str
    last_name: str
    phone: str | None
    person: str | None
    price: Decimal | None
    facts: Mapping[str, str]
    made_at: datetime | None

    @classmethod
    def of(
        cls,
        module: str,
        fields: Mapping[str, Any],
        settings: MirrorSettings,
        labels: Mapping[str, str],
        names: Mapping[str, str],
    ) -> Self:
        """labels: of the fields that are the installation's own; names: what those are called that
        fields refer to.
        """
        first, last = text_of(fields, "firstname"), text_of(fields, "lastname")
        called = text_of(fields, NUMBER_OF[module]) or str(fields["id"])
        second = text_of(fields, "cf_contacts_secondname")
        whole = " ".join(filter(None, (last, first, second))) or called
        person = text_of(fields, PERSON)
        return cls(
            module=module,
            number=str(fields["id"]),
            called=called,
            name=whole if module == CONTACTS else text_of(fields, "projectname") or called,
            first_name=first,
            last_name=last,
            phone=phone_of(fields) if module == CONTACTS else None,
            person=person if REFERENCE.fullmatch(person) and module == PROJECT else None,
            price=price_of(fields, settings) if module == PROJECT else None,
            facts=dict(facts_of(module, fields, labels, names)),
            made_at=moment_of(text_of(fields, "createdtime")),
        )

    @property
    def deal_name(self) -> str:
        """Which no other record has: the deal is known again by it."""
        room = LONGEST_NAME - len(self.called) - 3
        return f"{self.name[:room].strip()} ({self.called})"

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "called": self.called,
            "name": self.name,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "facts": dict(self.facts),
        }

    def first_note(self) -> str:
        """What the deal says of it to begin with."""
        return "\n".join(
            (f"Реестр, {self.called}", *(f"{label}: {it}" for label, it in self.facts.items()))
        )

    def changes(self, before: Mapping[str, Any]) -> str | None:
        """What is otherwise than it was told before (`as_json`), None where nothing is."""
        known: Mapping[str, str] = before["facts"]
        lines = [
            f"{label}: {known.get(label) or '—'} → {self.facts.get(label) or '—'}"
            for label in {**known, **self.facts}
            if known.get(label) != self.facts.get(label)
        ]
        if before["name"] != self.name and self.module == CONTACTS:
            lines.insert(0, f"Имя: {before['name']} → {self.name}")
        return "\n".join((f"Изменено в реестре, {self.called}", *lines)) if lines else None


def facts_of(
    module: str, fields: Mapping[str, Any], labels: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """(label, text) of what is filled: the usual ones, then the installation's own."""
    usual = FACTS[module]
    own = {name: labels[name] for name in fields if name in labels and name not in usual}
    for name, label in {**usual, **own}.items():
        text = text_of(fields, name)
        if not text or name in HIDDEN:
            continue
        if name in PHONES:
            text = phone_of({name: text}) or text
        if (name == PERSON or name in ABOUT) and (text := names.get(text, "")) == "":
            continue
        yield label, shortened(cards.masked(text))


def with_flags(fields: Mapping[str, Any], flags: Container[str]) -> dict[str, Any]:
    """The fields, with words where there is yes or no; nothing for no."""
    return {
        name: ("да" if str(value) in TRUE else "") if name in flags else value
        for name, value in fields.items()
    }


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_FACT else f"{text[: LONGEST_FACT - 1]}…"


def text_of(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def phone_of(fields: Mapping[str, Any]) -> str | None:
    """The first number that somebody can be reached by, in E.164."""
    for name in PHONES:
        try:
            return parse_phone(text_of(fields, name)).e164
        except PhoneRejected:
            continue
    return None


def price_of(fields: Mapping[str, Any], settings: MirrorSettings) -> Decimal | None:
    """The first price that is one."""
    for name in settings.price_fields:
        try:
            price = Decimal(text_of(fields, name) or "0")
        except InvalidOperation:
            continue
        if price.is_finite() and 0 < price < 10**12:
            return price.quantize(Decimal("0.01"))
    return None


def moment_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
