"""The vendors and bills that rows ask for, as they go out to BILL."""

from decimal import Decimal

import pytest

from billcom.inputs import AddressInput
from billcom.runs.new_records import new_bill, new_vendor
from billcom.runs.rows import BillLineRow
from tests.billcom.runs.planning import MUSIC, account, new_row, row


def test_a_vendor_goes_out_with_all_its_rows_tell() -> None:
    first = row(payee_name="Happy Music LLC")
    second = new_row(email="pay@music.example", account_number="C-4711", payee_name="Another")
    wire = new_vendor([first, second]).to_wire()
    bank = wire["paymentInformation"].pop("bankAccount")
    assert bank["nameOnAccount"] == "Happy Music"
    assert bank["accountNumber"].get_secret_value() == "111222333"
    assert wire == {
        "name": "Happy Music",
        "address": {
            "line1": "123 Main Street",
            "city": "San Jose",
            "zipOrPostalCode": "95002",
            "country": "US",
        },
        "accountType": "BUSINESS",
        "email": "pay@music.example",
        "accountNumber": "C-4711",
        "paymentInformation": {"payeeName": "Happy Music LLC"},
    }


def test_of_several_rows_the_first_that_tells_a_fact_is_believed() -> None:
    elsewhere = AddressInput(line1="8 Harbor Road", city="Boston", zip="02110")
    rows = [row(), new_row(address=elsewhere), new_row(bank_account=account("888889999"))]
    made = new_vendor(rows)
    assert made.address.line1 == "8 Harbor Road"
    assert made.payment_information is not None
    held = made.payment_information.bank_account
    assert held is not None and held.account_number.get_secret_value() == "111222333"
    assert made.payment_information.payee_name == "Happy Music"


def test_a_vendor_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="vendor 'Happy Music' has no address"):
        new_vendor([row(bank_account=account())])


def test_a_bill_goes_out_with_its_lines_classified_and_its_approvers_asked_for() -> None:
    lines = (
        BillLineRow(amount=Decimal("1000.00"), description="Two violins", gl_account="Instruments"),
        BillLineRow(amount=Decimal("250.00")),
    )
    wire = new_bill(MUSIC, row(lines=lines, description="November"), {"instruments": "0ca01"}).to_wire()
    assert {name: str(wire.pop(name)) for name in ("dueDate",)} == {"dueDate": "2026-12-20"}
    assert wire["invoice"]["invoiceNumber"] == "INV-1001"
    assert str(wire["invoice"]["invoiceDate"]) == "2026-11-20"
    assert wire["billLineItems"] == [
        {
            "amount": Decimal("1000.00"),
            "description": "Two violins",
            "classifications": {"chartOfAccountId": "0ca01"},
        },
        {"amount": Decimal("250.00")},
    ]
    assert (wire["vendorId"], wire["description"], wire["billApprovals"]) == (MUSIC, "November", True)
