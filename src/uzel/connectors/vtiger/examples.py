"""The account, session and records that the sandbox's server has in trials: invented people."""

from collections.abc import Mapping
from typing import Any

LOGIN, ACCESS_KEY = "sandbox-vtiger", "sandboxVtigerAccessKey00"
USER, SESSION = 7001, "sandbox0vtiger0session0000000000"
PUBLIC_ID = "5a0db0c5a0db0c5a0db0c5a0db0c5a0d"
# Numbers of a person, of one who may be deleted, and of a company.
PERSON, SPARE, COMPANY = 7101, 7102, 7103
# A person who is known to nobody else, and the code from their SMS.
INN, CODE = "500100732259", "4568"

SETTINGS: Mapping[str, Any] = {
    "login": LOGIN,
    "access_key": ACCESS_KEY,
    "session": f"19x{USER}:{SESSION}",
    "public_id": PUBLIC_ID,
}
CONTACT = {
    "firstname": "Иван",
    "secondname": "Иванович",
    "lastname": "Образцов",
    "mobile": "+79990007101",
    "email": "ivan@example.com",
    "tgid": 7101,
    "birthday": "1990-02-28",
    "birthplace": "г. Образцовск",
    "mailingstreet": "г. Образцовск, ул. Примерная, 1",
    "inn": INN,
    "requisites": "счёт в банке «Пример»",
    "code": CODE,
}
ACCOUNT = {
    "accountname": "ООО «Пример»",
    "address": "г. Образцовск, ул. Примерная, 2",
    "email": "firm@example.com",
    "website": "https://example.com",
    "phone": "+79990007103",
    "inn": "7707083893",
    "ogrn": "1027700132195",
}
PROJECT = {
    "contactid": PERSON,
    "offenderid": COMPANY,
    "sms": CODE,
    "source": "сайт",
    "category": "Онлайн-курсы",
    "subject": "Курс «Пример»",
    "agrprice": "20000.00",
    "startdate": "2026-07-20",
    "finishdate": "2026-08-31",
    "progress": 25,
    "transport": "нет",
    "description": "Занятия не начались",
}
ELEMENT = {"lastname": "Примеров", "firstname": "Пётр", "mobile": "+79990007199"}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "listtypes": {},
    "describe": {"module": "Contacts"},
    "retrieve": {"id": f"12x{PERSON}"},
    "query": {"query": "SELECT firstname, lastname FROM Contacts WHERE lastname = 'Образцов'"},
    "sync": {"module": "Contacts", "since": 0},
    "get_files_list": {"inn": INN, "sms": CODE},
    "create": {"module": "Contacts", "element": ELEMENT, "after": 0},
    "update": {
        "element": {
            "id": f"12x{PERSON}",
            "lastname": "Образцов",
            "firstname": "Иван",
            "mobile": "+79990007101",
            "assigned_user_id": f"19x{USER}",
        }
    },
    "revise": {"element": {"id": f"12x{PERSON}", "firstname": "Иван"}},
    "delete": {"id": f"12x{SPARE}"},
    "create_contact": CONTACT,
    "create_account": ACCOUNT,
    "create_project": {**PROJECT, "after": 0},
    "capture": {
        "fields": {"lastname": "Формов", "mobile": "+79990007105", "firstname": "Фома"},
        "after": 0,
    },
}
