"""Money that people move: within a limit alone, above it with a second person."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
