"""What a partner reads: the balance, one transaction, all of them."""

import re
from typing import Any

from uzel.kit.database import Pool
from uzel.ledger.accounts import TEST, standing
from uzel.model.currency import decimal
from uzel.partners import lead_store
from uzel.partners import payment_store as store
from uzel.partners.payment import Partner, State
from uzel.partners.report_text import as_kept
from uzel.partners.settings import Debit
from uzel.partners.shown import rate_shown
from uzel.web.partner.call import Call
from uzel.web.partner.reply import Refusal, Reply, clock, ok
from uzel.web.partner.wanted import number

DEFAULT_LIMIT, MOST = 100, 1000
# What the price of a lead is called until there is a report on it.
CHARGED = "charged"
NUMBER = re.compile(r"[+-]?[0-9]{1,9}")


async def balance(call: Call) -> Reply:
    """`get_balance`: what is available is the balance, without the credit."""
    partner = call.caller.partner
    stands = await standing(call.parts.pool, partner.account)
    assert stands is not None
    return ok(
        partner_name=partner.name,
        balance=number(decimal(stands.available_minor, partner.currency)),
        balance_currency=partner.currency,
        held=number(decimal(stands.held_minor, partner.currency)),
        total=number(decimal(stands.posted_minor, partner.currency)),
        partner_id=partner.public_id,
        is_test=partner.book == TEST,
        credit_limit=number(decimal(stands.credit_minor, partner.currency)),
        available_to_spend=number(decimal(stands.spendable_minor, partner.currency)),
    )


async def transaction_status(call: Call) -> Reply:
    """`get_transaction_status`, by our id or by the partner's own number."""
    wanted = call.given.value("transaction_id")
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        wanted = str(wanted)
    if not isinstance(wanted, str) or not wanted.strip():
        raise Refusal("invalid_parameters", "transaction_id is required.")
    row = await find(call.parts.pool, call.caller.partner, wanted.strip())
    if row is None:
        raise Refusal("not_found", "Transaction not found or access denied.")
    return ok(transaction=transaction(call.caller.partner, row))


async def find(pool: Pool, partner: Partner, wanted: str) -> Any:
    """A payment of this partner's, None where there is none."""
    if not wanted.isprintable():  # what PostgreSQL could not take, and nobody ever gave out
        return None
    row = await store.find(pool, partner.id, partner.book, wanted)
    return row or await store.find_by_number(pool, partner.id, partner.book, wanted)


def transaction(partner: Partner, row: Any) -> dict[str, Any]:
    """A payment as partners' programs know it, and what is new about it."""
    currency = row["balance_currency"]
    return {
        "id": row["public_id"],
        "partner_id": partner.public_id,
        "partner_name": partner.name,
        "payment_amount": number(row["amount"]),
        "payment_currency": row["currency"],
        "rate_used": number(rate_shown(row["rate"])),
        "amount_deducted": number(decimal(row["cost_minor"], currency)),
        "balance_before": number(decimal(row["before_minor"], currency)),
        "balance_after": number(decimal(row["after_minor"], currency)),
        "status": status_of(partner, row["state"]),
        "service_details": row["details"],
        "error_message": row["error"],
        "timestamp": clock(row["created_at"]),
        "external_id": row["external_id"],
        "balance_currency": currency,
        "commission": number(decimal(row["commission_minor"], currency)),
        "payment_state": row["state"],
        "updated_at": clock(row["updated_at"]),
        "lead_external_id": row["lead_external_id"],
    }


def status_of(partner: Partner, state: str) -> str:
    """As agreed: who is debited at once hears of success until it turns out otherwise."""
    if partner.settings.debit is Debit.AT_ONCE and state != State.FAILED:
        return "success"
    return state


async def transactions(call: Call) -> Reply:
    """`get_transactions`: the newest first, with sums over all of them."""
    partner, pool = call.caller.partner, call.parts.pool
    before = call.given.text("before")
    last = await find(pool, partner, before) if before else None
    if before and last is None:
        raise Refusal("not_found", "Transaction not found or access denied.")
    limit = limit_of(call.given.value("limit"))
    number_of_last = last["id"] if last else None
    rows = await store.newest(pool, partner.id, partner.book, limit, number_of_last)
    about = await lead_store.of_payments(pool, [row["id"] for row in rows if row["kind"] == "lead"])
    leads = {lead["payment_id"]: lead for lead in about}
    return ok(
        partner_name=partner.name,
        partner_id=partner.public_id,
        transactions=[in_list(partner, row, leads.get(row["id"])) for row in rows],
        stats=stats_of(partner, await store.sums(pool, partner.id, partner.book)),
        count=len(rows),
        next_before=rows[-1]["public_id"] if len(rows) == limit else None,
    )


def limit_of(value: Any) -> int:
    """1 to 1000; what is no number is 100."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return DEFAULT_LIMIT
    found = NUMBER.fullmatch(str(value).strip())
    return min(max(int(found[0]), 1), MOST) if found else DEFAULT_LIMIT


def in_list(partner: Partner, row: Any, lead: Any = None) -> dict[str, Any]:
    """With the names that lists have always had, beside those of a transaction; `lead`: what was
    paid for, and the last report on it.
    """
    one = transaction(partner, row)
    listed = one | {
        "transaction_id": one["id"],
        "lead_id": None,
        "partner_deal_id": one["external_id"],
        "charge_amount_usd": one["amount_deducted"],
        "partner_balance_before": one["balance_before"],
        "partner_balance_after": one["balance_after"],
        "lead_data_received": None,
        "created_at": one["timestamp"],
        "completion_status": None,
        "completion_details": None,
    }
    return listed if lead is None else listed | of_lead(row, lead)


def of_lead(row: Any, lead: Any) -> dict[str, Any]:
    """What is different about the price of a lead."""
    sent = {"dealId": lead["external_id"], "paymentUrl": lead["payment_url"], **lead["data"]}
    said = {
        "status": CHARGED if row["state"] == State.PENDING else row["state"],
        "lead_id": lead["deal_id"],
        "partner_deal_id": lead["external_id"],
        "lead_data_received": sent,
    }
    if lead["report_id"] is not None:
        given = as_kept(lead["report"])
        said["completion_status"] = lead["status"]
        said["completion_details"] = {
            "status": lead["status"],
            **{name: given.get(name) for name in ("amount", "currency", "email", "card")},
            "report_id": lead["report_id"],
            "reported_at": clock(lead["reported_at"]),
        }
    return said


def stats_of(partner: Partner, sums: Any) -> dict[str, Any]:
    """Counts, and what was charged and not given back."""
    charged = number(decimal(int(sums["charged_minor"]), partner.currency))
    last = sums["last_at"]
    return {
        "total_transactions": sums["total"],
        "total_charged_usd": charged,
        "total_charged": charged,
        "balance_currency": partner.currency,
        "completed_count": sums["completed"],
        "failed_count": sums["failed"],
        "pending_count": sums["pending"],
        "last_transaction_date": clock(last) if last else None,
    }
