"""Asking amoCRM in miniature as any client would, for the tests of the sandbox."""

from itertools import count
from typing import Any

import httpx2

LEAD_ID, CONTACT_ID, ELEMENT_ID = 23802101, 37054101, 14229449
PIPELINE, ORDERS_PIPELINE = 7310001, 7310002
FIRST_STAGE, NEW_ORDER, TAKEN = 61000001, 61000011, 61000012
CATALOG = 11271
ORDER_FIELD, WAY_FIELD, SKU_FIELD, PRICE_FIELD = 752009, 752011, 2235143, 2235147
MANAGER = 10000602

_tokens = count(1)


class Api:
    """One account. Answers are `httpx2.Response`s unless a method says otherwise."""

    def __init__(self, control: httpx2.Client, token: str | None = None) -> None:
        self.control = control
        self.token = token or f"account-{next(_tokens)}"

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.control.request(method, f"/amocrm/api/v4{path}", headers=headers, **more)

    def get(self, path: str, **query: Any) -> httpx2.Response:
        return self.ask("GET", path, params=query or None)

    def post(self, path: str, json: Any) -> httpx2.Response:
        return self.ask("POST", path, json=json)

    def patch(self, path: str, json: Any) -> httpx2.Response:
        return self.ask("PATCH", path, json=json)

    def found(self, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
        """The entities of one page; none for a 204."""
        answered = self.get(path, **query)
        assert answered.status_code in (200, 204), answered.text
        return answered.json()["_embedded"][name] if answered.content else []

    def made(self, path: str, name: str, *items: dict[str, Any]) -> list[int]:
        """The ids of what was made."""
        answered = self.post(path, list(items))
        assert answered.status_code == 200, answered.text
        return [it["id"] for it in answered.json()["_embedded"][name]]

    def lead(self, **values: Any) -> int:
        return self.made("/leads", "leads", values)[0]

    def contact(self, *phones: str, **values: Any) -> int:
        field = {"field_code": "PHONE", "values": [{"value": phone} for phone in phones]}
        values["custom_fields_values"] = [field] if phones else None
        return self.made("/contacts", "contacts", values)[0]

    def element(self, sku: str, **values: Any) -> int:
        fields = [{"field_code": "SKU", "values": [{"value": sku}]}]
        item = {"name": sku, "custom_fields_values": fields, **values}
        return self.made(f"/catalogs/{CATALOG}/elements", "elements", item)[0]

    def wrong(self, answered: httpx2.Response) -> list[tuple[str, str, str]]:
        """(request id, code, path) of each value that was refused."""
        assert answered.status_code == 400, answered.text
        assert answered.headers["content-type"] == "application/problem+json"
        content = answered.json()
        assert content["detail"] == "Request validation failed"
        return [
            (item["request_id"], fault["code"], fault["path"])
            for item in content["validation-errors"]
            for fault in item["errors"]
        ]

    def door(self, path: str, **body: Any) -> dict[str, Any]:
        """A control door, for this account where it takes one."""
        answered = self.control.post(f"/amocrm{path}", json={"token": self.token, **body})
        assert answered.status_code == 200, answered.text
        told: dict[str, Any] = answered.json()
        return told

    def set(self, **settings: Any) -> None:
        self.control.post("/amocrm/_settings", json=settings).raise_for_status()

    def books(self, part: str) -> list[dict[str, Any]]:
        told = self.control.get("/amocrm/_books", params={"token": self.token, "part": part})
        parts: list[dict[str, Any]] = told.json()[part]
        return parts

    def book_of(self, part: str, entity_id: int) -> dict[str, Any]:
        return next(it for it in self.books(part) if it["id"] == entity_id)


def values(entity: dict[str, Any], field: int | str) -> list[Any]:
    """The values of one custom field, by its id or code."""
    for it in entity["custom_fields_values"] or []:
        if field in (it["field_id"], it["field_code"]):
            return [value["value"] for value in it["values"]]
    return []
