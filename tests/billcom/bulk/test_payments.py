"""Bills paid together: what goes out, payments that BILL combines, and what a refusal names."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from billcom import BillClient
from billcom.bulk.payments import BillToPay, PaymentTerms, check_present, named_bills
from billcom.errors import BillError, ConflictError, ErrorEntry, NotFoundError, RejectedError, error_from
from billcom.intent import Outcome
from billcom.models.bill import Bill
from tests.billcom.build import new_vendor
from tests.billcom.bulk.many import (
    PAYMENTS,
    errors,
    ids,
    made,
    make_bills,
    make_vendors,
    payments,
    payments_of,
)
from tests.billcom.controls import Controls

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]


async def combining_bills(bill: BillClient, count: int) -> list[Bill]:
    """Return bills of a vendor whose payments BILL combines."""
    body = new_vendor(name="Combining").to_wire() | {"additionalInfo": {"combinePayments": True}}
    vendor = await bill.request("POST", "/v3/vendors", body=body)
    return await make_bills(bill, count, [vendor["id"]])


async def test_each_bill_is_paid_in_full_on_the_day_from_the_account_under_our_reference(
    trusted: BillClient,
) -> None:
    wanted = await payments(trusted)
    results = await wanted.once(trusted)
    (reference,) = set(await wanted.references(trusted))
    paid = [await trusted.payments.get(id) for id in ids(results).values()]
    assert [payment.amount for payment in paid] == [10, 10, 10]
    assert {payment.process_date for payment in paid} == {date(2026, 11, 24)}
    assert [payment.transaction_number for payment in paid].count(reference) == 1  # BILL tells of one alone


async def test_the_reference_is_on_every_payment_where_bill_spreads_it(
    trusted: BillClient, controls: Controls
) -> None:
    controls.rules(bulk_transaction_number="every")
    wanted = await payments(trusted)
    results = await wanted.once(trusted)
    (reference,) = set(await wanted.references(trusted))
    paid = [await trusted.payments.get(id) for id in ids(results).values()]
    assert {payment.transaction_number for payment in paid} == {reference}


async def test_the_journal_keeps_to_whom_and_when_money_went(trusted: BillClient) -> None:
    bills = await make_bills(trusted, 1)
    wanted = await payments_of(trusted, bills, memo="November")
    results = await wanted.once(trusted)
    (outcome,) = results.values()
    assert isinstance(outcome, Outcome) and outcome.record.description == "November"
    (row, _) = (await wanted.rows(trusted))[bills[0].id]
    details = dict(row.details)
    assert len(details.pop("chunk")) == 32
    assert details.pop("funding_account_id").startswith("bac")
    assert details == {
        "vendor_id": bills[0].vendor_id,
        "account": "0010/…2333",
        "process_date": "2026-11-24",
    }
    assert row.content == {"amount": "10.00"}


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
@pytest.mark.parametrize("spread", ["every", "first"])
async def test_a_payment_that_bill_combined_is_the_payment_of_each_of_its_bills(
    trusted: BillClient, controls: Controls, spread: str, lost: bool
) -> None:
    controls.rules("permissive", bulk_transaction_number=spread)
    bills = [*await combining_bills(trusted, 3), *await make_bills(trusted, 2)]
    if lost:
        controls.fault("act_then_drop", "POST", PAYMENTS)
    wanted = await payments_of(trusted, bills)
    controls.forget()
    results = await wanted.once(trusted)
    assert lost or controls.sent() == [wanted.send]
    assert made(results) == [True] * 5
    (combined,) = {ids(results)[bill.id] for bill in bills[:3]}
    assert len(set(ids(results).values())) == 3
    assert (await trusted.payments.get(combined)).amount == 30


async def test_one_bill_more_of_a_combined_payment_is_not_in_it(
    trusted: BillClient, controls: Controls
) -> None:
    bills = await combining_bills(trusted, 3)
    first = await (await payments_of(trusted, bills[:2])).once(trusted)
    controls.forget()
    results = await (await payments_of(trusted, bills)).once(trusted)
    assert {bill.id: ids(results)[bill.id] for bill in bills[:2]} == ids(first)
    assert ids(results)[bills[2].id] not in ids(first).values()
    assert controls.acted() == ["POST /v3/payments/bulk"]


async def test_a_guard_is_given_the_bills_and_what_is_to_be_paid_of_them(trusted: BillClient) -> None:
    asked: list[BillToPay] = []

    async def guard(items: Sequence[BillToPay]) -> dict[str, BillError]:
        asked.extend(items)
        return {}

    bills = await make_bills(trusted, 2)
    await (await payments_of(trusted, bills, guard)).once(trusted)
    assert {item.bill.id: item.amount for item in asked} == {bill.id: Decimal("10.00") for bill in bills}


async def test_a_memo_that_bill_would_refuse_is_refused_before_anything_is_claimed(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments_of(trusted, await make_bills(trusted, 1), memo="x" * 71)
    controls.forget()
    with pytest.raises(ValidationError, match="at most 70 characters"):
        await wanted.once(trusted)
    assert (controls.sent(), await trusted.journal.entries()) == ([], [])


async def test_a_bill_that_is_not_there_is_named(trusted: BillClient, controls: Controls) -> None:
    bills = await make_bills(trusted, 4)
    bills[2] = bills[2].model_copy(update={"id": "00n00000000000000000"})
    wanted = await payments_of(trusted, bills)
    controls.forget()
    results = await wanted.once(trusted)
    ((subject, error),) = errors(results).items()
    assert (subject, type(error)) == ("00n00000000000000000", NotFoundError)
    assert controls.sent() == [wanted.send] * 2


def refusal(*entries: tuple[str, str]) -> Any:
    """Return BILL's refusal of a bulk payment."""
    return error_from(422, [ErrorEntry(*entry) for entry in entries], "POST", PAYMENTS)


def test_each_bill_that_a_refusal_names_is_told_its_own_reasons() -> None:
    error = refusal(
        ("BDC_9004", "An archived bill cannot be paid."),
        ("BDC_9004", "00n1 : An archived bill cannot be paid."),
        ("BDC_1152", "Invalid Process Date"),
        ("BDC_1152", "00n1 : Invalid Process Date"),
        ("BDC_1152", "00n2 : Invalid Process Date"),
    )
    named = named_bills(error, ["00n1", "00n2", "00n3"])
    assert {id: why.entries for id, why in named.items()} == {
        "00n1": (
            ErrorEntry("BDC_9004", "An archived bill cannot be paid."),
            ErrorEntry("BDC_1152", "Invalid Process Date"),
        ),
        "00n2": (ErrorEntry("BDC_1152", "Invalid Process Date"),),
    }
    assert {type(why) for why in named.values()} == {RejectedError}
    assert {(why.status, why.path) for why in named.values()} == {(422, PAYMENTS)}


def test_a_refusal_that_names_a_bill_nobody_asked_for_names_none() -> None:
    assert named_bills(refusal(("BDC_9004", "00n9 : An archived bill cannot be paid.")), ["00n1"]) == {}


async def planned(bill: BillClient) -> tuple[BillToPay, Any]:
    """Return a bill to pay as it was planned, and its vendor."""
    (vendor,) = await make_vendors(bill)
    (to_pay,) = await make_bills(bill, 1, [vendor.id])
    return BillToPay(to_pay, Decimal("10.00"), "0010/…2333", vendor.name), vendor


async def test_what_is_as_it_was_planned_may_be_paid(bill: BillClient) -> None:
    item, vendor = await planned(bill)
    check_present(item, await bill.bills.get(item.bill.id), vendor)
    check_present(item, item.bill, vendor.model_copy(update={"name": "PAYEE  01"}))


@pytest.mark.parametrize(
    ("bill_change", "vendor_change", "why"),
    [
        ({"archived": True}, {}, "is archived: restore it first"),
        ({"due_amount": Decimal(0)}, {}, "has 0.00 of 10.00 open"),
        ({"amount": Decimal(9), "due_amount": Decimal(9)}, {}, "is another by now: 9.00 to vendor"),
        ({"vendor_id": "0091"}, {}, "to vendor 0091, not 10.00 to"),
        ({}, {"payment_information": None}, "has bank account none by now, 0010/…2333 was planned"),
        (
            {},
            {"name": "Closed"},
            "is named 'Closed' at BILL by now, 'Payee 01' was planned: look at it in BILL",
        ),
        ({}, {"archived": True}, "vendor 'Payee 01' is archived at BILL"),
    ],
    ids=["archived", "paid", "amount", "vendor", "account", "renamed", "vendor archived"],
)
async def test_what_has_changed_since_it_was_planned_is_not_paid(
    bill: BillClient, bill_change: dict[str, Any], vendor_change: dict[str, Any], why: str
) -> None:
    item, vendor = await planned(bill)
    present = item.bill.model_copy(update=bill_change)
    with pytest.raises(ConflictError) as caught:
        check_present(item, present, vendor.model_copy(update=vendor_change))
    assert why in str(caught.value)


@pytest.mark.parametrize("gone", ["bill", "vendor"])
async def test_what_is_gone_since_it_was_planned_is_not_paid(bill: BillClient, gone: str) -> None:
    item, vendor = await planned(bill)
    with pytest.raises(ConflictError, match=f"^{gone} 00.* is not at BILL any more: look at it there"):
        check_present(item, None if gone == "bill" else item.bill, None if gone == "vendor" else vendor)


def test_terms_have_no_memo_unless_it_is_given() -> None:
    assert PaymentTerms("bac1", date(2026, 11, 24)).memo == ""
