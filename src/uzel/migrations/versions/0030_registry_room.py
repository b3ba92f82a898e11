"""The registry is found by what people have at hand, and its records are merged."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
