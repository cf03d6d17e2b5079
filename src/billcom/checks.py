"""What is wrong with a request before BILL is asked anything: all problems at once. Takes a date, sends nothing."""

from __future__ import annotations

from datetime import date

from pydantic import ValidationError

from billcom.calendar import next_banking_day, process_date_problem
from billcom.errors import InputError, Problem
from billcom.inputs import BillInput, ChargeInput, InvoiceInput, PaymentInput


def check_bill(bill: BillInput) -> None:
    """Raise InputError when the bill's dates contradict."""
    _raise(_order("bill", bill.invoice_date, bill.due_date))


def check_process_date(payment: PaymentInput, today: date) -> date:
    """Return the day on which funds leave: the one asked for, else the next banking day.

    Raises InputError when they can't leave on that day.
    """
    _raise(_day("payment.process_date", payment.process_date, today))
    return payment.process_date or next_banking_day(today)


def check_invoice(invoice: InvoiceInput, charge: ChargeInput) -> None:
    """Raise InputError when the invoice's dates contradict, or a charge lacks its authorization."""
    problems = _order("invoice", invoice.invoice_date, invoice.due_date)
    if charge.charge and not charge.authorization_on_file:
        fix = "a charge needs the customer's signed authorization: confirm it, or switch the charge off"
        problems.append(Problem("charge.authorization_on_file", "false", fix))
    _raise(problems)


def check_payment_date(charge: ChargeInput, today: date) -> date:
    """Return the day on which funds are drawn: the one asked for, else the next banking day.

    Raises InputError when they can't be drawn on that day.
    """
    _raise(_day("charge.payment_date", charge.payment_date, today))
    return charge.payment_date or next_banking_day(today)


def input_error(error: ValidationError, prefix: str) -> InputError:
    """Return a model's validation error as an InputError; the values themselves are never repeated."""
    return InputError(
        [
            Problem(".".join([prefix, *map(str, item["loc"])]), "", item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_input=False, include_url=False)
        ]
    )


def _day(field: str, day: date | None, today: date) -> list[Problem]:
    reason = process_date_problem(day, today) if day else None
    return [Problem(field, str(day), reason)] if reason else []


def _order(what: str, issued: date, due: date) -> list[Problem]:
    if due >= issued:
        return []
    return [Problem(f"{what}.due_date", str(due), f"lies before the invoice date {issued}: correct one")]


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise InputError(problems)
