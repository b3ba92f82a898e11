"""`uzel leads crm|retry`: deals of a CRM whose links are paid, and reports that go into them."""

import argparse
from typing import Any

# Option → setting, of those that take one text.
ONE = {"link-field": "link_field", "status-field": "status_field", "final": "final"}
MANY = {
    "pipeline": ("pipelines", "deals elsewhere are no leads; PIPELINE or PIPELINE/STAGE"),
    "link-contains": ("link_contains", "a link without one of these texts is not taken"),
    "link-host": ("link_hosts", "a link to another host is not taken"),
    "keep": ("keep", "PIPELINE/STAGE that no deal is moved out of"),
}


def register(commands: Any) -> None:
    """Add the commands of this part."""
    leads = commands.add_parser("leads", help="links that are paid, and reports of it")
    register_actions(leads.add_subparsers(required=True, metavar="ACTION"))


def register_actions(actions: Any) -> None:
    """Add the commands about deals of a CRM to those about leads."""
    crm = actions.add_parser("crm", help="which fields of deals are read and written")
    crm.add_argument("connection", metavar="CONNECTION", help="such as amocrm/default")
    crm.add_argument("--link-field", metavar="FIELD", help="holds the link; a name or an id")
    crm.add_argument("--status-field", metavar="FIELD", help="gets the status of the payment")
    crm.add_argument("--final", metavar="STAGE", help="PIPELINE/STAGE of what is paid; `none`")
    crm.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="WHAT=FIELD",
        help="amount, currency, email or card into this field; empty: nowhere",
    )
    crm.add_argument(
        "--static",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a value that every report writes; empty: not any more",
    )
    crm.add_argument("--date-field", metavar="FIELD", help="gets the moment of writing")
    for option, (name, told) in MANY.items():
        crm.add_argument(
            f"--{option}", action="append", dest=name, metavar="TEXT", help=f"{told}; `none`: any"
        )
    crm.add_argument(
        "--propose", action="store_true", help="take the account's fields of the usual names"
    )
    crm.add_argument(
        "--dry-run", action="store_true", help="save nothing; show what a report would write"
    )
    crm.set_defaults(run=run_crm)

    retry = actions.add_parser("retry", help="write a report into its deal once more")
    retry.add_argument("report", metavar="REPORT", help="such as zenorep_21ceb6da02022a")
    retry.set_defaults(run=run_retry)
    for action in (crm, retry):
        action.add_argument("--json", action="store_true", help="print JSON")


def run_crm(parsed: argparse.Namespace) -> int:
    """`uzel leads crm CONNECTION [--link-field F] [--map amount=F] … [--dry-run]`."""
    from uzel.cli.kaspi_words import print_json
    from uzel.cli.lead_crm_work import crm
    from uzel.session import with_parts

    done = with_parts(lambda parts: crm(parts, parsed), quiet=parsed.json)
    print_json(done) if parsed.json else print("\n".join(lines_of(done)))
    return 0


def run_retry(parsed: argparse.Namespace) -> int:
    """`uzel leads retry REPORT`."""
    from uzel.cli.kaspi_words import print_json
    from uzel.cli.lead_crm_work import retry
    from uzel.session import with_parts

    done = with_parts(lambda parts: retry(parts, parsed.report), quiet=parsed.json)
    print_json(done) if parsed.json else print(f"{parsed.report}: {done['crm_state']}")
    return 0


def lines_of(done: dict[str, Any]) -> list[str]:
    """What is set, what is wrong with it, and what a report would write."""
    lines = [f"{name}\t{text_of(value)}" for name, value in done["settings"].items()]
    lines += [f"NOT in the account: {name}" for name in done["missing"]]
    lines.append("an example report would write:")
    lines += [f"\t{it['field']}: {it['value']}" for it in done["example"]["fields"]]
    lines.append(f"\tstage: {done['example']['stage'] or 'stays'}")
    lines += [f"\tleft out: {it}" for it in done["example"]["left_out"]]
    lines.append("saved" if done["saved"] else "nothing was saved")
    if done["switched_on"]:
        lines.append(f"enter the hook anew: uzel connection register {done['connection']}")
    return lines


def text_of(value: Any) -> str:
    """A setting in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner}" for name, inner in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join("=".join(it) if isinstance(it, list) else str(it) for it in value) or "-"
    return "-" if value is None else str(value)
