"""`registry mirror on|off|show|retry`: people and projects that become deals of a CRM."""

import argparse
from typing import Any

from uzel.cli.plain import plain

DEALS = {"people": ("Contacts",), "projects": ("Project",), "both": ("Contacts", "Project")}


def register(actions: Any) -> list[argparse.ArgumentParser]:
    """Add the commands; gives those that are about one business."""
    mirror = actions.add_parser(
        "mirror", help="have people and projects become contacts and deals of amoCRM"
    ).add_subparsers(required=True, metavar="ACTION")
    on = mirror.add_parser("on", help="switch it on, or change how it is done")
    on.add_argument("crm", metavar="CONNECTION", help="where deals are made, such as amocrm/main")
    on.add_argument(
        "--stage", metavar="PIPELINE/STAGE", help="where deals begin; default: the account's first"
    )
    on.add_argument(
        "--deals", choices=sorted(DEALS), default="both", help="what becomes a deal; default: both"
    )
    on.add_argument("--responsible", type=int, metavar="ID", help="the user whose the deals are")
    on.add_argument(
        "--days", type=int, default=0, help="deals for what was made in so many days, too"
    )
    on.add_argument(
        "--dry-run", action="store_true", help="change nothing; show what would be made"
    )
    on.set_defaults(run=run_on)
    off = mirror.add_parser("off", help="make no more deals; those that are there stay")
    off.set_defaults(run=run_off)
    show = mirror.add_parser("show", help="how far it is, and what waits for a person")
    show.set_defaults(run=run_show)
    retry = mirror.add_parser("retry", help="try once more what waits for a person")
    retry.add_argument(
        "number", nargs="?", help="of a record, such as CON83 or 12x83; default: all of it"
    )
    retry.set_defaults(run=run_retry)
    for one in (on, off, retry):
        one.add_argument(
            "--from",
            dest="source",
            metavar="CONNECTION",
            help="a vtiger, such as vtiger/site; default: the registry of Uzel",
        )
    return [on, off, show, retry]


def run_on(parsed: argparse.Namespace) -> int:
    """`uzel registry mirror on CONNECTION`."""
    from uzel.cli.registry_mirror_work import switch_on
    from uzel.session import with_parts

    told = with_parts(lambda parts: switch_on(parts, parsed, DEALS[parsed.deals]))
    print(f"{told['from']} -> {told['crm']}, {told['stage']}")
    print(f"deals for what is made since {told['since']:%Y-%m-%d %H:%M} UTC: {told['earlier']}")
    if told["example"]:
        print("\n".join(("the newest of them would be:", "", *told["example"])))
    print("nothing is changed" if parsed.dry_run else "switched on")
    return 0


def run_off(parsed: argparse.Namespace) -> int:
    """`uzel registry mirror off`."""
    from uzel.cli.registry_mirror_work import switch_off
    from uzel.session import with_parts

    with_parts(lambda parts: switch_off(parts, parsed))
    print("switched off; deals that are there stay as they are")
    return 0


def run_show(parsed: argparse.Namespace) -> int:
    """`uzel registry mirror show`."""
    from uzel.cli.registry_mirror_work import shown
    from uzel.session import with_parts

    found = with_parts(lambda parts: shown(parts, parsed))
    if not found:
        print("nothing is mirrored; begin with: uzel registry mirror on CONNECTION --dry-run")
    for mirror, stuck in found:
        source = mirror["source"] or "registry"
        print(f"{source} -> {mirror['crm']}: {mirror['state']}")
        for name in ("deals", "waiting", "stuck", "notes", "unwritten"):
            print(f"  {name}\t{plain(mirror[name])}")
        if mirror["problem"]:
            print(f"  problem\t{mirror['problem']}")
        for row in stuck:
            print(f"  {row['number']}\t{row['deal_name']}\t{row['reason']}")
    return 0


def run_retry(parsed: argparse.Namespace) -> int:
    """`uzel registry mirror retry [NUMBER]`."""
    from uzel.cli.registry_mirror_work import retry
    from uzel.session import with_parts

    print(f"tried once more: {with_parts(lambda parts: retry(parts, parsed))}")
    return 0
