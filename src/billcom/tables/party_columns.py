"""Columns that describe a vendor or customer: address and bank account, each to be filled in whole or not at all."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from billcom.inputs import AddressInput
from billcom.models.bank_account import BankAccountOwner, BankAccountType, NewBankAccount
from billcom.tables.columns import Column, Kind, Scope

ADDRESS = (
    Column(
        "Street",
        "line1",
        Kind.NAME,
        Scope.PARTY,
        "Street and number. An address is needed only where BILL doesn't have it yet; then Street, City, State "
        "and ZIP go together.",
        example="123 Main Street",
        width=22,
        rule=(AddressInput, "line1"),
    ),
    Column(
        "Street 2", "line2", Kind.NAME, Scope.PARTY, "Second line of the street, if any.", example="Suite 4"
    ),
    Column(
        "City",
        "city",
        Kind.NAME,
        Scope.PARTY,
        "City of the address.",
        example="San Jose",
        rule=(AddressInput, "city"),
    ),
    Column(
        "State",
        "state",
        Kind.NAME,
        Scope.PARTY,
        "Two capital letters for the US; elsewhere as the post writes it, or empty.",
        example="CA",
        width=9,
    ),
    Column(
        "ZIP",
        "zip",
        Kind.NUMBER,
        Scope.PARTY,
        "ZIP or postal code, as text so that leading zeros stay.",
        example="95002",
        width=10,
        rule=(AddressInput, "zip"),
    ),
    Column(
        "Country",
        "country",
        Kind.NAME,
        Scope.PARTY,
        "Two capital letters. Empty: US.",
        example="US",
        width=11,
        rule=(AddressInput, "country"),
    ),
)

BANK_ACCOUNT = (
    Column(
        "Name on account",
        "name_on_account",
        Kind.NAME,
        Scope.PARTY,
        "Who owns the bank account. A bank account is needed only where BILL doesn't have it yet; then Name on "
        "account, Routing number and Account number go together.",
        example="Happy Music Supplies",
        width=22,
        rule=(NewBankAccount, "name_on_account"),
    ),
    Column(
        "Routing number",
        "routing_number",
        Kind.ROUTING_NUMBER,
        Scope.PARTY,
        "Nine digits, as text so that a leading zero stays.",
        is_secret=True,
        example="074000010",
        rule=(NewBankAccount, "routing_number"),
    ),
    Column(
        "Account number",
        "bank_account_number",
        Kind.ACCOUNT_NUMBER,
        Scope.PARTY,
        "4 to 17 digits, as text: of a number nobody can tell how many leading zeros it had.",
        is_secret=True,
        example="111222333",
        width=16,
        rule=(NewBankAccount, "account_number"),
    ),
    Column(
        "Account type",
        "account_type",
        Kind.CHOICE,
        Scope.PARTY,
        "Checking or savings. Empty: checking.",
        choices=tuple(kind.lower() for kind in BankAccountType),
        example="checking",
        width=14,
    ),
    Column(
        "Account owner",
        "account_owner",
        Kind.CHOICE,
        Scope.PARTY,
        "Whether a business or a person owns the bank account. Empty: business.",
        choices=tuple(owner.lower() for owner in BankAccountOwner),
        example="business",
    ),
)

DEFAULTS = {"country": "US", "account_type": "checking", "account_owner": "business"}
"""What an empty cell of an address or a bank account that is begun means."""

_US_ZIP_DIGITS = 5
# Alone they say nothing: who fills a whole column with US or checking has not begun an address or an account.
_BEGINS_ADDRESS = ("line1", "line2", "city", "state", "zip")
_BEGINS_ACCOUNT = ("name_on_account", "routing_number", "bank_account_number")


def begins_address(fields: Container[str]) -> bool:
    """Return whether a row in which these fields are filled in begins an address."""
    return any(field in fields for field in _BEGINS_ADDRESS)


def begins_account(fields: Container[str]) -> bool:
    """Return whether a row in which these fields are filled in begins a bank account."""
    return any(field in fields for field in _BEGINS_ACCOUNT)


def missing_of_address(cells: Mapping[str, Any]) -> list[str]:
    """Return the fields without which the address can't be used; State only within the US."""
    needed = ["line1", "city", "zip"]
    if cells.get("country", DEFAULTS["country"]) == "US":
        needed.insert(2, "state")
    return [field for field in needed if field not in cells]


def missing_of_account(cells: Mapping[str, Any]) -> list[str]:
    """Return the fields without which the bank account can't be used."""
    return [field for field in _BEGINS_ACCOUNT if field not in cells]


def us_address_problems(cells: Mapping[str, Any]) -> dict[str, str]:
    """Return by field what a US address can't have: a state that is no two letters, a ZIP of no five digits."""
    problems: dict[str, str] = {}
    if cells.get("country", DEFAULTS["country"]) != "US":
        return problems
    state, code = cells.get("state", ""), cells.get("zip", "")
    if state and not (len(state) == 2 and state.isascii() and state.isalpha() and state.isupper()):
        problems["state"] = "write two capital letters, such as CA; of an address abroad, fill in Country"
    first, dash, more = code.partition("-")
    if code and not (_is_digits(first, _US_ZIP_DIGITS) and (not dash or _is_digits(more, 4))):
        lost = code.isdigit() and len(code) < _US_ZIP_DIGITS
        wanted = (
            f"write {code:0>5}, if leading zeros were lost" if lost else "write five digits, such as 95002"
        )
        problems["zip"] = f"{wanted}: format the column as text first; of an address abroad, fill in Country"
    return problems


def _is_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


def address_of(cells: Mapping[str, Any]) -> AddressInput | None:
    """Return the address of a row's cells, None where it has none."""
    if not begins_address(cells):
        return None
    return AddressInput(**{column.field: cells[column.field] for column in ADDRESS if column.field in cells})


def bank_account_of(cells: Mapping[str, Any]) -> NewBankAccount | None:
    """Return the bank account of a row's cells, None where it has none."""
    if not begins_account(cells):
        return None
    return NewBankAccount(
        name_on_account=cells["name_on_account"],
        routing_number=cells["routing_number"],
        account_number=cells["bank_account_number"],
        type=BankAccountType(cells.get("account_type", DEFAULTS["account_type"]).upper()),
        owner_type=BankAccountOwner(cells.get("account_owner", DEFAULTS["account_owner"]).upper()),
    )
