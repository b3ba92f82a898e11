"""Fields of the registry in the console's words: what they are called, and which stand together.

The wire keeps the names and labels of its protocol; these are for people only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from uzel.crm.field import Field, Module
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m

OWN = m("Свои поля")
ADDRESS, CONTACT, PAPERS, REST = m("Адрес"), m("Связь"), m("Реквизиты"), m("Прочее")
Group = tuple[str, Mapping[str, str]]
GROUPS: Mapping[str, Sequence[Group]] = {
    "Contacts": (
        (m("Человек"), {
            "lastname": m("Фамилия"), "firstname": m("Имя"),
            "cf_contacts_secondname": m("Отчество"),
            "salutationtype": m("Обращение"), "birthday": m("Дата рождения"),
            "cf_contacts_birthplace": m("Место рождения"),
        }),
        (CONTACT, {
            "mobile": m("Телефон"), "email": m("Почта"), "otherphone": m("Другой телефон"),
            "phone": m("Рабочий телефон"), "homephone": m("Домашний телефон"), "fax": m("Факс"),
            "secondaryemail": m("Другая почта"), "cf_contacts_tgid": m("Telegram ID"),
            "donotcall": m("Не звонить"), "emailoptout": m("Не писать на почту"),
        }),
        (PAPERS, {"cf_contacts_inn": m("ИНН"), "cf_contacts_requisites": m("Реквизиты")}),
        (m("Работа"), {
            "account_id": m("Компания"), "title": m("Должность"), "department": m("Отдел"),
            "contact_id": m("Руководитель"),
        }),
        (ADDRESS, {
            "mailingzip": m("Индекс"), "mailingcountry": m("Страна"), "mailingstate": m("Область"),
            "mailingcity": m("Город"), "mailingstreet": m("Улица, дом"),
        }),
        (REST, {"leadsource": m("Откуда узнали"), "description": m("Заметки")}),
    ),
    "Accounts": (
        (m("Компания"), {
            "accountname": m("Название"), "account_id": m("Входит в"),
            "accounttype": m("Кто она нам"),
            "industry": m("Отрасль"), "ownership": m("Форма собственности"),
            "employees": m("Сотрудников"), "annual_revenue": m("Выручка за год"),
        }),
        (PAPERS, {"inn": m("ИНН"), "kpp": m("КПП"), "cf_accounts_ogrn": m("ОГРН")}),
        (CONTACT, {
            "phone": m("Телефон"), "otherphone": m("Другой телефон"), "fax": m("Факс"),
            "email1": m("Почта"), "email2": m("Другая почта"), "website": m("Сайт"),
        }),
        (ADDRESS, {
            "bill_code": m("Индекс"), "bill_country": m("Страна"), "bill_state": m("Область"),
            "bill_city": m("Город"), "bill_street": m("Улица, дом"),
        }),
        (REST, {"description": m("Заметки")}),
    ),
    "Project": (
        (m("Проект"), {
            "projectname": m("Название"), "linktoaccountscontacts": m("Чей"),
            "cf_project_offender": m("К кому претензия"), "cf_project_agent": m("Посредник"),
            "projectstatus": m("Статус"), "projecttype": m("Вид"), "projectpriority": m("Важность"),
            "progress": m("Готовность"), "cf_project_progress": m("Прогресс, %"),
            "startdate": m("Начало"), "targetenddate": m("Срок"), "actualenddate": m("Окончен"),
        }),
        (m("Договор и деньги"), {
            "cf_project_subject": m("Предмет договора"), "cf_project_agrdate": m("Дата договора"),
            "cf_project_agrprice": m("Цена договора"), "cf_project_loss": m("Убыток"),
            "cf_project_servicecost": m("Стоимость полученной услуги"),
            "cf_project_claimdate": m("Дата претензии"),
            "cf_project_independently": m("Претензию направили сами"),
            "cf_project_returned": m("Вернули по претензии"), "targetbudget": m("Бюджет"),
        }),
        (m("Поездка"), {
            "cf_project_country": m("Страна путешествия"), "cf_project_hotel": m("Отель"),
            "cf_project_transport": m("Транспорт"), "cf_project_insurance": m("Страховка"),
            "cf_project_other": m("Другие услуги"),
        }),
        (m("Обращение"), {
            "cf_project_category": m("Категория"), "cf_project_direction": m("Направление"),
            "cf_project_region": m("Регион"), "cf_project_source": m("Откуда обращение"),
            "cf_project_formid": m("Номер формы"), "cf_project_ip": m("IP клиента"),
            "projecturl": m("Ссылка"), "description": m("Заметки"),
        }),
    ),
    "Leads": (
        (m("Человек"), {
            "lastname": m("Фамилия"), "firstname": m("Имя"), "salutationtype": m("Обращение"),
            "company": m("Компания"), "designation": m("Должность"),
        }),
        (CONTACT, {
            "mobile": m("Телефон"), "phone": m("Другой телефон"), "email": m("Почта"),
            "website": m("Сайт"),
        }),
        (REST, {
            "leadstatus": m("Статус"), "leadsource": m("Откуда узнали"), "rating": m("Оценка"),
            "industry": m("Отрасль"), "annualrevenue": m("Выручка за год"),
            "noofemployees": m("Сотрудников"), "description": m("Заметки"),
        }),
        (ADDRESS, {
            "code": m("Индекс"), "country": m("Страна"), "state": m("Область"), "city": m("Город"),
            "lane": m("Улица, дом"),
        }),
    ),
    "Documents": (
        (m("Документ"), {
            "notes_title": m("Название"), "filename": m("Имя файла"), "filetype": m("Тип файла"),
            "filesize": m("Размер, байт"), "notecontent": m("Заметки"),
            "fileversion": m("Версия"), "filestatus": m("Действует"),
            "filelocationtype": m("Где лежит"), "filedownloadcount": m("Скачиваний"),
            "folderid": m("Папка"),
        }),
    ),
}  # fmt: skip
BESIDE = {
    "assigned_user_id": m("Чья запись"), "modifiedby": m("Чьей учётной записью изменена"),
    "createdtime": m("Создана"), "modifiedtime": m("Изменена"), "source": m("Откуда запись"),
    "id": m("Номер для программ"), "merged_into": m("Стала частью записи"),
    "merged_from": m("Влилась запись"), "code": m("Код из SMS"),
}  # fmt: skip
CHOICES = {
    "Web Site": m("Сайт"), "Other": m("Другое"), "Customer": m("Клиент"), "Partner": m("Партнёр"),
    "prospecting": m("присматриваемся"), "initiated": m("начат"), "in progress": m("в работе"),
    "on hold": m("приостановлен"), "completed": m("завершён"), "administrative": m("служебный"),
    "other": m("другой"), "low": m("низкая"), "normal": m("обычная"), "high": m("высокая"),
    "Hot": m("горячий"), "Warm": m("тёплый"), "Cold": m("холодный"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labelled:
    """A field and what it is called here."""

    field: Field
    label: Markup


def label_of(spoken: Language, module: Module, name: str) -> Markup:
    """What a field is called; of an own field as its registry named it."""
    for _, named in GROUPS.get(module.name, ()):
        if name in named:
            return spoken.text(named[name])
    if name in BESIDE:
        return spoken.text(BESIDE[name])
    return Markup.escape(module.by_name[name].label if name in module.by_name else name)


def groups_of(spoken: Language, module: Module) -> Iterator[tuple[Markup, list[Labelled]]]:
    """All fields that a registry keeps of a record, those that belong together in one group."""
    rest = [it for it in module.fields if not it.system]
    for title, named in GROUPS.get(module.name, ()):
        here = [module.by_name[name] for name in named if name in module.by_name]
        rest = [it for it in rest if it.name not in named]
        yield spoken.text(title), [Labelled(it, spoken.text(named[it.name])) for it in here]
    if rest:
        yield spoken.text(OWN), [Labelled(it, label_of(spoken, module, it.name)) for it in rest]


def choice_of(spoken: Language, value: str) -> Markup:
    """A value of a list; of an own list as it stands there."""
    return spoken.text(CHOICES[value]) if value in CHOICES else Markup.escape(value)
