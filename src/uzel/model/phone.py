"""A phone number a text message can reach, read from whatever a source put into its field."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

SHORTEST = 10
LONGEST = 15  # ITU-T E.164
LONGEST_TEXT = 200
MASK = "•••"


class PhoneKind(StrEnum):
    """What the numbering plan says of the number. Some plans (North America) do not tell mobiles
    from landlines; such a number counts as reachable.
    """

    MOBILE = "mobile"
    MOBILE_OR_FIXED = "mobile_or_fixed"


@dataclass(frozen=True, slots=True)
class Phone:
    """`e164` is `+` and 10 to 15 digits; `region` the ISO 3166 code of its plan, if known."""

    e164: str
    region: str | None
    kind: PhoneKind


class PhoneRejected(ValueError):
    """No text can be sent there. `reason` is one of:

    no_phone          the field is empty
    phone_invalid     not a number of any known plan
    phone_fake        typed to get past a mandatory field: one digit repeated, or 1234567890
    phone_extension   a switchboard or an aggregator's proxy behind an extension
    phone_landline    a fixed line
    phone_not_mobile  toll-free, premium, internet telephony and other numbers nobody carries
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.MOBILE_OR_FIXED,
}
_GROUP = re.compile(r"(?:\+[ (]*)?[0-9](?:[ ().\-_]*[0-9])*")
_EXTENSION_WORD = re.compile(r"\b(?:доб|вн|тон|ext)|[#*=]", re.IGNORECASE)
_BARE_JOINT = re.compile(r"\W*[xхpw]?\W*", re.IGNORECASE)
_GLUED_LETTERS = re.compile(r"[0-9][^\W\d_]+[0-9]")
_KEY_ROWS = "01234567890 09876543210 12345678901"
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")


def parse_phone(raw: object, *, region: str = "RU") -> Phone:
    """The number in `raw`: text or a JSON number.

    `region` says how digits without `+` or `00` are read. In the +7 plan (RU, KZ) ten digits, or
    eleven with a leading 8, are national; everything else is taken as an international number
    that lost its plus. Of several numbers in one field the first that can be reached wins, and
    where none can, the first one's reason is given. Raises PhoneRejected, nothing else.
    """
    return _first_reachable(_text_of(raw), region)


# A visit's phone is read when it is stored and again when it is judged.
@lru_cache(maxsize=1024)
def _first_reachable(text: str, region: str) -> Phone:
    first_refusal: PhoneRejected | None = None
    for plus, digits in _candidates(text):
        try:
            return _reachable(_read(plus, digits, region))
        except PhoneRejected as refusal:
            first_refusal = first_refusal or refusal
    raise first_refusal or PhoneRejected("phone_invalid")


def mask_phone(e164: str) -> str:
    """`+7999•••0001`: enough to recognise a number in a log, too little to dial it."""
    if not re.fullmatch(r"\+[0-9]{7,15}", e164):
        return MASK
    return e164[: min(5, len(e164) - 7)] + MASK + e164[-4:]


def _text_of(raw: object) -> str:
    if raw is None:
        raise PhoneRejected("no_phone")
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 10 ** (LONGEST + 1):
        return str(raw)
    if not isinstance(raw, str) or len(raw) > LONGEST_TEXT:
        raise PhoneRejected("phone_invalid")
    text = "".join(map(_plain, unicodedata.normalize("NFKC", raw))).strip(" ,-")
    if not text:
        raise PhoneRejected("no_phone")
    spreadsheet = _WHOLE_FLOAT.fullmatch(text)
    return spreadsheet[1] if spreadsheet else text


def _plain(character: str) -> str:
    """ASCII digits, plus, hyphen and space for all their Unicode relatives; no invisible marks."""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if character in "\r\n\v\f" or category in ("Zl", "Zp"):
        return ","
    if category == "Cf":
        return ""
    if category == "Zs" or character == "\t":
        return " "
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    return "+" if character == "\N{HEAVY PLUS SIGN}" else character


def _candidates(text: str) -> list[tuple[bool, str]]:
    """Each run of digits long enough to be a number, and whether it begins with a plus.

    Raises PhoneRejected where a short run stands behind a long one as an extension does.
    """
    if ";ext=" in text.lower():
        raise PhoneRejected("phone_extension")
    found: list[tuple[bool, str]] = []
    end = 0
    for group in _GROUP.finditer(text):
        digits = re.sub(r"[^0-9]", "", group[0])
        between = text[end : group.start()]
        is_number = len(digits) >= SHORTEST
        if found and _joins_extension(between, is_number):
            raise PhoneRejected("phone_extension")
        if is_number:
            found.append((group[0].startswith("+"), digits))
            end = group.end()
    if _GLUED_LETTERS.search(text):
        # An id or a hash, such as 7540c976-5894-496c: its digits are nobody's number.
        raise PhoneRejected("phone_invalid")
    return found


def _joins_extension(between: str, before_number: bool) -> bool:
    """`доб. 12`, `#12`, `x12` and `,12` continue a number; `, 8 999 …` and `после 18:00` do not."""
    if _EXTENSION_WORD.search(between):
        return True
    return not before_number and _BARE_JOINT.fullmatch(between) is not None


def _read(plus: bool, digits: str, region: str) -> PhoneNumber:
    if len(set(digits)) == 1:
        raise PhoneRejected("phone_fake")
    if not plus and not digits.startswith("00"):
        national = _national(digits, region)
        if national is not None:
            return national
    if plus and digits.startswith("89") and len(digits) == 11:
        digits = "7" + digits[1:]  # no calling code begins with 89: a national 8 with a plus
    number = _parsed("+" + digits.lstrip("0"), None)
    if number is None:
        raise PhoneRejected("phone_invalid")
    return number


def _national(digits: str, region: str) -> PhoneNumber | None:
    """`digits` as dialled within `region`, or None where they are not a national number."""
    if phonenumbers.country_code_for_region(region) != 7:
        number = _parsed(digits, region)
        return number if number and phonenumbers.is_valid_number(number) else None
    if len(digits) == 11 and digits.startswith("8"):
        digits = digits[1:]
    if len(digits) == 10:
        return _parsed("+7" + digits, None)
    if digits.startswith("810"):
        return _parsed("+" + digits[3:], None)
    return None


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _reachable(number: PhoneNumber) -> Phone:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if _is_fake(e164, phonenumbers.national_significant_number(number)):
        raise PhoneRejected("phone_fake")
    kind = phonenumbers.number_type(number)  # UNKNOWN is what the library calls invalid
    if not SHORTEST <= len(e164) - 1 <= LONGEST or kind == PhoneNumberType.UNKNOWN:
        raise PhoneRejected("phone_invalid")
    if kind == PhoneNumberType.FIXED_LINE:
        raise PhoneRejected("phone_landline")
    if kind not in _KINDS:
        raise PhoneRejected("phone_not_mobile")
    return Phone(e164, phonenumbers.region_code_for_number(number), _KINDS[kind])


def _is_fake(e164: str, national: str) -> bool:
    """One digit repeated, or the row of keys up or down. `911 111-11-11` is somebody's pride, and
    in Uzbekistan `90 123-45-67` is a subscriber.
    """
    if len(national) < 8:
        return False
    return len(set(national)) == 1 or national in _KEY_ROWS or e164[1:] in _KEY_ROWS
