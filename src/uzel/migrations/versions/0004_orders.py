"""Access granted by OAuth; orders of marketplaces and the deals they become."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
