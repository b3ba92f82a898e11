"""Whoever changed a claim at any time does not approve it."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
