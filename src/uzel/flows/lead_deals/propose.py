"""What settings an account suggests by the names of its fields, and what a report would come to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from uzel.flows.lead_deals.known import Known, KnownField
from uzel.flows.lead_deals.settings import LINK, NOW, STATUS, LeadSettings, Told
from uzel.flows.lead_deals.values import MOMENTS, NoValue, Report, filling, value_of

# Names that accounts which pay links gave to their fields, the more usual ones first.
LINKS, STATUSES = (LINK,), (STATUS, "Статус оплаты", "Статус")
TOLD_IN: Mapping[Told, tuple[str, ...]] = {
    "amount": ("Сумма выдана", "Сумма выдано"),
    "currency": ("Валюта", "Валюта (выдано)", "Валюта получения"),
    "email": ("Почта", "Email"),
    "card": ("Карта",),
}
STATIC: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Счет списания", ("Mastercard Prepaid",)),
    ("Дата списания", (NOW,)),
    ("Администратор", ("Бот Zeno", "Бот")),
    ("Оплаченный сервис", ("chatgpt",)),
    ("Срок оплаты", ("1",)),
)
FINAL, KEPT = "Финальный Операторский", ("Финальный Админский",)
EXAMPLE = Report(
    status="Успешно",
    is_success=True,
    amount=Decimal("19.17"),
    told={
        "amount": "19.17",
        "currency": "USD",
        "email": "someone@example.org",
        "card": "1234",
    },
)


def proposed(known: Known, settings: LeadSettings) -> LeadSettings:
    """The settings, and for what they leave open or what the account does not have: what it has
    under a usual name.
    """
    changes: dict[str, Any] = {}
    usual: dict[str, tuple[str, ...]] = {"link_field": LINKS, "status_field": STATUSES}
    for name, names in usual.items():
        if known.field(getattr(settings, name)) is None and (found := first(known, names)):
            changes[name] = found.name
    fields = dict(settings.fields)
    for told, names in TOLD_IN.items():
        if told not in fields and (found := first(known, names)):
            fields[told] = found.name or ""
    changes["fields"] = fields
    if not settings.static:
        changes["static"] = tuple(
            (name, value) for name, values in STATIC if (value := fitting(known, name, values))
        )
    if settings.final is None:
        changes["final"] = stage_named(known, FINAL)
    if not settings.keep:
        changes["keep"] = tuple(it for name in KEPT if (it := stage_named(known, name)))
    return settings.model_copy(update=changes)


def first(known: Known, names: tuple[str, ...]) -> KnownField | None:
    return next((field for name in names if (field := known.field(name))), None)


def fitting(known: Known, name: str, values: tuple[str, ...]) -> str | None:
    """The first of the values that the field takes, None where there is no such field."""
    field = known.field(name)
    for value in values if field else ():
        try:
            value_of(field, value)  # type: ignore[arg-type]
        except NoValue:
            continue
        return value
    return None


def stage_named(known: Known, name: str) -> str | None:
    """`PIPELINE/STAGE` of the only stage that is called so."""
    found = [
        f"{pipeline.name}/{stage.name}"
        for pipeline in known.pipelines
        for stage in pipeline.stages
        if (stage.name or "").casefold() == name.casefold()
    ]
    return found[0] if len(found) == 1 else None


def preview(known: Known, settings: LeadSettings, report: Report = EXAMPLE) -> dict[str, Any]:
    """What would be written of a report, ready for JSON: {"fields": [{"field", "value"}], "stage",
    "left_out": [text]}.
    """
    made = filling(settings, known, report)
    final = settings.final if settings.final and known.stage(settings.final) else None
    names = {field.id: field for field in known.fields}
    return {
        "fields": [
            {"field": names[it["field_id"]].name, "value": shown(names[it["field_id"]], it)}
            for it in made.fields
        ],
        "stage": final,
        "left_out": made.left_out,
    }


def shown(field: KnownField, item: Mapping[str, Any]) -> Any:
    """A value as people see it in the deal."""
    value = item["values"][0]
    if "enum_id" in value:
        return next(it.value for it in field.enums if it.id == value["enum_id"])
    if field.type in MOMENTS:
        return datetime.fromtimestamp(value["value"], UTC).isoformat()
    return value["value"]
