"""The inside of amoCRM in miniature, for `sandbox.py`; no part of what talks to amoCRM.

settings, traffic, oauth, answers   how it behaves, who may ask, how it answers
account, entities, fields, links    what an account holds and how it is shown
listing, writing                    lists in pages; bodies of many entities, checked as a whole
*_methods, doors                    the methods of the API and where they are
hooks, books                        what it posts; what the control doors tell and do
"""

from uzel.connectors.amocrm.miniature.account import Account
from uzel.connectors.amocrm.miniature.hooks import form_of

__all__ = ["Account", "form_of"]
