"""A registry of people, companies and their projects."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
