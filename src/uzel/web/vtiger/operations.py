"""Which operations there are. Another operation is another line here.

Where each takes its parameters from: konsol-and-vtiger, B2; of the site's own ones, B7.
"""

from uzel.web.vtiger import asking, describing, documents, own, records, relating, signing, syncing
from uzel.web.vtiger.operation import Operation

OPERATIONS: dict[str, Operation] = {
    "getchallenge": Operation(signing.get_challenge, is_open=True),
    "login": Operation(signing.log_in, by_post=True, is_open=True),
    "extendsession": Operation(signing.extend, by_post=True, is_open=True),
    "logout": Operation(signing.log_out, by_post=True),
    "listtypes": Operation(describing.list_types),
    "describe": Operation(describing.describe),
    "relatedtypes": Operation(describing.related_types),
    "create": Operation(records.create, by_post=True),
    "retrieve": Operation(records.retrieve),
    "update": Operation(records.update, by_post=True),
    "revise": Operation(records.revise, by_post=True),
    "delete": Operation(records.delete, by_post=True),
    "query": Operation(asking.query),
    "query_related": Operation(asking.query_related),
    "sync": Operation(syncing.sync),
    "retrieve_related": Operation(relating.retrieve),
    "add_related": Operation(relating.add, by_post=True),
    "files_retrieve": Operation(documents.retrieve),
    "getfileslist": Operation(own.files, by_post=True),
    "createcontact": Operation(own.contact, by_post=True),
    "createaccount": Operation(own.account, by_post=True),
    "createproject": Operation(own.project, by_post=True),
}
