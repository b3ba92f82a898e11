"""Goods in the sandbox's account: by exact SKU, and only their price changed."""

from typing import Any

import pytest

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import Rejected


@pytest.fixture
def goods(run: Any, config: AmocrmConfig) -> int:
    """The account's list of goods."""
    known = run(config, "catalogs", {}).data["catalogs"]
    found: int = next(it["id"] for it in known if it["type"] == "products")
    return found


def thing(sku: str, price: str | None = "999.12", name: str | None = None) -> dict[str, Any]:
    return {"request_id": f"r-{sku}", "sku": sku, "name": name or f"Чехол {sku}", "price": price}


def create(run: Any, config: AmocrmConfig, goods: int, *elements: dict[str, Any]) -> dict[str, int]:
    asked = {"catalog_id": goods, "elements": [*elements], "since": 0}
    ids: dict[str, int] = run(config, "create_elements", asked).data["ids"]
    return ids


def by_sku(run: Any, config: AmocrmConfig, goods: int, sku: str) -> list[dict[str, Any]]:
    asked = {"catalog_id": goods, "sku": sku}
    found: list[dict[str, Any]] = run(config, "find_elements", asked).data["elements"]
    return found


def test_only_the_exact_sku_is_found(run: Any, config: AmocrmConfig, goods: int) -> None:
    others = [thing("KT-11"), thing("AKT-1"), thing("kt-1"), thing("X", name="KT-1")]
    ids = create(run, config, goods, thing("KT-1"), *others)
    assert by_sku(run, config, goods, " KT-1 ") == [
        {"id": ids["r-KT-1"], "sku": "KT-1", "name": "Чехол KT-1", "price": "999.12"}
    ]
    assert by_sku(run, config, goods, "KT") == []
    assert by_sku(run, config, goods, "нет такого") == []


def test_spaces_within_an_sku_are_part_of_it(run: Any, config: AmocrmConfig, goods: int) -> None:
    ids = create(run, config, goods, thing("KT  1,5"), thing("KT 1,5"))
    assert [it["id"] for it in by_sku(run, config, goods, "KT  1,5")] == [ids["r-KT  1,5"]]


def test_a_list_is_read_page_by_page(run: Any, config: AmocrmConfig, goods: int) -> None:
    for begin in (0, 200):
        create(run, config, goods, *(thing(f"S{n}", None) for n in range(begin, begin + 200)))
    first, second = (
        run(config, "list_elements", {"catalog_id": goods, "page": page}).data for page in (1, 2)
    )
    assert (len(first["elements"]), first["more"], second["more"]) == (250, True, False)
    skus = [it["sku"] for it in (*first["elements"], *second["elements"])]
    assert {f"S{n}" for n in range(400)} <= set(skus)
    assert len(skus) == len(set(skus))


def test_only_what_is_given_changes(run: Any, config: AmocrmConfig, goods: int) -> None:
    ids = create(run, config, goods, thing("KT-1", "10"), thing("KT-2", None))
    changes = [{"id": ids["r-KT-1"], "price": "12.50"}, {"id": ids["r-KT-2"], "name": "Новое имя"}]
    asked = {"catalog_id": goods, "elements": changes}
    assert run(config, "update_elements", asked).data == {"updated": [*ids.values()]}
    (first,), (second,) = (by_sku(run, config, goods, sku) for sku in ("KT-1", "KT-2"))
    assert (first["price"], first["name"]) == ("12.50", "Чехол KT-1")
    assert (second["price"], second["name"]) == (None, "Новое имя")


def test_a_list_of_one_s_own_has_fields_of_its_own(
    run: Any, raw: Any, config: AmocrmConfig
) -> None:
    answer = raw(config, "POST", "/api/v4/catalogs", [{"name": "Запчасти"}])
    catalog_id = answer["_embedded"]["catalogs"][0]["id"]
    fields = [{"name": "Код", "type": "text"}, {"name": "Стоимость", "type": "numeric"}]
    asked = {"catalog_id": catalog_id, "fields": fields}
    made = run(config, "create_catalog_fields", asked).data["ids"]
    known = {"sku_field_id": made["Код"], "price_field_id": made["Стоимость"]}
    asked = {"catalog_id": catalog_id, "elements": [thing("Z-9", "5")], "since": 0, **known}
    element = run(config, "create_elements", asked).data["ids"]["r-Z-9"]
    asked = {"catalog_id": catalog_id, "sku": "Z-9", **known}
    assert run(config, "find_elements", asked).data["elements"] == [
        {"id": element, "sku": "Z-9", "name": "Чехол Z-9", "price": "5"}
    ]


@pytest.mark.parametrize("price", ["", "дорого", "NaN", "Infinity"])
def test_a_price_is_a_number(run: Any, served: Any, price: str) -> None:
    asked = {"catalog_id": 1, "elements": [thing("A", price)], "since": 0}
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_elements", asked)
    assert (caught.value.code, served.got) == ("price_not_number", [])
