"""Settings, as people paste them."""

from typing import Any

import pytest
from pydantic import ValidationError

from uzel.connectors.vtiger.config import VtigerConfig

GOOD = {"base_url": "https://crm.example.ru", "login": "uzel", "access_key": "Key0123456789"}


def config(**changed: Any) -> VtigerConfig:
    return VtigerConfig.model_validate({**GOOD, **changed})


@pytest.mark.parametrize(
    "pasted",
    [
        "https://crm.example.ru/",
        "https://crm.example.ru/webservice.php",
        " https://crm.example.ru/index.php?module=Contacts&view=List ",
        "https://crm.example.ru/modules/Webforms/capture.php",
        "https://crm.example.ru?x=1#y",
    ],
)
def test_any_page_of_the_crm_is_its_address(pasted: str) -> None:
    assert config(base_url=pasted).base_url == "https://crm.example.ru"


def test_a_crm_in_a_folder() -> None:
    pasted = "https://example.ru/crm/index.php?module=Home"
    assert config(base_url=pasted).base_url == "https://example.ru/crm"


def test_what_was_copied_along_goes() -> None:
    it = config(login=" uzel ", access_key=" Key0123456789\n", public_id=f" {'A' * 32} ")
    assert (it.login, it.public_id) == ("uzel", "a" * 32)
    assert it.access_key.get_secret_value() == "Key0123456789"
    assert config(public_id="").public_id is None


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "crm"},
        {"login": " "},
        {"login": "a\0b"},
        {"access_key": ""},
        {"access_key": "ключ"},
        {"access_key": "x" * 201},
        {"checks": "never"},
        {"public_id": "123"},
        {"timeout_s": 29},
    ],
)
def test_what_cannot_be_is_refused_without_its_value(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**changed)


def test_neither_key_nor_session_is_shown() -> None:
    it = config(access_key="canaryKey", session="19x1:canarySession")
    shown = f"{it!r} {it} {it.model_dump()} {it.model_dump_json()}"
    assert "canary" not in shown
    assert "session" not in it.model_dump()
