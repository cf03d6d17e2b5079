"""Payments: money out to vendors."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from billcom.models.base import Record, RequestBody

BULK_LIMIT = 50
"""Most bills of one bulk payment. Source: BILL docs, Create a bulk payment (an older edition said 200)."""

MAX_DESCRIPTION_LENGTH = 70


class FundingType(StrEnum):
    """What pays."""

    BANK_ACCOUNT = "BANK_ACCOUNT"
    CARD_ACCOUNT = "CARD_ACCOUNT"
    AP_CARD = "AP_CARD"
    WALLET = "WALLET"


class PaymentStatus(StrEnum):
    """Life of a payment in short. Mind the spelling: `single_status` writes CANCELED."""

    APPROVING = "APPROVING"
    SCHEDULED = "SCHEDULED"
    PAID = "PAID"
    CANCELLED = "CANCELLED"
    VOID = "VOID"
    ESCHEATED = "ESCHEATED"
    UNDEFINED = "UNDEFINED"


class SingleStatus(StrEnum):
    """Life of a payment step by step. Source: BILL docs, AP payment status values."""

    SCHEDULED = "SCHEDULED"
    FUNDING_STARTED = "FUNDING_STARTED"
    PROCESSED = "PROCESSED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    CLEARED = "CLEARED"
    EXPIRING = "EXPIRING"
    VOID_PENDING = "VOID_PENDING"
    DISBURSEMENT_ON_HOLD = "DISBURSEMENT_ON_HOLD"
    DISBURSEMENT_FAILED_ACTION_NEEDED = "DISBURSEMENT_FAILED_ACTION_NEEDED"
    DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED = "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED"
    FUNDING_FAILED_ACTION_NEEDED = "FUNDING_FAILED_ACTION_NEEDED"
    CANCELED = "CANCELED"
    VOIDED = "VOIDED"
    FUNDING_FAILED_VOIDED = "FUNDING_FAILED_VOIDED"
    FUNDS_ESCHEATED = "FUNDS_ESCHEATED"


class VoidType(StrEnum):
    """What to do with the money of a voided payment."""

    VOID_ONLY = "VOID_ONLY"
    VOID_AND_CREDIT = "VOID_AND_CREDIT"
    VOID_AND_REISSUE = "VOID_AND_REISSUE"
    VOID_AND_REISSUE_VCARD = "VOID_AND_REISSUE_VCARD"


class FundingAccountReference(RequestBody):
    """The account that pays."""

    type: FundingType = FundingType.BANK_ACCOUNT
    id: str | None = None


class NewProcessingOptions(RequestBody):
    """Options of a payment. BILL wants the object even when it is empty."""

    create_bill: bool | None = None
    request_pay_faster: bool | None = None
    request_check_delivery_type: str | None = None


class NewPayment(RequestBody):
    """A payment of one bill. `transaction_number` (alphanumeric, at most 50) is ours: BILL lists by it."""

    vendor_id: str | None = None
    bill_id: str
    amount: Decimal
    funding_account: FundingAccountReference
    process_date: date | None = None
    processing_options: NewProcessingOptions = NewProcessingOptions()
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION_LENGTH)
    transaction_number: str | None = None


class BillAmount(RequestBody):
    """How much of which bill a bulk payment pays."""

    bill_id: str
    amount: Decimal


class NewBulkPayment(RequestBody):
    """Several bills paid in one request: all of it happens or nothing."""

    funding_account: FundingAccountReference
    payments: list[BillAmount]
    process_date: date | None = None
    vendor_id: str | None = None
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION_LENGTH)
    transaction_number: str | None = None


class BillPayment(Record):
    """The part of a payment that pays one bill."""

    id: str | None = None
    bill_id: str | None = None
    amount: Decimal | None = None


class FundingAccountUsed(Record):
    """The account a payment drew on."""

    type: str | None = None
    id: str | None = None


class Payment(Record):
    """A payment (`stp…`); of several bills where BILL combined them."""

    id: str
    vendor_id: str | None = None
    vendor_name: str | None = None
    bill_id: str | None = None
    bill_payments: tuple[BillPayment, ...] = ()
    amount: Decimal | None = None
    process_date: date | None = None
    funding_account: FundingAccountUsed | None = None
    description: str | None = None
    transaction_number: str | None = None
    confirmation_number: str | None = None
    status: str | None = None
    single_status: str | None = None
    disbursement_status: str | None = None
    disbursement_type: str | None = None
    online_payment: bool | None = None
    cancel_request_submitted: bool | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None

    @property
    def bill_ids(self) -> frozenset[str]:
        """Every bill this payment pays."""
        ids = {self.bill_id, *(part.bill_id for part in self.bill_payments)}
        return frozenset(id for id in ids if id)

    def amount_for(self, bill_id: str) -> Decimal | None:
        """Return what it pays of one bill, None when BILL doesn't say."""
        parts = [
            part.amount for part in self.bill_payments if part.bill_id == bill_id and part.amount is not None
        ]
        if parts:
            return sum(parts, Decimal(0))
        return self.amount if self.bill_id == bill_id else None

    @property
    def is_live(self) -> bool:
        """Whether it pays, will pay or may yet: neither cancelled nor voided. A failed one counts: see below."""
        gone = {PaymentStatus.CANCELLED, PaymentStatus.VOID, PaymentStatus.ESCHEATED}
        gone_single = {
            SingleStatus.CANCELED,
            SingleStatus.VOIDED,
            SingleStatus.FUNDING_FAILED_VOIDED,
            SingleStatus.FUNDS_ESCHEATED,
        }
        return self.status not in gone and self.single_status not in gone_single

    @property
    def needs_attention(self) -> bool:
        """Whether it will not go through unless somebody acts on it at BILL: never call it paid."""
        failing = {
            SingleStatus.VOID_PENDING,
            SingleStatus.DISBURSEMENT_FAILED_ACTION_NEEDED,
            SingleStatus.DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED,
            SingleStatus.FUNDING_FAILED_ACTION_NEEDED,
        }
        return self.single_status in failing or bool(self.cancel_request_submitted)


class FundingOption(Record):
    """One account that could pay, when, at which fee, or the reason why not."""

    id: str | None = None
    name: str | None = None
    available: bool | None = None
    reason: str | None = None
    conditions: tuple[str, ...] = ()
    process_date: date | None = None
    delivery_date: date | None = None
    fee: Decimal | None = None


class FundingOptions(Record):
    """Accounts that could pay, by kind."""

    banks: tuple[FundingOption, ...] = ()
    cards: tuple[FundingOption, ...] = ()


class PaymentOptions(Record):
    """How an amount could be paid to a vendor."""

    vendor_id: str | None = None
    amount: Decimal | None = None
    funding_options: FundingOptions = FundingOptions()
