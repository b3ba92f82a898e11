"""ИНН and ОГРН: numbers of the Russian tax office, and whether their check digits hold.

Rules: konsol-and-vtiger, E. They are texts of digits: zeros in front count.
"""

import re
import unicodedata

# What is copied from pages and letters brings soft hyphens, dashes and marks of no width along.
_GAPS = re.compile(r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff-]+")
_TEN = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_ELEVEN = (7, *_TEN)
_TWELVE = (3, *_ELEVEN)
COMPANY, PERSON = 10, 12
OGRN, OGRNIP = 13, 15


def plain(text: str) -> str:
    """Without spaces and hyphens, digits of any script in ASCII."""
    signs = _GAPS.sub("", text)
    return "".join(str(unicodedata.decimal(one, one)) for one in signs)


def inn_fault(inn: str) -> str | None:
    """What does not hold of a plain ИНН: `inn_digits`, `inn_length`, `inn_checksum`, `inn_fake`
    (one digit repeated: zeros pass the checksum); None: it holds.
    """
    if not (inn.isascii() and inn.isdigit()):
        return "inn_digits"
    if len(inn) not in (COMPANY, PERSON):
        return "inn_length"
    if len(set(inn)) == 1:
        return "inn_fake"
    weights = (_TEN,) if len(inn) == COMPANY else (_ELEVEN, _TWELVE)
    holds = all(int(inn[len(one)]) == _check_digit(inn, one) for one in weights)
    return None if holds else "inn_checksum"


def _check_digit(digits: str, weights: tuple[int, ...]) -> int:
    return (
        sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10
    )


def ogrn_fault(ogrn: str) -> str | None:
    """The same of a plain ОГРН or ОГРНИП: `ogrn_digits`, `ogrn_length`, `ogrn_checksum`."""
    if not (ogrn.isascii() and ogrn.isdigit()):
        return "ogrn_digits"
    if len(ogrn) not in (OGRN, OGRNIP):
        return "ogrn_length"
    if len(ogrn) == OGRNIP and ogrn[0] != "3":
        return "ogrn_checksum"
    rest = int(ogrn[:-1]) % (len(ogrn) - 2) % 10
    return None if ogrn[0] != "0" and rest == int(ogrn[-1]) else "ogrn_checksum"


def known_by(inn: str) -> str | None:
    """What somebody can be found by: a plain ИНН of the right length, whether its check digits hold
    or not; None for what stands there so that something stands there.
    """
    return inn if inn_fault(inn) in (None, "inn_checksum") else None
