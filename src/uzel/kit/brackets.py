"""Forms whose names say where a value belongs: `leads[status][0][id]=7` (PHP, `parse_str`).

The rules are those of PHP's `php_register_variable_ex`, as far as they concern what senders write:

- a part in brackets goes one level down; `[]` and `[ ]` stand for the next free number
- of two values with one name the last counts, also where one is a value and the other a branch
- what follows a closed bracket without opening the next (`a[b]c`) is ignored
- in a plain name, and before the first bracket, a space and a dot become `_`; so does, in a name
  without any closing bracket, the bracket itself (`a[b` is `a_b`)
- a name that begins with a bracket has nothing to belong to and is left out

and differ from PHP's in this:

- an array is always a dict, its indices are texts as they were written (`"0"`, `"99"`, `"007"`), in
  the order of their first appearance; an index of a thousand million costs as much as one of zero
- a name that was cut off behind a closed bracket (`a[b][c`) is left out; PHP puts its value in the
  place of all of `a[b]`
- too many fields, too many levels and too long a name are refused as a whole; PHP drops the rest
- a NUL does not end a name
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from uzel.errors import PayloadInvalid

MOST_FIELDS = 5000
MOST_LEVELS = 32
LONGEST_NAME = 1000
LARGEST_INDEX = 2**63 - 1

_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")
_HEAD = str.maketrans(" .", "__")
_PLAIN = str.maketrans(" .[", "___")
_WHITE = frozenset(" \t\n\r\v\f")

Path = list[str | None]


def read_brackets(
    body: bytes,
    *,
    most_fields: int = MOST_FIELDS,
    most_levels: int = MOST_LEVELS,
    longest_name: int = LONGEST_NAME,
) -> dict[str, Any]:
    """The tree that a form spells: names → texts or further trees.

    most_levels   how deep a value may lie; `a[b]` lies at two
    longest_name  of one name, in characters, decoded

    Brackets may be percent-encoded or not. What is no UTF-8 becomes U+FFFD, a field without `=` has
    an empty value. Raises PayloadInvalid for more than the limits allow, and for nothing else.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=most_fields)
    except ValueError as error:
        raise PayloadInvalid(f"more than {most_fields} fields in the form") from error
    tree = _Branch()
    for name, value in fields:
        if len(name) > longest_name:
            raise PayloadInvalid(f"a name in the form is longer than {longest_name} characters")
        path = path_of(name)
        if len(path) > most_levels:
            raise PayloadInvalid(f"the form is nested deeper than {most_levels} levels")
        if path:
            tree.put(path, value)
    return tree


def path_of(name: str) -> Path:
    """Where a name leads: its parts from the top, None for `[]`; empty where it leads nowhere."""
    name = name.lstrip(" ")
    head, bracket, rest = name.partition("[")
    if not head:
        return []
    if bracket and "]" not in rest:
        return [name.translate(_PLAIN)]
    path: Path = [head.translate(_HEAD)]
    while bracket:
        part, closed, rest = rest.partition("]")
        if not closed:
            return []
        path.append(None if not part or part in _WHITE else part)
        bracket, rest = ("[", rest[1:]) if rest.startswith("[") else ("", "")
    return path


class _Branch(dict[str, Any]):
    """One level of the tree. It counts as it grows: looking for the largest index at every `[]`
    would make a form of nothing else quadratic.
    """

    __slots__ = ("_next",)

    def __init__(self) -> None:
        super().__init__()
        self._next = 0

    def put(self, path: Path, value: str) -> None:
        branch = self
        for part in path[:-1]:
            inner = branch.get(part) if part is not None else None
            if not isinstance(inner, _Branch):
                inner = _Branch()
                if not branch._set(part, inner):
                    return
            branch = inner
        branch._set(path[-1], value)

    def _set(self, part: str | None, value: Any) -> bool:
        """Whether there was a place for it: after the largest index comes no other."""
        name = str(self._next) if part is None else part
        if _INDEX.fullmatch(name):
            index = int(name)
            if part is None and index > LARGEST_INDEX:
                return False
            if index <= LARGEST_INDEX:
                self._next = max(self._next, index + 1)
        self[name] = value
        return True
