"""People and projects of a registry are mirrored into a CRM."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
