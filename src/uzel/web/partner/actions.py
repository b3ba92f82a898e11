"""Which action is done by whom. Another action is another line here."""

from uzel.partners.manage import PAY, READ
from uzel.web.partner import payments, reading
from uzel.web.partner.call import Action

ACTIONS: dict[str, Action] = {
    "get_balance": Action(reading.balance, READ),
    "get_payment_cost": Action(payments.cost, READ),
    "process_payment": Action(payments.pay, PAY),
    "get_transaction_status": Action(reading.transaction_status, READ),
    "get_transactions": Action(reading.transactions, READ),
}
