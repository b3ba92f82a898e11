"""One word for one thing: the words are explained, in order, and used."""

import re

from markdown_pages import markdown, read

GLOSSARY = "docs/glossary.md"
# The field's words for what we call otherwise; a page that uses one says two things with two words.
OTHERWISE = {
    "webhook event": "raw event",
    "dead letter": "parked",
    "idempotence key": "key",
    "integration account": "connection",
    "background job runner": "worker",
}


def terms() -> list[str]:
    return re.findall(r"^## (.+)$", read(GLOSSARY), re.MULTILINE)


def test_the_terms_stand_in_order_and_once() -> None:
    assert terms() == sorted(set(terms()), key=str.lower)


def test_every_term_is_used_outside_the_glossary() -> None:
    texts = " ".join(read(path).lower() for path in markdown() if path != GLOSSARY)
    words = texts.replace("_", " ").replace("-", " ")
    assert [term for term in terms() if term.lower().replace("-", " ") not in words] == []


def test_the_words_of_the_field_are_explained() -> None:
    wanted = {
        *("Raw event", "Event", "Element", "Connection", "Connector", "Flow", "Decision", "Call"),
        *("Outcome", "Attempt", "Effect", "Receipt", "Review request", "Gap", "Place", "Template"),
        *("Door", "Parked", "Replay"),
    }
    assert wanted <= set(terms())


def test_no_page_uses_another_word_for_one_of_ours() -> None:
    for path in markdown():
        text = read(path).lower()
        assert [word for word in OTHERWISE if word in text] == [], path
