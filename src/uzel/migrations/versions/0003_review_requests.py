"""Links to events that a replay has made anew go on leading somewhere."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
