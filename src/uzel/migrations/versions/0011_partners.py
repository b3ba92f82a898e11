"""Partners: tokens, payments, answers that are given again."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
