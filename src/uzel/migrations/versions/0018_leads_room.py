"""What the room of leads asks for on every page is found without reading tables."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
