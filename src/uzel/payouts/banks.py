"""The directory of SBP, and which bank somebody means by what they typed.

The same phone may be known to many banks, so money to a phone goes astray with the wrong one. There
is no default here, nor a best guess: exactly one bank fits, or none is taken.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

LONGEST_TYPED = 200
SHORTEST_LEFT = 3
MEMBER_ID = re.compile(r"[0-9]{12}")
_WORD = re.compile(r"[^\W_]+")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
# The word that nearly every name has, and forms of companies.
BANK_WORDS: Final = ("банк", "банка", "bank")
FORMS: Final = frozenset(
    {
        *("пао", "ао", "оао", "зао", "ооо", "нко", "пнко", "кб", "акб", "аб", "укб"),
        *("pjsc", "jsc", "ojsc", "llc"),
    }
)

# Member id (NSPK, 12 digits) and name of the banks that people name most, until the directory of
# the provider was fetched.
WELL_KNOWN: Final = (
    ("100000000111", "Сбербанк"),
    ("100000000004", "Т-Банк"),
    ("110000000005", "Банк ВТБ"),
    ("100000000008", "Альфа-Банк"),
    ("100000000007", "Райффайзенбанк"),
    ("100000000001", "Газпромбанк"),
    ("100000000010", "ПСБ"),
    ("100000000013", "Совкомбанк"),
    ("100000000016", "Почта Банк"),
    ("100000000017", "МТС-Банк"),
    ("100000000020", "Россельхозбанк"),
    ("100000000150", "Яндекс Банк"),
    ("100000000273", "Озон Банк"),
)

# Member id → what else people call that bank. A brand of a bank belongs here, a bank that was taken
# over by another one does not: until it is gone, both can take money.
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "100000000111": ("сбер", "сбер банк", "сбербанк россии", "sber", "sberbank"),
    "100000000004": (
        *("тинькофф", "тинькоф", "тиньков", "тинькофф банк", "т-банк", "тбанк", "т банк"),
        *("tinkoff", "tinkof", "tbank", "t-bank"),
    ),
    "110000000005": ("втб", "втб24", "втб 24", "vtb", "vtb24"),
    "100000000008": ("альфа", "альфабанк", "alfa", "alpha", "alfabank"),
    "100000000007": (
        *("райф", "райфайзен", "райффайзен", "райфайзенбанк", "райффайзенбанк"),
        *("raif", "raiffeisen", "raiffeisenbank"),
    ),
    "100000000001": ("гпб", "газпром", "газпром банк", "gpb", "gazprombank"),
    "100000000010": ("псб", "промсвязь", "промсвязьбанк", "psb", "promsvyazbank"),
    "100000000013": ("совком", "халва", "карта халва", "sovcom", "sovcombank", "halva"),
    "100000000016": ("почта", "почтабанк", "pochta", "pochtabank"),
    "100000000017": ("мтс", "мтсбанк", "mts", "mtsbank"),
    "100000000020": ("рсхб", "россельхоз", "россельхозбанк", "rshb", "rosselkhozbank"),
    "100000000150": ("яндекс", "яндекс банк", "яндекс пэй", "yandex", "yandex bank", "yandex pay"),
    "100000000273": ("озон", "озон банк", "ozon", "ozon bank", "озон банк ozon"),
}


@dataclass(frozen=True, slots=True)
class Bank:
    """A member of SBP; `member_id` has 12 digits."""

    member_id: str
    name: str


class BankRejected(ValueError):
    """It cannot be told which bank is meant. `reason` is one of:

    bank_missing    the field is empty
    bank_unknown    no bank of the directory is called so
    bank_ambiguous  several are: they stand in `candidates`
    """

    def __init__(self, reason: str, candidates: tuple[Bank, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.candidates = candidates


class Directory:
    """The banks that money can be sent to, and how to find one of them."""

    def __init__(self, members: Iterable[tuple[str, str]] = WELL_KNOWN) -> None:
        """`members`: (member id, name). Raises ValueError for an id that is none, a name without a
        letter or digit, or an id that stands for two names.
        """
        self._banks: dict[str, Bank] = {}
        self._spelled: defaultdict[str, set[Bank]] = defaultdict(set)
        self._called: defaultdict[str, set[Bank]] = defaultdict(set)
        for member_id, name in members:
            self._add(Bank(member_id, name.strip()))

    def _add(self, bank: Bank) -> None:
        if not MEMBER_ID.fullmatch(bank.member_id):
            raise ValueError(f"{bank.member_id!r} is no member id of SBP: it has 12 digits")
        if not spelling(bank.name):
            raise ValueError(f"the bank {bank.member_id} has no name")
        if self._banks.setdefault(bank.member_id, bank) != bank:
            raise ValueError(f"two names for the bank {bank.member_id}")
        self._spelled[spelling(bank.name)].add(bank)
        # `Озон Банк (Ozon)` is called so with and without what stands in brackets.
        for name in (bank.name, _IN_BRACKETS.sub(" ", bank.name)):
            self._called[calling(name)].add(bank)

    def __len__(self) -> int:
        return len(self._banks)

    def banks(self) -> tuple[Bank, ...]:
        """All of them, by name."""
        return in_order(self._banks.values())

    def by_id(self, member_id: str) -> Bank | None:
        return self._banks.get(member_id)

    def find(self, typed: str) -> tuple[Bank, ...]:
        """The banks that are meant by a name or a member id: one, none or several.

        A whole name counts before what is left of it without *bank*, *PAO* and the like, and before
        what people call banks.
        """
        text = typed.strip()
        if len(text) > LONGEST_TYPED:
            return ()
        if MEMBER_ID.fullmatch(text):
            bank = self.by_id(text)
            return (bank,) if bank else ()
        exactly = [bank for bank in self._banks.values() if bank.name == text]
        spelled = exactly or self._spelled.get(spelling(text))
        if spelled:
            return in_order(spelled)
        call = calling(text)
        return in_order(self._called.get(call, set()) | self._known_as(call)) if call else ()

    def _known_as(self, call: str) -> set[Bank]:
        """The banks behind a name that people use. The id decides; a directory with other ids is
        searched for the bank's other names.
        """
        found: set[Bank] = set()
        for member_id in NICKNAMES.get(call, ()):
            if bank := self.by_id(member_id):
                found.add(bank)
            else:
                found |= {bank for name in CALLED[member_id] for bank in self._called.get(name, ())}
        return found

    def resolve(self, typed: object) -> Bank:
        """The one bank that is meant. Raises BankRejected, nothing else."""
        if not isinstance(typed, str) or not typed.strip():
            raise BankRejected("bank_missing")
        found = self.find(typed)
        if len(found) != 1:
            raise BankRejected("bank_ambiguous" if found else "bank_unknown", found)
        return found[0]


def in_order(banks: Iterable[Bank]) -> tuple[Bank, ...]:
    return tuple(sorted(banks, key=lambda bank: (bank.name.casefold(), bank.member_id)))


def words(text: str) -> list[str]:
    """The words of a name, without case, without the dots of ё, without punctuation."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return _WORD.findall(plain)


def spelling(text: str) -> str:
    """A whole name, however it is punctuated."""
    return " ".join(words(text))


def calling(text: str) -> str:
    """What is left of a name for people: `ПАО «Совкомбанк»` and `совком` are the same. Where hardly
    anything would be left (`Т-Банк`), *bank* stays.
    """
    named = [word for word in words(text) if word not in FORMS]
    left = "".join(word for word in named if word not in BANK_WORDS)
    for end in BANK_WORDS:
        if left.endswith(end) and len(left) - len(end) >= SHORTEST_LEFT:
            return left.removesuffix(end)
    if len(left) >= SHORTEST_LEFT - 1 or left == "".join(named):
        return left
    return left + BANK_WORDS[0]


CALLED: Final[Mapping[str, frozenset[str]]] = {
    member_id: frozenset(map(calling, (name, *ALIASES.get(member_id, ()))))
    for member_id, name in WELL_KNOWN
}
NICKNAMES: Final[Mapping[str, frozenset[str]]] = {
    call: frozenset(member_id for member_id, calls in CALLED.items() if call in calls)
    for calls in CALLED.values()
    for call in calls
}
