"""What the rows of one vendor or customer say of it: the same in each, and said once it holds for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from billcom.inputs import AddressInput
from billcom.models.bank_account import NewBankAccount
from billcom.normalization import normalize_text
from billcom.tables.columns import Column, Schema, Scope
from billcom.tables.documents import agree, differ, plain_text
from billcom.tables.party_columns import (
    ADDRESS,
    BANK_ACCOUNT,
    DEFAULTS,
    address_of,
    bank_account_of,
    begins_account,
    begins_address,
)
from billcom.tables.problems import Problems
from billcom.tables.records import Record


@dataclass(frozen=True)
class Party:
    """What a sheet says of one vendor or customer, from whichever of its rows says it. Nothing is checked again."""

    cells: dict[str, Any]

    def text(self, name: str) -> str:
        """Return a cell's text, empty where no row says it."""
        return str(self.cells.get(name, ""))

    @cached_property
    def address(self) -> AddressInput | None:
        """Its address; ValidationError where the sheet had a problem with it."""
        return address_of(self.cells)

    @cached_property
    def bank_account(self) -> NewBankAccount | None:
        """Its bank account; ValidationError where the sheet had a problem with it."""
        return bank_account_of(self.cells)


def find_parties(records: Iterable[Record], schema: Schema, problems: Problems) -> dict[str, Party]:
    """Return the vendors or customers by their normalized names: spellings of one name are one party.

    An address or a bank account is that of the first row that has one. What rows contradict each other in goes to
    `problems`.
    """
    by_name: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.get(schema.party):
            by_name[normalize_text(record.get(schema.party))].append(record)
    return {name: Party(_cells(rows, schema, problems)) for name, rows in by_name.items()}


def _cells(records: list[Record], schema: Schema, problems: Problems) -> dict[str, Any]:
    why = f"is of the same {schema.party}"
    together = {*ADDRESS, *BANK_ACCOUNT}
    single = [
        column
        for column in schema.of_scope(Scope.PARTY)
        if column not in together and column.field != schema.party
    ]
    agree(records, single, why, problems)
    cells: dict[str, Any] = {}
    for record in records:
        for column in single:
            if column.field in record.cells:
                cells.setdefault(column.field, record.cells[column.field])
    for columns, begins in ((ADDRESS, begins_address), (BANK_ACCOUNT, begins_account)):
        whole = [record for record in records if begins(record.filled)]
        if whole:
            _agree_as_a_whole(whole, columns, why, problems)
            cells |= {
                column.field: whole[0].get(column.field)
                for column in columns
                if column.field in whole[0].cells
            }
    return cells


def _agree_as_a_whole(records: list[Record], columns: Sequence[Column], why: str, problems: Problems) -> None:
    """Compare empty cells too: an address without its second line is another one."""
    first = records[0]
    for record in records[1:]:
        for column in columns:
            if column.field in first.faulty | record.faulty:
                continue
            default = DEFAULTS.get(column.field, "")
            value = record.cells.get(column.field, default)
            if differ(first.cells.get(column.field, default), value):
                fix = f"row {first.row} {why} and says something else: write the same, or empty all that goes with it"
                problems.add(record.row, column, plain_text(value), fix)
