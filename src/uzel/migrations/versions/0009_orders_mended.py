"""Orders: what is refused is not asked for for ever, left-out orders, deals that were deleted."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
