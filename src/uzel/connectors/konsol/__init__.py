"""konsol.pro: payouts to cards, to phones at a bank, and to accounts; what became of them."""

from datetime import date

from uzel.connector import Checked, Connector, Operation
from uzel.connectors.konsol import contractors, payments, references
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.webhook import WEBHOOK

# No description of the service is public; other people's clients and a diagram stand for one.
DOCUMENTED = Checked.DOCUMENTATION
CHECKED_ON = date(2026, 11, 21)

READS = tuple(
    Operation(run.__name__, run, arguments, DOCUMENTED, CHECKED_ON, repeatable=True)
    for run, arguments in (
        (references.balance, ()),
        (references.fps_banks, ()),
        (contractors.contractors, ()),
        (payments.payment, ("id",)),
        (payments.payments, ("since",)),
    )
)
CREATE_CONTRACTOR = Operation(
    "create_contractor",
    contractors.create_contractor,
    ("kind", "first_name", "last_name", "patronymic", "phone", "taxpayer_id"),
    DOCUMENTED,
    CHECKED_ON,
    look_up=contractors.look_up_contractor,
    # To be known there twice harms nobody; payouts wait for it.
    settles_after_s=30.0,
)
CREATE_PAYMENT = Operation(
    "create_payment",
    payments.create_payment,
    (
        *("reference", "planned_at", "purpose", "amount_minor", "kind"),
        *("contractor_id", "contractor"),
        *("card_number", "phone", "bank_member_id"),
        *("bank_id", "bank_account_id", "owner_name"),
    ),
    DOCUMENTED,
    CHECKED_ON,
    look_up=payments.look_up_payment,
    # How late a payment comes into the list is not known, and a second one would be real money.
    absence_proves=False,
    sealed=("card_number",),
    settles_after_s=payments.LISTED_WITHIN.total_seconds(),
)

CONNECTOR = Connector(
    name="konsol",
    title="Консоль",
    config=KonsolConfig,
    webhook=WEBHOOK,
    operations={it.name: it for it in (*READS, CREATE_CONTRACTOR, CREATE_PAYMENT)},
    environment={
        "KONSOL_API_TOKEN": "token",
        "KONSOL_BASE_URL": "base_url",
        "KONSOL_TIMEOUT": "timeout_s",
    },
    test="balance",
)
