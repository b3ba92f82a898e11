"""Every code that can come from a wish has a sentence."""

import re
from pathlib import Path

from uzel.cli.wish_words import SENTENCES, reason_said, wish_said
from uzel.model import phone
from uzel.payouts import banks, requisites, wish
from uzel.payouts.banks import Bank
from uzel.payouts.claims import fill
from uzel.payouts.wish import WishRejected


def test_every_reason_has_a_sentence() -> None:
    told = "".join(
        it.__doc__ or ""
        for it in (requisites.RequisiteRejected, banks.BankRejected, phone.PhoneRejected)
    )
    named = set(re.findall(r"^    ([a-z]+_[a-z_]+)  ", told, re.MULTILINE))
    for module in (wish, fill):
        text = Path(str(module.__file__)).read_text()
        named |= set(re.findall(r'WishRejected\([^,()]+(?:\([^)]*\))?, "(\w+)"', text))
    assert {"missing", "no_phone", "card_checksum", "bank_ambiguous", "card_number"} <= named
    assert named - set(SENTENCES) == set()


def test_the_field_may_say_more_than_the_code() -> None:
    assert reason_said("name", "missing").endswith(
        ": last and first name are needed, in this order"
    )
    assert reason_said("external_id", "missing") == "external_id: missing: it is needed"
    assert reason_said("purpose", "new_code") == "purpose: new_code"


def test_banks_that_are_meant_stand_with_their_numbers() -> None:
    error = WishRejected("bank", "bank_ambiguous", Bank("100000000004", "Т-Банк"))
    assert wish_said(error).endswith("that is meant: Т-Банк (100000000004)")
