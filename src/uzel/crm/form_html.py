"""A form as HTML, to be put on a site."""

from html import escape
from typing import Any

from uzel.crm.forms import Asked

CAPTURE = "/modules/Webforms/capture.php"
LINE = '  <label>{label}{star} <input name="{name}"{type}{required}></label>'


def html_of(row: Any, base_url: str) -> str:
    """Of a row of `crm_form`. What is set and never asked for is not in it."""
    fields = [Asked(**one) for one in row["fields"]]
    lines = [
        f'<form action="{escape(base_url)}{CAPTURE}" method="post" enctype="multipart/form-data">',
        f'  <input type="hidden" name="publicid" value="{escape(row["public_id"])}">',
        '  <input type="hidden" name="urlencodeenable" value="1">',
        *(
            input_of(one.label, one.name, mandatory=one.mandatory)
            for one in fields
            if not one.value
        ),
        *(
            input_of(label, f"file_{row['id']}_{nth + 1}", kind="file")
            for nth, label in enumerate(row["files"])
        ),
        '  <button type="submit">Отправить</button>',
        "</form>",
    ]
    return "\n".join(lines)


def input_of(label: str, name: str, *, mandatory: bool = False, kind: str = "") -> str:
    """One line."""
    return LINE.format(
        label=escape(label),
        star=" *" if mandatory else "",
        name=escape(name),
        type=f' type="{kind}"' if kind else "",
        required=" required" if mandatory else "",
    )
