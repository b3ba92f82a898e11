"""Claims: who asks to be paid, who approves it, and what becomes of it."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
