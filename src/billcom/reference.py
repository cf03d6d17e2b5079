"""References of ours on records that move money, so that they can be found again: digests of what they are for.

They detect, they don't lock: BILL accepts the same reference twice.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

TRANSACTION_NUMBER_LENGTH = 32
CHARGE_MARK_LENGTH = 12
CHUNK_PREFIX = "BULK"


def transaction_number(base_url: str, organization_id: str, bill_id: str, label: str = "") -> str:
    """Return the 32 alphanumerics that name the payment of a bill. BILL takes up to 50 of them.

    Depends on what is paid alone: never on the run, the file, the date or the amount.
    """
    return _digest("payment", base_url, organization_id, bill_id, label)[:TRANSACTION_NUMBER_LENGTH]


def chunk_reference(base_url: str, organization_id: str, kind: str, attempts: Iterable[str]) -> str:
    """Return the 32 alphanumerics that name one request for several records: `attempts` says what and which try.

    It opens with BULK, so that it is told from the reference of a single payment.
    """
    digest = _digest("chunk", base_url, organization_id, kind, *sorted(attempts))
    return (CHUNK_PREFIX + digest)[:TRANSACTION_NUMBER_LENGTH]


def charge_mark(base_url: str, organization_id: str, invoice_ids: list[str], label: str = "") -> str:
    """Return the 12 alphanumerics that open a charge's description: BILL has no reference field for it."""
    parts = ("charge", base_url, organization_id, ",".join(sorted(invoice_ids)), label)
    return _digest(*parts)[:CHARGE_MARK_LENGTH]


def _digest(*parts: str) -> str:
    raw = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(raw).decode().rstrip("=")
