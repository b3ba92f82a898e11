"""What can be sent, before anything is written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.messaging import Content, content


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("", "there is no number"),
        ("12", "that is no phone number"),
        ("+7 495 123-45-68", "that is a landline"),
        ("+7 800 555-35-36", "nobody carries"),
        ("+79999999999", "typed to fill a field"),
        ("+7 999 000-00-01 доб. 5", "an extension"),
    ],
)
def test_what_no_text_reaches_is_said(phone: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        content.sms(phone, "Привет")


def test_phones_are_read_as_people_write_them() -> None:
    for written in ("79990000001", "8 (999) 000-00-01", "+7 999 000 00 01"):
        assert content.sms(written, "Привет").address == "+79990000001"


@pytest.mark.parametrize("text", ["", " \n", "\x00", "ж" * 67 * 9])
def test_a_text_that_no_provider_takes_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        content.sms("+79990000001", text)


@pytest.mark.parametrize(
    "address", ["", "name", "@host", "name@", "Имя <a@b.ru>", "a@b.ru\nBcc: c@d.ru"]
)
def test_what_is_no_mailbox_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="no e-mail"):
        content.email(address, "Тема", text="Текст")


def test_a_letter_needs_a_subject_and_a_body() -> None:
    with pytest.raises(ConfigError, match="subject is empty"):
        content.email("a@b.ru", " ", text="Текст")
    with pytest.raises(ConfigError, match="letter is empty"):
        content.email("a@b.ru", "Тема", html=" ")
    page = content.email("A@B.ru", "Две\nстроки", html="<p>1</p>")
    assert (page.address, page.subject, page.body) == ("a@b.ru", "Две строки", "<p>1</p>")
    assert page.arguments == {"to": "a@b.ru", "subject": "Две строки", "html": "<p>1</p>"}


def test_a_template_has_parameters_or_components() -> None:
    both = {"components": [{"type": "body"}], "parameters": ["Мария"]}
    with pytest.raises(ConfigError, match="not both"):
        content.whatsapp_template("+77010000001", "t", **both)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="list of objects"):
        content.whatsapp_template("+77010000001", "t", components=["body"])  # type: ignore[list-item]
    plain = content.whatsapp_template("+77010000001", "t", parameters=["Мария", 5])
    assert plain.arguments["parameters"] == ["Мария", "5"]
    assert "components" not in plain.arguments


@given(text=st.text(max_size=60), phone=st.text(max_size=30))
def test_anything_typed_is_a_message_or_a_word_of_refusal(text: str, phone: str) -> None:
    for make in (content.sms, content.whatsapp):
        try:
            made = make(phone, text)
        except ConfigError as refusal:
            assert str(refusal)
        else:
            assert isinstance(made, Content) and made.body.strip() and "\x00" not in made.body
