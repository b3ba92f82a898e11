"""What a status means: r_keeper's words, its users' own, and ids."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from uzel.connectors.rkeeper.config import CANCELLED, COMPLETED, IGNORED, RkeeperConfig
from uzel.connectors.rkeeper.statuses import Meaning, Status, meaning_of, normal, status_of
from uzel.model.unmapped import Unmapped

DEFAULTS = RkeeperConfig()


def meaning(name: str | None, number: str | None = None, **lists: Any) -> Meaning | None:
    return meaning_of(Status(name, number), RkeeperConfig.model_validate(lists))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (COMPLETED, Meaning.COMPLETED),
        (CANCELLED, Meaning.CANCELLED),
        (IGNORED, Meaning.IGNORED),
    ],
)
def test_each_default_word_means_what_its_list_says(
    words: tuple[str, ...], expected: Meaning
) -> None:
    assert {meaning(word) for word in words} == {expected}


def test_no_default_word_is_in_two_lists() -> None:
    words = [normal(word) for word in (*COMPLETED, *CANCELLED, *IGNORED)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    "written",
    [
        "отменён",
        "ОТМЕНЕН",
        " Отменён\t",
        "\N{NO-BREAK SPACE}отменен",
        "отмене\N{COMBINING DIAERESIS}н",
    ],
)
def test_case_spaces_and_yo_do_not_matter(written: str) -> None:
    assert meaning(written) is Meaning.CANCELLED
    assert meaning("Отменен", cancelled_statuses=[written]) is Meaning.CANCELLED


def test_inner_spaces_are_squeezed_but_not_removed() -> None:
    assert meaning("Принят   в\u00a0ресторане") is Meaning.IGNORED
    assert meaning("Принятвресторане") is None


@given(
    word=st.text("аеёйЁЯ Zz-7", min_size=1, max_size=30).filter(normal),
    change=st.sampled_from(["upper", "spaces", "yo", "nfd"]),
)
def test_a_word_put_into_a_list_is_recognised_however_it_is_written(word: str, change: str) -> None:
    config = RkeeperConfig.model_construct(
        completed_statuses=(word,), cancelled_statuses=(), ignored_statuses=()
    )
    written = {
        "upper": word.upper(),
        "spaces": f"  {word} ",
        "yo": word.replace("ё", "е"),
        "nfd": unicodedata.normalize("NFD", word),
    }[change]
    assert meaning_of(Status(written, None), config) is Meaning.COMPLETED


@pytest.mark.parametrize("listed", ["id:7", "ID: 7", "7", " id:7 ", "\N{FULLWIDTH DIGIT SEVEN}"])
def test_an_id_is_listed_with_or_without_its_prefix(listed: str) -> None:
    assert meaning("Отдан", "7", completed_statuses=[listed]) is Meaning.COMPLETED
    assert meaning(None, "7", completed_statuses=[listed]) is Meaning.COMPLETED
    assert meaning("Отдан", "77", completed_statuses=[listed]) is None


def test_an_id_outweighs_a_name() -> None:
    assert meaning("Новый", "7", completed_statuses=["id:7"]) is Meaning.COMPLETED


def test_of_several_lists_cancelled_counts_before_completed_before_ignored() -> None:
    assert meaning("Собран", completed_statuses=["собран"]) is Meaning.COMPLETED
    assert meaning("Собран", cancelled_statuses=["собран"]) is Meaning.CANCELLED
    assert (
        meaning("ОТДАН", completed_statuses=["Отдан"], cancelled_statuses=["отдан"])
        is Meaning.CANCELLED
    )


def test_settings_that_were_not_validated_have_the_defaults() -> None:
    config = RkeeperConfig.model_construct()
    assert meaning_of(Status("Выполнен", None), config) is Meaning.COMPLETED


@pytest.mark.parametrize("words", [[""], ["  "], ["x" * 201], ["x"] * 201, "Выполнен", [7]])
def test_lists_of_something_else_are_refused(words: Any) -> None:
    with pytest.raises(ValidationError):
        RkeeperConfig(completed_statuses=words)


def test_settings_survive_their_storage() -> None:
    config = RkeeperConfig(completed_statuses=(" Отдан гостю ", "id:7"))
    assert config.completed_statuses == ("Отдан гостю", "id:7")
    assert RkeeperConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"orderStatusName": "Новый", "orderStatusId": 1}, Status("Новый", "1")),
        ({"orderStatusName": " Новый\n заказ "}, Status("Новый заказ", None)),
        ({"orderStatusId": "7f0c"}, Status(None, "7f0c")),
        ({"orderStatusName": None, "orderStatus": "Новый"}, Status("Новый", None)),
        ({"status": "Новый"}, Status("Новый", None)),
        ({"status": 7}, Status(None, "7")),
        ({"status": {"id": 7, "name": "Новый"}}, Status("Новый", "7")),
        ({"status": {"value": "Complited", "isBillPrinted": True}}, Status("Complited", None)),
        ({"status": {"value": 7}}, Status(None, "7")),
        ({"orderStatusId": 7, "status": "Новый"}, Status("Новый", "7")),
        ({"orderStatusName": "Новый", "status": "ok"}, Status("Новый", None)),
        ({"status": ""}, None),
        ({"status": " \u0000"}, None),
        ({"status": True, "orderStatusId": False}, None),
        ({"status": []}, None),
        ({"status": {}}, None),
        ({"status": {"name": ["Новый"], "id": {}}}, None),
        ({"orderStatusName": 7}, None),
        ({}, None),
    ],
)
def test_where_a_status_stands(fields: dict[str, Any], status: Status | None) -> None:
    assert status_of([fields]) == status


def test_the_innermost_layer_counts_and_is_not_completed_from_further_out() -> None:
    envelope = {"status": "ok", "orderStatusId": 200}
    assert status_of([{"orderStatusId": 7}, envelope]) == Status(None, "7")
    assert status_of([{"orderStatusName": "Новый"}, envelope]) == Status("Новый", None)
    assert status_of([{"orderId": "7"}, envelope]) == Status("ok", "200")


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (Status("Отдан", "7"), Unmapped("Отдан", "Отдан (7)")),
        (Status("Отдан", None), Unmapped("Отдан", "Отдан")),
        (Status(None, "7"), Unmapped("id:7", "id 7")),
    ],
)
def test_what_a_person_is_asked_can_be_put_into_a_list(status: Status, asked: Unmapped) -> None:
    assert meaning_of(status, DEFAULTS) is None
    assert status.unmapped() == asked
    told = RkeeperConfig(completed_statuses=(asked.word,))
    assert meaning_of(status, told) is Meaning.COMPLETED
