"""The business: its name, time zone and patience; its places; the text of a review request."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.connections import store
from uzel.messages.store import add_template, newest_template
from uzel.people.store import note
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.listing import row_id
from uzel.web.console.page import go, render
from uzel.web.console.preview import PURPOSE, SMS, preview_of, wrong_with

LONGEST_NAME, LONGEST_URL, LONGEST_REF, LONGEST_TEXT = 100, 500, 100, 2000
LONGEST_GAP_DAYS = 3650
URL = re.compile(r"https?://[^\s/]+(/\S*)?")
ZONES = (
    *("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk"),
    *("Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok"),
    *("Asia/Magadan", "Asia/Kamchatka", "Asia/Almaty", "Asia/Aqtobe", "Asia/Bishkek"),
    *("Asia/Tashkent", "Asia/Dushanbe", "Asia/Baku", "Asia/Tbilisi", "Asia/Yerevan"),
    *("Europe/Minsk", "UTC"),
)

router = APIRouter(include_in_schema=False)


@router.get("/business")
async def show(desk: OwnDesk) -> Response:
    """Everything about the business on one page."""
    return await page_of(desk)


@router.post("/business")
async def save(desk: AdminDesk) -> Response:
    """Name, time zone, days between two requests to one guest."""
    wrong: dict[str, str] = {}
    name = short_text(desk, "name", LONGEST_NAME, wrong)
    zone, gap_days = desk.form.get("zone", ""), desk.form.get("gap_days", "").strip()
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong["zone"] = desk.language.text("Такого часового пояса нет.")
    if not gap_days.isascii() or not gap_days.isdigit() or int(gap_days[:9]) > LONGEST_GAP_DAYS:
        wrong["gap_days"] = desk.language.text("Нужно число дней, от 0 до 3650.")
    if wrong:
        return await page_of(desk, wrong, typed=desk.form)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await store.save_business(connection, desk.business.id, name, zone, int(gap_days))
        said = {"name": name, "time_zone": zone, "request_gap_days": int(gap_days)}
        await note(connection, desk.person.login, "change", f"business:{desk.business.id}", said)
    return go("/business", "saved")


@router.post("/business/preview")
async def preview(desk: AdminDesk) -> Response:
    """What a guest would get; nothing is saved."""
    return await page_of(desk, body=desk.form.get("body", ""))


@router.post("/business/template")
async def save_template(desk: AdminDesk) -> Response:
    """A new version of the text; messages made before keep theirs."""
    body = desk.form.get("body", "").strip()
    places = await store.places_of(desk.deps.pool, desk.business.id)
    if wrong_with(desk.language, body, places) or len(body) > LONGEST_TEXT:
        return await page_of(desk, body=body[:LONGEST_TEXT])
    current = await newest_template(desk.deps.pool, desk.business.id, PURPOSE, SMS)
    if current is None or current["body"] != body:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            added = await add_template(connection, desk.business.id, PURPOSE, SMS, body)
            await note(connection, desk.person.login, "change", f"template:{added}", {})
    return go("/business", "saved")


@router.get("/business/places/{place_id}")
async def show_place(desk: AdminDesk, place_id: str) -> Response:
    """The form of a place; `new` for one more."""
    return await place_form(desk, place_id)


@router.post("/business/places/{place_id}")
async def save_place(desk: AdminDesk, place_id: str) -> Response:
    """Add a place or change it."""
    wrong: dict[str, str] = {}
    name = short_text(desk, "name", LONGEST_NAME, wrong)
    url = desk.form.get("review_url", "").strip()
    if len(url) > LONGEST_URL or not URL.fullmatch(url):
        wrong["review_url"] = desk.language.text("Нужна ссылка вида https://…")
    source_ref = " ".join(desk.form.get("source_ref", "").split())[:LONGEST_REF] or None
    if wrong:
        return await place_form(desk, place_id, wrong)
    number = None if place_id == "new" else row_id(place_id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await store.save_place(connection, desk.business.id, number, name, url, source_ref)
        if done:
            said = {"name": name, "review_url": url, "source_ref": source_ref}
            await note(connection, desk.person.login, "change", f"place:{place_id}", said)
    if not done:
        said_wrong = desk.language.text("Заведение с таким номером источника уже есть.")
        return await place_form(desk, place_id, {"source_ref": said_wrong})
    return go("/business", "saved")


@router.post("/business/places/{place_id}/remove")
async def remove_place(desk: AdminDesk, place_id: str) -> Response:
    """Remove a place no guest was ever asked about."""
    number = row_id(place_id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await store.remove_place(connection, desk.business.id, number)
        if done:
            await note(connection, desk.person.login, "remove", f"place:{number}", {})
    if not done:
        said = desk.language.text("О визитах сюда уже спрашивали: заведение остаётся в журнале.")
        return await place_form(desk, place_id, {"": said})
    return go("/business", "removed")


async def page_of(
    desk: Desk,
    wrong: Mapping[str, str] | None = None,
    *,
    typed: Mapping[str, str] | None = None,
    body: str | None = None,
) -> Response:
    """The page, with what was typed and what is wrong with it."""
    places = await store.places_of(desk.deps.pool, desk.business.id)
    template = await newest_template(desk.deps.pool, desk.business.id, PURPOSE, SMS)
    text = body if body is not None else (template["body"] if template else "")
    seen = preview_of(desk.language, text[:LONGEST_TEXT], places)
    business = desk.business
    values = {
        "name": business.name,
        "zone": business.zone.key,
        "gap_days": str(business.request_gap_days),
        **(typed or {}),
    }
    return render(
        desk,
        "business.html",
        422 if wrong or (body is not None and seen.wrong) else 200,
        wrong=wrong or {},
        values=values,
        zones=sorted({*ZONES, values.get("zone", "")} - {""}),
        places=places,
        body=text,
        preview=seen,
        saved=template["body"] if template else "",
    )


async def place_form(desk: Desk, place_id: str, wrong: Mapping[str, str] | None = None) -> Response:
    """The form of one place. Raises HTTPException 404."""
    values: Mapping[str, Any] = {"name": "", "review_url": "", "source_ref": ""}
    if place_id != "new":
        number = row_id(place_id)
        values = chosen(await store.places_of(desk.deps.pool, desk.business.id), number)
    if wrong is not None and "" not in wrong:
        values = {**values, **desk.form}
    return render(
        desk,
        "place.html",
        422 if wrong else 200,
        place_id=place_id,
        values=values,
        wrong=wrong or {},
    )


def chosen(places: Sequence[Any], number: int) -> Mapping[str, Any]:
    """The place with this id. Raises HTTPException 404."""
    for place in places:
        if place["id"] == number:
            return dict(place)
    raise HTTPException(404)


def short_text(desk: Desk, name: str, longest: int, wrong: dict[str, str]) -> str:
    """A line of text from the form; an empty or endless one is noted in `wrong`."""
    text = " ".join(desk.form.get(name, "").split())
    if not text or len(text) > longest:
        wrong[name] = desk.language.text("Заполните, до {n} знаков.", n=longest)
    return text
