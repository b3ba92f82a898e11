"""The command line. Imports are inside the commands: `uzel serve` stays small and fast."""

import argparse
import sys
from collections.abc import Callable, Sequence

from uzel import __version__
from uzel.cli import benches, connections, payloads, people, running
from uzel.errors import UzelError


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


def build_parser() -> argparse.ArgumentParser:
    """All commands with their help."""
    parser = argparse.ArgumentParser(
        prog="uzel", description="A self-hosted integration hub: nothing lost, nothing doubled."
    )
    parser.add_argument("--version", action="version", version=f"uzel {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (running, payloads, connections, people, benches):
        part.register(commands)
    return parser
