"""Takes its eyes from the process it is called in: what the harness then reports shows that it can fail."""

from __future__ import annotations

from typing import Any

from billcom.intent import Intent, Kind


def stop_looking() -> None:
    """Make every look say that BILL holds nothing, and let what is checked just before money moves pass."""
    from billcom.bulk import once as bulk
    from billcom.bulk import payments as bulk_payments
    from billcom.models.bill import Bill
    from billcom.runs import payment_run
    from flows import ap, ar, paying
    from tasks import payments, received_payments

    remember = Intent.__init__

    def forget(self: Intent[Any], kind: Kind, subject: str, look: Any, *given: Any, **named: Any) -> None:
        # Without this one no payment would be sent at all: it would go by cheque.
        seen = look if kind is Kind.VENDOR_BANK_ACCOUNT else _nothing
        remember(self, kind, subject, seen, *given, **{**named, "look_past": seen, "look_sent": None})

    Intent.__init__ = forget
    setattr(bulk._Chunk, "_look", _nothing)  # noqa: B010 (a private one, of another kind)
    setattr(Bill, "open_amount", property(lambda bill: bill.amount))  # noqa: B010
    payments.check_payable = received_payments.check_chargeable = lambda *_given: None
    bulk_payments.check_payable = payment_run.check_payable = lambda *_given: None
    ap.check_not_overpaid = ar.check_not_overcharged = paying.check_not_overpaid = lambda *_given: None


async def _nothing(*_given: Any) -> None:
    return None
