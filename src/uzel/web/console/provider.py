"""Setting a connection up: the steps on the provider's side, what is ready, what is not."""

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from uzel.calls.check import MISSING, TESTED
from uzel.calls.registration import Obstacle, obstacle
from uzel.connections import manage
from uzel.connections.config import secret_fields
from uzel.connections.registry import Active
from uzel.connector import Connector
from uzel.events.challenges import CHALLENGE
from uzel.kit.public_address import leads_inside
from uzel.people.store import note
from uzel.views import provider_store as store
from uzel.web.console import states, words
from uzel.web.console.connections import OUR_ADDRESS, check_now, find, hook_url, receiver
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.markdown import to_html
from uzel.web.console.page import go, render
from uzel.web.console.reasons import REFUSALS
from uzel.web.console.trial_message import (
    NAMES,
    Trial,
    channels_on,
    refusal_of,
    send,
    sent_message,
)

# The part of a README that is about clicks on their side.
STEPS = re.compile(r"^## Настройка[^\n]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
UNVERIFIED = "_unverified"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Light:
    """One thing that has to be in order. tone: good, bad, wait (something is still to come), idle
    (not needed); `at`: when this was learnt.
    """

    code: str
    name: str
    tone: str
    text: Markup
    at: datetime | None = None


@router.get("/connections/{connection_id}/setup")
async def show(desk: OwnDesk, connection_id: str) -> Response:
    """The page."""
    return await page_of(desk, await find(desk, connection_id))


@router.post("/connections/{connection_id}/setup/test")
async def test(desk: OwnDesk, connection_id: str) -> Response:
    """Ask the provider whether it accepts the settings, and keep the answer."""
    active = await find(desk, connection_id)
    await check_now(desk, active)
    return go(f"/connections/{active.id}/setup")


@router.post("/connections/{connection_id}/setup/key")
async def show_address(desk: AdminDesk, connection_id: str) -> Response:
    """The address with a new key, on this page, once; where something comes in through the present
    one, the page that asks first.
    """
    active = await receiver(desk, connection_id)
    ever, _ = await store.seen(desk.deps.pool, active.id)
    if ever:
        return go(f"/connections/{active.id}/key")
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        key = await manage.new_key(connection, active.id)
        await note(connection, desk.person.login, "new_key", f"connection:{active.id}", {})
    await desk.deps.registry.refresh()
    return await page_of(desk, active, hook=hook_url(desk, active.connector.name, key))


@router.post("/connections/{connection_id}/setup/send")
async def send_to_me(desk: AdminDesk, connection_id: str) -> Response:
    """A real message to whoever set this up, by the way every message goes."""
    active = await find(desk, connection_id)
    wrong = await send(desk, active)
    if wrong:
        return await page_of(desk, active, wrong=wrong)
    answer = go(f"/connections/{active.id}/setup", "test_sent")
    answer.headers["location"] += "#send"
    return answer


async def page_of(
    desk: Desk,
    active: Active,
    *,
    hook: str | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    """The page, with an address that is shown once, or what is wrong with a test message."""
    pool = desk.deps.pool
    ever, last_at = await store.seen(pool, active.id)
    failed = (await store.failed_tests(pool, TESTED)).get(active.id)
    lights = [light async for light in lights_of(desk, active, ever, last_at, failed)]
    return render(
        desk,
        "provider.html",
        422 if wrong else 200,
        active=active,
        lights=lights,
        failed=failed,
        ready=all(light.tone in ("good", "idle") for light in lights),
        steps=steps_of(desk, active.connector),
        warnings=list(warnings_of(active)),
        hook=hook,
        hook_url=hook_url(desk, active.connector.name, "…"),
        ever=ever,
        can_register=obstacle(active, desk.deps.settings) is not Obstacle.BY_HAND,
        trial=Trial.of(desk, active, wrong),
        refusal=refusal_of(desk, active),
        sent=await sent_message(desk, active),
        wrong=wrong or {},
        variables=sorted(active.connector.environment),
        room_path="/connections",
    )


async def lights_of(
    desk: Desk, active: Active, ever: bool, last_at: datetime | None, failed: Any
) -> AsyncIterator[Light]:
    """What is in order and what is not, in the order in which one would mend it."""
    yield of_settings(desk, active)
    if active.connector.webhook is not None:
        refused = await store.refused(desk.deps.pool, active.connector.name)
        yield of_address(desk, active, ever, last_at, refused)
        if active.connector.webhook.challenge is not None:
            yield of_challenge(desk, await act(desk, active, CHALLENGE), ever)
    if active.connector.test is not None:
        yield of_test(desk, await act(desk, active, TESTED), failed)
    if active.connector.channels:
        yield of_channels(desk, active)


def of_settings(desk: Desk, active: Active) -> Light:
    """Whether the settings can be read, and what was left empty in them."""
    name, spoken = m("Настройки"), desk.language
    if active.config is None:
        return Light("settings", name, "bad", words.detail(spoken, active.state_reason))
    if active.state != "active":
        reason = words.detail(spoken, active.state_reason)
        state = spoken.text(states.CONNECTIONS[active.state].text)
        tone = "bad" if active.state == "paused" else "wait"
        return Light("settings", name, tone, state + ": " + reason if reason else state)
    if empty := empty_fields(desk, active):
        text = spoken.text(m("читаются; не заполнено: {names}"), names=", ".join(empty.values()))
        return Light("settings", name, "wait" if needed(active, empty) else "good", text)
    return Light("settings", name, "good", spoken.text("читаются"))


def needed(active: Active, empty: Collection[str]) -> bool:
    """Whether one of these fields holds what incoming requests are verified by."""
    webhook = active.connector.webhook
    return (
        webhook is not None
        and webhook.verify is not None
        and bool(secret_fields(active.connector.config) & set(empty))
    )


def empty_fields(desk: Desk, active: Active) -> dict[str, str]:
    """Optional settings without a value → their titles; those of channels that are off left out."""
    on = channels_on(active)
    off = {c.needs for name, c in active.connector.channels.items() if name not in on}
    unused = tuple(f"{need.partition('_')[0]}_" for need in off if need)
    return {
        name: desk.language.one(field.title or name)
        for name, field in active.connector.config.model_fields.items()
        if getattr(active.config, name) is None
        and not field.exclude
        and not name.startswith(unused)
    }


def of_address(
    desk: Desk, active: Active, ever: bool, last_at: datetime | None, refused: Sequence[Any]
) -> Light:
    """Whether anything comes in; if not, what speaks against it."""
    name, spoken = m("Адрес для поставщика"), desk.language
    if active.state == "off":
        text = spoken.text("подключение выключено: адрес ничего не принимает")
        return Light("hook", name, "idle", text)
    if ever:
        text = spoken.text("запросы приходят")
        return Light("hook", name, "good", text, last_at)
    text = spoken.text("ещё ничего не приходило")
    if refused:
        counts = ", ".join(
            f"{words.named(spoken, REFUSALS, row['reason'])}: {row['count']}" for row in refused
        )
        text += spoken.text("; сегодня отказано у входа: {counts}", counts=counts)
    elif is_hidden(desk, active):
        text += spoken.text("; Узел виден только на этой машине: задайте UZEL_PUBLIC_URL")
    return Light("hook", name, "wait", text)


def is_hidden(desk: Desk, active: Active) -> bool:
    """Whether a provider out there cannot reach our address, as far as its spelling tells."""
    theirs = str(getattr(active.config, "base_url", "https://provider.example"))
    return leads_inside(desk.deps.settings.url) and not leads_inside(theirs)


def of_challenge(desk: Desk, asked: Any, ever: bool) -> Light:
    """Whether the provider has made sure that the address is ours."""
    name, spoken = m("Проверка адреса"), desk.language
    if asked is None:
        if ever:
            return Light("challenge", name, "good", spoken.text("пройдена: события приходят"))
        return Light("challenge", name, "wait", spoken.text("поставщик ещё не спрашивал"))
    if asked["detail"]["good"]:
        return Light("challenge", name, "good", spoken.text("Узел ответил верно"), asked["at"])
    text = spoken.text("слово поставщика не совпало с настройкой подключения")
    return Light("challenge", name, "bad", text, asked["at"])


def of_test(desk: Desk, done: Any, failed: Any) -> Light:
    """What came of the test button; `failed`: that it did, and no call went well since."""
    name, spoken = m("Проверка ключа"), desk.language
    if done is None:
        return Light("test", name, "wait", spoken.text("ещё не проверяли"))
    good, text = done["detail"]["good"], words.detail(spoken, done["detail"]["text"])
    if not good and failed is None:
        said = spoken.text("не прошла, но с тех пор вызовы проходят: {text}", text=text)
        return Light("test", name, "good", said, done["at"])
    said = spoken.text("прошла: {text}", text=text) if good else text
    tone = "bad" if not good else "wait" if done["detail"].get(MISSING) else "good"
    return Light("test", name, tone, said, done["at"])


def of_channels(desk: Desk, active: Active) -> Light:
    """What this connection can send by."""
    name, spoken = m("Отправка"), desk.language
    names = [spoken.text(NAMES[code]) for code in NAMES if code in channels_on(active)]
    if not names:
        return Light("channels", name, "idle", spoken.text("выключена в настройках"))
    return Light("channels", name, "good", Markup(", ").join(names))


def warnings_of(active: Active) -> Iterator[str]:
    """Things that are switched on and that nobody has tried: their settings' own words."""
    fields = active.connector.config.model_fields
    for need in sorted({c.needs for c in channels_on(active).values() if c.needs}):
        if need.endswith(UNVERIFIED):
            yield fields[need].description or need


def steps_of(desk: Desk, connector: Connector) -> Markup:
    """The set-up part of the connector's README; all of it where it has no such part."""
    path = files("uzel.connectors") / connector.name / "README.md"
    text = path.read_text("utf-8") if path.is_file() else ""
    found = STEPS.search(text)
    return to_html((found[1] if found else text).replace(OUR_ADDRESS, desk.deps.settings.url))


async def act(desk: Desk, active: Active, action: str) -> Any:
    """The newest entry of the audit about this connection."""
    return await store.last_act(desk.deps.pool, f"connection:{active.id}", action)
