"""The form of a place: what stands in it, and what of it can be stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import escape

from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.flows.review_requests.settings import references_of
from uzel.model.rules import (
    ALL_SOURCES,
    DELAY_S,
    LONGEST_DELAY_S,
    PlaceRules,
    Rules,
    read_place_rules,
)
from uzel.web.console.language import mark as m
from uzel.web.console.typed import Typed, span_shown

LONGEST_NAME, LONGEST_REFERENCE, MOST_REFERENCES = 100, 100, 50
SOURCES = (*DELAY_S, ALL_SOURCES)
# Column, what people call the platform, and hosts that are surely of it.
PLATFORMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "yandex_url": (m("Яндекс Карты"), ("yandex.ru", "yandex.com", "yandex.kz", "ya.cc")),
    "gis_url": (m("2ГИС"), ("2gis.ru", "2gis.kz", "2gis.com", "go.2gis.com")),
    "google_url": (m("Google Карты"), ("google.com", "google.ru", "goo.gl", "g.page", "g.co")),
    "review_url": (m("Другая"), ()),
}


def links_of(place: Any) -> list[str]:
    """Names of the platforms a place has a link to."""
    return [title for column, (title, _) in PLATFORMS.items() if place[column]]


def shown(place: Any | None) -> dict[str, str]:
    """What stands in the fields of a place; of a new one nothing."""
    if place is None:
        values: dict[str, str] = dict.fromkeys(
            ("name", "source_ref", "zone", *PLATFORMS, "manager_phone", "manager_email"), ""
        )
        rules = PlaceRules()
    else:
        names = ("name", "source_ref", *PLATFORMS, "manager_phone", "manager_email")
        values = {name: place[name] or "" for name in names}
        values["zone"] = place["time_zone"] or ""
        rules = rules_of(place)
    for source in SOURCES:
        seconds = (rules.delay_s or {}).get(source)
        values[f"delay_{source}"], values[f"delay_{source}_unit"] = span_shown(seconds)
    values["opens"], values["closes"] = rules.opens or "", rules.closes or ""
    values["minimum"] = "" if rules.minimum is None else f"{rules.minimum:f}"
    values["skip_sources"] = "\n".join(rules.skip_sources or ())
    values["skips"] = "on" if rules.skip_sources is not None else ""
    return values


def rules_of(place: Any) -> PlaceRules:
    """What a place decided by itself; nothing where that cannot be read."""
    try:
        return read_place_rules(place["rules"])
    except ConfigError:
        return PlaceRules()


def read(typed: Typed) -> dict[str, Any]:
    """The columns of a place from its form; what cannot be stored is noted in `typed.wrong`."""
    values: dict[str, Any] = {
        "name": typed.line("name", LONGEST_NAME),
        "source_ref": " ".join(read_references(typed)) or None,
        "time_zone": typed.zone("zone", needed=False),
        **{column: read_link(typed, column) for column in PLATFORMS},
        "manager_phone": read_contact(typed, "manager_phone", is_email=False),
        "manager_email": read_contact(typed, "manager_email", is_email=True),
    }
    return {**values, "rules": read_rules_of(typed)}


def read_references(typed: Typed) -> list[str]:
    """By what the sources know this place, each once."""
    found: dict[str, None] = {}
    for reference in references_of(typed.form.get("source_ref")):
        connector, colon, rest = reference.partition(":")
        known = connector.lower() in connectors()
        if len(reference) > LONGEST_REFERENCE:
            typed.refuse("source_ref", m("До {n} знаков."), n=LONGEST_REFERENCE)
        elif colon and not (known and rest):
            typed.refuse("source_ref", m("Такого источника нет: {name}"), name=connector[:40])
        found[f"{connector.lower()}:{rest}" if colon else reference] = None
    if len(found) > MOST_REFERENCES:
        typed.refuse("source_ref", m("До {n} номеров."), n=MOST_REFERENCES)
    return list(found)


def read_link(typed: Typed, column: str) -> str | None:
    """A link; one that surely belongs into another field is refused."""
    url = typed.url(column)
    host = url.split("/")[2].rpartition("@")[2].partition(":")[0].lower() if url else ""
    for other, (title, hosts) in PLATFORMS.items():
        if column not in (other, "review_url") and is_of(host, hosts):
            typed.refuse(
                column,
                m("Эта ссылка ведёт в другое место: {title}."),
                title=typed.spoken.text(title),
            )
    return url


def is_of(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of these, or below one."""
    return any(host == known or host.endswith(f".{known}") for known in hosts)


def read_contact(typed: Typed, name: str, *, is_email: bool) -> str | None:
    """A phone or an address of a manager."""
    found = typed.addresses(name)
    if len(found) > 1:
        typed.refuse(name, m("Нужен один адрес."))
    if found and ("@" in found[0]) is not is_email:
        typed.refuse(name, m("Нужен e-mail.") if is_email else m("Нужен телефон."))
    return found[0] if found else None


def read_rules_of(typed: Typed) -> dict[str, Any]:
    """Only what differs from the business's rules."""
    delays = read_delays(typed)
    rules: dict[str, Any] = {
        "delay_s": delays or None,
        "opens": typed.clock("opens", needed=False),
        "closes": typed.clock("closes", needed=False),
        "minimum": typed.decimal("minimum"),
        "skip_sources": typed.lines("skip_sources") if typed.switch("skips") else None,
    }
    if not typed.wrong:
        try:
            kept = read_place_rules(rules)
        except ConfigError as error:
            typed.wrong[""] = escape(str(error))
        else:
            return kept.model_dump(mode="json", exclude_none=True)
    return {}


def read_delays(typed: Typed) -> dict[str, int]:
    """Source → seconds, for those that were typed."""
    read = {source: typed.span(f"delay_{source}", 0, LONGEST_DELAY_S) for source in SOURCES}
    return {source: seconds for source, seconds in read.items() if seconds is not None}


def taken(
    references: Sequence[str], places: Iterable[Any], place_id: int | None
) -> tuple[str | None, str] | None:
    """(reference, name of the place) that another place of the business has already; the reference
    is None where both are the default place.
    """
    wanted = set(references)
    for place in places:
        theirs = set(references_of(place["source_ref"]))
        if place["id"] == place_id:
            continue
        if not wanted and not theirs:
            return None, place["name"]
        if both := wanted & theirs:
            return min(both), place["name"]
    return None


def as_business(rules: Rules, source: str) -> int:
    """The delay that holds where a place says nothing, in seconds."""
    return round(rules.delay(source).total_seconds())
