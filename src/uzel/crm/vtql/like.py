"""Patterns of LIKE: `%` is any text, `_` is any one character, `\\` makes the next one mean itself.

A pattern is kept in the form that PostgreSQL reads in the same way: nothing is escaped but `%`, `_`
and `\\`, and no `\\` stands alone at the end.
"""

from collections.abc import Iterator

ANY, ONE, ESCAPE = "%", "_", "\\"
SPECIAL = frozenset({ANY, ONE, ESCAPE})


def folded(pattern: str) -> str:
    """A pattern as somebody wrote it, in its form, casefolded. Several `%` in a row are one."""
    found: list[str] = []
    for sign, is_literal in _signs(pattern):
        if not is_literal:
            if sign == ONE or found[-1:] != [ANY]:
                found.append(sign)
            continue
        found.extend(ESCAPE + one if one in SPECIAL else one for one in sign.casefold())
    return "".join(found)


def matches(text: str, pattern: str) -> bool:
    """Whether all of `text` fits. Steps: at most the product of the lengths."""
    signs = list(_signs(pattern))
    at = place = 0
    # Where to go on when what follows the last `%` does not fit: it then takes one more.
    after_any, taken_to = -1, 0
    while at < len(text):
        sign, is_literal = signs[place] if place < len(signs) else ("", True)
        if not is_literal and sign == ANY:
            place += 1
            after_any, taken_to = place, at
        elif sign == text[at] or (sign == ONE and not is_literal):
            place, at = place + 1, at + 1
        elif after_any < 0:
            return False
        else:
            taken_to += 1
            place, at = after_any, taken_to
    return all(sign == ANY and not is_literal for sign, is_literal in signs[place:])


def _signs(pattern: str) -> Iterator[tuple[str, bool]]:
    """Each character with whether it means itself."""
    is_escaped = False
    for sign in pattern:
        if sign == ESCAPE and not is_escaped:
            is_escaped = True
            continue
        yield sign, is_escaped or sign not in (ANY, ONE)
        is_escaped = False
    if is_escaped:
        yield ESCAPE, True
