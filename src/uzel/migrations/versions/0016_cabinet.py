"""Sessions of the partners' cabinet."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
