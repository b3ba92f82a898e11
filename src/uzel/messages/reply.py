"""What an answer asks for: to be written to no more, or again."""

import re
import unicodedata

# Letters that look alike, or that a keyboard without Kazakh letters puts in their place: each as
# one of them. People in a hurry mix alphabets.
LOOKS = (
    str.maketrans("abcehkmoptxy", "авсенкмортху")
    | str.maketrans("αεκορτ", "аекорт")
    | str.maketrans("ѕіјқң", "sijкн")
)
# Blank, but neither a space nor a format mark.
BLANK = frozenset("\u115f\u1160\u2800")
INVISIBLE = frozenset({"Cf", "Cc", "Mn", "Me"})
WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
LINE_END = re.compile(r"[.!\r\n\v\f\u2028\u2029]")
NUMBER_BEHIND = re.compile(r"(?<=[^\W\d_])[0-9]+$")
# "Stop" at the beginning of a sentence is one; at the beginning of a long letter it may be a quote.
LONGEST_ANSWER = 60


def plain(text: str) -> str:
    """Lower case, without accents and what cannot be seen, look-alikes made the same; lines stay
    lines.
    """
    lower = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (
        character
        for character in lower
        if character in "\t\r\n\v\f"
        or (character not in BLANK and unicodedata.category(character) not in INVISIBLE)
    )
    return "".join(kept).translate(LOOKS)


def words_of(seen: str) -> list[str]:
    """The words of a plain text; letters apart (`с т о п`, `с-т-о-п`) are one word."""
    words = [bare_word(word) for word in WORD.findall(seen)]
    apart = next((n for n, word in enumerate(words) if len(word) != 1), len(words))
    return words if apart < 2 else ["".join(words[:apart]), *words[apart:]]


def bare_word(word: str) -> str:
    """`стоп1` as `стоп`, `ст0п` too; a number stays one."""
    letters = word.split("-")
    if len(letters) > 1 and all(len(letter) == 1 for letter in letters):
        word = "".join(letters)
    word = NUMBER_BEHIND.sub("", word)
    return word if word.isdecimal() else word.replace("0", "о")


def phrases(*texts: str) -> frozenset[str]:
    """Words as answers are compared with them."""
    return frozenset(" ".join(words_of(plain(text))) for text in texts)


# What people answer who want no more (Twilio's standard words, and Russian and Kazakh ones): the
# whole answer or sentence, what stands between commas, or the first word of a short answer.
STOP_WORDS = phrases(
    *("стоп", "отписка", "отписаться", "отпишите", "отпишитесь"),
    *("тоқта", "тоқтат", "тоқтату", "жазбаңыз", "жазбаңыздар"),
    # How СТОП looks when it is typed in Latin letters.
    *("stop", "stopall", "unsubscribe", "unsub", "optout", "opt-out", "ctop"),
)
# What begins other sentences too (`End of day visit was great`) stands alone.
ALONE = phrases(
    *("cancel", "end", "quit", "revoke", "don't write", "do not write"),
    *("хватит", "отказ", "отказываюсь", "отмена", "отменить", "остановить", "остановите"),
    *("не пишите", "не пиши", "не писать", "не присылайте", "не шлите", "не беспокойте"),
    *("не надо", "не надо писать", "прекратите", "прекратите писать", "хватит писать"),
    *("отказаться", "отказаться от рекламы", "остановить рекламу"),
)
# Neither add to a wish nor take from it.
COURTESIES = phrases(
    *("пожалуйста", "прошу", "спасибо", "мне", "нам", "больше", "сюда", "уже"),
    *("re", "please", "me", "us", "thanks", "маған", "енді", "өтінемін", "рахмет"),
)
START_WORDS = phrases("старт", "подписаться", "подписка", "start", "unstop", "subscribe")


def wish_of(text: str | None) -> str | None:
    """`stop`, `start` or None: what an answer asks for."""
    seen = plain(text or "")
    if any(is_stop(sentence) for sentence in LINE_END.split(seen)):
        return "stop"
    words = words_of(seen)
    if not words or len(seen) > LONGEST_ANSWER:
        return None
    if words[0] in STOP_WORDS:
        return "stop"
    return "start" if words[0] in START_WORDS and len(words) == 1 else None


def is_stop(sentence: str) -> bool:
    """Whether a sentence or line asks to stop: as a whole, by what stands before its first comma,
    or, where the word can mean nothing else, by what stands between any.
    """
    parts = [bare(part) for part in sentence.split(",")]
    if parts[0] in ALONE or bare(sentence) in STOP_WORDS | ALONE:
        return True
    return any(part in STOP_WORDS for part in parts)


def bare(part: str) -> str:
    """The words of a part of an answer, without courtesies."""
    return " ".join(word for word in words_of(part) if word not in COURTESIES)
