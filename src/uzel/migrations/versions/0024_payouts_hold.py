"""Payouts hold themselves back; limits by the business's day; numbers of cards that were typed."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
