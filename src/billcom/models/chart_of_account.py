"""The chart of accounts: the general ledger's categories that bills are booked under."""

from __future__ import annotations

from datetime import datetime

from billcom.models.base import Record, RequestBody

BULK_LIMIT = 50
"""Most accounts of one bulk request. Source: BILL API reference, create bulk chart of accounts (read 2026)."""


class NewAccountKind(RequestBody):
    """Type and number of an account to create. `type` such as EXPENSE; BILL's whole list is in no source."""

    type: str | None = None
    number: str | None = None


class NewChartOfAccount(RequestBody):
    """An account to create. Source: BILL v3 Postman collection, chart of accounts."""

    name: str
    description: str | None = None
    account: NewAccountKind | None = None


class AccountKind(Record):
    """Type (EXPENSE, ACCOUNTS_RECEIVABLE, CREDIT_CARD, FIXED_ASSET …) and number of an account."""

    type: str | None = None
    number: str | None = None


class ChartOfAccount(Record):
    """One account of the chart (`0ca…`), such as 6000 Office Supplies."""

    id: str
    archived: bool | None = None
    name: str
    description: str | None = None
    parent_id: str | None = None
    account: AccountKind = AccountKind()
    created_time: datetime | None = None
    updated_time: datetime | None = None
