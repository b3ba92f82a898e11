"""A form confirms a phone: the code goes out through the sandbox's SMS, and comes back."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from registry_room import Program, new_form, new_program
from running_web import WebApp, running_web
from uzel.connections.store import default_business
from uzel.crm.phone_codes import MOST_WRONG
from uzel.views.call_store import calls_by_effect
from uzel.views.rows import Call

STEPS = "/modules/Webforms/code/"
CAPTURE = "/modules/Webforms/capture.php"


@pytest.fixture(scope="module")
def app(shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    with running_web(shared_sample_dsn, tmp_path_factory.mktemp("codes")) as running:
        yield running


@pytest.fixture(scope="module")
def owner(app: WebApp) -> Program:
    """Of the business whose SMS go through the sandbox."""
    business = app.run(lambda: default_business(app.deps.pool))
    return new_program(app, business=business).log_in()


@pytest.fixture(scope="module")
def form(owner: Program) -> str:
    return new_form(owner, confirms=True)[0]


def step(app: WebApp, name: str, **given: str) -> tuple[int, dict[str, Any]]:
    told = app.client.post(f"{STEPS}{name}", data=given)
    assert told.headers["access-control-allow-origin"] == "*"
    return told.status_code, told.json()


def refused(app: WebApp, name: str, **given: str) -> str:
    status, said = step(app, name, **given)
    assert (status >= 400, said["success"]) == (True, False)
    return str(said["error"]["code"])


def sent(app: WebApp, phone: str) -> tuple[str, str]:
    """(the code in the newest message to a phone, what people see of that message)."""

    async def found() -> tuple[str, str]:
        row = await app.deps.pool.fetchrow(
            "select m.body, c.arguments from message m "
            "join call c on c.effect = 'message:' || m.id where m.phone = $1 "
            "order by m.id desc limit 1",
            phone,
        )
        assert row is not None
        match = re.search(r"\d{6}$", row["arguments"]["text"])
        assert match
        return match[0], row["body"]

    return app.run(found)


def later(app: WebApp, phone: str, seconds: int) -> None:
    """As if the codes of a phone had been sent and confirmed so long ago."""

    async def moved() -> None:
        await app.deps.pool.execute(
            "update crm_phone_code set sent_at = sent_at - make_interval(secs => $2), "
            "expires_at = expires_at - make_interval(secs => $2), "
            "confirmed_at = confirmed_at - make_interval(secs => $2) where phone = $1",
            phone,
            seconds,
        )

    app.run(moved)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_phone_is_confirmed_and_the_form_is_taken(app: WebApp, form: str) -> None:
    phone = "+7 999 000-00-61"
    status, said = step(app, "send", publicid=form, phone=phone)
    assert (status, said["result"]["digits"]) == (200, 6)
    code, shown = sent(app, "+79990000061")
    assert code not in json.dumps(said) + shown
    given = {"publicid": form, "lastname": "Ким", "mobile": phone, "code": code}
    told = app.client.post(CAPTURE, data=given).json()
    assert told["error"]["message"] == "Телефон не подтверждён кодом из SMS"
    assert refused(app, "check", publicid=form, phone=phone, code=wrong(code)) == "wrong"
    spaced = f"{code[:3]} {code[3:]}"
    assert step(app, "check", publicid=form, phone="89990000061", code=spaced)[0] == 200
    assert app.client.post(CAPTURE, data={**given, "code": wrong(code)}).json()["success"] is False
    assert app.client.post(CAPTURE, data=given).json() == {"success": True, "result": "ok"}
    # Whose phone it is may also say that the name was wrong.
    again = {**given, "lastname": "Цой"}
    assert app.client.post(CAPTURE, data=again).json()["success"] is True
    later(app, "+79990000061", 60 * 60 + 1)
    assert app.client.post(CAPTURE, data=given).json()["success"] is False


def test_nobody_reads_a_code_off_the_call_that_sent_it(app: WebApp, form: str) -> None:
    phone = "+79990000067"
    step(app, "send", publicid=form, phone=phone)
    code, shown = sent(app, phone)

    async def looked_up() -> Call:
        effect: str = await app.deps.pool.fetchval(
            "select 'message:' || id from message where phone = $1", phone
        )
        (call,) = await calls_by_effect(app.deps.pool, [effect])
        return call

    call = app.run(looked_up)
    assert call.arguments["text"] == shown
    assert code not in json.dumps(dict(call.arguments))


def test_codes_end(app: WebApp, form: str) -> None:
    phone = {"publicid": form, "phone": "+79990000062"}
    assert refused(app, "check", **phone, code="000000") == "none"
    step(app, "send", **phone)
    first, _ = sent(app, "+79990000062")
    later(app, "+79990000062", 61)
    assert step(app, "send", **phone)[0] == 200
    second, _ = sent(app, "+79990000062")
    if first != second:
        # The newest alone is good.
        assert refused(app, "check", **phone, code=first) == "wrong"
    later(app, "+79990000062", 601)
    assert refused(app, "check", **phone, code=second) == "expired"


def test_who_guesses_is_stopped(app: WebApp, form: str) -> None:
    phone = {"publicid": form, "phone": "+79990000063"}
    step(app, "send", **phone)
    code, _ = sent(app, "+79990000063")
    with ThreadPoolExecutor(8) as pool:
        guesses = [
            pool.submit(refused, app, "check", **phone, code=f"{(int(code) + n) % 10**6:06}")
            for n in range(1, 30)
        ]
        said = [one.result() for one in guesses]
    assert said.count("wrong") == MOST_WRONG
    assert refused(app, "check", **phone, code=code) == "too_many"


def test_who_guesses_at_the_form_is_stopped(app: WebApp, form: str) -> None:
    """Somebody has confirmed a phone; a stranger posts the form with all codes there are."""
    phone = "+79990000066"
    step(app, "send", publicid=form, phone=phone)
    code, _ = sent(app, phone)
    assert step(app, "check", publicid=form, phone=phone, code=code)[0] == 200
    given = {"publicid": form, "lastname": "Ким", "mobile": phone}
    assert app.client.post(CAPTURE, data={**given, "code": code}).json()["success"] is True
    codes = [f"{(int(code) + n) % 10**6:06}" for n in range(1, 2 * MOST_WRONG)]
    with ThreadPoolExecutor(8) as pool:
        posts = [pool.submit(app.client.post, CAPTURE, data={**given, "code": it}) for it in codes]
        assert not any(one.result().json()["success"] for one in posts)
    assert app.client.post(CAPTURE, data={**given, "code": code}).json()["success"] is False


def test_nobody_is_flooded(app: WebApp, form: str) -> None:
    phone = {"publicid": form, "phone": "+79990000064"}
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(step, app, "send", **phone) for _ in range(16)]
        assert sorted(one.result()[0] for one in asked) == [200] + [429] * 15
    for _ in range(4):
        later(app, "+79990000064", 61)
        assert step(app, "send", **phone)[0] == 200
    later(app, "+79990000064", 61)
    assert refused(app, "send", **phone) == "too_many"


def test_what_is_no_step(app: WebApp, program: Program, form: str) -> None:
    assert refused(app, "send", publicid=form, phone="8 800 555-35-35") == "phone"
    assert refused(app, "send", publicid=form, phone="") == "phone"
    assert refused(app, "send", publicid="0" * 32, phone="+79990000065") == "form"
    plain, _ = new_form(program)
    assert refused(app, "send", publicid=plain, phone="+79990000065") == "form"
    # This business has nothing to send SMS with.
    other, _ = new_form(program, confirms=True)
    assert refused(app, "send", publicid=other, phone="+79990000065") == "off"
    assert app.client.get(f"{STEPS}send").status_code == 405
    assert app.client.post(f"{STEPS}other").status_code == 404
