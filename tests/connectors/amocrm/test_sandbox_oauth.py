"""Access as amoCRM gives it: one code, one use; one refresh token, one use."""

import base64
import json
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from connectors.amocrm.sandbox_api import Api

BACK = "https://uzel.test/oauth/amocrm"
ids = count(1)


@pytest.fixture
def client_id() -> str:
    return f"00000000-0000-4000-8000-{next(ids):012}"


def asked(client_id: str, **proof: Any) -> dict[str, Any]:
    grant = "refresh_token" if "refresh_token" in proof else "authorization_code"
    known = {"client_id": client_id, "client_secret": "s", "redirect_uri": BACK}
    return known | {"grant_type": grant} | proof


def code_of(control: httpx2.Client, client_id: str) -> str:
    told = control.post("/amocrm/_grant", json={"client_id": client_id}).json()
    return str(told["code"])


def tokens(control: httpx2.Client, client_id: str, **proof: Any) -> dict[str, Any]:
    proof = proof or {"code": code_of(control, client_id)}
    answered = control.post("/amocrm/oauth2/access_token", json=asked(client_id, **proof))
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "application/json"
    told: dict[str, Any] = answered.json()
    return told


def refused(control: httpx2.Client, body: dict[str, Any]) -> tuple[int, str]:
    answered = control.post("/amocrm/oauth2/access_token", json=body)
    content = answered.json()
    assert content["type"] == "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
    assert content["status"] == answered.status_code
    return answered.status_code, content["hint"]


def test_who_agrees_is_sent_back_with_a_code(control: httpx2.Client, client_id: str) -> None:
    query = {"client_id": client_id, "state": "s&1", "redirect_uri": BACK, "mode": "popup"}
    page = control.get("/amocrm/oauth", params=query)
    assert page.status_code == 200
    assert "answer=allow" in page.text and "answer=refuse" in page.text
    went = control.get("/amocrm/oauth", params={**query, "answer": "allow"})
    assert went.status_code == 302
    address, _, sent = went.headers["location"].partition("?")
    told = dict(parse_qsl(sent))
    host = urlsplit(str(control.base_url)).netloc
    assert address == BACK
    assert told | {"code": ""} == {
        **{"code": "", "referer": f"{host}/amocrm", "state": "s&1"},
        **{"platform": "1", "client_id": client_id},
    }
    assert tokens(control, client_id, code=told["code"])["refresh_token"]


def test_who_refuses_is_sent_back_with_an_error(control: httpx2.Client, client_id: str) -> None:
    query = {"client_id": client_id, "state": "7", "redirect_uri": BACK, "answer": "refuse"}
    went = control.get("/amocrm/oauth", params=query)
    assert went.headers["location"] == f"{BACK}?error=access_denied&state=7"


def test_the_address_of_the_integration_counts_more_than_the_query(
    control: httpx2.Client, client_id: str
) -> None:
    control.post("/amocrm/_integrations", json={"client_id": client_id, "redirect_uri": BACK})
    query = {"client_id": client_id, "redirect_uri": "https://evil.test", "answer": "refuse"}
    went = control.get("/amocrm/oauth", params=query)
    assert went.headers["location"].startswith(BACK)


def test_without_any_address_there_is_no_way_back(control: httpx2.Client, client_id: str) -> None:
    asking = {"client_id": f"<{client_id}>", "answer": "allow"}
    answered = control.get("/amocrm/oauth", params=asking)
    assert answered.status_code == 400
    assert f"<{client_id}>" not in answered.text
    control.post("/amocrm/_settings", json={"redirect_uri": BACK}).raise_for_status()
    assert control.get("/amocrm/oauth", params=asking).status_code == 302


def test_a_token_is_a_jwt_that_says_whose_it_is(control: httpx2.Client, client_id: str) -> None:
    told = tokens(control, client_id)
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 86400)
    head, claims, _ = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        for part in told["access_token"].split(".")
    )
    assert json.loads(head)["typ"] == "JWT"
    said = json.loads(claims)
    api = Api(control, told["access_token"])
    assert said["aud"] == client_id
    assert said["account_id"] == api.get("/account").json()["id"]
    assert said["exp"] == said["iat"] + 86400 and said["exp"] >= told["server_time"] + 86399
    assert said["api_domain"] and said["base_domain"]


def test_a_form_does_as_well_as_json(control: httpx2.Client, client_id: str) -> None:
    form = asked(client_id, code=code_of(control, client_id))
    answered = control.post("/amocrm/oauth2/access_token", data=form)
    assert answered.status_code == 200


def test_a_code_is_good_once_and_for_twenty_minutes(control: httpx2.Client, client_id: str) -> None:
    body = asked(client_id, code=code_of(control, client_id))
    control.post("/amocrm/oauth2/access_token", json=body).raise_for_status()
    assert refused(control, body) == (400, "Authorization code has been revoked")
    control.post("/amocrm/_settings", json={"code_s": 0}).raise_for_status()
    late = asked(client_id, code=code_of(control, client_id))
    assert refused(control, late) == (400, "Authorization code has expired")


@pytest.mark.parametrize("status", [400, 401])
def test_a_refresh_token_is_good_once_and_the_next_one_after_it(
    control: httpx2.Client, client_id: str, status: int
) -> None:
    control.post("/amocrm/_settings", json={"reused_refresh": status}).raise_for_status()
    first = tokens(control, client_id)
    second = tokens(control, client_id, refresh_token=first["refresh_token"])
    used = asked(client_id, refresh_token=first["refresh_token"])
    assert refused(control, used) == (status, "Token has been revoked")
    third = tokens(control, client_id, refresh_token=second["refresh_token"])
    # An access token lives on when its pair is renewed.
    for told in (first, second, third):
        assert Api(control, told["access_token"]).get("/account").status_code == 200


def test_an_answer_that_is_lost_takes_the_access_with_it(
    control: httpx2.Client, client_id: str
) -> None:
    first = tokens(control, client_id)
    fault = {"connector": "amocrm", "operation": "access_token", "kind": "timeout_after_accept"}
    control.post("/_faults", json=fault).raise_for_status()
    body = asked(client_id, refresh_token=first["refresh_token"])
    with pytest.raises(httpx2.ReadTimeout):
        control.post("/amocrm/oauth2/access_token", json=body, timeout=0.2)
    assert refused(control, body) == (401, "Token has been revoked")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"client_secret": "other"}, (401, "Client authentication failed")),
        ({"redirect_uri": "https://a.test"}, (400, "Invalid redirect URI")),
        (
            {"grant_type": "password"},
            (400, "Check that all required parameters have been provided"),
        ),
        ({"code": "nonsense"}, (400, "Cannot decrypt the authorization code")),
        ({"code": None}, (400, "Check the `code` parameter")),
        ({"client_id": ""}, (400, "Check the `client_id` parameter")),
        (
            {"grant_type": "refresh_token", "refresh_token": "nonsense"},
            (400, "Invalid refresh token"),
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    control: httpx2.Client, client_id: str, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    tokens(control, client_id)
    body = asked(client_id, code=code_of(control, client_id)) | change
    assert refused(control, body) == answer


def test_a_refresh_token_of_another_integration_is_none(
    control: httpx2.Client, client_id: str
) -> None:
    theirs = tokens(control, f"{client_id}-theirs")["refresh_token"]
    tokens(control, client_id)
    assert refused(control, asked(client_id, refresh_token=theirs))[0] == 400


def test_an_access_token_ends(control: httpx2.Client, client_id: str) -> None:
    control.post("/amocrm/_settings", json={"access_s": 0}).raise_for_status()
    api = Api(control, tokens(control, client_id)["access_token"])
    answered = api.get("/account")
    assert answered.status_code == 401
    assert answered.json() == {
        "title": "Unauthorized",
        "type": "https://httpstatus.es/401",
        "status": 401,
        "detail": "Invalid user name or password",
    }


def test_what_is_revoked_is_over_and_can_be_granted_anew(
    control: httpx2.Client, client_id: str
) -> None:
    told = tokens(control, client_id)
    api = Api(control, told["access_token"])
    account = api.get("/account").json()["id"]
    assert control.post("/amocrm/_revoke", json={"client_id": client_id}).json()["revoked"] == 2
    assert api.get("/account").status_code == 401
    assert refused(control, asked(client_id, refresh_token=told["refresh_token"]))[0] == 401
    again = Api(control, tokens(control, client_id)["access_token"])
    assert again.get("/account").json()["id"] == account


def test_a_token_that_lives_long_can_be_revoked_too(control: httpx2.Client, client_id: str) -> None:
    made = control.post("/amocrm/_token", json={"client_id": client_id}).json()
    for token in (made["access_token"], f"typed-in-{client_id}"):
        api = Api(control, token)
        assert api.get("/account").status_code == 200
        control.post("/amocrm/_revoke", json={"token": token}).raise_for_status()
        assert api.get("/account").status_code == 401


def test_an_integration_can_be_let_into_the_account_of_a_token(
    control: httpx2.Client, client_id: str
) -> None:
    api = Api(control)
    body = {"client_id": client_id, "client_secret": "s", "token": api.token}
    control.post("/amocrm/_integrations", json=body).raise_for_status()
    theirs = Api(control, tokens(control, client_id)["access_token"])
    assert theirs.get("/account").json()["id"] == api.get("/account").json()["id"]


@pytest.mark.parametrize("moved", [401, 404])
def test_an_account_that_moved_is_found_by_its_refresh_token(
    control: httpx2.Client, client_id: str, moved: int
) -> None:
    told = tokens(control, client_id)
    api = Api(control, told["access_token"])
    change = {"client_id": client_id, "subdomain": "moved-on", "moved": moved}
    control.post("/amocrm/_account", json=change).raise_for_status()
    assert api.get("/leads").status_code == moved
    body = asked(client_id, refresh_token=told["refresh_token"])
    assert control.post("/amocrm/oauth2/access_token", json=body).status_code == moved
    headers = {"x-refresh-token": told["refresh_token"]}
    answered = control.get("/amocrm/oauth2/account/current/subdomain", headers=headers)
    assert answered.json() == {
        **{"id": answered.json()["id"], "subdomain": "moved-on"},
        **{"domain": "moved-on.amocrm.ru", "top_level_domain": "ru"},
    }
    # Asking used nothing up, and at the new address everything is as before.
    there = {"host": "moved-on.localhost", "authorization": f"Bearer {told['access_token']}"}
    assert control.get("/amocrm/api/v4/account", headers=there).status_code == 200
    assert (
        control.get(
            "/amocrm/api/v4/account", headers={**there, "host": "sandbox.localhost"}
        ).json()["code"]
        == 101
    )


def test_whom_a_refresh_token_does_not_name_nobody_is_told(control: httpx2.Client) -> None:
    path = "/amocrm/oauth2/account/current/subdomain"
    assert control.get(path, headers={"x-refresh-token": "none"}).status_code == 401
    assert control.get(path).status_code == 401


def test_the_journal_holds_no_secret(control: httpx2.Client, client_id: str) -> None:
    told = tokens(control, client_id)
    tokens(control, client_id, refresh_token=told["refresh_token"])
    journal = control.get("/_journal?connector=amocrm&operation=access_token").text
    assert client_id in journal
    assert (
        told["refresh_token"] not in journal and '"s"' not in journal and "def50200" not in journal
    )
