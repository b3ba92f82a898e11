"""`registry user …`, `registry strict`, `registry field …`: the records behind the web service of a
CRM, and the programs that may use it.
"""

import argparse
import re
from typing import Any

from uzel.cli import registry_forms, registry_mirror
from uzel.crm.field import Kind
from uzel.errors import ConfigError

KINDS = [
    str(kind) for kind in Kind if kind not in (Kind.AUTO, Kind.OWNER, Kind.FILE, Kind.REFERENCE)
]
FIELD = re.compile("cf_[a-z0-9_]{1,60}")
MODULES = ("Accounts", "Contacts", "Documents", "Project")


def register(commands: Any) -> None:
    """Add the commands of this part."""
    registry = commands.add_parser(
        "registry", help="people, companies and projects behind /webservice.php"
    )
    actions = registry.add_subparsers(required=True, metavar="ACTION")

    of_one = [
        *register_users(actions),
        *register_fields(actions),
        *registry_forms.register(actions),
        *registry_mirror.register(actions),
    ]
    strict = actions.add_parser(
        "strict", help="refuse ИНН, ОГРН, dates and phones that do not hold, or point them out"
    )
    strict.add_argument("value", choices=["on", "off"])
    strict.set_defaults(run=run_strict)

    for parser in (*of_one, strict):
        parser.add_argument("--business", metavar="NAME", help="default: the first one")


def register_users(actions: Any) -> list[argparse.ArgumentParser]:
    """Those about accounts; gives the ones that are about one business."""
    user = actions.add_parser("user", help="accounts of programs").add_subparsers(
        required=True, metavar="ACTION"
    )
    add = user.add_parser("add", help="make an account; its access key is shown once")
    add.add_argument("login")
    add.add_argument("--name", default="", help="who it is, for people")
    add.add_argument("--admin", action="store_true")
    add.set_defaults(run=run_user_add)
    listed = user.add_parser("list", help="all accounts, and when they signed in last")
    listed.set_defaults(run=run_user_list)
    for name, line, run in (
        ("key", "give an account a new access key, shown once", run_user_key),
        ("close", "have an account sign in no more", run_user_close),
        ("open", "have a closed account sign in again", run_user_open),
    ):
        one = user.add_parser(name, help=line)
        one.add_argument("login")
        one.set_defaults(run=run)
    return [add, listed]


def register_fields(actions: Any) -> list[argparse.ArgumentParser]:
    """Those about fields."""
    field = actions.add_parser("field", help="fields of your own").add_subparsers(
        required=True, metavar="ACTION"
    )
    new = field.add_parser("add", help="add a field to the records of a module")
    new.add_argument("module", choices=MODULES)
    new.add_argument("name", help="small letters, digits and _; cf_ is put before it")
    new.add_argument("--label", required=True, help="what people call it")
    new.add_argument("--kind", choices=KINDS, default=str(Kind.STRING))
    new.add_argument("--choice", action="append", default=[], help="of a picklist, repeatable")
    new.set_defaults(run=run_field_add)
    shown = field.add_parser("list", help="fields of your own")
    shown.set_defaults(run=run_field_list)
    return [new, shown]


def run_user_add(parsed: argparse.Namespace) -> int:
    """`uzel registry user add LOGIN`."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm.users import add_user

    made = in_registry(
        parsed.business,
        lambda connection, ring, business: add_user(
            connection, ring, business, parsed.login, name=parsed.name, is_admin=parsed.admin
        ),
        "user_added",
        parsed.login,
    )
    print(f"{made.login}, access key (shown this once): {made.access_key}")
    return 0


def run_user_list(parsed: argparse.Namespace) -> int:
    """`uzel registry user list`."""
    from uzel.cli.registry_work import in_registry, user_line
    from uzel.crm import user_store

    found = in_registry(
        parsed.business, lambda connection, _, business: user_store.users(connection, business)
    )
    print("\t".join(("login", "name", "admin", "last_login", "state")))
    for row in found:
        print(user_line(row))
    return 0


def run_user_key(parsed: argparse.Namespace) -> int:
    """`uzel registry user key LOGIN`."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm.users import change_key

    made = in_registry(
        None,
        lambda connection, ring, _: change_key(connection, ring, parsed.login),
        "user_key_changed",
        parsed.login,
    )
    print(f"{made.login}, new access key (shown this once): {made.access_key}")
    print("the old one is good for nothing now, and whoever was signed in with it is signed out")
    return 0


def run_user_close(parsed: argparse.Namespace) -> int:
    """`uzel registry user close LOGIN`."""
    return switch(parsed.login, closed=True)


def run_user_open(parsed: argparse.Namespace) -> int:
    """`uzel registry user open LOGIN`."""
    return switch(parsed.login, closed=False)


def switch(login: str, *, closed: bool) -> int:
    """Close an account, or open it again."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm.users import set_closed

    in_registry(
        None,
        lambda connection, *_: set_closed(connection, login, closed=closed),
        "user_closed" if closed else "user_opened",
        login,
    )
    print(f"{login} {'signs in no more' if closed else 'may sign in again'}")
    return 0


def run_strict(parsed: argparse.Namespace) -> int:
    """`uzel registry strict on|off`."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm import user_store

    is_strict = parsed.value == "on"
    in_registry(
        parsed.business,
        lambda connection, _, business: user_store.set_strict(
            connection, business, strict=is_strict
        ),
        "strict" if is_strict else "not_strict",
    )
    print(
        "what does not hold is refused"
        if is_strict
        else "what does not hold is kept and pointed out"
    )
    return 0


def run_field_add(parsed: argparse.Namespace) -> int:
    """`uzel registry field add MODULE NAME`."""
    from uzel.cli.recipients import me
    from uzel.cli.registry_work import in_registry
    from uzel.crm import user_store

    name = f"cf_{parsed.name.removeprefix('cf_')}"
    if not FIELD.fullmatch(name):
        raise ConfigError("a field's name is of small letters, digits and _, 60 at most")
    added = in_registry(
        parsed.business,
        lambda connection, _, business: user_store.add_field(
            connection, business, parsed.module, name, parsed.label, parsed.kind, parsed.choice,
            made_by=me(),
        ),
        "field_added",
        f"{parsed.module}.{name}",
    )  # fmt: skip
    if not added:
        raise ConfigError(f"{parsed.module} have a field {name} already")
    print(f"{parsed.module} have a field {name} now")
    return 0


def run_field_list(parsed: argparse.Namespace) -> int:
    """`uzel registry field list`."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm import user_store

    found = in_registry(
        parsed.business, lambda connection, _, business: user_store.fields(connection, business)
    )
    print("\t".join(("module", "name", "kind", "label")))
    for row in found:
        print("\t".join((row["module"], row["name"], row["kind"], row["label"])))
    return 0
