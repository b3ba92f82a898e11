"""The command line. Imports are inside the commands: `uzel serve` stays small and fast."""

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from uzel import __version__
from uzel.cli import (
    benches,
    claims,
    connections,
    crm,
    kaspi,
    lead_crm,
    ledger,
    partners,
    payloads,
    payouts,
    people,
    rates,
    recipients,
    registry,
    robots,
    running,
    sending,
)
from uzel.errors import UzelError

# In the order of the help.
PARTS = (
    running,
    payloads,
    connections,
    kaspi,
    rates,
    sending,
    recipients,
    people,
    partners,
    robots,
    lead_crm,
    payouts,
    claims,
    crm,
    registry,
    ledger,
    benches,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. What went wrong is said in one line."""
    parsed = build_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except UzelError as error:
        print(f"uzel: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


class Parser(argparse.ArgumentParser):
    """Names only commands that are for people (those with a line of help) where one is unknown."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if not isinstance(action, argparse._SubParsersAction) or value in action.choices:
            return super()._check_value(action, value)
        known = [choice.dest for choice in action._choices_actions]
        near = difflib.get_close_matches(str(value), known, 1)
        meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise argparse.ArgumentError(None, f"there is no command `{self.prog} {value}`; {meant}")


def build_parser() -> argparse.ArgumentParser:
    """All commands with their help."""
    parser = Parser(
        prog="uzel", description="A self-hosted integration hub: nothing lost, nothing doubled."
    )
    parser.add_argument("--version", action="version", version=f"uzel {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in PARTS:
        part.register(commands)
    return parser
