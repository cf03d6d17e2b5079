"""Takes its eyes from the process it is called in: what the harness then reports shows that it can fail."""

from __future__ import annotations

from typing import Any

from billcom.intent import Intent, Kind


def stop_looking() -> None:
    """Make every look say that BILL holds nothing, and let what is checked just before money moves pass."""
    from flows import ap, ar
    from tasks import payments, received_payments

    remember = Intent.__init__

    def forget(self: Intent[Any], kind: Kind, subject: str, look: Any, *given: Any, **named: Any) -> None:
        # Without this one no payment would be sent at all: it would go by cheque.
        seen = look if kind is Kind.VENDOR_BANK_ACCOUNT else _nothing
        remember(self, kind, subject, seen, *given, **{**named, "look_past": seen})

    Intent.__init__ = forget
    payments.check_payable = received_payments.check_chargeable = lambda *_given: None
    ap.check_not_overpaid = ar.check_not_overcharged = lambda *_given: None


async def _nothing() -> None:
    return None
