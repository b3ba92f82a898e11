"""`uzel crm …`: people, companies and projects in somebody's vtiger."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from uzel.errors import ConfigError

if TYPE_CHECKING:
    from uzel.crm_client import Written

UNKNOWN_STATUS = 3
STATUSES = "; ends with 3 where nobody knows whether it was"
AGAIN = "the outcome of the first time with this key, nothing was sent now"
WRITES = {
    "contact": ("create_contact", "a person, known by the phone"),
    "account": ("create_account", "a company, known by the ИНН"),
    "project": ("create_project", "what a person has against a company, anew each time"),
}


def register(commands: Any) -> None:
    """Add the commands of this part."""
    crm = commands.add_parser("crm", help="people, companies and projects in somebody's vtiger")
    actions = crm.add_subparsers(required=True, metavar="ACTION")
    test = actions.add_parser("test", help="sign in, and tell what the account sees")
    test.set_defaults(run=run_test)
    describe = actions.add_parser("describe", help="the fields of a module")
    describe.add_argument("module", metavar="MODULE", help="such as Contacts")
    describe.set_defaults(run=run_describe)
    query = actions.add_parser("query", help="what a query in vtiger's language finds, all of it")
    query.add_argument("text", metavar="QUERY", help="with or without ; at its end")
    query.set_defaults(run=run_query)
    files = actions.add_parser("files", help="the documents of a person")
    files.add_argument("inn", metavar="INN")
    files.add_argument("code", metavar="CODE", help="from their SMS; - : read from standard input")
    files.set_defaults(run=run_files)
    writes = [register_write(actions, name) for name in WRITES]
    for parser in (test, describe, query, files, *writes):
        parser.add_argument("--via", metavar="NAME", help="the connection, where there are several")
        parser.add_argument("--json", action="store_true", help="print JSON")


def register_write(actions: Any, name: str) -> argparse.ArgumentParser:
    """A command that writes one record."""
    operation, line = WRITES[name]
    parser: argparse.ArgumentParser = actions.add_parser(name, help=f"{line}{STATUSES}")
    parser.add_argument(
        "fields",
        metavar="FIELD=VALUE",
        nargs="+",
        help="as the operation has them; - : a JSON object from standard input",
    )
    parser.add_argument("--key", help="a name of your own for this: nothing is made twice for it")
    if name == "project":
        parser.add_argument(
            "--wait",
            type=float,
            metavar="SECONDS",
            help="how long to look for one whose answer was lost; 20 unless said",
        )
    parser.set_defaults(run=run_write, operation=operation)
    return parser


def run_test(parsed: argparse.Namespace) -> int:
    """`uzel crm test`: 1 where something is missing there."""
    from uzel.crm_client import list_modules

    found = list_modules(via=parsed.via)
    if parsed.json:
        print_json(dict(found))
    else:
        print(f"{found['account']} sees: {', '.join(found['modules'])}")
        if "missing" in found:
            print(found["missing"])
    return 1 if "missing" in found else 0


def run_describe(parsed: argparse.Namespace) -> int:
    """`uzel crm describe MODULE`."""
    from uzel.crm_client import describe

    found = describe(parsed.module, via=parsed.via)
    if parsed.json:
        print_json(dict(found))
        return 0
    print(f"{found.get('label')}, ids begin with {found.get('idPrefix')}x")
    print("\t".join(("field", "label", "kind", "mandatory")))
    for field in found["fields"]:
        kind = field.get("type") or {}
        needed = "yes" if field.get("mandatory") else "no"
        told = (field.get("name"), field.get("label"), kind.get("name"), needed)
        print("\t".join(map(str, told)))
    return 0


def run_query(parsed: argparse.Namespace) -> int:
    """`uzel crm query QUERY`."""
    from uzel.crm_client import query

    found = query(parsed.text, via=parsed.via)
    if parsed.json:
        print_json(asdict(found))
        return 0
    columns = list(dict.fromkeys(name for record in found.records for name in record))
    if columns:
        print("\t".join(columns))
    for record in found.records:
        print("\t".join(one_line(record.get(name)) for name in columns))
    if not found.complete:
        print("there are more: narrow the query", file=sys.stderr)
    return 0


def run_files(parsed: argparse.Namespace) -> int:
    """`uzel crm files INN CODE`: 1 where there is nobody with both."""
    from uzel.crm_client import list_files

    code = sys.stdin.readline().strip() if parsed.code == "-" else parsed.code
    found = list_files(parsed.inn, code, via=parsed.via)
    if parsed.json:
        print_json(asdict(found))
    elif not found.found:
        print(found.message or "there is nobody with this ИНН and code")
    else:
        for file in found.files:
            print(f"{one_line(file['title'])}\t{file['path']}")
        if found.unsafe:
            print(f"left out, their path leads elsewhere: {found.unsafe}", file=sys.stderr)
    return 0 if found.found else 1


def run_write(parsed: argparse.Namespace) -> int:
    """`uzel crm contact|account|project FIELD=VALUE …`."""
    from uzel.crm_client import scripts

    write: Callable[..., Written] = getattr(scripts, parsed.operation)
    wait_s = getattr(parsed, "wait", None)
    more = {} if wait_s is None else {"looks_for_s": wait_s}
    written = write(fields_of(parsed.fields), key=parsed.key, via=parsed.via, **more)
    if parsed.json:
        print_json({**asdict(written), "warnings": dict(written.warnings)})
    else:
        tell(written)
    if written.outcome == "unknown":
        return UNKNOWN_STATUS
    return 0 if written.outcome == "accepted" else 1


def tell(written: "Written") -> None:
    """In words."""
    number = f", record {written.number}" if written.number else ""
    again = f"; {AGAIN}" if written.repeated else ""
    print(f"{written.outcome}: call {written.call_id}, {written.connection}{number}{again}")
    if written.detail:
        print(written.detail)
    for field, why in written.warnings:
        print(f"mind: {field} does not hold ({why})")


def fields_of(given: list[str]) -> dict[str, Any]:
    """Field → value. Raises ConfigError."""
    if given == ["-"]:
        return read_object(sys.stdin.read())
    pairs = [one.partition("=") for one in given]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise ConfigError(f"{name or '='} is no FIELD=VALUE")
    return {name: value for name, _, value in pairs}


def read_object(text: str) -> dict[str, Any]:
    """Raises ConfigError for what is no JSON object."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError("standard input is not JSON") from error
    if not isinstance(found, dict):
        raise ConfigError("standard input is no JSON object")
    return found


def one_line(value: Any) -> str:
    """A value in a table."""
    return " ".join(str("" if value is None else value).split())


def print_json(found: Any) -> None:
    """As one line."""
    print(json.dumps(found, ensure_ascii=False))
