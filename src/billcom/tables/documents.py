"""Which rows are lines of one bill or invoice, which ask for another payment of it, and which are there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pydantic import SecretStr

from billcom.normalization import normalize_text
from billcom.tables.columns import Column, Schema, Scope
from billcom.tables.problems import Problems
from billcom.tables.records import Record


@dataclass(frozen=True)
class Asked:
    """One payment or charge that a sheet asks for: the rows of one party, document and label, in their order."""

    records: tuple[Record, ...]

    @property
    def first(self) -> Record:
        """The row that has to hold what is said once."""
        return self.records[0]

    @property
    def lines(self) -> list[Record]:
        """Its rows in the order of their line numbers."""
        return sorted(self.records, key=lambda record: record.get("line") or 0)

    def get(self, name: str) -> Any:
        """Return a cell's value from the first row that has one, None where none has."""
        return next((record.cells[name] for record in self.records if name in record.cells), None)

    def is_empty(self, name: str) -> bool:
        """Return whether nothing stands in the cell in any row."""
        return all(record.is_empty(name) for record in self.records)


def find_asked(records: Sequence[Record], schema: Schema, problems: Problems) -> list[Asked]:
    """Return what a sheet asks for, in its order; what rows contradict each other in goes to `problems`."""
    documents: dict[Any, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        party, number = record.get(schema.party), record.get("invoice_number")
        # What has no name or number can't be told from other rows: it stands alone.
        key = (normalize_text(party), normalize_text(number)) if party and number else record.row
        label = normalize_text(record.get("label")) if "label" not in record.faulty else f"\0{record.row}"
        documents[key][label].append(record)
    found: list[Asked] = []
    for by_label in documents.values():
        parts = [Asked(tuple(rows)) for rows in by_label.values()]
        for asked in parts:
            _check_one(asked, schema, problems)
        if len(parts) > 1:
            _check_parts(parts, schema, problems)
        found += parts
    return sorted(found, key=lambda asked: asked.first.row)


def _check_one(asked: Asked, schema: Schema, problems: Problems) -> None:
    if len(asked.records) > 1:
        _check_lines(asked, schema, problems)
        agree(asked.records, schema.of_scope(Scope.DOCUMENT, Scope.PAYMENT), "is of the same one", problems)
    for column in schema.of_scope(Scope.DOCUMENT):
        if column.is_required and asked.is_empty(column.field):
            problems.add(asked.first.row, column, None, "is empty: fill it in")
    issued, due = asked.get("invoice_date"), asked.get("due_date")
    if issued and due and due < issued:
        row = next(record.row for record in asked.records if "due_date" in record.cells)
        problems.add(
            row,
            schema.by_field["due_date"],
            due,
            f"lies before the invoice date {issued}: correct one of them",
        )


def _check_lines(asked: Asked, schema: Schema, problems: Problems) -> None:
    """Several rows are one document only where each says which line of it it is."""
    if any("line" in record.faulty for record in asked.records):
        return
    number = schema.by_field["invoice_number"]
    first_with: dict[int, int] = {}
    for before, record in pairwise((asked.first, *asked.records)):
        line = record.get("line")
        if record is not asked.first and (line is None or before.get("line") is None):
            fix = (
                f"row {asked.first.row} has the same {schema.party} and number: delete one; or number the lines of "
                "one bill or invoice in column Line"
            )
            problems.add(record.row, number, record.get("invoice_number"), fix)
        elif line in first_with:
            fix = f"row {first_with[line]} is this line already: delete one, or give it the next number"
            problems.add(record.row, schema.by_field["line"], line, fix)
        elif line is not None:
            first_with[line] = record.row


def _check_parts(parts: list[Asked], schema: Schema, problems: Problems) -> None:
    """Several labels of one document: each tells the whole document, and tells the same."""
    first = parts[0]
    everything = [record for part in parts for record in part.records]
    agree(everything, schema.of_scope(Scope.DOCUMENT), "is of the same one", problems)
    amounts = _amounts(first, schema)
    for part in parts[1:]:
        if amounts and (given := _amounts(part, schema)) and given != amounts:
            fix = f"row {first.first.row} is of the same one and its lines are others: write all lines under each Label"
            total = sum((quantity * amount for quantity, amount in given), Decimal(0))
            problems.add(part.first.row, schema.by_field[schema.amount], str(total), fix)
    column = schema.by_field.get("pay_amount")
    for part in parts if column else ():
        if part.is_empty("pay_amount"):
            fix = "is empty: a bill with several Labels needs it under each"
            problems.add(part.first.row, column, None, fix)


def _amounts(asked: Asked, schema: Schema) -> list[tuple[Decimal, Decimal]]:
    """Return quantity and price of each line, nothing where one can't be used."""
    if any(not {"quantity", schema.amount}.isdisjoint(record.faulty) for record in asked.records):
        return []
    lines = [(record.get("quantity") or Decimal(1), record.get(schema.amount)) for record in asked.lines]
    return [] if any(amount is None for _, amount in lines) else lines


def agree(
    records: Iterable[Record],
    columns: Sequence[Column],
    why: str,
    problems: Problems,
) -> None:
    """Add a problem for each cell that says something else than the first row in which the cell is filled in."""
    first: dict[str, Record] = {}
    for record in records:
        for column in columns:
            value = record.get(column.field)
            if value is None:
                continue
            before = first.setdefault(column.field, record)
            if differ(before.cells[column.field], value):
                fix = f"row {before.row} {why} and says something else: write the same, or empty the cell"
                problems.add(record.row, column, plain_text(value), fix)


def differ(one: Any, other: Any) -> bool:
    """Return whether two values differ; in texts, case and blanks don't count."""
    if isinstance(one, str) and isinstance(other, str):
        return normalize_text(one) != normalize_text(other)
    return bool(one != other)


def plain_text(value: object) -> str:
    """Return a value as it was written; of a secret, all of it: a problem repeats its last four alone."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
