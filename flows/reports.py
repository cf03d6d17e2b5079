"""What a run leaves for a finance person to read: markdown, no secret, no bank number."""

from __future__ import annotations

from collections.abc import Iterable

from billcom.errors import BillError
from billcom.money import display
from billcom.results import ApResult, ArResult, RepairResult, Step


def ap_summary(result: ApResult) -> str:
    """Return an AP run in one line."""
    state = f"payment {result.payment_id} {result.payment_status}" if result.payment_id else "dry run"
    return f"USD {display(result.amount)}, {state}"


def ar_summary(result: ArResult) -> str:
    """Return an AR run in one line."""
    charged = f"charge {result.received_payment_id} {result.received_payment_status}"
    state = charged if result.received_payment_id else "dry run" if result.dry_run else "not charged"
    return f"USD {display(result.amount)}, {state}"


def ap_report(result: ApResult, vendor: str, bill: str, chain: str) -> str:
    """Return the report of an AP run: first what happened to the money, then every record."""
    amount = f"USD {display(result.amount)}"
    if result.payment_id:
        paid = f"Payment **{result.payment_id}** is **{result.payment_status}**"
        outcome = f"{paid}; funds leave on **{result.process_date}**."
        if "payment" not in result.made:
            outcome = f"Already paid: nothing was sent. {outcome}"
    else:
        outcome = f"**Dry run: nothing was written to BILL.** Funds would leave on {result.process_date}."
    title = f"# Bill {escaped(bill)} of {escaped(vendor)}: {amount}"
    return f"{title}\n\n{outcome}\n\n{_table(result.steps)}{_journal(chain)}"


def ar_report(result: ArResult, customer: str, invoice: str, chain: str) -> str:
    """Return the report of an AR run: first what happens to the money, then every record."""
    lines: list[str] = []
    if result.received_payment_id:
        status = f"**{result.received_payment_status}**"
        lines.append(
            f"Charge **{result.received_payment_id}** is {status}; funds are drawn on "
            f"**{result.payment_date}**. Only PAID is money in."
        )
    elif result.dry_run:
        lines.append("**Dry run: nothing was written to BILL.**")
    else:
        lines.append("The invoice is not charged.")
    if result.emailed:
        lines.append("The invoice was e-mailed to the customer.")
    if result.not_emailed:
        lines.append(
            "**Not e-mailed by this run**: the invoice was at BILL already. Send it there if need be."
        )
    if result.payment_link:
        lines.append(f"The customer can pay at {result.payment_link}")
    title = f"# Invoice {escaped(invoice)} to {escaped(customer)}: USD {display(result.amount)}"
    return "\n\n".join([title, *lines, _table(result.steps) + _journal(chain)])


def repair_summary(result: RepairResult) -> str:
    """Return what a repair found in one line."""
    settled = len(result.resolutions) - len(result.left)
    return f"{settled} settled, {len(result.left)} left open"


def repair_report(result: RepairResult, chain: str) -> str:
    """Return the report of a repair: what is left first, then what was settled."""
    title = f"# Unknown writes: {repair_summary(result)}"
    rows = [
        f"| {'**open**' if r.is_left else 'settled'} | {escaped(r.what)} | {r.amount or '–'} | {r.record_id or '–'} | "
        f"{escaped(r.outcome)} |"
        for r in sorted(result.resolutions, key=lambda r: not r.is_left)
    ]
    head = ["| | Write | USD | BILL id | |", "|---|---|---|---|---|"]
    table = "\n".join([*head, *rows]) if rows else "Nothing is open, and nothing was found twice."
    return f"{title}\n\n{table}{_journal(chain)}"


def stopped_report(error: BillError, what: str, steps: Iterable[Step], chain: str = "") -> str:
    """Return the report of a run that an error stopped: why, what to do, what stands at BILL."""
    return f"# Stopped: {escaped(what)}\n\n{escaped(str(error))}\n\n{_table(steps)}{_journal(chain)}"


def _table(steps: Iterable[Step]) -> str:
    rows = [f"| {s.noun} | {escaped(s.name)} | {s.id or '–'} | {s.deed.value} |" for s in steps]
    if not rows:
        return "Nothing was made or found at BILL."
    return "\n".join(["| Record | Name | BILL id | |", "|---|---|---|---|", *rows])


def _journal(chain: str) -> str:
    return f"\n\nJournal: {chain}." if chain else ""


def escaped(value: str) -> str:
    """Return text that can't break out of a heading or a table cell."""
    return value.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")
