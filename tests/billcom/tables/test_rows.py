"""What rows have to do with each other: lines of one bill, second payments, duplicates, one vendor said twice."""

from decimal import Decimal

import pytest

from billcom.errors import CellProblem, InputError, SheetError
from billcom.tables.payment_runs import read_payment_run
from billcom.tables.problems import problem_rows
from tests.billcom.tables.sheets import ADDRESS, BANK, BILL, as_csv, problem, problems, read

MORE = {"Vendor": BILL["Vendor"], "Invoice number": BILL["Invoice number"]}
NEW = {**BILL, **ADDRESS, **BANK}


def test_a_row_is_a_bill() -> None:
    row = {
        **NEW,
        "Street 2": "Suite 4",
        "E-mail": "a@example.com",
        "Our account number": "C-1",
        "Payee name": "HMS",
    }
    more = {
        "Pay amount": "1000.00",
        "Description": "Violins",
        "GL account": "5010",
        "Process date": "2026-12-15",
    }
    (bill,) = read({**row, **more, "Memo": "Thank you", "Label": "part", "Override reason": "agreed"})
    assert bill.place == "june.csv row 2"
    assert (bill.vendor, bill.email, bill.account_number) == ("Happy Music Supplies", "a@example.com", "C-1")
    assert bill.address and bill.address.model_dump() == {
        "line1": "123 Main Street",
        "line2": "Suite 4",
        "city": "San Jose",
        "state": "CA",
        "zip": "95002",
        "country": "US",
    }
    assert bill.bank_account and bill.bank_account.account_number.get_secret_value() == "111222333"
    assert (bill.bank_account.type, bill.bank_account.owner_type) == ("CHECKING", "BUSINESS")
    assert (bill.payee_name, bill.invoice_number) == ("HMS", "INV-1001")
    assert (bill.invoice_date.isoformat(), bill.due_date.isoformat()) == ("2026-11-20", "2026-12-18")
    assert [line.model_dump() for line in bill.lines] == [
        {"amount": Decimal("1250.00"), "description": "Violins", "gl_account": "5010"}
    ]
    assert (bill.bill_amount, bill.amount, bill.description) == (
        Decimal("1250.00"),
        Decimal("1000.00"),
        "Violins",
    )
    assert bill.process_date and bill.process_date.isoformat() == "2026-12-15"
    assert (bill.memo, bill.label, bill.override) == ("Thank you", "part", "agreed")


def test_a_vendor_known_at_bill_needs_neither_address_nor_bank_account() -> None:
    (bill,) = read(BILL)
    assert (bill.address, bill.bank_account, bill.pay_amount, bill.process_date) == (None, None, None, None)


def test_numbered_rows_are_lines_of_one_bill() -> None:
    first = {**BILL, "Line": "1", "Description": "Paper", "Memo": "Thanks"}
    second = {**MORE, "Line": "2", "Amount": "23.75", "Description": "Freight"}
    bill, other = read(first, {**BILL, "Invoice number": "2"}, second)
    assert (bill.place, other.place) == ("june.csv rows 2, 4", "june.csv row 3")
    assert [line.amount for line in bill.lines] == [Decimal("1250.00"), Decimal("23.75")]
    assert (bill.amount, bill.memo, bill.description) == (Decimal("1273.75"), "Thanks", "")


def test_lines_stand_in_the_order_of_their_numbers() -> None:
    (bill,) = read({**BILL, "Line": "2", "Amount": "2.00"}, {**MORE, "Line": "1", "Amount": "1.00"})
    assert [line.amount for line in bill.lines] == [Decimal("1.00"), Decimal("2.00")]


def test_lines_of_one_bill_must_not_contradict_each_other() -> None:
    found = problem({**BILL, "Line": "1"}, {**BILL, "Line": "2", "Due date": "2026-12-30"})
    assert found == (
        3,
        "Due date",
        "2026-12-30",
        "row 2 is of the same one and says something else: write the same, or empty the cell",
    )


def test_a_bill_of_several_lines_needs_its_dates_once() -> None:
    row = {**BILL, "Invoice date": "", "Line": "1"}
    assert problem(row, {**row, "Line": "2"}) == (2, "Invoice date", "", "is empty: fill it in")
    assert read(row, {**BILL, "Line": "2"})[0].invoice_date.isoformat() == "2026-11-20"


@pytest.mark.parametrize("line", ["", "1"])
def test_the_same_bill_twice_is_a_problem_that_names_the_other_row(line: str) -> None:
    again = {**BILL, "Vendor": BILL["Vendor"], "Invoice number": "inv-1001", "Amount": "1.00"}
    found = problem({**BILL, "Line": line}, {**BILL, "Invoice number": "2"}, again)
    assert found == (
        4,
        "Invoice number",
        "inv-1001",
        "row 2 has the same vendor and number: delete one; or number the lines of one bill or invoice in column Line",
    )


def test_the_same_line_twice_is_a_problem_that_names_the_other_row() -> None:
    found = problem({**BILL, "Line": "1"}, {**MORE, "Line": "1", "Amount": "3.00"})
    assert found == (3, "Line", "1", "row 2 is this line already: delete one, or give it the next number")


def test_a_second_part_of_a_bill_has_a_label_of_its_own() -> None:
    rows = [{**BILL, "Pay amount": "1000.00"}, {**BILL, "Pay amount": "250.00", "Label": "second"}]
    assert [(row.label, row.amount, row.bill_amount) for row in read(*rows)] == [
        ("", Decimal("1000.00"), Decimal("1250.00")),
        ("second", Decimal("250.00"), Decimal("1250.00")),
    ]


def test_labels_that_differ_in_case_alone_are_the_same_payment() -> None:
    rows = [{**BILL, "Pay amount": "1.00", "Label": label} for label in ("Second", "second")]
    assert problem(*rows)[:2] == (3, "Invoice number")


def test_each_part_of_a_bill_says_what_to_pay() -> None:
    found = problem(
        {**BILL, "Label": "", "Pay amount": ""}, {**BILL, "Label": "second", "Pay amount": "1.00"}
    )
    assert found == (2, "Pay amount", "", "is empty: a bill with several Labels needs it under each")


def test_parts_of_a_bill_tell_the_same_bill() -> None:
    rows = [{**BILL, "Label": label, "Pay amount": "1.00"} for label in ("a", "b")]
    assert problem(rows[0], {**rows[1], "Amount": "1249.00"}) == (
        3,
        "Amount",
        "1249.00",
        "row 2 is of the same one and its lines are others: write all lines under each Label",
    )
    assert problem(rows[0], {**rows[1], "Due date": "2026-12-30"})[:2] == (3, "Due date")


def test_a_line_without_the_label_of_its_bill_is_not_taken_for_a_bill() -> None:
    first = {**BILL, "Label": "a", "Line": "1", "Pay amount": "1.00"}
    found = problems(first, {**MORE, "Line": "2", "Amount": "3.00"})
    assert {(cell.row, cell.column) for cell in found} >= {(3, "Amount"), (3, "Pay amount")}


def test_no_more_than_the_bill_can_be_paid() -> None:
    found = problem({**BILL, "Pay amount": "1250.01"})
    assert found == (2, "Pay amount", "1250.01", "is more than the bill's 1250.00: correct one of them")


def test_lines_cannot_come_to_more_than_an_amount_may_be() -> None:
    rows = [{**BILL, "Line": "1", "Amount": "999999999.99"}, {**MORE, "Line": "2", "Amount": "0.01"}]
    assert problem(*rows) == (
        2,
        "Amount",
        "1000000000.00",
        "the lines come to more than 999999999.99: check the decimal points",
    )


def test_a_bill_is_not_due_before_its_date() -> None:
    assert problem({**BILL, "Due date": "2026-11-19"}) == (
        2,
        "Due date",
        "2026-11-19",
        "lies before the invoice date 2026-11-20: correct one of them",
    )


def test_address_and_bank_account_said_once_hold_for_all_rows_of_the_vendor() -> None:
    first, second = read(
        {**BILL, "Invoice number": "1"}, {**NEW, "Invoice number": "2", "E-mail": "a@example.com"}
    )
    assert first.address == second.address is not None
    assert first.bank_account == second.bank_account is not None
    assert first.email == "a@example.com"


@pytest.mark.parametrize(
    ("group", "left_out", "what"),
    [
        (ADDRESS, "Street", "address"),
        (ADDRESS, "City", "address"),
        (ADDRESS, "State", "address"),
        (ADDRESS, "ZIP", "address"),
        (BANK, "Name on account", "bank account"),
        (BANK, "Routing number", "bank account"),
        (BANK, "Account number", "bank account"),
    ],
)
def test_a_part_of_an_address_or_account_is_a_problem(
    group: dict[str, str], left_out: str, what: str
) -> None:
    assert problem({**BILL, **group, left_out: ""}) == (
        2,
        left_out,
        "",
        f"is empty: the {what} in this row needs it; fill it in, or empty the whole {what}",
    )


def test_country_and_kind_of_account_alone_begin_nothing() -> None:
    (bill,) = read({**BILL, "Country": "US", "Account type": "checking", "Account owner": "business"})
    assert (bill.address, bill.bank_account) == (None, None)


@pytest.mark.parametrize(
    ("change", "column", "shown"),
    [
        ({"Account number": "999888777"}, "Account number", "…8777"),
        ({"Routing number": "021000021"}, "Routing number", "…0021"),
        ({"Street 2": "Suite 4"}, "Street 2", "Suite 4"),
        ({"Account type": "savings"}, "Account type", "savings"),
    ],
)
def test_one_vendor_has_one_address_and_one_bank_account(
    change: dict[str, str], column: str, shown: str
) -> None:
    found = problem(NEW, {**NEW, "Invoice number": "2", **change})
    fix = (
        "row 2 is of the same vendor and says something else: write the same, or empty all that goes with it"
    )
    assert found == (3, column, shown, fix)


def test_an_address_without_its_second_line_is_another_one() -> None:
    found = problem({**NEW, "Street 2": "Suite 4"}, {**NEW, "Invoice number": "2"})
    assert found[:3] == (3, "Street 2", "")


def test_one_vendor_has_one_email() -> None:
    found = problem(
        {**BILL, "E-mail": "a@example.com"}, {**BILL, "Invoice number": "2", "E-mail": "b@example.com"}
    )
    assert found[:3] == (3, "E-mail", "b@example.com")


def test_spellings_of_one_vendor_are_one_vendor() -> None:
    first, second = read(NEW, {**BILL, "Vendor": "HAPPY  Music Supplies", "Invoice number": "2"})
    assert second.bank_account == first.bank_account
    found = problem(BILL, {**BILL, "Vendor": "HAPPY  Music Supplies"})
    assert found[:2] == (3, "Invoice number")


def test_all_problems_come_at_once_in_the_order_of_the_sheet() -> None:
    found = problems(
        {**NEW, "Amount": "1,250.00", "Routing number": "074000011", "Vendor": ""},
        {**BILL, "Invoice number": "2", "Invoice date": "", "Xyzzy": "1"},
    )
    assert [(cell.sheet, cell.row, cell.column) for cell in found] == [
        ("june.csv", 1, "Xyzzy"),
        ("june.csv", 2, "Vendor"),
        ("june.csv", 2, "Routing number"),
        ("june.csv", 2, "Amount"),
        ("june.csv", 3, "Invoice date"),
    ]


def test_the_error_lists_the_first_problems_and_counts_the_rest() -> None:
    rows = [{**BILL, "Invoice number": f"{number}", "Amount": "0"} for number in range(23)]
    with pytest.raises(SheetError) as caught:
        read_payment_run("june.csv", as_csv(*rows))
    lines = str(caught.value).splitlines()
    assert lines[0] == "june.csv row 2, Amount '0': is not above zero: give what is to be paid or charged"
    assert (len(lines), lines[-1]) == (21, "… and 3 more. Correct the sheet and run again.")
    assert len(caught.value.cells) == len(caught.value.problems) == 23
    assert isinstance(caught.value, InputError)


def test_problems_are_a_table_for_people() -> None:
    found = [CellProblem("June", 7, "Amount", "0", "give more"), CellProblem("June", 0, "", "", "is empty")]
    assert problem_rows(found) == [
        {"Sheet": "June", "Row": "7", "Column": "Amount", "Value": "0", "What to do": "give more"},
        {"Sheet": "June", "Row": "", "Column": "", "Value": "", "What to do": "is empty"},
    ]


def test_a_long_value_is_shortened_and_stands_on_one_line() -> None:
    shown = problem({**BILL, "Due date": "soon\n" + "x" * 100})[2]
    assert (len(shown), shown[:7], shown[-1]) == (60, "soon xx", "…")
