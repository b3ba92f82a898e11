"""The page of commands, from the parser of the command line."""

import argparse
from collections.abc import Iterable

from uzel.reference.markdown import code, table


def commands_page(parser: argparse.ArgumentParser) -> str:
    """Every command with its arguments."""
    return "\n\n".join(
        (
            "# Commands",
            "Every command exits with 0 when it did what it was asked, with 1 when it did not (the "
            "reason is one line on standard error), with 2 when it was called wrongly.",
            *(part(command, help_text) for command, help_text in leaves(parser, "")),
        )
    )


def leaves(
    parser: argparse.ArgumentParser, help_text: str
) -> Iterable[tuple[argparse.ArgumentParser, str]]:
    """The commands without sub-commands, in their order, with their line of help. One that has no
    such line is not for people.
    """
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield parser, help_text
    for group in groups:
        for choice in group._choices_actions:
            yield from leaves(group.choices[choice.dest], choice.help or "")


def part(parser: argparse.ArgumentParser, help_text: str) -> str:
    """One command. Written here and not by argparse, whose layout differs between Pythons."""
    actions = [a for a in parser._actions if not isinstance(a, argparse._HelpAction)]
    positionals = [a for a in actions if not a.option_strings]
    options = [a for a in actions if a.option_strings]
    usage = " ".join((parser.prog, *map(written, (*options, *positionals))))
    lines = [f"## `{parser.prog}`", f"{help_text[:1].upper()}{help_text[1:]}.", f"    {usage}"]
    if actions:
        rows = [(code(name_of(a)), explained(a)) for a in (*positionals, *options)]
        lines.append(table(("argument", "meaning"), rows))
    return "\n\n".join(lines)


def written(action: argparse.Action) -> str:
    """An argument as the usage line shows it."""
    name = name_of(action)
    if action.nargs in ("*", "?"):
        return f"[{name} …]" if action.nargs == "*" else f"[{name}]"
    repeated = isinstance(action, argparse._AppendAction)
    return f"[{name}]" + (" …" if repeated else "") if action.option_strings else name


def name_of(action: argparse.Action) -> str:
    """`--role ROLE`, `--json`, `CONNECTOR`."""
    value = str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return value
    option = action.option_strings[-1]
    return option if action.nargs == 0 else f"{option} {value}"


def explained(action: argparse.Action) -> str:
    """Help, choices and default of an argument."""
    shown = action.default not in (None, False, [], argparse.SUPPRESS)
    parts = [
        action.help or "",
        f"one of {', '.join(map(code, action.choices))}" if action.choices else "",
        f"default {code(action.default)}" if shown else "",
    ]
    return "; ".join(filter(None, parts))
