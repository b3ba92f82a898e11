"""When and through which connection somebody asked to be written to no more."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
