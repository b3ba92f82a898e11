"""What answers ask for, in whatever letters they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.messages.reply import STOP_WORDS, wish_of

LONG_PRAISE = "это было лучшее, что мы ели за последние лет десять, и мы обязательно придём ещё"
STOPS = [
    *("Стоп", "stop", " СТОП. ", "Отпишите меня, пожалуйста", "STOP\n", "«Стоп»", "тоқта"),
    # Other letters and marks than it seems.
    *("ＳＴＯＰ", "СТOП", "CTOП", "CTOP", "SТОР", "стоп1", "СТОП 1", "ст0п", "сто́п", "𝐒𝐓𝐎𝐏"),
    *("С Т О П", "с.т.о.п", "с-т-о-п", "S T O P!", "С Т О П пожалуйста"),
    *("С\u200bТ\u200bО\u200bП", "\u200eстоп", "сто\u00adп", "\ufeffстоп", "\u3164стоп\u3164"),
    *("токта", "тоқтату", "токтату", "жазбаңыз", "жазбаныз", "Маған жазбаңыз!"),
    *("хватит", "Хватит!", "отказ", "отмена", "остановить", "Остановите", "cancel", "END", "quit"),
    *("не пишите", "Не пишите мне", "больше не пишите", "Не пишите мне больше, пожалуйста."),
    *("пожалуйста, стоп", "Stop please", "Спасибо! Стоп", "don't write", "стоп\n\nАйгуль"),
    *("Re: стоп", "Stop promotions", "Остановить рекламу", "не беспокойте"),
    f"Стоп! {LONG_PRAISE}",
    f"Стоп, {LONG_PRAISE}",
    f"{LONG_PRAISE}.\nНе пишите",
    f"отписка\n{LONG_PRAISE}",
]
NO_STOPS = [
    *("", "остановка", "не стоп", "нестоп", "1", "10", "Стопка блинов - огонь", "спасибо", None),
    *("End of day visit was great", "Quit smoking? great place", "Порции большие, хватит на двоих"),
    *("пожалуйста", "\u200b", "С", "с т", "Отказали в столике", "не пишите чепухи", "The end"),
    f"Стоп {LONG_PRAISE}",
]


@pytest.mark.parametrize(
    ("text", "wish"), [*((it, "stop") for it in STOPS), *((it, None) for it in NO_STOPS)]
)
def test_the_words_of_stopping(text: str | None, wish: str | None) -> None:
    assert wish_of(text) == wish


@pytest.mark.parametrize("text", ["старт", "СТАРТ!", "CTAPT", "start", "с т а р т"])
def test_the_words_of_resuming(text: str) -> None:
    assert wish_of(text) == "start"


@pytest.mark.parametrize("text", ["не старт", "старт или нет", "Стоп. Старт", "старт, стоп"])
def test_nobody_resumes_by_the_way(text: str) -> None:
    assert wish_of(text) != "start"


@given(st.text())
def test_any_text_can_be_an_answer(text: str) -> None:
    assert wish_of(text) in ("stop", "start", None)


@given(st.sampled_from(sorted(STOP_WORDS)), st.sampled_from(".!,\n"), st.text(max_size=300))
def test_a_word_that_stands_alone_counts_whatever_follows(word: str, mark: str, rest: str) -> None:
    assert wish_of(f"{word}{mark}{rest}") == "stop"
