"""What the site's own PHP sent, byte for byte as it was captured on the wire; only who signs in and
the session are those of the test.
"""

import json
import re
from pathlib import Path

import httpx2
import pytest

from registry_room import Program, Told, new_program, result_of
from running_web import WebApp

CAPTURE = Path("vtiger") / "seed_php_wire_capture.txt"


def requests_in(samples: Path) -> list[tuple[str, str, str, bytes]]:
    """(method, path, content type, body) of each."""
    path = samples / CAPTURE
    if not path.is_file():
        pytest.skip("this capture is not on this machine")
    found = []
    for part in re.split(r"\n=====\n", path.read_text()):
        if not part.strip():
            continue
        head, _, body = part.strip("\n").partition("\n\n")
        method, where, _ = head.splitlines()[0].split(" ")
        kind = re.search(r"Content-Type: (.+)", head)
        content = (body.rstrip("\n") + "\n").replace("\n", "\r\n").encode() if kind else b""
        found.append((method, where, kind[1].strip() if kind else "", content))
    return found


def asked(program: Program, request: tuple[str, str, str, bytes]) -> httpx2.Response:
    """Sent with the test's account and session in the place of those that were captured."""
    method, where, kind, body = request
    where = where.replace("username=api", f"username={program.user.login}")
    body = body.replace(b"\r\n\r\nx\r\n", b"\r\n\r\n" + program.session.encode() + b"\r\n")
    headers = {"content-type": kind} if kind else {}
    return program.app.client.request(method, where, content=body, headers=headers)


def test_what_the_sites_php_sent_is_understood(app: WebApp, samples: Path) -> None:
    requests = requests_in(samples)
    program = new_program(app)
    challenge = result_of(asked(program, requests[0]))
    assert set(challenge) == {"token", "serverTime", "expireTime"}
    with pytest.raises(Told) as refused:
        # Its answer is one to another challenge, of another account.
        result_of(asked(program, requests[1]))
    assert refused.value.code in ("INVALID_USER_CREDENTIALS", "INVALID_AUTH_TOKEN")
    program.log_in()
    by_id, by_name = (result_of(asked(program, one)) for one in requests[2:4])
    assert by_id == by_name
    assert by_id["status"] == "failed"
    made = result_of(asked(program, requests[4]))
    assert isinstance(made, str)
    found = program.get("retrieve", id=f"12x{made}")
    assert found["mobile"] == "+7(949) 123-45-11"
    assert result_of(asked(program, requests[4])) == made


def test_the_documents_examples_are_taken(app: WebApp, samples: Path) -> None:
    """With the ids that they have here, in the place of those of the document."""
    folder = samples / "vtiger"
    names = ("seed_createcontact", "seed_createaccount", "seed_createproject")
    if not all((folder / f"{name}_request.json").is_file() for name in names):
        pytest.skip("these examples are not on this machine")
    program = new_program(app).log_in()
    contact, account, project = (
        json.loads((folder / f"{name}_request.json").read_text()) for name in names
    )
    ids = {}
    for given in (contact, account):
        ids[given["operation"]] = result_of(post(program, given))
    project |= {
        "contactid": ids["CreateContact"],
        "offenderid": ids["CreateAccount"],
        "agentid": ids["CreateAccount"],
    }
    assert result_of(post(program, project)).isdigit()


def post(program: Program, given: dict[str, object]) -> httpx2.Response:
    """As a form in parts."""
    parts = {name: (None, str(value)) for name, value in given.items()}
    parts["sessionName"] = (None, program.session)
    return program.app.client.post("/webservice.php", files=parts)
