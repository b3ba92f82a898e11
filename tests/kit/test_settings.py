"""Settings from the environment: defaults, refusals that name the variable, nothing shown."""

from pathlib import Path

import pytest

from uzel.errors import ConfigError
from uzel.kit.settings import read_settings

CANARY = "canary-51e0a7c2"


def test_nothing_set_means_an_installation_in_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.data_dir == tmp_path / ".uzel"
    assert (settings.host, settings.port, settings.url) == (
        "127.0.0.1",
        8000,
        "http://127.0.0.1:8000",
    )
    assert (settings.database_url, settings.master_key, settings.public_url) == (None, None, None)
    assert (settings.log_format, settings.log_level) == ("json", "info")


def test_empty_is_as_good_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("DATA_DIR", "HOST", "PORT", "DATABASE_URL", "PUBLIC_URL", "MASTER_KEY", "LOG_FORMAT")
    assert read_settings({f"UZEL_{name}": "" for name in names}) == read_settings({})


def test_every_variable_is_read() -> None:
    settings = read_settings(
        {
            "UZEL_DATA_DIR": "/var/lib/uzel",
            "UZEL_HOST": "::1",
            "UZEL_PORT": "65535",
            "UZEL_DATABASE_URL": "postgresql://db.example/uzel",
            "UZEL_PUBLIC_URL": "https://hub.example/",
            "UZEL_MASTER_KEY": "a key",
            "UZEL_LOG_FORMAT": "TEXT",
            "UZEL_LOG_LEVEL": "warning",
            "UZEL_ALLOW_PRIVATE_ADDRESSES": " 127.0.0.1, 10.1.0.0/16 ",
        }
    )
    assert settings.data_dir == Path("/var/lib/uzel")
    assert (settings.host, settings.port, settings.url) == ("::1", 65535, "https://hub.example")
    assert settings.database_url == "postgresql://db.example/uzel"
    assert settings.master_key == "a key"
    assert (settings.log_format, settings.log_level) == ("text", "warning")
    assert settings.allow_private_addresses == "127.0.0.1, 10.1.0.0/16"


@pytest.mark.parametrize("value", ["yes", "10.1.0.0/8", "localhost"])
def test_networks_that_are_none_are_refused_by_name(value: str) -> None:
    with pytest.raises(ConfigError, match="UZEL_ALLOW_PRIVATE_ADDRESSES"):
        read_settings({"UZEL_ALLOW_PRIVATE_ADDRESSES": value})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", "８０", "9" * 5000, "8 0"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(ConfigError, match="UZEL_PORT"):
        read_settings({"UZEL_PORT": port})


@pytest.mark.parametrize("name", ["UZEL_LOG_FORMAT", "UZEL_LOG_LEVEL"])
def test_an_unknown_word_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_settings({name: "loud"})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read_settings(
        {"UZEL_MASTER_KEY": CANARY, "UZEL_DATABASE_URL": f"postgresql://uzel:{CANARY}@db/uzel"}
    )
    assert CANARY not in f"{settings} {settings!r}"
