"""What a workflow did at BILL, record by record: what it returns, and what its report is made of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from billcom.intent import AMOUNT
from billcom.journal import Entry


class Deed(StrEnum):
    """What became of one record."""

    MADE = "made"
    FOUND = "found"
    PLANNED = "to be made"


class Step(BaseModel):
    """One record of a workflow. `id` is empty for one that is only planned."""

    model_config = ConfigDict(frozen=True)

    noun: str
    name: str
    id: str
    deed: Deed

    def __str__(self) -> str:
        """Return it for an error message: `vendor 009…`."""
        return f"{self.noun} {self.id}"


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)

    dry_run: bool
    amount: Decimal
    steps: tuple[Step, ...]

    @property
    def made(self) -> tuple[str, ...]:
        """Nouns of the records this run made."""
        return tuple(step.noun for step in self.steps if step.deed is Deed.MADE)


class ApResult(_Result):
    """The AP workflow's ids and the payment's status as BILL says it. Ids are empty for what is only planned."""

    vendor_id: str
    bill_id: str
    funding_account_id: str
    payment_id: str = ""
    process_date: date | None
    payment_status: str = ""
    payment_single_status: str = ""
    bill_payment_status: str = ""


class ArResult(_Result):
    """The AR workflow's ids and the charge's status as BILL says it. Ids are empty for what is only planned.

    `not_emailed`: it was asked for, but the invoice was at BILL already, so that this run did not send it.
    """

    customer_id: str = ""
    bank_account_id: str = ""
    invoice_id: str = ""
    received_payment_id: str = ""
    payment_date: date | None = None
    received_payment_status: str = ""
    invoice_status: str = ""
    emailed: bool = False
    not_emailed: bool = False
    payment_link: str = ""


class Resolution(BaseModel):
    """What became of one open or doubtful write. `is_left`: it still is; then `outcome` says why and what to do."""

    model_config = ConfigDict(frozen=True)

    what: str
    amount: str
    record_id: str
    outcome: str
    is_left: bool

    @classmethod
    def of(cls, entry: Entry, outcome: str, *, record_id: str = "", is_left: bool = False) -> Resolution:
        """Return what became of the write of a journal row."""
        return cls(
            what=str(entry.identity),
            amount=entry.content.get(AMOUNT, ""),
            record_id=record_id or entry.record_id,
            outcome=outcome,
            is_left=is_left,
        )


class RepairResult(BaseModel):
    """What became of every open write, and of those done ones that turned out wrong."""

    model_config = ConfigDict(frozen=True)

    resolutions: tuple[Resolution, ...]

    @property
    def left(self) -> tuple[Resolution, ...]:
        """What a person still has to decide or mend."""
        return tuple(r for r in self.resolutions if r.is_left)
