"""Owns AP payments: what was asked for, and where the payment stands."""

from dataclasses import dataclass, field
from datetime import date, datetime

from billcom.emulator.clock import iso
from billcom.emulator.money import dollars
from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json, present

# singleStatus values by what they mean for the bill. Source: BILL docs, AP payment status values.
IN_FLIGHT = frozenset({"SCHEDULED", "FUNDING_STARTED"})
STARTED = frozenset({"FUNDING_STARTED"})
# Unverified: that a bill stays paid after a failed disbursement, until the payment is voided.
SETTLED = frozenset(
    {
        "PROCESSED", "SENT", "DELIVERED", "CLEARED", "DISBURSEMENT_ON_HOLD", "EXPIRING", "VOID_PENDING",
        "DISBURSEMENT_FAILED_ACTION_NEEDED", "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED",
        "FUNDING_FAILED_ACTION_NEEDED",
    }
)  # fmt: skip
VOIDABLE = frozenset(
    {
        "FUNDING_STARTED", "PROCESSED", "SENT", "DELIVERED",
        "DISBURSEMENT_FAILED_ACTION_NEEDED", "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED",
    }
)  # fmt: skip
FAILED_DISBURSEMENT = frozenset(
    {"DISBURSEMENT_FAILED_ACTION_NEEDED", "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED"}
)


@dataclass
class BillPayment:
    """The part of a payment that pays one bill."""

    id: str
    bill_id: str
    amount: int

    def wire(self) -> Json:
        """Return the part as BILL answers it; vendor credits are not kept here."""
        return {"id": self.id, "billId": self.bill_id, "amount": dollars(self.amount), "vendorCredits": []}


@dataclass
class VoidInfo:
    """A request to void a payment."""

    id: str
    requested_by: str
    type: str
    reason: str
    created: datetime
    updated: datetime
    status: str = "TO_BE_PROCESSED"

    def wire(self) -> Json:
        """Return the request as BILL answers it."""
        return {
            "id": self.id,
            "requestedBy": self.requested_by,
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "createdTime": iso(self.created),
            "updatedTime": iso(self.updated),
        }


@dataclass(kw_only=True)
class Payment(Record):
    """Money out to one vendor, for one bill or several; `amount` is in cents."""

    vendor_id: str
    vendor_name: str
    bill_payments: list[BillPayment]
    process_date: date
    transaction_number: str
    confirmation_number: str
    created_by: str
    disbursement_type: str
    status: str = "SCHEDULED"
    single_status: str = "SCHEDULED"
    online: bool = True
    funding_account: Json | None = None
    processing_options: Json | None = None
    description: str | None = None
    card_funding_purpose: str | None = None
    remittance_email: str | None = None
    to_print_check: bool | None = None
    cancel_requested: bool = False
    void_info: list[VoidInfo] = field(default_factory=list[VoidInfo])
    sent_date: date | None = None
    arrives_by_date: date | None = None

    @property
    def amount(self) -> int:
        """The whole payment in cents."""
        return sum(part.amount for part in self.bill_payments)

    @property
    def disbursement_status(self) -> str | None:
        """BILL's coarse word for how far the vendor's side is; None before anything was sent."""
        if self.single_status in FAILED_DISBURSEMENT:
            return "FAILED"
        if self.single_status == "DISBURSEMENT_ON_HOLD":
            return "HOLD"
        return "DONE" if self.single_status == "CLEARED" else None

    def wire(self) -> Json:
        """Return the payment as BILL answers it; `billId` only when it pays a single bill."""
        return present(
            {
                "amount": dollars(self.amount),
                "id": self.id,
                "vendorId": self.vendor_id,
                "vendorName": self.vendor_name,
                "billId": self.bill_payments[0].bill_id if len(self.bill_payments) == 1 else None,
                "billPayments": [part.wire() for part in self.bill_payments],
                "description": self.description,
                "processDate": self.process_date.isoformat(),
                "fundingAccount": self.funding_account,
                "processingOptions": self.processing_options,
                "transactionNumber": self.transaction_number,
                "confirmationNumber": self.confirmation_number,
                "status": self.status,
                "singleStatus": self.single_status,
                "exchangeRate": 1.0,
                "fundingAmount": dollars(self.amount),
                "onlinePayment": self.online,
                "disbursementType": self.disbursement_type,
                "disbursementStatus": self.disbursement_status,
                "disbursementInfo": self._disbursement_info() if self.online else None,
                "remittanceEmail": self.remittance_email,
                "toPrintCheck": self.to_print_check,
                "voidInfo": [info.wire() for info in self.void_info] or None,
                "cardFundingPurpose": self.card_funding_purpose,
                "cancelRequestSubmitted": self.cancel_requested if self.online else None,
                "createdBy": self.created_by,
                **self.times(),
            }
        )

    def _disbursement_info(self) -> Json:
        """Return whether the payment can be voided, and when it was sent and arrives once that is known."""
        info: Json = {"isVoidable": self.single_status in VOIDABLE}
        if self.sent_date and self.arrives_by_date:
            kind = "achDisbursement" if self.disbursement_type == "ACH" else "checkDisbursement"
            info[kind] = {
                "sentDate": self.sent_date.isoformat(),
                "arrivesByDate": self.arrives_by_date.isoformat(),
            }
        return info
