from datetime import date

import pytest
from pydantic import ValidationError

from uzel.connectors.meta import CONNECTOR
from uzel.connectors.meta.config import MetaConfig, days_left

TODAY = date(2026, 11, 20)


def config(**settings: object) -> MetaConfig:
    return MetaConfig.model_validate(
        {"access_token": "token", "phone_number_id": "106500000000001", **settings}
    )


def test_what_people_paste_is_trimmed() -> None:
    pasted = config(
        access_token=" token\n",
        phone_number_id=" 106500000000001 ",
        app_secret=" ",
        verify_token="",
        business_account_id=" ",
        base_url="https://graph.facebook.com/",
    )
    assert pasted.access_token.get_secret_value() == "token"
    assert pasted.phone_number_id == "106500000000001"
    assert (pasted.app_secret, pasted.verify_token, pasted.business_account_id) == (None,) * 3
    assert pasted.base_url == "https://graph.facebook.com"


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone_number_id": "+79990000001"},
        {"phone_number_id": "106500000000001/messages"},
        {"business_account_id": "waba"},
        {"version": "25"},
        {"version": "v25.0/../v1.0"},
        {"base_url": "graph.facebook.com"},
    ],
)
def test_what_would_lead_elsewhere_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        config(**wrong)


def test_secrets_are_not_shown() -> None:
    secrets = {"access_token": "canary-1", "app_secret": "canary-2", "verify_token": "canary-3"}
    shown = config(**secrets)
    assert "canary" not in repr(shown) + shown.model_dump_json()


def test_the_variables_of_todays_users_are_enough() -> None:
    fields = MetaConfig.model_fields
    assert set(CONNECTOR.environment.values()) <= set(fields)
    old = {"META_WHATSAPP_ACCESS_TOKEN", "META_WHATSAPP_PHONE_NUMBER_ID"}
    required = {name for name, field in fields.items() if field.is_required()}
    assert {CONNECTOR.environment[variable] for variable in old} == required
    assert all(field.title and field.description for field in fields.values())


@pytest.mark.parametrize(
    ("version", "left"),
    [("v25.0", 617), ("v21.0", 62), ("v20.0", -57), ("v19.0", -183), ("v12.0", -183)],
)
def test_a_version_has_its_days(version: str, left: int) -> None:
    assert days_left(version, TODAY) == left


def test_a_version_newer_than_we_know_has_no_end() -> None:
    assert days_left("v26.0", TODAY) is None


def test_the_default_version_lives_for_a_year_yet() -> None:
    left = days_left(config().version, TODAY)
    assert left is not None and left > 365
