"""`registry form add|list|html|close|open`: forms of a site that post to capture.php."""

import argparse
from typing import Any

from uzel.errors import ConfigError


def register(actions: Any) -> list[argparse.ArgumentParser]:
    """Add the commands; gives those that are about one business."""
    form = actions.add_parser("form", help="forms of a site").add_subparsers(
        required=True, metavar="ACTION"
    )
    add = form.add_parser("add", help="make a form; prints it as HTML")
    add.add_argument("name")
    add.add_argument("--module", choices=["Contacts", "Accounts"], default="Contacts")
    add.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME[!][=LABEL]",
        help="what it asks for; with ! it has to be filled; `code` is the code from an SMS",
    )
    add.add_argument(
        "--always", action="append", default=[], metavar="NAME=VALUE", help="set, never asked for"
    )
    add.add_argument("--file", action="append", default=[], metavar="LABEL", help="a file's title")
    add.add_argument("--return-url", metavar="URL", help="where people are sent afterwards")
    add.add_argument(
        "--replaces",
        action="store_true",
        help="it replaces what is known of somebody: only where the site has confirmed the phone",
    )
    add.add_argument(
        "--confirm-phone",
        action="store_true",
        help="it is taken only with a code that Uzel has sent to the phone",
    )
    add.set_defaults(run=run_add)
    listed = form.add_parser("list", help="all forms")
    listed.set_defaults(run=run_list)
    html = form.add_parser("html", help="a form as HTML, to be put on the site")
    html.set_defaults(run=run_html)
    close = form.add_parser("close", help="take nothing from a form any more")
    close.set_defaults(run=run_close)
    again = form.add_parser("open", help="take from a closed form again")
    again.set_defaults(run=run_open)
    for one in (html, close, again):
        one.add_argument("name")
    return [add, listed, html, close, again]


def run_add(parsed: argparse.Namespace) -> int:
    """`uzel registry form add NAME`."""
    from uzel.cli.recipients import me
    from uzel.cli.registry_work import in_registry
    from uzel.crm.catalogue import modules_of
    from uzel.crm.forms import add_form

    async def work(connection: Any, _: Any, business: int) -> str:
        modules = await modules_of(connection, business)
        return await add_form(
            connection,
            business,
            modules,
            parsed.name,
            parsed.module,
            asked(modules[parsed.module], parsed.field, parsed.always),
            parsed.file,
            me(),
            return_url=parsed.return_url,
            replaces=parsed.replaces,
            confirms=parsed.confirm_phone,
        )

    in_registry(parsed.business, work, "form_added", parsed.name)
    return run_html(parsed)


def asked(module: Any, fields: list[str], always: list[str]) -> list[Any]:
    """The fields of a form, with the labels that the module has for them. Raises ConfigError."""
    from uzel.crm.forms import Asked

    def label_of(name: str) -> str:
        return module.by_name[name].label if name in module.by_name else "Код из СМС"

    found = []
    for text in fields:
        named, _, label = text.partition("=")
        name = named.removesuffix("!")
        found.append(Asked(name, label or label_of(name), mandatory=named.endswith("!")))
    for text in always:
        name, sign, value = text.partition("=")
        if not sign or not value:
            raise ConfigError(f"--always {text}: NAME=VALUE is expected")
        found.append(Asked(name, label_of(name), value=value))
    return found


def run_list(parsed: argparse.Namespace) -> int:
    """`uzel registry form list`."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm import form_store

    rows = in_registry(
        parsed.business, lambda connection, _, business: form_store.forms(connection, business)
    )
    print("\t".join(("name", "module", "public_id", "fields", "files", "state")))
    for row in rows:
        names = ",".join(one["name"] for one in row["fields"])
        state = "closed" if row["disabled_at"] else "open"
        told = (row["name"], row["module"], row["public_id"], names, ",".join(row["files"]), state)
        print("\t".join(told))
    return 0


def run_html(parsed: argparse.Namespace) -> int:
    """`uzel registry form html NAME`."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm import form_store
    from uzel.crm.form_html import html_of
    from uzel.kit.settings import read_settings

    rows = in_registry(
        parsed.business, lambda connection, _, business: form_store.forms(connection, business)
    )
    for row in rows:
        if row["name"] == parsed.name:
            print(html_of(row, read_settings().url))
            return 0
    raise ConfigError(f"there is no form {parsed.name}; see: uzel registry form list")


def run_close(parsed: argparse.Namespace) -> int:
    """`uzel registry form close NAME`."""
    return switch(parsed, closed=True)


def run_open(parsed: argparse.Namespace) -> int:
    """`uzel registry form open NAME`."""
    return switch(parsed, closed=False)


def switch(parsed: argparse.Namespace, *, closed: bool) -> int:
    """Close a form, or open it again."""
    from uzel.cli.registry_work import in_registry
    from uzel.crm import form_store

    done = in_registry(
        parsed.business,
        lambda connection, _, business: form_store.set_disabled(
            connection, business, parsed.name, disabled=closed
        ),
        "form_closed" if closed else "form_opened",
        parsed.name,
    )
    if not done:
        raise ConfigError(f"there is no form {parsed.name}; see: uzel registry form list")
    print(f"{parsed.name} {'is taken no more' if closed else 'is taken again'}")
    return 0
