"""Finding at BILL all money that bears our references, and whether a record is still there: for a journal anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from billcom.client import BillClient
from billcom.errors import NotFoundError, NotPermittedError
from billcom.intent import MONEY, Kind
from billcom.journal_rows import Entry, Identity
from billcom.lookup.payments import payment_in_full
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.payment import Payment
from billcom.models.received_payment import ReceivedPayment
from billcom.money import plain
from billcom.normalization import normalize_text
from billcom.reference import (
    CHARGE_MARK_LENGTH,
    CHUNK_PREFIX,
    TRANSACTION_NUMBER_LENGTH,
    charge_mark,
    transaction_number,
)

# What our digests are written in: a text of their length and letters may be one of ours.
_DIGEST = re.compile(r"[A-Z2-7]+")
_HALVES = (ACTIVE, ARCHIVED)


@dataclass(frozen=True)
class Found:
    """Money at BILL that bears our reference: of which bill or invoice, under which label."""

    identity: Identity
    record_id: str
    amount: str
    details: dict[str, str]
    status: str
    is_live: bool
    made_at: datetime | None


@dataclass(frozen=True)
class Ours:
    """What of ours BILL holds; `unnamed`: what may be ours under a label that nobody knows here, in words."""

    found: list[Found] = field(default_factory=list[Found])
    unnamed: list[str] = field(default_factory=list[str])


async def find_ours(client: BillClient, known: Collection[Identity]) -> Ours:
    """Return every payment and charge with a reference of ours; `known` tells the labels that were in use."""
    payments = [await payment_in_full(client, row) async for row in client.payments.list()]
    try:
        charges = [await _charge_in_full(client, row) async for row in client.received_payments.list()]
    except NotPermittedError:
        # An organization that only pays, or a user who only pays.
        if any(identity.kind == Kind.CHARGE for identity in known):
            raise
        charges = []
    return Ours(*await _named(client, known, payments, charges))


async def is_at_bill(client: BillClient, entry: Entry) -> bool:
    """Return whether BILL has the record of a row; what this program can't read is taken to be there."""
    owner = entry.identity.subject.partition(" ")[0]
    try:
        match entry.identity.kind:
            case Kind.VENDOR:
                await client.vendors.get(entry.record_id)
            case Kind.BILL:
                await client.bills.get(entry.record_id)
            case Kind.PAYMENT:
                await client.payments.get(entry.record_id)
            case Kind.CUSTOMER:
                await client.customers.get(entry.record_id)
            case Kind.INVOICE:
                await client.invoices.get(entry.record_id)
            case Kind.CHARGE:
                await client.received_payments.get(entry.record_id)
            case Kind.VENDOR_BANK_ACCOUNT:
                return (await client.vendors.get_bank_account(owner)).id in (None, entry.record_id)
            case Kind.CUSTOMER_BANK_ACCOUNT:
                await client.customers.get_bank_account(owner, entry.record_id)
            case _:
                pass
    except NotFoundError:
        return False
    except NotPermittedError:
        if entry.identity.kind in MONEY:
            raise
    return True


async def _charge_in_full(client: BillClient, row: ReceivedPayment) -> ReceivedPayment:
    thin = not row.description or not row.invoice_payments
    return await client.received_payments.get(row.id) if thin else row


async def _named(
    client: BillClient, known: Collection[Identity], payments: list[Payment], charges: list[ReceivedPayment]
) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    unnamed: list[str] = []
    names = _Names(client, known)
    for payment in payments:
        number = payment.transaction_number or ""
        if not _is_digest(number, TRANSACTION_NUMBER_LENGTH):
            continue
        if identities := await names.of_payment(payment):
            found += [_payment(identity, payment) for identity in identities]
        else:
            bills = ", ".join(sorted(payment.bill_ids)) or "no bill"
            unnamed.append(f"payment {payment.id} of {bills}, {payment.status}, transaction number {number}")
    for charge in charges:
        mark = (charge.description or "").partition(" ")[0]
        if not _is_digest(mark, CHARGE_MARK_LENGTH):
            continue
        if identity := await names.of_charge(charge, mark):
            found.append(_charge(identity, charge))
        else:
            unnamed.append(f"charge {charge.id}, {charge.status}, whose description opens with {mark}")
    return found, unnamed


class _Names:
    """Which bill or invoice, and label, a reference is a digest of."""

    def __init__(self, client: BillClient, known: Collection[Identity]) -> None:
        self._client = client
        self._known = known
        labels = {identity.label for identity in known}
        self._labels = {"", *labels, *map(normalize_text, labels)}
        settings = client.settings
        self._place = (settings.base_url, settings.organization_id)
        self._bills: dict[str, Identity] | None = None
        self._invoices: dict[str, Identity] | None = None

    async def of_payment(self, payment: Payment) -> list[Identity]:
        """Return what a payment is, by its transaction number; several where it went out with others."""
        number = payment.transaction_number or ""
        if number.startswith(CHUNK_PREFIX):
            return [Identity(*self._place, Kind.PAYMENT, bill_id) for bill_id in sorted(payment.bill_ids)]
        own = self._digests(Kind.PAYMENT, payment.bill_ids, self._number, self._labels)
        if number in own:
            return [own[number]]
        if self._bills is None:
            ids = [row.id for half in _HALVES async for row in self._client.bills.list([half])]
            self._bills = self._digests(Kind.PAYMENT, ids, self._number)
        return [self._bills[number]] if number in self._bills else []

    async def of_charge(self, charge: ReceivedPayment, mark: str) -> Identity | None:
        """Return what a charge is, by the mark that opens its description; it may pay other invoices by now."""
        paid = [part.invoice_id for part in charge.invoice_payments if part.invoice_id]
        own = self._digests(Kind.CHARGE, paid, self._mark, self._labels)
        if mark in own:
            return own[mark]
        if self._invoices is None:
            ids = [row.id for half in _HALVES async for row in self._client.invoices.list([half])]
            self._invoices = self._digests(Kind.CHARGE, ids, self._mark)
        return self._invoices.get(mark)

    def _digests(
        self,
        kind: Kind,
        ids: Iterable[str],
        digest: Callable[[str, str], str],
        labels: Collection[str] = ("",),
    ) -> dict[str, Identity]:
        listed = {Identity(*self._place, kind, subject, label) for subject in ids for label in labels}
        candidates = listed | {identity for identity in self._known if identity.kind == kind}
        return {digest(identity.subject, identity.label): identity for identity in candidates}

    def _number(self, bill_id: str, label: str) -> str:
        return transaction_number(*self._place, bill_id, label)

    def _mark(self, invoice_id: str, label: str) -> str:
        return charge_mark(*self._place, [invoice_id], label)


def _payment(identity: Identity, payment: Payment) -> Found:
    day = {"process_date": str(payment.process_date)} if payment.process_date else {}
    vendor = {"vendor_id": payment.vendor_id} if payment.vendor_id else {}
    amount = plain(payment.amount_for(identity.subject) or payment.amount)
    status = payment.status or "of no status"
    made_at = payment.created_time
    return Found(identity, payment.id, amount, vendor | day, status, payment.is_live, made_at)


def _charge(identity: Identity, charge: ReceivedPayment) -> Found:
    day = {"payment_date": str(charge.payment_date)} if charge.payment_date else {}
    customer = {"customer_id": charge.customer_id} if charge.customer_id else {}
    paid = [part.amount for part in charge.invoice_payments if part.invoice_id == identity.subject]
    amount = plain(next(iter(paid), None) or charge.amount)
    status = charge.status or "of no status"
    return Found(identity, charge.id, amount, customer | day, status, charge.is_live, charge.created_time)


def _is_digest(text: str, length: int) -> bool:
    return len(text) == length and _DIGEST.fullmatch(text) is not None
