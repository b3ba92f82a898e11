"""`bench`."""

import argparse
import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

INTERRUPTED = 130


def register(commands: Any) -> None:
    """Add the commands of this part."""
    bench = commands.add_parser(
        "bench", help="measure this machine: how many webhooks, how many messages a second"
    )
    kinds = bench.add_subparsers(required=True, metavar="WHAT")
    ingest = kinds.add_parser(
        "ingest", help="webhooks taken in durably, beside one that stores not"
    )
    ingest.add_argument(
        "--stored", type=count, default=0, metavar="N", help="with N events stored before"
    )
    ingest.set_defaults(run=run_ingest)
    reviews = kinds.add_parser("reviews", help="visits that become messages, everything on")
    reviews.set_defaults(run=run_reviews)
    orders = kinds.add_parser(
        "orders", help="orders of Kaspi that become deals of amoCRM, at seven requests a second"
    )
    orders.add_argument(
        "--orders", type=count, default=None, metavar="N", help="N orders, half of them cold"
    )
    orders.add_argument("--json", action="store_true", help="print one JSON object")
    orders.set_defaults(run=run_orders)
    ledger = kinds.add_parser(
        "ledger", help="payments on one balance, beside single rows committed by pgbench"
    )
    ledger.add_argument(
        "--past", type=count, default=0, metavar="N", help="and look back into N entries"
    )
    ledger.set_defaults(run=run_ledger)
    for kind in (ingest, reviews, ledger):
        kind.add_argument("--json", action="store_true", help="print one JSON object")
        kind.add_argument(
            "--seconds", type=duration, metavar="N", help="measure for about N seconds"
        )


def run_ingest(parsed: argparse.Namespace) -> int:
    """`uzel bench ingest [--json] [--seconds N] [--stored N]`."""
    from uzel.bench.ingest import DEFAULT_S, LABELS, run_ingest

    return show(lambda: run_ingest(parsed.seconds or DEFAULT_S, parsed.stored), LABELS, parsed)


def run_reviews(parsed: argparse.Namespace) -> int:
    """`uzel bench reviews [--json] [--seconds N]`."""
    from uzel.bench.reviews import DEFAULT_S, LABELS, run_reviews

    return show(lambda: run_reviews(parsed.seconds or DEFAULT_S), LABELS, parsed)


def run_ledger(parsed: argparse.Namespace) -> int:
    """`uzel bench ledger [--json] [--seconds N] [--past N]`."""
    from uzel.bench.ledger import DEFAULT_S, LABELS, run_ledger

    return show(lambda: run_ledger(parsed.seconds or DEFAULT_S, parsed.past), LABELS, parsed)


def run_orders(parsed: argparse.Namespace) -> int:
    """`uzel bench orders [--json] [--orders N]`."""
    from uzel.bench.orders import LABELS, ORDERS, run_orders

    return show(lambda: run_orders(parsed.orders or ORDERS), LABELS, parsed)


def show(
    measure: Callable[[], dict[str, Any]], labels: Mapping[str, str], parsed: argparse.Namespace
) -> int:
    """Measure and print; the exit status is 1 for a void run. SIGTERM is like Ctrl-C: what was
    started and written is cleared away.
    """
    from uzel.bench.report import as_json, as_table

    signal.signal(signal.SIGTERM, interrupt)
    try:
        figures = measure()
    except KeyboardInterrupt:
        return INTERRUPTED
    print(as_json(figures) if parsed.json else as_table(figures, labels))
    return int(figures["void"])


def interrupt(number: int, frame: FrameType | None) -> None:
    """A signal as Ctrl-C."""
    raise KeyboardInterrupt


def duration(text: str) -> float:
    """Seconds, more than none."""
    value = float(text)
    if not 0 < value < 86_400:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return value


def count(text: str) -> int:
    """A number of rows, `1_000_000` as well."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value
