"""Whom a chat stood for stays known after the person has linked another one."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
