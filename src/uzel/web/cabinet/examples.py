"""Requests of the API with a partner's own data: for reading, for the shell, and to be made.

The old address is described by its actions, the new one by its own description, so what is added
there is here, too.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import orjson

from uzel.partners.manage import READ
from uzel.web.partner.actions import ACTIONS
from uzel.web.partner.carriers import LEADS
from uzel.web.partner.door import PATH

V1 = "/api/v1/partner/"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
LEAD = {"dealId": "deal-118", "paymentUrl": "https://pay.example/c/1", "comment": "monthly"}


@dataclass(frozen=True, slots=True)
class Example:
    """One request. name: the action, or the operation; title: as a list shows it. reads: it
    changes nothing, so it may be made from the page.
    """

    name: str
    title: str
    about: str
    method: str
    path: str
    reads: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def curl(self, url: str) -> str:
        """For a shell in which TOKEN is set."""
        usual = "POST" if self.body else "GET"  # what curl does unasked
        parts = ["curl -s" + ("" if self.method == usual else f" -X {self.method}")]
        parts.append(shlex.quote(url + self.path))
        parts.append('-H "Authorization: Bearer $TOKEN"')
        parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers.items()]
        if self.body:
            parts.append(f"-d {shlex.quote(self.body)}")
        return " \\\n  ".join(parts)


@dataclass(frozen=True, slots=True)
class Known:
    """What the examples are filled with: the partner's newest payment and delivery of a webhook,
    its currency, and a moment.
    """

    payment_id: str
    delivery_id: str
    currency: str
    since: str


def of_actions(known: Known) -> Iterator[Example]:
    """The old address: by form, but for leads, and the token in the header."""
    fields: Mapping[str, Mapping[str, str]] = {
        "get_payment_cost": {"payment_amount": "20.00", "payment_currency": known.currency},
        "process_payment": {
            "payment_amount": "20.00",
            "payment_currency": known.currency,
            "external_id": fresh_number(),
        },
        "get_transaction_status": {"transaction_id": known.payment_id},
        "get_transactions": {"limit": "10"},
    }
    for name, action in ACTIONS.items():
        reads = action.scope == READ
        headers = {} if reads else {"Idempotency-Key": str(uuid4())}
        body = urlencode({"action": name, **fields.get(name, {})})
        if name == LEADS:
            headers["Content-Type"] = JSON
            body = orjson.dumps({"action": name, "lead_data": [LEAD]}).decode()
        yield Example(name, name, "", "POST", PATH, reads, headers, body)


def of_operations(described: Mapping[str, Any], known: Known) -> Iterator[Example]:
    """The new address, out of its description."""
    for path, operations in described["paths"].items():
        if path.startswith(V1):
            for method, operation in operations.items():
                yield of_operation(described, path, method.upper(), operation, known)


def of_operation(
    described: Mapping[str, Any], path: str, method: str, operation: Any, known: Known
) -> Example:
    real = {
        "payment_id": known.payment_id,
        "delivery_id": known.delivery_id,
        "from": known.since,
        "Idempotency-Key": str(uuid4()),
    }
    parameters = operation.get("parameters", [])
    given = {
        kind: {it["name"]: real.get(it["name"]) or example_of(it) for it in parameters
               if it["in"] == kind and it.get("required")}
        for kind in ("path", "query", "header")
    }  # fmt: skip
    for name, value in given["path"].items():
        path = path.replace(f"{{{name}}}", value)
    query = f"?{urlencode(given['query'])}" if given["query"] else ""
    body = body_of(described, operation, known)
    headers = {**given["header"], **({"Content-Type": JSON} if body else {})}
    name, title = operation["operationId"], f"{method} {path}"
    about = str(operation.get("description", ""))
    return Example(name, title, about, method, path + query, method == "GET", headers, body)


def fresh_number() -> str:
    """A number of the partner's that no other page has shown: what is copied is made once."""
    return f"order-{uuid4().hex[:8]}"


def example_of(parameter: Any) -> str:
    examples = parameter.get("schema", {}).get("examples") or parameter.get("examples") or ["…"]
    return str(examples[0])


def body_of(described: Mapping[str, Any], operation: Any, known: Known) -> str:
    """What is to be sent, as JSON."""
    content = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if content is None:
        return ""
    example = dict(sample_of(described, content["schema"]))
    if "external_id" in example:
        example["external_id"] = fresh_number()
    if "currency" in example:
        example["currency"] = known.currency
    return orjson.dumps(example).decode()


def sample_of(described: Mapping[str, Any], schema: Any) -> Any:
    """The first example of a schema, or one made of those of its parts."""
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if examples := schema.get("examples"):
        return examples[0]
    if "anyOf" in schema:
        return sample_of(described, schema["anyOf"][0])
    if schema.get("type") == "array":
        return [sample_of(described, schema["items"])]
    required = schema.get("required", ())
    return {
        name: sample_of(described, part)
        for name, part in schema.get("properties", {}).items()
        if name in required or "examples" in part
    }
