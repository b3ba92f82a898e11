"""The bot of claims: what people and it are at, what it announced, who is who."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0026"
down_revision = "0024"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
