"""Leads: tasks of partners and of a CRM, who works on them, what is reported of them."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
