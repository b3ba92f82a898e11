"""What the pages tell people to type exists."""

import argparse
import re
import shlex

import pytest

from markdown_pages import blocks, markdown, prose, read
from uzel.cli import build_parser

TARGET = re.compile(r"^([\w./-]+):", re.MULTILINE)
PLACEHOLDERS = {"ID": "1", "RAW_EVENT_ID": "1"}
UZEL = re.compile(r"^(?:runuser .* )?(?:\S*/)?uzel( .+)?$")


def shell_lines(text: str) -> list[str]:
    """Lines of shell blocks and of inline code, continuations joined, comments off."""
    lines = [
        line.partition("  #")[0].strip()
        for block in blocks(text, "sh", "bash", "console", "ini")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    return lines + re.findall(r"`((?:uzel|make) [^`\n]+)`", prose(text))


COMMANDS = sorted(
    {
        (path, match[1].strip())
        for path in markdown()
        for line in shell_lines(read(path))
        if "ExecStart" in line or not re.match(r"[A-Za-z]+=", line)
        if (match := UZEL.match(line.removeprefix("ExecStart="))) and match[1]
    }
)
TARGETS = sorted(
    {
        (path, word)
        for path in markdown()
        for line in shell_lines(read(path))
        for word in re.findall(r"(?:^|&& |; )(?:\w+=\S+ )?make ([\w./-]+)", line)
    }
)


def parses(command: str) -> bool:
    """Whether the command line takes this; nothing is run. Placeholders such as ID get a value, a
    command that is only named gets what it asks for, and a group of commands may be named too.
    """
    words = shlex.split(re.sub(r"[…|].*", "", command))
    parser, rest = found(words)
    if not rest and subcommands(parser) is not None:
        return bool(words)
    given = [word for word in rest if not word.startswith("-")]
    asks = [a for a in parser._actions if a.required and (a.option_strings or not given)]
    lacks = [a for a in asks if not set(a.option_strings) & set(rest)]
    needed = [word for a in lacks for word in (*a.option_strings[:1], a_value(a))]
    try:
        build_parser().parse_args([PLACEHOLDERS.get(word, word) for word in words] + needed)
    except SystemExit as stopped:
        return stopped.code == 0
    return True


def a_value(asked: argparse.Action) -> str:
    """Something that the command line takes there."""
    return str(next(iter(asked.choices))) if asked.choices else "1"


def found(words: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser that the first words lead to, and the words that are left."""
    parser, rest = build_parser(), list(words)
    while rest and (group := subcommands(parser)) is not None and rest[0] in group.choices:
        parser = group.choices[rest.pop(0)]
    return parser, rest


def subcommands(parser: argparse.ArgumentParser) -> "argparse._SubParsersAction | None":  # type: ignore[type-arg]
    """The choice of commands below this one."""
    found = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return found[0] if found else None


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_a_command_of_ours_is_one(path: str, command: str) -> None:
    assert parses(command), f"{path}: uzel {command}"


@pytest.mark.parametrize(("path", "target"), TARGETS)
def test_a_target_of_make_is_one(path: str, target: str) -> None:
    makefile = read("Makefile").replace("$(READY)", ".venv/.ready")
    assert target in TARGET.findall(makefile), f"{path}: make {target}"


def test_there_is_something_to_test() -> None:
    assert {"serve --role web", "user add olga"} <= {command for _, command in COMMANDS}
    assert {"run", "test", "check"} <= {target for _, target in TARGETS}
    assert not parses("serve --role nobody")
    assert not parses("serv")
