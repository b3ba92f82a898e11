"""What the commands about exchange rates print."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from uzel.cli.kaspi_words import print_json

DOUBTS = {
    "move": "a move larger than one person may make",
    "jump": "a jump of the bank's rate",
    "corrected": "the bank said otherwise of the same day before",
    "far_date": "a day too far ahead",
}


def told_rate(rate: Any) -> dict[str, Any]:
    """A rate, ready for JSON: its value is that of the pair as it was entered."""
    return {
        "version": rate.version,
        "pair": str(rate.pair),
        "value": format(rate.value, "f"),
        "nominal": rate.nominal,
        "source": rate.source,
        "source_date": rate.source_date,
        "since": rate.since,
    }


def told_waiting(it: Any) -> dict[str, Any]:
    """A version that waits, ready for JSON."""
    told = told_rate(it.rate)
    del told["since"]
    said = {"entered_by": it.entered_by, "entered_at": it.entered_at, "doubt": it.doubt}
    return {**told, **said, "move": None if it.move is None else format(it.move, "f")}


def told_policy(policy: Any) -> dict[str, Any]:
    """The limits, ready for JSON."""
    return {
        "move_percent": format(policy.move_percent, "f"),
        "jump_percent": format(policy.jump_percent, "f"),
        "bank_days": policy.bank_days,
        "admin_days": policy.admin_days,
        "sources": list(policy.sources),
    }


def print_list(told: dict[str, Any]) -> None:
    """Pairs, what waits, banks."""
    from uzel.rates.change import login_of

    if not told["pairs"]:
        print(
            "There is no rate. Enter one: uzel rates set USD/RUB 92.413; or let a bank tell them:"
        )
        print("uzel connection add cbr, uzel rates fetch")
    for it in told["pairs"]:
        rate, last = it["rate"], it["last"]
        if rate:
            print(f"{it['pair']}\t{rate['value']}\t{rate['source']}\t{when(rate)}")
        elif last:
            print(f"{it['pair']}\tTOO OLD\t{last['source']}\t{when(last)}")
        else:
            print(f"{it['pair']}\tended")
    for it in told["waiting"]:
        move = f", {Decimal(it['move']) * 100:.2f} %" if it["move"] else ""
        by = login_of(it["entered_by"])
        print(f"waits: {it['version']}\t{it['pair']}\t{it['value']}\tby {by}{move}")
        print(f"\t{DOUBTS[it['doubt']]}; uzel rates approve {it['version']}, or refuse")
    for bank in told["banks"]:
        print(f"{bank['bank']} (connection {bank['connection']}): {bank_words(bank)}")


def when(rate: dict[str, Any]) -> str:
    """The day of a bank, the moment of a person."""
    day, since = rate["source_date"], rate["since"]
    return f"of {day}" if day else f"since {since:%Y-%m-%d %H:%M} UTC"


def bank_words(bank: dict[str, Any]) -> str:
    """How it went last."""
    if not bank.get("succeeded_at"):
        done = "not asked yet"
    else:
        done = (
            f"rates of {bank['source_date'] or '-'}, asked {bank['succeeded_at']:%m-%d %H:%M} UTC"
        )
    if not bank.get("problem"):
        return done
    return f"{done}; FAILED {bank['failed_at']:%m-%d %H:%M} UTC: {bank['problem']}"


def print_fetched(reports: Sequence[dict[str, Any]]) -> None:
    """A line for each bank, and what somebody should look at."""
    for it in reports:
        told = it.get("problem", "")
        if it["state"] == "done":
            told = f"{it['date']}: {it['active']} new, {it['repeated']} known"
        print(f"{it['bank']}: {it['state']}{': ' if told else ''}{told}")
        if it.get("waiting"):
            print(f"  wait for a person: {' '.join(it['waiting'])}; uzel rates list")
        for currency, why in it.get("left_out", {}).items():
            print(f"  left out: {currency} ({why})")


def print_history(pair: Any, points: Sequence[Any], *, as_json: bool) -> None:
    """Oldest first."""
    from uzel.rates.change import login_of

    if as_json:
        said = [
            {
                "at": it.at,
                "source": it.source,
                "version": it.version,
                "rate": it.rate and told_rate(it.rate),
                "entered_by": it.entered_by,
                "approved_by": it.approved_by,
            }
            for it in points
        ]
        print_json({"pair": str(pair), "points": said})
        return
    for it in points:
        value = str(it.rate) if it.rate else "ended"
        approved = f", approved by {login_of(it.approved_by)}" if it.approved_by else ""
        by = login_of(it.entered_by)
        print(f"{it.at:%Y-%m-%d %H:%M} UTC\t{value}\t{it.source}\tby {by}{approved}")
    if not points:
        print(f"nothing was said of {pair}")


def print_limits(policy: Any) -> None:
    """A line for each."""
    kept = "for ever" if policy.admin_days is None else f"{policy.admin_days} days"
    print(f"one person moves a rate by at most {policy.move_percent:f} % (within a day)")
    print(f"a bank by at most {policy.jump_percent:f} %; more waits for a person")
    print(f"a bank's rate is used for {policy.bank_days} days after its day, a person's {kept}")
    print(f"first of: {', '.join(policy.sources)}")
