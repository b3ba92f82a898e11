"""Of which ways a message had, and why others were closed to it."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
