"""Who may ask: challenges, sessions, and what is said to those who have none."""

import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry_room import PATH, WAITING, Program, new_program
from running_web import WebApp
from uzel.crm import users
from uzel.kit.database import Connection
from uzel.web.deps import Deps


def answer(program: Program, token: str) -> str:
    return hashlib.md5(f"{token}{program.user.access_key}".encode()).hexdigest()


Act = Callable[[Connection, Deps, str], Awaitable[object]]


async def change_key(connection: Connection, deps: Deps, login: str) -> None:
    await users.change_key(connection, deps.ring, login)


async def close(connection: Connection, deps: Deps, login: str) -> None:
    await users.set_closed(connection, login, closed=True)


def test_a_challenge_is_answered_and_a_session_is_had(app: WebApp) -> None:
    program = new_program(app)
    asked = program.get("getchallenge", username=program.user.login)
    assert set(asked) == {"token", "serverTime", "expireTime"}
    assert asked["expireTime"] == asked["serverTime"] + 300
    found = program.post(
        "login", username=program.user.login, accessKey=answer(program, asked["token"])
    )
    assert found["userId"] == f"19x{program.user.id}"
    assert found["sessionName"] == found["sessionId"]
    assert found["version"] == "0.22"
    assert isinstance(found["vtigerVersion"], str)


def test_both_names_of_the_session_are_understood_wherever_they_stand(program: Program) -> None:
    for name in ("sessionName", "sessionId"):
        program.session_field = name
        assert "Contacts" in program.get("listtypes")["types"]
    # Beside the form, in the address.
    told = program.app.client.post(
        f"{PATH}?operation=create&sessionName={program.session}",
        data={"elementType": "Contacts", "element": '{"lastname": "Ким"}'},
    )
    assert told.json()["error"]["message"] == "assigned_user_id does not have a value"


@pytest.mark.parametrize("session", ["", "null", "NULL"])
def test_no_session(program: Program, session: str) -> None:
    program.session = ""
    expected = ("AUTHENTICATION_REQUIRED", "Authencation required")
    assert program.refusal("GET", "listtypes", sessionName=session) == expected


def test_wrong_sessions_and_wrong_keys(program: Program) -> None:
    other = Program(program.app, program.user, "00c0ffee")
    invalid = ("INVALID_SESSIONID", "Session Identifier provided is Invalid")
    assert other.refusal("GET", "listtypes") == invalid
    other.session = ""
    other.get("getchallenge", username=program.user.login)
    refused = other.refusal("POST", "login", username=program.user.login, accessKey="0" * 32)
    assert refused == ("INVALID_USER_CREDENTIALS", "Invalid username or password")


def test_who_was_never_challenged_has_nothing_to_answer(app: WebApp) -> None:
    program = new_program(app)
    invalid = ("INVALID_AUTH_TOKEN", "Specified token is invalid or expired")
    assert program.refusal("POST", "login", username=program.user.login, accessKey="1") == invalid
    assert program.refusal("POST", "login", username="nobody", accessKey="1") == invalid
    # Asked with GET, a login has no parameters at all.
    assert program.refusal("GET", "login", username=program.user.login, accessKey="1") == invalid


def test_accounts_that_are_not_there(program: Program) -> None:
    assert program.refusal("GET", "getchallenge") == ("ACCESS_DENIED", "No username given")
    expected = ("ACCESS_DENIED", "username does not exists")
    assert program.refusal("GET", "getchallenge", username="nobody") == expected
    assert program.refusal("GET", "getchallenge", username="nobody\0") == expected
    told = program.refusal("POST", "login", username="nobody\0", accessKey="1")
    assert told[0] == "INVALID_AUTH_TOKEN"


def test_sessions_and_challenges_of_one_account_leave_each_other_alone(app: WebApp) -> None:
    program = new_program(app)
    tokens = [program.get("getchallenge", username=program.user.login)["token"] for _ in range(3)]

    def sign_in(token: str) -> str:
        said = {"username": program.user.login, "accessKey": answer(program, token)}
        return str(program.post("login", **said)["sessionName"])

    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(sign_in, tokens * 20))
    assert len(set(sessions)) == 60
    Program(app, program.user, sessions[0]).post("logout")
    for session in sessions[1:]:
        assert Program(app, program.user, session).get("listtypes")["types"]
    gone = Program(app, program.user, sessions[0]).refusal("GET", "listtypes")
    assert gone[0] == "INVALID_SESSIONID"


def test_a_session_goes_on_under_its_name(program: Program) -> None:
    assert program.post("extendsession")["sessionName"] == program.session
    program.session = "00c0ffee"
    failed = ("AUTHENTICATION_FAILURE", "Authencation Failed")
    assert program.refusal("POST", "extendsession") == failed


def test_logging_out_is_for_post(program: Program) -> None:
    assert program.refusal("GET", "logout")[0] == "OPERATION_NOT_SUPPORTED"
    assert program.post("logout") == {"message": "successfull"}


def test_operations_that_there_are_not(program: Program) -> None:
    for name in ("NoSuch", "", "webservice.php", "a" * 5000):
        assert program.refusal("POST", name)[0] == "UNKNOWN_OPERATION"
    # Whoever asks for one is not asked for a session.
    program.session = ""
    assert program.refusal("POST", "NoSuch")[0] == "UNKNOWN_OPERATION"


@pytest.mark.parametrize("act", [change_key, close])
def test_no_session_outlives_its_key(program: Program, act: Act) -> None:
    """Somebody signs in at the very moment in which the key is taken from them."""
    told: list[str] = []
    token = program.get("getchallenge", username=program.user.login)["token"]

    def log_in() -> None:
        given = {"username": program.user.login, "accessKey": answer(program, token)}
        told.append(program.refusal("POST", "login", **given)[0])

    async def acted() -> None:
        deps = program.app.deps
        async with deps.pool.acquire() as connection, connection.transaction():
            await act(connection, deps, program.user.login)
            signing_in.start()
            while not await deps.pool.fetchval(WAITING):
                await asyncio.sleep(0.01)

    signing_in = threading.Thread(target=log_in)
    program.app.run(acted)
    signing_in.join()
    assert told == ["INVALID_USER_CREDENTIALS"]
