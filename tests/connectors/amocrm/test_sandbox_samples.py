"""The sandbox beside the samples of amoCRM's documentation and recorded answers: what they have, an
answer of the sandbox has too. Skipped where the samples are not at hand.
"""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.amocrm.sandbox_api import CATALOG, CONTACT_ID, ELEMENT_ID, LEAD_ID, Api

SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "samples" / "amocrm"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the collected samples are not here")

# Names in samples that answers of today do not have.
LEFT_OUT = {
    # An older spelling; clients in use read `enum_code`.
    "enum",
    # Of a list of lists in an older form.
    *("method", "widgets"),
    # Only of invoices.
    "invoice_link",
}
LEAD = {"name": "a", "tags_to_add": [{"name": "t"}]}
NOTE = {"note_type": "common", "params": {"text": "x"}}
TEA = {
    "to_entity_id": ELEMENT_ID,
    "to_entity_type": "catalog_elements",
    "metadata": {"catalog_id": CATALOG, "quantity": 1},
}
ELEMENTS = {"filter[to_entity_type]": "catalog_elements"}
EVERYTHING = {"with": "contacts,catalog_elements,loss_reason,leads,customers"}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def missing(expected: Any, actual: Any, path: str = "") -> list[str]:
    """The names of objects in `expected` that `actual` does not have at the same place. Of lists
    the first items are compared, where both have one.
    """
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [] if expected == {} or actual is None else [path]
        return [
            name
            for key, value in expected.items()
            if key not in LEFT_OUT
            for name in (
                missing(value, actual[key], f"{path}.{key}") if key in actual else [f"{path}.{key}"]
            )
        ]
    if isinstance(expected, list) and expected and isinstance(actual, list) and actual:
        return missing(expected[0], actual[0], f"{path}[]")
    return []


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    """An account with a little of everything."""
    api = Api(control)
    lost = {"status_id": 143, "loss_reason_id": 4203748}
    company = api.made("/companies", "companies", {"name": "ООО"})[0]
    body = [TEA, {"to_entity_id": company, "to_entity_type": "companies"}]
    api.patch(f"/leads/{LEAD_ID}", LEAD | lost).raise_for_status()
    api.post(f"/leads/{LEAD_ID}/link", body).raise_for_status()
    api.post(f"/leads/{LEAD_ID}/notes", [NOTE, NOTE, NOTE]).raise_for_status()
    company_link = [{"to_entity_id": company, "to_entity_type": "companies"}]
    api.post(f"/contacts/{CONTACT_ID}/link", company_link).raise_for_status()
    api.made("/leads", "leads", *[LEAD] * 4)
    api.contact(name="b")
    api.contact(name="c")
    task = {"text": "t", "complete_till": 4000000000, "entity_id": LEAD_ID, "entity_type": "leads"}
    api.made("/tasks", "tasks", task)
    hook = {"destination": "http://127.0.0.1:9/a", "settings": ["add_lead"]}
    api.post("/webhooks", hook).raise_for_status()
    return api


READS: list[tuple[str, str, dict[str, Any]]] = [
    ("docs/crm_platform__leads-api__01.json", "/leads", {"limit": 2, "page": 2}),
    ("docs/crm_platform__contacts-api__01.json", "/contacts", {"limit": 2}),
    ("docs/crm_platform__contacts-api__02.json", f"/contacts/{CONTACT_ID}", EVERYTHING),
    ("docs/crm_platform__catalogs-api__01.json", "/catalogs", {"limit": 1}),
    ("docs/crm_platform__catalogs-api__02.json", f"/catalogs/{CATALOG}", {}),
    ("docs/crm_platform__catalogs-api__08.json", f"/catalogs/{CATALOG}/elements/{ELEMENT_ID}", {}),
    ("docs/crm_platform__entity-links-api__01.json", f"/leads/{LEAD_ID}/links", ELEMENTS),
    ("docs/crm_platform__events-and-notes__02.json", "/events", {}),
    ("docs/crm_platform__events-and-notes__20.json", f"/leads/{LEAD_ID}/notes", {"limit": 2}),
    ("docs/crm_platform__custom-fields__01.json", "/leads/custom_fields", {"limit": 2}),
    ("docs/crm_platform__custom-fields__02.json", "/contacts/custom_fields/735649", {}),
    ("docs/crm_platform__leads_pipelines__01.json", "/leads/pipelines", {}),
    ("docs/crm_platform__leads_pipelines__02.json", "/leads/pipelines/7310001", {}),
    ("docs/crm_platform__leads_pipelines__07.json", "/leads/pipelines/7310001/statuses", {}),
    ("docs/crm_platform__leads_pipelines__08.json", "/leads/pipelines/7310001/statuses/142", {}),
    ("docs/crm_platform__webhooks-api__01.json", "/webhooks", {}),
    ("api_real/edu_catalogs__successful_get_catalogs_response.json", "/catalogs", {}),
    (
        "api_real/edu_catalogs__successful_get_fields_response.json",
        *(f"/catalogs/{CATALOG}/custom_fields", {"limit": 250}),
    ),
    ("api_real/edu_lead_task__successful_lead_tasks_response.json", "/tasks", {"limit": 250}),
    ("api_real/edu_pipelines__successful_response.json", "/leads/pipelines", {}),
    ("api_real/edu_user_operator__successful_get_users_response.json", "/users", {"limit": 250}),
    ("api_real/krukov_contacts__detail_info.json", f"/contacts/{CONTACT_ID}", EVERYTHING),
    ("api_real/krukov_contacts__list_page_1.json", "/contacts", {"limit": 2}),
    ("api_real/krukov_users__detail_info.json", "/users/10000601", {}),
]


@pytest.mark.parametrize(("name", "path", "query"), READS, ids=[it[0] for it in READS])
def test_what_is_read_has_the_form_of_the_sample(
    api: Api, name: str, path: str, query: dict[str, Any]
) -> None:
    actual = api.get(path, **query).json()
    if path == "/events":
        actual = actual["_embedded"]["events"][0]
    assert missing(sample(name), actual) == []


WRITES: list[tuple[str, str, str, Any]] = [
    ("docs/crm_platform__leads-api__04.json", "POST", "/leads", [LEAD, LEAD]),
    ("docs/crm_platform__leads-api__06.json", "POST", "/leads/complex", [LEAD]),
    ("docs/crm_platform__leads-api__08.json", "PATCH", "/leads", [{"id": LEAD_ID}]),
    ("docs/crm_platform__contacts-api__04.json", "POST", "/contacts", [{}]),
    ("docs/crm_platform__contacts-api__06.json", "PATCH", "/contacts", [{"id": CONTACT_ID}]),
    ("docs/crm_platform__catalogs-api__04.json", "POST", "/catalogs", [{"name": "a"}]),
    ("docs/crm_platform__catalogs-api__06.json", "PATCH", f"/catalogs/{CATALOG}", {"name": "a"}),
    (
        "docs/crm_platform__catalogs-api__12.json",
        *("PATCH", f"/catalogs/{CATALOG}/elements", [{"id": ELEMENT_ID}]),
    ),
    ("docs/crm_platform__entity-links-api__03.json", "POST", f"/leads/{LEAD_ID}/link", [TEA]),
    (
        "docs/crm_platform__entity-links-api__07.json",
        *("POST", "/leads/link", [{**TEA, "entity_id": LEAD_ID}]),
    ),
    (
        "docs/crm_platform__events-and-notes__24.json",
        *("POST", "/leads/notes", [{**NOTE, "entity_id": LEAD_ID}]),
    ),
    (
        "docs/crm_platform__webhooks-api__03.json",
        *("POST", "/webhooks", {"destination": "http://127.0.0.1:9/b", "settings": ["add_lead"]}),
    ),
    ("api_real/edu_customer__successful_create_contact_response.json", "POST", "/contacts", [{}]),
    ("api_real/edu_lead__successful_create_lead_response.json", "POST", "/leads/complex", [LEAD]),
    (
        "api_real/edu_lead_note__successful_create_lead_note_response.json",
        *("POST", f"/leads/{LEAD_ID}/notes", [NOTE]),
    ),
    (
        "api_real/edu_lead_task__successful_lead_task_created_response.json",
        *("POST", "/tasks", [{"text": "t", "complete_till": 1}]),
    ),
    (
        "api_real/edu_product__successful_create_response.json",
        "POST",
        f"/catalogs/{CATALOG}/elements",
        [
            {
                "name": "a",
                "custom_fields_values": [{"field_code": "SKU", "values": [{"value": "x"}]}],
            }
        ],
    ),
]


@pytest.mark.parametrize(("name", "method", "path", "body"), WRITES, ids=[it[0] for it in WRITES])
def test_what_is_written_is_answered_in_the_form_of_the_sample(
    api: Api, name: str, method: str, path: str, body: Any
) -> None:
    answered = api.ask(method, path, json=body)
    assert answered.status_code in (200, 201), answered.text
    assert missing(sample(name), answered.json()) == []


def test_refusals_are_the_recorded_ones(api: Api) -> None:
    unauthorized = Api(api.control, "bad").get("/account").json()
    assert unauthorized == sample("api_real/error_401_unauthorized.json")
    field = {"field_id": 1, "values": [{"value": "x"}]}
    refused = api.post("/leads", [{"custom_fields_values": [field]}]).json()
    assert refused == sample("api_real/error_400_validation.json")
    assert refused == sample("docs/crm_platform__error-codes__01.json")
    body = {"client_id": "sample", "client_secret": "s", "redirect_uri": "https://a.test"}
    code = api.control.post("/amocrm/_grant", json={"client_id": "sample"}).json()["code"]
    path = "/amocrm/oauth2/access_token"
    pair = api.control.post(path, json={**body, "grant_type": "authorization_code", "code": code})
    assert set(pair.json()) == set(sample("docs/oauth__step-by-step__02.json"))
    renewal = {**body, "grant_type": "refresh_token", "refresh_token": pair.json()["refresh_token"]}
    api.control.post(path, json=renewal).raise_for_status()
    again = api.control.post(path, json=renewal).json()
    assert again == sample("api_real/error_oauth_revoked_401.json")
