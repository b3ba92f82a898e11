"""Texts: what guests are written, by purpose, channel, place and variant; how each does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from uzel.connections import business_store
from uzel.messages.store import add_template, newest_template
from uzel.model.rules import Rules
from uzel.model.sms_text import count_segments
from uzel.people.store import note
from uzel.views import text_store
from uzel.web.console import text_form
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found
from uzel.web.console.names import CHANNELS as CHANNEL_NAMES
from uzel.web.console.page import go, render
from uzel.web.console.preview import (
    REMINDER,
    REQUEST,
    SMS,
    VARIABLE_NAMES,
    VARIABLES,
    Draft,
    preview_of,
    wrong_with,
)
from uzel.web.console.rules_form import rules_in
from uzel.web.console.text_form import CHANNELS, Key
from uzel.web.console.typed import Typed
from uzel.web.console.words import named

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A text in the list. share: how many of a hundred guests get it; rate: None without messages
    that arrived.
    """

    key: Key
    text: Any
    share: int
    segments: int
    delivered: int
    clicked: int

    @property
    def query(self) -> str:
        """The address of its form."""
        return query_of(self.key)

    @property
    def rate(self) -> float | None:
        """Clicks of a hundred that arrived."""
        return 100 * self.clicked / self.delivered if self.delivered else None


def query_of(key: Key) -> str:
    """A text in an address."""
    purpose, channel, place_id, variant = key
    return urlencode(
        {"purpose": purpose, "channel": channel, "place": place_id or "", "variant": variant}
    )


@router.get("/business/texts")
async def show_list(desk: OwnDesk) -> Response:
    """All texts with their click rates."""
    pool, business = desk.deps.pool, desk.business.id
    texts = [text for text in await text_store.in_use(pool, business) if is_shown(text)]
    rates = await text_store.rates(pool, business)
    names = await place_names(desk)
    rows = [row_of(desk, text, texts, rates.get(text["id"]), names) for text in texts]
    rows.sort(key=lambda row: CHANNELS.index(row.key.channel))
    rules = rules_in((await business_store.rules_of(pool, business))["rules"])
    return render(
        desk,
        "texts.html",
        purposes={p: [r for r in rows if r.key.purpose == p] for p in (REQUEST, REMINDER)},
        missing=list(missing(desk, rows, rules)),
        channels=CHANNELS,
        places=names,
        window=text_store.WINDOW,
        reminds=rules.remind_after_s is not None,
    )


def is_shown(text: Any) -> bool:
    """Whether it is a text to guests by a channel the forms know."""
    return text["purpose"] in VARIABLES and text["channel"] in CHANNELS


def row_of(
    desk: Desk, text: Any, texts: Sequence[Any], rate: Any | None, names: Mapping[int, str]
) -> Row:
    """A row of the list."""
    rivals = [t["weight"] for t in texts if same_guests(t, text)]
    share = round(100 * text["weight"] / sum(rivals)) if sum(rivals) else 0
    draft = Draft(text["purpose"], text["channel"], text["body"])
    own = names.get(text["place_id"])
    places = [own] if own else list(names.values())
    seen = preview_of(desk.language, draft, places, desk.deps.settings.url)
    segments = count_segments(seen.text).segments if text["channel"] == SMS else 0
    delivered, clicked = (rate["delivered"], rate["clicked"]) if rate else (0, 0)
    return Row(key_in(text), text, share, segments, delivered, clicked)


def same_guests(one: Any, other: Any) -> bool:
    """Whether two texts are variants of each other."""
    return all(one[name] == other[name] for name in ("purpose", "channel", "place_id"))


def key_in(row: Any) -> Key:
    """Which text a row of the database is."""
    return Key(row["purpose"], row["channel"], row["place_id"], row["variant"])


def missing(desk: Desk, rows: Sequence[Row], rules: Rules) -> Iterator[Markup]:
    """Channels that are meant to be used and have nothing to say."""
    spoken = desk.language
    wanted: list[str] = [hop.channel for hop in rules.route] or [SMS]
    for channel in dict.fromkeys(wanted):
        if not has_text(rows, REQUEST, channel):
            said = m("{channel}: действующего текста просьбы нет, этим способом ничего не уйдёт.")
            yield spoken.text(said, channel=named(spoken, CHANNEL_NAMES, channel))
    reminder = any(has_text(rows, REMINDER, channel) for channel in CHANNELS)
    if rules.remind_after_s is not None and not reminder:
        yield spoken.text(m("Напоминание включено в правилах, а текста у него нет."))


def has_text(rows: Sequence[Row], purpose: str, channel: str) -> bool:
    """Whether a channel has a text for all places."""
    return any(
        (row.key.purpose, row.key.channel, row.key.place_id) == (purpose, channel, None)
        and row.text["weight"] > 0
        for row in rows
    )


@router.get("/business/texts/edit")
async def show_form(desk: AdminDesk) -> Response:
    """The form of a text; without a variant, of a new one."""
    names = await place_names(desk)
    texts = await text_store.in_use(desk.deps.pool, desk.business.id)
    key = text_form.key_of(desk.request.query_params, names, {key_in(text) for text in texts})
    return await page_of(desk, key, names)


@router.post("/business/texts/preview")
async def preview(desk: AdminDesk) -> Response:
    """What a guest would get; nothing is saved."""
    names = await place_names(desk)
    typed = Typed(desk.language, desk.form)
    return await page_of(desk, text_form.key_of(desk.form, names), names, typed)


@router.post("/business/texts/edit")
async def save(desk: AdminDesk) -> Response:
    """A new version of the text; messages made before keep theirs."""
    names = await place_names(desk)
    key, typed = text_form.key_of(desk.form, names), Typed(desk.language, desk.form)
    written = text_form.read(key, typed)
    places, url = places_for(key, names), desk.deps.settings.url
    if wrong := wrong_with(desk.language, written.draft, places, url):
        typed.wrong.setdefault("body", wrong)
    if typed.wrong:
        return await page_of(desk, key, names, typed)
    await write(desk, key, written)
    return go("/business/texts", "saved")


@router.post("/business/texts/retire")
async def retire(desk: AdminDesk) -> Response:
    """Use a text no more; it stays, and can come back."""
    key = text_form.key_of(desk.form, await place_names(desk))
    text = found(await newest_template(desk.deps.pool, desk.business.id, *key))
    draft = Draft(key.purpose, key.channel, text["body"], text["subject"] or "", text["approved"])
    await write(desk, key, text_form.Written(draft, 0))
    return go("/business/texts", "retired")


async def write(desk: Desk, key: Key, written: text_form.Written) -> None:
    """Store a version, unless it is the one in use."""
    business, draft = desk.business.id, written.draft
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        now = await newest_template(connection, business, *key)
        fields = (draft.body, draft.subject or None, draft.approved, written.weight)
        if now and (now["body"], now["subject"], now["approved"], now["weight"]) == fields:
            return
        added = await add_template(
            connection,
            business,
            key.purpose,
            key.channel,
            draft.body,
            place_id=key.place_id,
            variant=key.variant,
            weight=written.weight,
            subject=draft.subject or None,
            approved=draft.approved,
        )
        said = {**key._asdict(), "weight": written.weight}
        await note(connection, desk.person.login, "change", f"template:{added}", said)


async def place_names(desk: Desk) -> dict[int, str]:
    """The places of the chosen business."""
    places = await business_store.places_of(desk.deps.pool, desk.business.id)
    return {place["id"]: place["name"] for place in places}


def places_for(key: Key, names: Mapping[int, str]) -> list[str]:
    """Names of the places a text may speak of."""
    return [names[key.place_id]] if key.place_id is not None else list(names.values())


async def page_of(
    desk: Desk, key: Key, names: Mapping[int, str], typed: Typed | None = None
) -> Response:
    """The form with its preview, with what was typed and what is wrong with it."""
    pool, business = desk.deps.pool, desk.business.id
    stored = await newest_template(pool, business, *key)
    values = text_form.shown(key, stored)
    if typed is not None:
        values = {name: typed.form.get(name, "") for name in values}
    reading = typed or Typed(desk.language, values)
    draft = text_form.read(key, reading).draft
    places = places_for(key, names)
    seen = preview_of(desk.language, draft, places, desk.deps.settings.url)
    return render(
        desk,
        "text.html",
        422 if typed and (typed.wrong or seen.wrong) else 200,
        key=key,
        place=names.get(key.place_id or 0),
        stored=stored,
        values=values,
        wrong=typed.wrong if typed else {},
        preview=seen,
        variables=[n for n in VARIABLES[key.purpose] if n != "code"],
        parameters=VARIABLES[key.purpose],
        names=VARIABLE_NAMES,
        versions=await text_store.versions(pool, business, key),
        rate=(await text_store.rates(pool, business)).get(stored["id"]) if stored else None,
        is_first=not typed,
    )
