"""Webhooks to partners: which connection carries those of which partner."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
