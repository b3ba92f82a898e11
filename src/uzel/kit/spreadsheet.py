"""Tables as text that Excel opens by a double click in Russia and Kazakhstan: semicolons, which are
the list separator there, and every cell in quotes (RFC 4180 but for the separator).
"""

import csv
import io
import re
from collections.abc import Sequence

SEPARATOR = ";"
# UTF-8 is taken for what it is where the file begins with this.
MARK = "\ufeff"
# A spreadsheet takes a cell that begins with one of these for a formula; phones begin with a plus.
# Where its separator is another one, a cell of ours may be cut inside and the rest begin a cell of
# its own, quotes or not. The wide ones are read as the narrow ones in Chinese and Japanese Excel.
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
BREAKS = r"\t\r\n\v\f\x85\u2028\u2029"
FORMULA_START = re.compile(
    # What may stand between holds no separator, or a cell full of them would take hours.
    rf"(\A|[;,|{BREAKS}])(?=(?:[^\S{BREAKS}]|[\"'])*[{SIGNS}])"
)

# The apostrophe that `safe` puts there.
SAVED = re.compile(rf"(\A|[;,|{BREAKS}])'(?=(?:[^\S{BREAKS}]|[\"'])*[{SIGNS}])")


def safe(text: str | None) -> str:
    """A text that no spreadsheet runs: an apostrophe before what looks like a formula, at the
    beginning or wherever the cell might be cut. Our own numbers need none of that.
    """
    if not text or FORMULA_START.search(text) is None:
        return text or ""
    return FORMULA_START.sub(r"\1'", text)


def unsafe(text: str) -> str:
    """What `safe` made of a text, as it was: of a table that comes back to us."""
    return SAVED.sub(r"\1", text) if "'" in text else text


def written(cells: Sequence[str]) -> str:
    """One line."""
    out = io.StringIO()
    csv.writer(out, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue()
