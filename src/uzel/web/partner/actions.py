"""Which action is done by whom. Another action is another line here."""

from uzel.partners.manage import LEADS, PAY, READ
from uzel.web.partner import leads, payments, reading
from uzel.web.partner.call import Action
from uzel.web.partner.carriers import LEADS as SUBMIT

ACTIONS: dict[str, Action] = {
    "get_balance": Action(reading.balance, READ),
    "get_payment_cost": Action(payments.cost, READ),
    "process_payment": Action(payments.pay, PAY),
    "get_transaction_status": Action(reading.transaction_status, READ),
    "get_transactions": Action(reading.transactions, READ),
    SUBMIT: Action(
        leads.submit_leads,
        LEADS,
        "Unauthorized: Invalid API token in JSON payload.",
        leads.demand_json,
    ),
}
