"""What an owner who granted access, or did not, reads when it cannot go on by itself. The pages
never repeat what stood in the address.
"""

from collections.abc import Sequence

from starlette.responses import HTMLResponse, Response

from uzel.connections.registry import Active
from uzel.web.guest.look import environment, headers

PAGE = """{% extends "frame.html" %}
{% block title %}{{ title }}{% endblock %}
{% block main %}
<header>
<h1>{{ title }}</h1>
{% for line in lines %}
<p>{{ line }}</p>
{% endfor %}
<p><a href="{{ link }}">{{ label }}</a></p>
</header>
{% endblock %}
"""
PRESS = "Откройте подключение в Узле и нажмите «Подключить»."
LONGEST = 200


def page(
    status: int,
    title: str,
    lines: Sequence[str],
    active: Active | None = None,
) -> Response:
    """A page with the way on: to the connection, or to all of them."""
    link = f"/connections/{active.id}" if active else "/connections"
    label = f"Подключение {active.title}" if active else "Подключения в Узле"
    template = environment().from_string(PAGE)
    html = template.render(title=title, lines=lines, link=link, label=label)
    return HTMLResponse(html, status, headers())


def without_state(error: str) -> Response:
    """Nobody set out from here: the integration was installed in amoCRM, or refused there."""
    if error:
        return page(400, "Доступ не выдан", ["В amoCRM доступ не разрешили.", PRESS])
    lines = [
        "Эта страница открыта не из Узла: так бывает, когда интеграцию включают в amoМаркете. "
        "Включать её там и надо, но доступ выдаётся отсюда, чтобы его нельзя было подменить.",
        PRESS,
    ]
    return page(400, "Остался один шаг", lines)


def not_here(status: int = 400) -> Response:
    """The state is unknown: used already, too old, or never ours."""
    lines = [
        "Эта ссылка уже использована или ей больше часа. Если доступ выдан, это видно в карточке "
        "подключения, и делать ничего не надо.",
        "Иначе откройте подключение в Узле и нажмите «Подключить» ещё раз.",
    ]
    return page(status, "Ссылка больше не действует", lines)


def no_connection() -> Response:
    """It was removed meanwhile, or is set up in another way now."""
    lines = [
        "Подключения, для которого выдан доступ, больше нет, или его настройки изменились: доступ "
        "по кнопке ему не нужен. Узел доступ не сохранил."
    ]
    return page(409, "Подключение изменилось", lines)


def denied(active: Active, error: str) -> Response:
    """The owner pressed *refuse*, or somebody without the right to agree pressed *agree*."""
    title = active.connector.title
    why = (
        f"На странице {title} нажали «Отказать», или у того, кто нажал, нет прав администратора."
        if error in ("access_denied", "")
        else f"{title} не выдаёт доступ."
    )
    return page(403, "Доступ не выдан", [f"{why} В Узле ничего не изменилось.", PRESS], active)


def another_account(active: Active, theirs: str) -> Response:
    """Access to another account than the connection is for."""
    ours = str(getattr(active.config, "base_url", ""))
    lines = [
        f"Доступ разрешили в аккаунте {theirs[:LONGEST]}, а подключение настроено на {ours}. "
        "Узел этот доступ не сохранил.",
        "Выбрали не тот аккаунт — нажмите «Подключить» ещё раз и выберите другой.",
        "Аккаунт переименован — сначала смените в подключении его адрес.",
    ]
    return page(409, "Это другой аккаунт", lines, active)


def code_refused(active: Active, detail: str, redirect_uri: str) -> Response:
    """The provider changes no tokens for this code."""
    lines = [
        f"{detail[:LONGEST]}.".replace("..", "."),
        "Код живёт двадцать минут и годится один раз: нажмите «Подключить» ещё раз.",
        "Если не помогает, сверьте в подключении ID интеграции и секретный ключ, а в интеграции — "
        f"ссылку для перенаправления: {redirect_uri}",
    ]
    return page(400, f"{active.connector.title} не выдаёт доступ", lines, active)


def no_answer(active: Active, detail: str) -> Response:
    """The provider could not be asked, or nobody knows what it said."""
    lines = [
        f"{active.connector.title} не ответила как надо: {detail[:LONGEST]}",
        "Нажмите «Подключить» ещё раз, лучше через минуту.",
    ]
    return page(502, "Пока не получилось", lines, active)


def not_now() -> Response:
    """The database is away."""
    lines = ["База данных Узла не отвечает. Через минуту нажмите «Подключить» ещё раз."]
    made = page(503, "Пока не получилось", lines)
    made.headers["retry-after"] = "60"
    return made


def our_fault() -> Response:
    """A bug of ours."""
    lines = ["Что-то сломалось в Узле, в журнале сказано что. Нажмите «Подключить» ещё раз."]
    return page(500, "Что-то сломалось у нас", lines)
