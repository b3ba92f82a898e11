"""`uzel registry` as it is typed."""

import re
from collections.abc import Callable

Command = Callable[..., tuple[int, str, str]]


def test_accounts_are_made_given_keys_closed_and_opened(uzel: Command) -> None:
    status, out, _ = uzel("registry", "user", "add", "api", "--name", "Сайт")
    found = re.fullmatch(r"api, access key \(shown this once\): ([A-Za-z0-9]{24})\n", out)
    assert (status, found is not None) == (0, True)
    status, _, err = uzel("registry", "user", "add", "API")
    assert (status, "there is an account API already" in err) == (1, True)
    _, out, _ = uzel("registry", "user", "list")
    assert out.splitlines()[1].split("\t") == ["api", "Сайт", "no", "-", "open"]
    assert found is not None
    assert found[1] not in out
    _, out, _ = uzel("registry", "user", "key", "api")
    assert found[1] not in out
    uzel("registry", "user", "close", "api")
    assert uzel("registry", "user", "list")[1].splitlines()[1].endswith("closed")
    uzel("registry", "user", "open", "api")
    assert uzel("registry", "user", "list")[1].splitlines()[1].endswith("open")
    for action in ("key", "close", "open"):
        status, _, err = uzel("registry", "user", action, "nobody")
        assert (status, "there is no account nobody" in err) == (1, True)


def test_fields_and_strictness(uzel: Command) -> None:
    added = uzel("registry", "field", "add", "Contacts", "shoe_size", "--label", "Размер обуви")
    assert added == (0, "Contacts have a field cf_shoe_size now\n", "")
    again = uzel("registry", "field", "add", "Contacts", "cf_shoe_size", "--label", "Размер")
    assert (again[0], "already" in again[2]) == (1, True)
    for name in ("Shoe", "a-b", "a b", "размер", "cf_", "a" * 80):
        status, _, err = uzel("registry", "field", "add", "Contacts", name, "--label", "x")
        assert (status, "a field's name is" in err) == (1, True), name
    assert "cf_shoe_size\tstring\tРазмер обуви" in uzel("registry", "field", "list")[1]
    assert uzel("registry", "strict", "on")[1] == "what does not hold is refused\n"
    assert uzel("registry", "strict", "off")[1] == "what does not hold is kept and pointed out\n"
    assert (
        "there is no business Другой" in uzel("registry", "user", "list", "--business", "Другой")[2]
    )


def test_forms(uzel: Command) -> None:
    asked = ("--field", "lastname!=Фамилия <b>", "--file", "договор")
    status, _, err = uzel("registry", "form", "add", "Заявка", *asked)
    assert (status, "uzel registry user add" in err) == (1, True)
    uzel("registry", "user", "add", "api")
    status, html, _ = uzel("registry", "form", "add", "Заявка", *asked)
    assert status == 0
    assert '/modules/Webforms/capture.php" method="post" enctype="multipart/form-data">' in html
    assert '<label>Фамилия &lt;b&gt; * <input name="lastname" required></label>' in html
    assert re.search(r'<input name="file_\d+_1" type="file">', html)
    assert uzel("registry", "form", "html", "Заявка")[1] == html
    assert uzel("registry", "form", "close", "Заявка")[0] == 0
    assert uzel("registry", "form", "list")[1].splitlines()[1].endswith("closed")
    for wrong, said in (
        (("Заявка", "--field", "lastname"), "there is a form Заявка already"),
        (("Другая", "--field", "mobile"), "need a lastname"),
        (("Другая", "--field", "lastname", "--field", "nosuch"), "no field nosuch"),
        (("Другая", "--field", "lastname", "--always", "x"), "NAME=VALUE"),
        (("Другая", "--field", "lastname", "--return-url", "javascript:1"), "return address"),
        (("Другая", "--field", "lastname", "--confirm-phone"), "asks for mobile and code"),
    ):
        status, _, err = uzel("registry", "form", "add", *wrong)
        assert (status, said in err) == (1, True), err
