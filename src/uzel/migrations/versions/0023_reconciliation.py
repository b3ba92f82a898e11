"""Payouts beside their provider: its banks, its balance, and where its books differ from ours."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
