"""The page where somebody grants an integration access, and what it sends the browser back with."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

PAGE = """<!doctype html>
<html lang="ru"><meta charset="utf-8"><title>Доступ к amoCRM (песочница)</title>
<h1>Разрешить доступ?</h1>
<p>Интеграция <b>{client}</b> просит доступ к данным вашего аккаунта: сделки, контакты, списки.</p>
<p><a href="{allow}">Разрешить</a> <a href="{refuse}">Отказать</a></p>
</html>
"""
NOWHERE = """<!doctype html>
<html lang="ru"><meta charset="utf-8"><title>Некуда вернуться</title>
<p>Не указано, куда вернуться: у интеграции {client} нет адреса перенаправления. Его называют в
POST /_integrations, в настройках песочницы или параметром redirect_uri.</p>
</html>
"""


def question(fields: Mapping[str, Any], client_id: str) -> str:
    """The page; both answers are links to itself."""
    links = {
        answer: escape("?" + urlencode({**fields, "answer": answer}))
        for answer in ("allow", "refuse")
    }
    return PAGE.format(client=escape(client_id), **links)


def no_way_back(client_id: str) -> str:
    return NOWHERE.format(client=escape(client_id))


def way_back(redirect_uri: str, **pairs: str | None) -> str:
    given = {name: value for name, value in pairs.items() if value is not None}
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(given)}"
