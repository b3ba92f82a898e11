"""Quotes: what a payment would cost, fixed for some minutes."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
