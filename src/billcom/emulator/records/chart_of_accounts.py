"""Owns the chart of accounts: the general ledger's categories that bills are classified under."""

from dataclasses import dataclass

from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json, present


@dataclass(kw_only=True)
class ChartOfAccount(Record):
    """One account of the chart."""

    name: str
    description: str | None = None
    account_type: str | None = None
    account_number: str | None = None

    def wire(self) -> Json:
        """Return the account as BILL answers it."""
        account = present({"type": self.account_type, "number": self.account_number})
        return present(
            {
                "id": self.id,
                "archived": self.archived,
                "name": self.name,
                "description": self.description,
                "account": account or None,
                **self.times(),
            }
        )
