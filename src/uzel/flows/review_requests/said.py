"""What a guest types for the owner: what is kept of it, and what of that goes into an alert."""

import re
import unicodedata

LONGEST_COMMENT = 2000
JOINER, FLAG = "\N{ZERO WIDTH JOINER}", "\N{WAVING BLACK FLAG}"
# What emoji are put together from: signs, skin colours, and the mark that makes a sign a picture.
PICTURES = frozenset({"So", "Sk"})
PICTURE_MARK = "\N{VARIATION SELECTOR-16}"
# Letters and signs that show nothing.
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
SHOW_NOTHING = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
LINK = re.compile(r"[^\s:]{0,20}:[/\\]{2}\S*")
# `evil.example` and `вкусно.Спасибо`, which programs take for the name of a site.
DOT = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_])")


def text_of(typed: str) -> str:
    """What a guest typed, cut to its limit, without the control, direction and other unseen marks
    that would make it show what it does not say; empty if nothing is left that shows.
    """
    kept: list[str] = []
    for place, character in enumerate(typed):
        if is_kept(character, kept[-1] if kept else "", typed[place + 1 : place + 2]):
            kept.append(character)
    text = "".join(kept).strip()[:LONGEST_COMMENT]
    return text if any(shows(character) for character in text) else ""


def is_kept(character: str, before: str, after: str) -> bool:
    """Whether a character stays: of the unseen ones those that make an emoji what it is."""
    if character in "\n\t":
        return True
    category = unicodedata.category(character)
    if category == "Cf":
        if character == JOINER:
            return is_picture(before) and is_picture(after)
        return is_tag(character) and (before == FLAG or is_tag(before))
    return category != "Cc"


def is_picture(character: str) -> bool:
    """Whether an emoji can end or begin with it; nothing (empty) is none."""
    return character == PICTURE_MARK or (
        character != "" and unicodedata.category(character) in PICTURES
    )


def is_tag(character: str) -> bool:
    """The letters behind a black flag that say whose it is."""
    return "\U000e0020" <= character <= "\U000e007f"


def shows(character: str) -> bool:
    """Whether there is anything to be seen of it."""
    return character not in BLANK and unicodedata.category(character) not in SHOW_NOTHING


def without_links(text: str) -> str:
    """For a message of ours: nothing a phone or a mail program would make a link of, since it would
    be followed in our name. The console shows the whole.
    """
    return DOT.sub(". ", LINK.sub("[ссылка]", text))
