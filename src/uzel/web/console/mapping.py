"""Saying what a status word means: the words nobody has explained, what would follow, the deed."""

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.connections import manage, store
from uzel.connections.registry import Active
from uzel.errors import ConfigError
from uzel.people.store import note
from uzel.views import mapping_store
from uzel.views.mapping import Trial, Word, explained_as, try_out, with_words, words_of
from uzel.web.console import words
from uzel.web.console.connections import find
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import whole
from uzel.web.console.page import go, render
from uzel.web.console.parked import MOST_AT_ONCE, replay_all
from uzel.web.console.period import query_of

MEANINGS = {
    "completed": m("визит состоялся"),
    "cancelled": m("отменён"),
    "ignored": m("не важно"),
}
CONSEQUENCES = {
    "completed": m("Заказ с этим статусом станет визитом, и гостя попросят об отзыве."),
    "cancelled": m("Заказ с этим статусом считается отменённым: просьба по нему не уйдёт."),
    "ignored": m("Статус промежуточный: по нему ничего не происходит."),
}
LONGEST_WORD = 200

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A word of a connection, and what it shall mean."""

    active: Active
    word: str
    meaning: str

    @property
    def back(self) -> str:
        """Where the words of the connection are."""
        return f"/connections/{self.active.id}/words"


@router.get("/connections/{connection_id}/words")
async def show(desk: OwnDesk, connection_id: str) -> Response:
    """All words of a connection that nobody has explained, or of which older orders are left."""
    active = await reader(desk, connection_id)
    return render(
        desk,
        "words.html",
        active=active,
        words=await words_of(desk.deps.pool, active),
        meanings=meanings_of(active),
        replayed=whole(desk.request.query_params.get("replayed"), MOST_AT_ONCE),
        most=MOST_AT_ONCE,
        query_of=query_of,
        room_path="/connections",
    )


@router.get("/connections/{connection_id}/words/explain")
async def ask(desk: AdminDesk, connection_id: str) -> Response:
    """What would follow, before anything does."""
    query = desk.request.query_params
    wanted = await asked(desk, connection_id, query.get("word", ""), query.get("meaning", ""))
    return await page_of(desk, wanted)


@router.post("/connections/{connection_id}/words/explain")
async def explain(desk: AdminDesk, connection_id: str) -> Response:
    """Write it into the settings, and process again what came with this word."""
    form = desk.form
    wanted = await asked(desk, connection_id, form.get("word", ""), form.get("meaning", ""))
    try:
        await save(desk, wanted)
    except ConfigError as error:
        return await page_of(desk, wanted, str(words.detail(desk.language, str(error))))
    return await replay_word(desk, wanted.active, wanted.word, "explained")


@router.post("/connections/{connection_id}/words/again")
async def play_again(desk: OwnDesk, connection_id: str) -> Response:
    """Process again what came with a word before it was explained."""
    active = await reader(desk, connection_id)
    return await replay_word(desk, active, desk.form.get("word", ""), "replayed_all")


async def replay_word(desk: Desk, active: Active, word: str, notice: str) -> Response:
    """Process the newest requests with this word again, and say how many."""
    ids = await mapping_store.raw_ids(desk.deps.pool, active.id, word, MOST_AT_ONCE)
    await replay_all(desk, ids)
    return go(f"/connections/{active.id}/words?replayed={len(ids)}", notice)


async def save(desk: Desk, wanted: Asked) -> None:
    """Add the word to the setting that lists what has this meaning. Raises ConfigError."""
    active, login = wanted.active, desk.person.login
    rate = active.rate_per_s if active.rate_per_s != active.connector.rate_per_s else None
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        row = await store.lock(connection, active.id)
        lists = explained_as(row["settings"], active, wanted.word, wanted.meaning)
        values = {**row["settings"], **lists}
        await manage.change(connection, desk.deps.ring, active.id, values, rate_per_s=rate)
        said = {"word": wanted.word, "meaning": wanted.meaning}
        await note(connection, login, "explain", f"connection:{active.id}", said)
    await desk.deps.registry.refresh()


async def page_of(desk: Desk, wanted: Asked, wrong: str = "") -> Response:
    """The question, with what would follow."""
    known = {word.word: word for word in await words_of(desk.deps.pool, wanted.active)}
    word = known.get(wanted.word)
    return render(
        desk,
        "explain.html",
        422 if wrong else 200,
        wanted=wanted,
        active=wanted.active,
        word=word,
        trial=await trial_of(desk, wanted, word),
        meaning=MEANINGS[wanted.meaning],
        consequence=CONSEQUENCES[wanted.meaning],
        wrong=wrong,
        most=MOST_AT_ONCE,
        room_path="/connections",
    )


async def trial_of(desk: Desk, wanted: Asked, word: Word | None) -> Trial:
    """What would follow from the orders with this word."""
    if word is None or wanted.active.config is None:
        return Trial()
    settings = wanted.active.config.model_dump(mode="json")
    lists = explained_as(settings, wanted.active, wanted.word, wanted.meaning)
    return await try_out(
        desk.deps.pool,
        desk.deps.registry,
        desk.deps.settings.url,
        with_words(wanted.active, lists),
        wanted.word,
    )


async def asked(desk: Desk, connection_id: str, word: str, meaning: str) -> Asked:
    """What a form or an address asks for. Raises HTTPException 400, 404."""
    active = await reader(desk, connection_id)
    if not word.strip() or len(word) > LONGEST_WORD or meaning not in active.connector.meanings:
        raise HTTPException(400)
    return Asked(active, word, meaning)


async def reader(desk: Desk, connection_id: str) -> Active:
    """The connection, if its statuses have to be explained at all. Raises HTTPException 404."""
    active = await find(desk, connection_id)
    if not active.connector.meanings:
        raise HTTPException(404)
    return active


def meanings_of(active: Active) -> dict[str, str]:
    """What a word may mean there, in the order of MEANINGS."""
    return {code: name for code, name in MEANINGS.items() if code in active.connector.meanings}
