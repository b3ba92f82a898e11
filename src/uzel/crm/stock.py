"""The modules that every registry has, and their fields.

Names, kinds and prefixes are those of a usual vtiger (konsol-and-vtiger, B5); `inn` and `kpp` of a
company those of its Russian edition. Fields that the site's own operations bring and that vtiger
does not have are custom ones, `cf_<module>_<name>` as its newest version names them.
"""

from uzel.crm.field import Field, Kind, Module

OWNED = (
    Field("assigned_user_id", "Assigned To", Kind.OWNER, mandatory=True, system=True),
    Field("createdtime", "Created Time", Kind.DATETIME, editable=False, system=True),
    Field("modifiedtime", "Modified Time", Kind.DATETIME, editable=False, system=True),
    Field(
        "modifiedby", "Last Modified By", Kind.REFERENCE, refers_to=("Users",), editable=False,
        system=True,
    ),
    Field("source", "Source", editable=False, system=True),
    Field("id", "Id", Kind.AUTO, editable=False, system=True),
)  # fmt: skip
DESCRIPTION = Field("description", "Description", Kind.TEXT)

CONTACTS = Module(
    "Contacts",
    "Contacts",
    "Contact",
    12,
    (
        Field("salutationtype", "Salutation"),
        Field("firstname", "First Name"),
        Field("contact_no", "Contact Id", editable=False, system=True),
        Field("phone", "Office Phone", Kind.PHONE),
        Field("lastname", "Last Name", mandatory=True),
        Field("mobile", "Mobile Phone", Kind.PHONE),
        Field("account_id", "Organization Name", Kind.REFERENCE, refers_to=("Accounts",)),
        Field("homephone", "Home Phone", Kind.PHONE),
        Field("leadsource", "Lead Source", Kind.PICKLIST, choices=("Web Site", "Other")),
        Field("otherphone", "Secondary Phone", Kind.PHONE),
        Field("title", "Title"),
        Field("fax", "Fax", Kind.PHONE),
        Field("department", "Department"),
        Field("birthday", "Date of Birth", Kind.DATE),
        Field("email", "Primary Email", Kind.EMAIL),
        Field("contact_id", "Reports To", Kind.REFERENCE, refers_to=("Contacts",)),
        Field("secondaryemail", "Secondary Email", Kind.EMAIL),
        Field("donotcall", "Do Not Call", Kind.BOOLEAN),
        Field("emailoptout", "Email Opt Out", Kind.BOOLEAN),
        Field("mailingstreet", "Mailing Street", Kind.TEXT),
        Field("mailingcity", "Mailing City"),
        Field("mailingstate", "Mailing State"),
        Field("mailingzip", "Mailing Zip"),
        Field("mailingcountry", "Mailing Country"),
        DESCRIPTION,
        Field("cf_contacts_secondname", "Отчество"),
        Field("cf_contacts_birthplace", "Место рождения"),
        Field("cf_contacts_inn", "ИНН"),
        Field("cf_contacts_tgid", "Telegram ID", Kind.INTEGER),
        Field("cf_contacts_requisites", "Реквизиты", Kind.TEXT),
        *OWNED,
    ),
    ("firstname", "lastname"),
)

ACCOUNTS = Module(
    "Accounts",
    "Organizations",
    "Organization",
    11,
    (
        Field("accountname", "Organization Name", mandatory=True),
        Field("account_no", "Organization Number", editable=False, system=True),
        Field("phone", "Primary Phone", Kind.PHONE),
        Field("website", "Website", Kind.URL),
        Field("fax", "Fax", Kind.PHONE),
        Field("otherphone", "Secondary Phone", Kind.PHONE),
        Field("account_id", "Member Of", Kind.REFERENCE, refers_to=("Accounts",)),
        Field("email1", "Primary Email", Kind.EMAIL),
        Field("email2", "Secondary Email", Kind.EMAIL),
        Field("employees", "Employees", Kind.INTEGER),
        Field("ownership", "Ownership"),
        Field("industry", "Industry", Kind.PICKLIST),
        Field("accounttype", "Type", Kind.PICKLIST, choices=("Customer", "Partner", "Other")),
        Field("annual_revenue", "Annual Revenue", Kind.CURRENCY),
        Field("inn", "ИНН"),
        Field("kpp", "КПП"),
        Field("cf_accounts_ogrn", "ОГРН"),
        Field("bill_street", "Billing Address", Kind.TEXT),
        Field("bill_city", "Billing City"),
        Field("bill_state", "Billing State"),
        Field("bill_code", "Billing Postal Code"),
        Field("bill_country", "Billing Country"),
        DESCRIPTION,
        *OWNED,
    ),
    ("accountname",),
)

PROJECT = Module(
    "Project",
    "Projects",
    "Project",
    31,
    (
        Field("projectname", "Project Name", mandatory=True),
        Field("project_no", "Project Number", editable=False, system=True),
        Field("startdate", "Start Date", Kind.DATE),
        Field("targetenddate", "Target End Date", Kind.DATE),
        Field("actualenddate", "Actual End Date", Kind.DATE),
        Field(
            "projectstatus",
            "Status",
            Kind.PICKLIST,
            choices=("prospecting", "initiated", "in progress", "on hold", "completed"),
        ),
        Field("projecttype", "Type", Kind.PICKLIST, choices=("administrative", "other")),
        Field(
            "linktoaccountscontacts",
            "Related to",
            Kind.REFERENCE,
            refers_to=("Accounts", "Contacts"),
        ),
        Field("targetbudget", "Target Budget", Kind.CURRENCY),
        Field("projecturl", "Project Url", Kind.URL),
        Field("projectpriority", "Priority", Kind.PICKLIST, choices=("low", "normal", "high")),
        Field("progress", "Progress", Kind.PICKLIST, choices=("10%", "50%", "100%")),
        DESCRIPTION,
        Field("cf_project_offender", "Обидчик", Kind.REFERENCE, refers_to=("Accounts",)),
        Field("cf_project_agent", "Посредник", Kind.REFERENCE, refers_to=("Accounts",)),
        Field("cf_project_ip", "IP клиента"),
        Field("cf_project_source", "Откуда обращение"),
        Field("cf_project_region", "Регион"),
        Field("cf_project_formid", "Номер формы", Kind.INTEGER),
        Field("cf_project_category", "Категория"),
        Field("cf_project_direction", "Направление"),
        Field("cf_project_agrprice", "Цена договора", Kind.CURRENCY),
        Field("cf_project_subject", "Предмет договора", Kind.TEXT),
        Field("cf_project_agrdate", "Дата договора", Kind.DATE),
        Field("cf_project_loss", "Убыток", Kind.CURRENCY),
        Field("cf_project_servicecost", "Стоимость полученной услуги", Kind.CURRENCY),
        Field("cf_project_progress", "Прогресс, %", Kind.INTEGER, most=100),
        Field("cf_project_country", "Страна путешествия"),
        Field("cf_project_hotel", "Отель"),
        Field("cf_project_transport", "Транспорт", Kind.BOOLEAN),
        Field("cf_project_insurance", "Страховка", Kind.BOOLEAN),
        Field("cf_project_other", "Прочее", Kind.TEXT),
        Field("cf_project_independently", "Претензию направили сами", Kind.BOOLEAN),
        Field("cf_project_claimdate", "Дата претензии", Kind.DATE),
        Field("cf_project_returned", "Вернули по претензии", Kind.CURRENCY),
        *OWNED,
    ),
    ("projectname",),
)

DOCUMENTS = Module(
    "Documents",
    "Documents",
    "Document",
    15,
    (
        Field("notes_title", "Title", mandatory=True),
        Field("filename", "File Name", Kind.FILE),
        Field("folderid", "Folder Name", Kind.REFERENCE, refers_to=("DocumentFolders",)),
        Field("note_no", "Document No", editable=False, system=True),
        Field("filetype", "File Type", editable=False),
        Field("filesize", "File Size", Kind.INTEGER, editable=False),
        Field("filelocationtype", "Download Type", default="I"),
        Field("fileversion", "Version"),
        Field("filestatus", "Active", Kind.BOOLEAN, default="1"),
        Field("filedownloadcount", "Download Count", Kind.INTEGER, editable=False),
        Field("notecontent", "Note", Kind.TEXT),
        *OWNED,
    ),
    ("notes_title",),
)

USERS = Module(
    "Users",
    "Users",
    "User",
    19,
    (
        Field("user_name", "User Name", mandatory=True),
        Field("first_name", "First Name"),
        Field("last_name", "Last Name", mandatory=True),
        Field("email1", "Primary Email", Kind.EMAIL),
        Field("is_admin", "Admin"),
        Field("status", "Status"),
        Field("id", "Id", Kind.AUTO, editable=False, system=True),
    ),
    ("first_name", "last_name"),
    is_kept=False,
)

FOLDERS = Module(
    "DocumentFolders",
    "DocumentFolders",
    "DocumentFolders",
    22,
    (
        Field("foldername", "Folder Name", mandatory=True),
        Field("description", "Description", Kind.TEXT),
        Field("id", "Id", Kind.AUTO, editable=False, system=True),
    ),
    ("foldername",),
    is_entity=False,
    is_kept=False,
)

STOCK: tuple[Module, ...] = (ACCOUNTS, CONTACTS, FOLDERS, DOCUMENTS, PROJECT, USERS)
