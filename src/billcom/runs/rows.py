"""What one row of a sheet asks for, its cells read and checked. Knows no file and no BILL."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel, ConfigDict

from billcom.inputs import AddressInput, InvoiceLineInput
from billcom.models.bank_account import NewBankAccount
from billcom.money import CENT


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sheet: str
    """Name of the sheet; the file's name for CSV."""

    rows: tuple[int, ...]
    """The rows as the spreadsheet numbers them, the header being 1; several where each is one line."""

    @property
    def place(self) -> str:
        """Where it stands: `June row 7`, `June rows 7-9`."""
        first, last = self.rows[0], self.rows[-1]
        if last == first:
            return f"{self.sheet} row {first}"
        whole = self.rows == tuple(range(first, last + 1))
        return f"{self.sheet} rows {f'{first}-{last}' if whole else ', '.join(map(str, self.rows))}"


class BillLineRow(BaseModel):
    """One line of a bill: dollars, what for, and the GL account's number or name, empty for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Decimal
    description: str = ""
    gl_account: str = ""


class PaymentRow(_Row):
    """One bill to be paid. `vendor_id`: BILL's, where several vendors have the name.

    `address` and `bank_account` are needed only where BILL doesn't have the vendor.

    `pay_amount`: dollars of this payment, None for the whole bill. `label` tells a second payment of one bill
    from the first. `override`: why a payment that a guard holds is meant all the same.
    """

    vendor: str
    address: AddressInput | None = None
    payee_name: str = ""
    email: str = ""
    account_number: str = ""
    vendor_id: str = ""
    bank_account: NewBankAccount | None = None
    invoice_number: str
    invoice_date: date
    due_date: date
    lines: tuple[BillLineRow, ...]
    description: str = ""
    pay_amount: Decimal | None = None
    process_date: date | None = None
    memo: str = ""
    label: str = ""
    override: str = ""

    @property
    def bill_amount(self) -> Decimal:
        """Sum of the lines in dollars."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def amount(self) -> Decimal:
        """Dollars to be paid."""
        return self.bill_amount if self.pay_amount is None else self.pay_amount


class CollectionRow(_Row):
    """One invoice to be sent, and charged where `charge` says so.

    `customer_id`: BILL's, where several customers have the name.
    `billing_address`, `email` and `bank_account` are needed only where BILL doesn't have them.
    `authorization_on_file`: we hold the customer's signed authorization to charge it.
    """

    customer: str
    email: str = ""
    customer_id: str = ""
    billing_address: AddressInput | None = None
    bank_account: NewBankAccount | None = None
    invoice_number: str
    invoice_date: date
    due_date: date
    lines: tuple[InvoiceLineInput, ...]
    send_email: bool = False
    charge: bool = False
    authorization_on_file: bool = False
    payment_date: date | None = None
    label: str = ""
    override: str = ""

    @property
    def amount(self) -> Decimal:
        """Sum of the lines in dollars, each rounded to cents."""
        return sum(
            ((line.quantity * line.price).quantize(CENT, ROUND_HALF_UP) for line in self.lines),
            Decimal("0.00"),
        )
