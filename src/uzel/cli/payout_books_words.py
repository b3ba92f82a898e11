"""What the commands of `payout_books` print for people."""

from typing import Any

from uzel.model.currency import text

CURRENCY = "RUB"
DIFFERS, VOID = 3, 1
SHOWN = ("amount_minor", "currency", "status", "state", "target", "bank")


def status(work: str, told: Any) -> int:
    """Of the command: 0 where nothing is to be done."""
    if work == "banks":
        return 1 if told["name"] and len(told["banks"]) != 1 else 0
    if work == "reconcile":
        if told["void_because"] or told["broken"]:
            return VOID
        return DIFFERS if told["differences"] else 0
    return 0


def banks(told: Any) -> str:
    lines = [f"{bank['id']}\t{bank['name']}" for bank in told["banks"]]
    if told["name"] and len(lines) != 1:
        return "\n".join([*lines, "which one is meant?"] if lines else ["no bank is called so"])
    since = told["taken_at"] or "never: these are the best known ones"
    return "\n".join([*lines, *([] if told["name"] else [f"taken from the provider: {since}"])])


def balance(told: Any) -> str:
    if told["balance"] is None:
        return f"the provider has not been asked yet; held: {told['held']} {told['currency']}"
    currency = told["currency"]
    lines = [
        f"at the provider\t{told['balance']} {currency}" + (" (old)" if told["is_old"] else ""),
        f"held\t{told['held']} {currency}, of them not sent: {told['unsent']}",
        f"free\t{told['free']} {currency}" + (" - too little" if told["is_short"] else ""),
        f"enough until\t{told['enough_until'] or 'no end in sight'}",
    ]
    return "\n".join(lines)


def reconcile(told: Any) -> str:
    head = f"{told['since']} - {told['until']}"
    if told["void_because"]:
        return f"{head}: void, nothing follows from it: {told['void_because']}"
    lines = [
        head,
        f"ours\t{told['ours']}\t{rubles(told['ours_minor'])}",
        f"theirs\t{told['theirs']}\t{rubles(told['theirs_minor'])}",
        f"differences\t{told['seen']}, new: {told['new']}, gone: {told['gone']}, "
        f"settled before: {told['settled']}, too young to judge: {told['too_young']}",
    ]
    if told["looks"]:
        lines.append(f"the provider is asked after {told['looks']} payouts")
    if told["unexplained_minor"] is not None:
        lines.append(
            f"balance\t{rubles(told['balance_from_minor'])} to {rubles(told['balance_to_minor'])}, "
            f"left: {rubles(told['left_minor'])}, beside that: "
            f"{rubles(told['unexplained_minor'])}"
        )
    return "\n".join([*lines, *told["broken"], *map(line, told["differences"])])


def differences(told: Any) -> str:
    return "\n".join(map(line, told)) or "no differences"


def line(it: Any) -> str:
    """One difference."""
    ours = side(it["ours"]) if it["ours"] else "none"
    theirs = "; ".join(map(side, it["theirs"])) or "none"
    about = it["public_id"] or it["subject"]
    told = f"{it['id']}\t{it['kind']}\t{about}\tours: {ours}\ttheirs: {theirs}"
    return told + (f"\t{it['resolved_by']}: {it['note']}" if it["note"] else "")


def side(it: Any) -> str:
    named = {name: it.get(name) for name in SHOWN if it.get(name) is not None}
    if "amount_minor" in named:
        named["amount_minor"] = rubles(named["amount_minor"])
    return " ".join([*map(str, named.values()), *([it["id"]] if it.get("id") else [])])


def settle(told: Any) -> str:
    return f"difference {told['difference']} is settled: {told['kind']} of {told['subject']}"


def statement(told: Any) -> str:
    return f"{told['file']}: {told['bytes']} bytes, {told['count']} lines"


def rubles(minor: int) -> str:
    return text(minor, CURRENCY)
