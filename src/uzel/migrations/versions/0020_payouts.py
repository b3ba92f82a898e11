"""Payouts: what is to leave, to whom, how far it got; and the vault of card numbers."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
