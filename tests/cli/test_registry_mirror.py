"""`uzel registry mirror` as it is typed, against amoCRM in miniature."""

from collections.abc import Callable

Command = Callable[..., tuple[int, str, str]]


def test_nothing_is_mirrored_to_begin_with(uzel: Command) -> None:
    told = uzel("registry", "mirror", "show")
    assert (told[0], "nothing is mirrored" in told[1]) == (0, True)
    for action in ("off", "retry"):
        status, _, err = uzel("registry", "mirror", action)
        assert (status, "it is mirrored nowhere" in err) == (1, True)


def test_it_is_tried_dry_switched_on_shown_and_switched_off(at_amocrm: Command) -> None:
    def mirror(*words: str) -> tuple[int, str, str]:
        return at_amocrm("registry", "mirror", *words)

    on = ("on", "amocrm/main")
    status, out, _ = mirror(*on, "--stage", "воронка/переговоры", "--days", "3", "--dry-run")
    assert (status, out.splitlines()[-1]) == (0, "nothing is changed")
    assert "nothing is mirrored" in mirror("show")[1]
    assert mirror(*on, "--deals", "projects")[1].splitlines()[-1] == "switched on"
    assert mirror("show")[1].splitlines()[:2] == ["registry -> main: on", "  deals\t0"]
    assert mirror("retry")[1] == "tried once more: 0\n"
    status, _, err = mirror("retry", "CON17")
    assert (status, "CON17 does not wait for a person" in err) == (1, True)
    assert mirror("off")[0] == 0
    assert mirror("show")[1].splitlines()[0] == "registry -> main: off"


def test_what_cannot_be_is_refused(at_amocrm: Command) -> None:
    for words, said in (
        (("on", "amocrm/main", "--stage", "Нет/Такой"), "Воронка/Переговоры"),
        (("on", "amocrm/main", "--days", "-1"), "--days -1"),
        (("on", "nowhere"), "there is no connection nowhere"),
        (("on", "amocrm/main", "--from", "amocrm/main"), "is no vtiger"),
    ):
        status, _, err = at_amocrm("registry", "mirror", *words)
        assert (status, said in err) == (1, True), (words, err)
