"""The reference pages say what the code says, and nothing of the code is missing in them."""

import re
import shutil
from pathlib import Path

import pytest

from markdown_pages import ROOT, read, tracked
from uzel import reference
from uzel.cli.reference import above
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.reference.commands_page import leaves

VARIABLE = re.compile(r"\bUZEL_[A-Z_]*[A-Z]\b")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the committed pages."""
    return Path(shutil.copytree(reference.FOLDER, tmp_path / "reference"))


def test_the_committed_pages_are_fresh() -> None:
    assert reference.run(above(), check=True) == 0


def test_an_edited_a_missing_and_a_foreign_page_are_stale(folder: Path) -> None:
    (folder / "settings.md").write_text("by hand")
    (folder / "calls.md").unlink()
    (folder / "old.md").write_text("nobody's")
    with pytest.raises(ConfigError, match=r"calls\.md, old\.md, settings\.md"):
        reference.run(above(), check=True, folder=folder)
    assert reference.run(above(), check=False, folder=folder) == 0
    assert reference.run(above(), check=True, folder=folder) == 0
    assert not (folder / "old.md").exists()


def test_outside_a_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="checkout"):
        reference.run(above(), check=True, folder=tmp_path / "nowhere")


def test_every_variable_in_the_code_is_documented() -> None:
    texts = [read(path) for path in tracked() if path.endswith((".py", "Makefile", ".sh"))]
    used = {name for text in texts for name in VARIABLE.findall(text)}
    documented = set(VARIABLE.findall(read("docs/reference/settings.md")))
    assert used == documented


def test_every_command_is_documented() -> None:
    names = {parser.prog for parser, _ in leaves(above().parser, "")}
    page = read("docs/reference/commands.md")
    assert names == set(re.findall(r"^## `(.+)`$", page, re.MULTILINE))
    assert {"uzel serve", "uzel demo", "uzel connection add"} <= names
    assert not {"uzel run-role", "uzel reference"} & names


def test_every_connector_operation_and_field_is_documented() -> None:
    page = read("docs/reference/connectors.md")
    for connector in connectors().values():
        assert f"## {connector.title}" in page
        fields = [n for n, field in connector.config.model_fields.items() if not field.exclude]
        for name in (*connector.operations, *fields, *connector.environment):
            assert f"`{name}`" in page


def test_every_reason_of_the_samples_is_explained() -> None:
    shown = read("docs/reference/connectors.md")
    explained = set(re.findall(r"^\| `(\w+)` \|", read("docs/reference/reasons.md"), re.MULTILINE))
    line = re.findall(r"^Reasons in its samples: (.+)\.$", shown, re.MULTILINE)
    reasons = {code for codes in line for code in re.findall(r"`(\w+)`", codes)}
    assert reasons
    assert reasons <= explained


def test_the_pages_are_where_the_documentation_is() -> None:
    assert ROOT / "docs" / "reference" == reference.FOLDER
