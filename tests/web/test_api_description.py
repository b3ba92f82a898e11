"""The description of the API: true, complete, and its examples fit."""

from collections.abc import Iterator
from typing import Any, cast

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from claim_client import open_room, token_of
from partner_client import add_client
from running_web import WebApp
from sample_data import REPLAY_TOKEN
from uzel.web.api.app import create_api
from uzel.web.api.openapi import describe, operations
from uzel.web.deps import Deps

API = describe(create_api(cast(Deps, None)))
schema = schemathesis.openapi.from_dict(API)
Case = schemathesis.Case[Any]
PARTNER_TOKEN = "uzp_sample-partner-token"
positive_data_acceptance: Any = CHECKS.get_one("positive_data_acceptance")


@schema.auth()
class Token:
    """Signs what schemathesis asks; where it tries without, it has to be refused."""

    def get(self, case: Case, context: schemathesis.AuthContext) -> str:
        if "/claims" in case.path:
            return token_of("vera")
        return PARTNER_TOKEN if "/partner/" in case.path else REPLAY_TOKEN

    def set(self, case: Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


BOUNDED = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def with_partner(shared_web: WebApp) -> WebApp:
    """The sample, a partner with some money, and somebody to pay claims through."""
    open_room(shared_web)
    add_client(shared_web, "1000000", token=PARTNER_TOKEN, per_minute=1_000_000)
    return shared_web


def ask(case: Case, web: WebApp) -> None:
    """Of some operations good questions may be refused all the same: there is no rate for most
    currencies, nor money for most amounts, nor a bank of most names.
    """
    is_judged = "/partner/" in case.path or "/claims" in case.path
    excluded = [positive_data_acceptance] if is_judged else []
    case.call_and_validate(base_url=web.url, excluded_checks=excluded)


@schema.include(path_regex="/claims").parametrize()
@settings(BOUNDED, max_examples=3)
def test_every_operation_of_claims_does_what_is_written(case: Case, with_partner: WebApp) -> None:
    ask(case, with_partner)


@schema.exclude(path_regex="/claims").parametrize()
@BOUNDED
def test_every_operation_does_what_is_written(case: Case, with_partner: WebApp) -> None:
    ask(case, with_partner)


@pytest.mark.long
@schema.parametrize()
@settings(BOUNDED, max_examples=300, derandomize=False)
def test_every_operation_does_what_is_written_for_long(case: Case, with_partner: WebApp) -> None:
    ask(case, with_partner)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in the description."""
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from nodes(below)
    elif isinstance(node, list):
        for below in node:
            yield from nodes(below)


def test_examples_fit_their_schemas() -> None:
    seen = 0
    for node in nodes(API):
        described = node.get("schema", node)
        examples = node.get("examples", [])
        if "example" in node and "schema" in node:
            examples = [node["example"]]
        for example in examples if isinstance(examples, list) else []:
            seen += 1
            whole = {"components": API["components"], **described}
            assert jsonschema_rs.is_valid(whole, example), (example, described)
    assert seen > 100


def test_every_field_of_an_answer_has_an_example() -> None:
    for name, described in API["components"]["schemas"].items():
        for field, content in described.get("properties", {}).items():
            composed = "$ref" in str(content)
            assert composed or "examples" in content or name.startswith("Listed"), (name, field)


def test_every_operation_says_what_it_is_and_how_it_fails() -> None:
    for operation in operations(API):
        assert operation["operationId"] and operation["tags"] and operation["description"]
        assert operation["security"]
        assert {"401", "403", "422", "500", "503"} <= set(operation["responses"])
    names = [operation["operationId"] for operation in operations(API)]
    assert len(names) == len(set(names))


def test_errors_are_described_as_problems() -> None:
    for response in API["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in str(API)


def test_the_description_is_public(shared_web: WebApp) -> None:
    answer = shared_web.client.get("/api/v1/openapi.json")
    assert answer.json() == API
    assert answer.json()["openapi"].startswith("3.1")


def test_the_reference_page_fetches_nothing_from_elsewhere(shared_web: WebApp) -> None:
    page = shared_web.client.get("/api/v1/docs")
    addresses = [part.split('"')[0] for part in page.text.replace("href", "src").split('src="')[1:]]
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith(("/api/v1/", "data:"))
        if address.startswith("/"):
            assert shared_web.client.get(address).status_code == 200
    assert "<script>" not in page.text and "onload" not in page.text
    assert "'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
