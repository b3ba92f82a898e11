"""Payouts asked for by programs: their requests, answers, callbacks, invoices, what came in."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
