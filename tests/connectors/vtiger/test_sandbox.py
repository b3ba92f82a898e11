"""The sandbox passes on, notes, and fails on request; without a server it says so."""

import json
from typing import Any

import httpx2
import pytest

from uzel.connectors.vtiger import examples
from uzel.errors import Unavailable
from uzel.sandbox.server import running

SECRETS = (examples.SESSION, examples.ACCESS_KEY)


def test_without_a_server_it_says_so() -> None:
    with running() as url, httpx2.Client(base_url=f"{url}/vtiger", trust_env=False) as http:
        told = http.get("/webservice.php", params={"operation": "listtypes"})
        assert told.status_code == 503
        assert "_server" in told.text
        assert http.post("/modules/Webforms/capture.php", data={}).status_code == 503
        assert http.get("/_server").json() == {"url": None}
        assert http.post("/_server", json={"url": "file:///etc"}).status_code == 400
        http.post("/_server", json={"url": "http://127.0.0.1:9/webservice.php"})
        assert http.get("/_server").json() == {"url": "http://127.0.0.1:9"}
        nobody = http.get("/webservice.php", params={"operation": "listtypes"})
        assert nobody.status_code == 502
        http.delete("/_server")
        assert http.get("/_server").json() == {"url": None}


def test_what_it_notes_opens_nothing(crm: Any, faults: Any) -> None:
    crm.run("revise", element={"id": f"12x{examples.PERSON}", "firstname": "Иван"})
    crm.run("listtypes")
    written, read = faults.journal()
    assert (written["operation"], written["effect"]) == ("revise", True)
    assert (read["operation"], read["effect"]) == ("listtypes", False)
    assert not any(secret in json.dumps([written, read]) for secret in SECRETS)


def test_what_was_refused_had_no_effect(crm: Any, faults: Any) -> None:
    with pytest.raises(Exception, match="REFERENCE_INVALID"):
        crm.run("create_project", contactid=1, offenderid=2, after=0)
    (entry,) = faults.journal("create_project")
    assert entry["effect"] is False


def test_it_fails_in_front(crm: Any, faults: Any) -> None:
    faults.add("listtypes", "500")
    with pytest.raises(Unavailable):
        crm.run("listtypes")
    assert crm.run("listtypes").data["modules"]


def test_an_operation_it_does_not_know(sandbox: str, program: Any) -> None:
    with httpx2.Client(base_url=f"{sandbox}/vtiger", trust_env=False) as http:
        told = http.get("/webservice.php", params={"operation": "nonsense"})
        assert told.status_code == 404
