"""The part of Markdown our own README files use, as HTML. Everything else comes out as text.

Headings, paragraphs, lists (nested by indent), fenced code, tables; inline code, bold, links. Raw
HTML is shown, not obeyed; a link that is not http(s) stays text.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup, escape

Lines = Sequence[str]

HEADING = re.compile(r"(#{1,4}) +(.+)")
ITEM = re.compile(r"(?:[-*]|\d{1,3}[.)]) +")
INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<bold>[^*]+)\*\*|\[(?P<text>[^\]]+)\]\((?P<url>https?://[^\s)]+)\)"
)
RULER = re.compile(r"[|\s:-]+")


def to_html(text: str) -> Markup:
    """The page, without its first heading if that is the title."""
    lines = text.expandtabs(4).splitlines()
    if lines and lines[0].startswith("# "):
        lines = lines[1:]
    return join(blocks(lines))


def blocks(lines: Lines) -> Iterator[Markup]:
    """One block after another."""
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        make = kind_of(lines[at])
        block, used = make(lines[at:])
        yield block
        at += used


def kind_of(line: str) -> Callable[[Lines], tuple[Markup, int]]:
    """Which block begins here."""
    if line.startswith("```"):
        return fence
    if HEADING.fullmatch(line.rstrip()):
        return heading
    if line.startswith("|"):
        return table
    return items if ITEM.match(line) else paragraph


def heading(lines: Lines) -> tuple[Markup, int]:
    """`## Title`."""
    found = HEADING.fullmatch(lines[0].rstrip())
    assert found is not None
    level = max(2, len(found[1]))
    return Markup("<h{0}>{1}</h{0}>").format(level, inline(found[2])), 1


def fence(lines: Lines) -> tuple[Markup, int]:
    """Code between two rows of backticks; an unclosed one runs to the end."""
    end = next((i for i, line in enumerate(lines) if i and line.startswith("```")), len(lines))
    body = "\n".join(lines[1:end])
    return Markup('<pre class="code">{}</pre>').format(body), min(end + 1, len(lines))


def table(lines: Lines) -> tuple[Markup, int]:
    """Rows of `| cell | cell |`; the first is the head, the ruler below it is left out."""
    used = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    rows = [cells(line) for line in lines[:used] if not RULER.fullmatch(line)]
    head, *body = rows or [[]]
    parts = [row_of("th", head)]
    html = Markup("<table><thead>{}</thead><tbody>{}</tbody></table>")
    return html.format(parts[0], join(row_of("td", row) for row in body)), used


def cells(line: str) -> list[str]:
    """The cells of a row; `\\|` is no border."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def row_of(tag: str, row: Sequence[str]) -> Markup:
    """One row."""
    inner = join(Markup("<{0}>{1}</{0}>").format(tag, inline(cell)) for cell in row)
    return Markup("<tr>{}</tr>").format(inner)


def items(lines: Lines) -> tuple[Markup, int]:
    """A list. Lines indented below an item belong to it, whatever they are."""
    used, found = 0, list[list[str]]()
    while used < len(lines):
        line = lines[used]
        if start := ITEM.match(line):
            found.append([line[start.end() :]])
        elif line.startswith("  ") or (not line.strip() and goes_on(lines[used + 1 :])):
            found[-1].append(line)
        else:
            break
        used += 1
    tag = "ul" if lines[0][0] in "-*" else "ol"
    inner = join(Markup("<li>{}</li>").format(item(lines)) for lines in found)
    return Markup("<{0}>{1}</{0}>").format(tag, inner), used


def goes_on(lines: Lines) -> bool:
    """Whether a list continues after an empty line."""
    return bool(lines) and (lines[0].startswith("  ") or ITEM.match(lines[0]) is not None)


def item(lines: Lines) -> Markup:
    """What stands in an item: plain text, or blocks."""
    indent = min((len(li) - len(li.lstrip()) for li in lines[1:] if li.strip()), default=0)
    inside = [lines[0], *(line[indent:] for line in lines[1:])]
    found = list(blocks(inside))
    if len(found) == 1 and found[0].startswith("<p>"):
        return Markup(found[0][3:-4])  # noqa: S704 - cut from what `paragraph` made
    return join(found)


def paragraph(lines: Lines) -> tuple[Markup, int]:
    """Lines up to an empty one or another kind of block."""
    used = 1
    while used < len(lines) and lines[used].strip() and kind_of(lines[used]) is paragraph:
        used += 1
    return Markup("<p>{}</p>").format(inline(" ".join(line.strip() for line in lines[:used]))), used


def inline(text: str) -> Markup:
    """Code, bold and links; the rest escaped."""
    parts, end = [], 0
    for found in INLINE.finditer(text):
        parts += [escape(text[end : found.start()]), span(found)]
        end = found.end()
    return join([*parts, escape(text[end:])])


def span(found: re.Match[str]) -> Markup:
    """One piece of inline markup."""
    if found["code"]:
        return Markup("<code>{}</code>").format(found["code"])
    if found["bold"]:
        return Markup("<b>{}</b>").format(inline(found["bold"]))
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(
        found["url"], inline(found["text"])
    )


def join(parts: Iterator[Markup] | Sequence[Markup]) -> Markup:
    """Pieces of HTML one after another."""
    return Markup("").join(parts)
