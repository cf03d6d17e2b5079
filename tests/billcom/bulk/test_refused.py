"""Requests that BILL refuses as a whole: who of many is why, and what it put off; at its least helpful."""

from decimal import Decimal
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import (
    ConcurrencyLimitError,
    ConflictError,
    DuplicateError,
    FundingError,
    HourlyLimitError,
    NotFoundError,
    NotPermittedError,
    RejectedError,
    SessionExpiredError,
    UntrustedSessionError,
)
from billcom.models.bill import NewBill, NewBillLine
from billcom.models.classification import NewClassifications
from tests.billcom.build import new_bill, new_vendor, pass_mfa
from tests.billcom.bulk.many import (
    BILLS,
    MAKE,
    PAYMENTS,
    VENDORS,
    bills_of,
    errors,
    ids,
    made,
    make_bills,
    make_vendors,
    new_bills,
    payments,
    payments_of,
    vendors,
    vendors_of,
)
from tests.billcom.conftest import NewClient, Waits
from tests.billcom.controls import Controls

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

REFUSED = {"code": "BDC_9002", "status": 422, "message": "Something is wrong with one of them."}


async def test_of_fifty_payments_the_one_that_bill_names_is_explained_and_the_others_are_made(
    trusted: BillClient, controls: Controls
) -> None:
    bills = await make_bills(trusted, 50)
    await trusted.bills.archive(bills[30].id)
    wanted = await payments_of(trusted, bills)
    controls.forget()
    results = await wanted.once(trusted)
    ((subject, error),) = errors(results).items()
    assert (subject, type(error)) == (bills[30].id, RejectedError)
    assert str(error).startswith(
        "POST /v3/payments/bulk: 422 BDC_9004 An archived bill cannot be paid. Correct the named field"
    )
    assert len(ids(results)) == 49
    assert controls.sent() == [wanted.send] * 2
    rows = (await wanted.rows(trusted))[bills[30].id]
    assert [(row.state, row.note) for row in rows] == [("SENDING", ""), ("REJECTED", "422 BDC_9004")]


def without_account(vendor_id: str, number: str) -> NewBill:
    """Return a bill that BILL refuses without naming it: its account is not in the chart."""
    account = NewClassifications(chart_of_account_id="0ca00000000000000000")
    line = NewBillLine(amount=Decimal("10.00"), classifications=account)
    return new_bill(vendor_id, number=number, bill_line_items=[line])


@pytest.mark.parametrize(("bad", "requests"), [(0, 8), (2, 10), (25, 7)])
async def test_of_fifty_bills_the_one_that_bill_does_not_name_is_found_in_few_requests(
    bill: BillClient, controls: Controls, bad: int, requests: int
) -> None:
    (vendor,) = await make_vendors(bill)
    new = new_bills([vendor.id], 50)
    new[bad] = without_account(vendor.id, f"INV-{bad + 1:03}")
    wanted = bills_of(new)
    controls.forget()
    results = await wanted.once(bill)
    ((subject, error),) = errors(results).items()
    assert (subject, type(error)) == (f"{vendor.id} 2026-11-20 inv-{bad + 1:03}", RejectedError)
    assert "Chart of account not found: 0ca00000000000000000" in str(error)
    assert len(ids(results)) == 49
    assert controls.sent() == [wanted.send] * requests


async def test_of_fifty_payments_the_one_that_bill_names_only_later_is_found(
    trusted: BillClient, controls: Controls
) -> None:
    bills = await make_bills(trusted, 50)
    first = min(bill.id for bill in bills)
    await trusted.bills.archive(first)
    wanted = await payments_of(trusted, bills)
    controls.fault("error", "POST", PAYMENTS, **REFUSED).forget()
    results = await wanted.once(trusted)
    assert [(s, getattr(e, "code", "")) for s, e in errors(results).items()] == [(first, "BDC_9004")]
    assert len(ids(results)) == 49
    assert controls.sent() == [wanted.send] * 3


async def test_a_refusal_that_was_nobodys_fault_is_nobodys_in_the_end(
    trusted: BillClient, controls: Controls
) -> None:
    controls.fault("error", "POST", PAYMENTS, times=2, **REFUSED)
    wanted = await payments(trusted, 8)
    controls.forget()
    results = await wanted.once(trusted)
    assert made(results) == [True] * 8
    assert controls.acted() == [wanted.send] * 4  # 2 of 8, 1, 1, and the other 4


async def test_of_twenty_vendors_the_bad_one_is_found(bill: BillClient, controls: Controls) -> None:
    new = [new_vendor(name=f"Vendor {n:02}") for n in range(1, 21)]
    new[6] = new_vendor(name="Vendor 07" + "x" * 120)
    wanted = vendors_of(new)
    results = await wanted.once(bill)
    ((subject, error),) = errors(results).items()
    assert subject == "vendor 07" + "x" * 120
    assert isinstance(error, RejectedError) and error.status == 400
    assert len(ids(results)) == 19
    assert controls.sent() == [wanted.send] * 8


async def test_several_that_bill_names_are_explained_at_once(trusted: BillClient, controls: Controls) -> None:
    bills = await make_bills(trusted, 6)
    await trusted.bills.archive(bills[1].id)
    controls.approval(bills[4].id, "ASSIGNED")
    controls.rules(pay_unapproved="refuse")
    wanted = await payments_of(trusted, bills)
    controls.forget()
    results = await wanted.once(trusted)
    assert {subject: getattr(error, "code", "") for subject, error in errors(results).items()} == {
        bills[1].id: "BDC_9004",
        bills[4].id: "BDC_9003",
    }
    assert len(ids(results)) == 4
    assert controls.sent() == [wanted.send] * 2


async def test_two_bad_ones_that_bill_does_not_name_are_both_found(
    bill: BillClient, controls: Controls
) -> None:
    (vendor,) = await make_vendors(bill)
    new = new_bills([vendor.id], 50)
    for bad in (3, 40):
        new[bad] = without_account(vendor.id, f"INV-{bad + 1:03}")
    wanted = bills_of(new)
    controls.forget()
    results = await wanted.once(bill)
    assert list(errors(results)) == [
        f"{vendor.id} 2026-11-20 inv-004",
        f"{vendor.id} 2026-11-20 inv-041",
    ]
    assert len(ids(results)) == 48
    assert controls.sent() == [wanted.send] * 14


async def test_where_all_are_bad_each_is_told_why(bill: BillClient, controls: Controls) -> None:
    wanted = bills_of(new_bills(["009000000000000000"], 10))
    controls.forget()
    results = await wanted.once(bill)
    assert [type(error) for error in errors(results).values()] == [NotFoundError] * 10
    assert controls.acted() == []
    assert controls.sent() == [wanted.send] * 16
    assert all(states[-1] == "REJECTED" for states in await wanted.states(bill))


async def test_after_a_refusal_it_may_be_asked_for_with_other_content(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("error", "POST", BILLS, **REFUSED)
    vendor_ids = [vendor.id for vendor in await make_vendors(bill)]
    assert len(errors(await bills_of(new_bills(vendor_ids, 1, "10.00")).once(bill))) == 1
    results = await bills_of(new_bills(vendor_ids, 1, "11.00")).once(bill)
    assert made(results) == [True]


async def test_a_funding_account_that_cannot_pay_is_said_of_all_after_one_request(
    trusted: BillClient, controls: Controls
) -> None:
    pending = [row.id async for row in trusted.funding_accounts.list() if row.status == "PENDING"][0]
    wanted = await payments_of(trusted, await make_bills(trusted, 8), funding_account_id=pending)
    controls.forget()
    results = await wanted.once(trusted)
    assert [type(error) for error in errors(results).values()] == [FundingError] * 8
    assert controls.sent() == [wanted.send]
    assert await wanted.states(trusted) == [["SENDING", "REJECTED"]] * 8


async def test_a_user_who_may_not_pay_is_told_for_all_after_one_request(
    trusted: BillClient, controls: Controls
) -> None:
    controls.fault("error", "POST", PAYMENTS, code="BDC_1150", status=422, times=9)
    wanted = await payments(trusted, 8)
    controls.forget()
    results = await wanted.once(trusted)
    assert [type(error) for error in errors(results).values()] == [NotPermittedError] * 8
    assert controls.sent() == [wanted.send]


async def test_a_number_that_appears_between_look_and_send_is_adopted_as_found(
    bill: BillClient, controls: Controls
) -> None:
    controls.rules("permissive", duplicate_bill_number="refuse", list_delay_ms=0)
    new = new_bills([vendor.id for vendor in await make_vendors(bill)], 3)
    somebodys: list[str] = []

    async def guard(_intents: Any) -> dict[str, Any]:
        if not somebodys:
            somebodys.append((await bill.bills.create(new[1])).id)
        return {}

    wanted = bills_of(new).guarded(guard)
    results = await wanted.once(bill)
    assert made(results) == [True, False, True]
    assert list(ids(results).values())[1] == somebodys[0]
    assert (await wanted.states(bill))[1] == ["SENDING", "REJECTED", "DONE"]


@pytest.mark.parametrize("amount", ["10.00", "12.00"])
async def test_a_number_that_bill_has_alone_is_looked_for_among_all_it_holds(
    bill: BillClient, controls: Controls, amount: str
) -> None:
    controls.rules("permissive", duplicate_bill_number="refuse", list_delay_ms=0)
    new = new_bills([vendor.id for vendor in await make_vendors(bill)], 1)
    old = await bill.bills.create(new[0])
    wanted = bills_of(new_bills([old.vendor_id], 1, amount))
    results = await wanted.once(bill)
    if amount == "10.00":
        assert (made(results), list(ids(results).values())) == ([False], [old.id])
    else:
        (error,) = errors(results).values()
        assert isinstance(error, ConflictError) and "amount 10.00" in str(error)
        assert await wanted.states(bill) == [["SENDING", "REJECTED"]]


async def test_a_number_that_bill_has_for_days_is_found_when_it_stands_alone(
    bill: BillClient, new_client: NewClient, controls: Controls
) -> None:
    new = new_bills([vendor.id for vendor in await make_vendors(bill)], 2)
    old = await bill.bills.create(new[0])
    controls.rules("permissive", duplicate_bill_number="refuse").advance(days=3)
    later = await new_client(now="2026-11-26T15:00:00+00:00")
    results = await bills_of(new).once(later)
    assert made(results) == [False, True]
    assert old.id in ids(results).values()


async def test_a_number_that_only_another_bill_has_is_refused(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", BILLS, code="BDC_1171", status=422, times=99)
    wanted = bills_of(new_bills([vendor.id for vendor in await make_vendors(bill)], 2))
    results = await wanted.once(bill)
    assert [type(error) for error in errors(results).values()] == [DuplicateError] * 2


async def test_too_many_at_once_back_off_and_start_again(
    trusted: BillClient, controls: Controls, waits: Waits
) -> None:
    wanted = await payments(trusted)
    controls.fault("error", "POST", wanted.path, code="BDC_1322", status=422, times=2).forget()
    assert made(await wanted.once(trusted)) == [True, True, True]
    assert len(waits) == 2 and 0.25 <= waits[0] <= 0.75 and 0.5 <= waits[1] <= 1.5
    assert controls.acted() == [wanted.send]
    assert await wanted.notes(trusted) == [["", "BDC_1322", "", "BDC_1322", "", ""]] * 3
    assert await wanted.states(trusted) == [["SENDING", "NOT_SENT"] * 2 + ["SENDING", "DONE"]] * 3


async def test_too_many_at_once_for_too_long_are_said_of_all(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1322", status=422, times=99)
    results = await vendors().once(bill)
    assert [type(error) for error in errors(results).values()] == [ConcurrencyLimitError] * 3
    assert controls.sent("POST") == [f"POST {VENDORS}"] * 8


async def test_the_hours_end_is_said_of_all(bill: BillClient, controls: Controls, waits: Waits) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1144", status=422, times=9)
    wanted = vendors()
    results = await wanted.once(bill)
    assert [type(error) for error in errors(results).values()] == [HourlyLimitError] * 3
    assert (controls.sent("POST"), waits) == ([wanted.send], [])
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT"]] * 3


async def test_the_hours_end_is_waited_for_where_that_is_allowed(
    bill: BillClient, new_client: NewClient, controls: Controls, waits: Waits
) -> None:
    patient = await new_client(wait_for_hour=True, now="2026-11-23T15:48:00+00:00")
    controls.fault("error", "POST", VENDORS, code="BDC_1144", status=422)
    wanted = vendors()
    assert made(await wanted.once(patient)) == [True, True, True]
    assert len(waits) == 1 and 715 <= waits[0] <= 725
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT", "SENDING", "DONE"]] * 3


async def test_an_expired_session_is_renewed_once(bill: BillClient, controls: Controls) -> None:
    controls.fault("sign_out", "POST", VENDORS)
    wanted = vendors()
    assert made(await wanted.once(bill)) == [True, True, True]
    assert (controls.sent("POST"), controls.acted()) == ([wanted.send] * 2, [wanted.send])
    assert controls.sign_ins() == 2
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT", "SENDING", "DONE"]] * 3


async def test_a_session_that_stays_invalid_is_said_of_all(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1109", status=401, times=9)
    wanted = vendors()
    results = await wanted.once(bill)
    assert [type(error) for error in errors(results).values()] == [SessionExpiredError] * 3
    assert (controls.sent("POST"), controls.acted()) == ([wanted.send] * 2, [])
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT"] * 2] * 3


@pytest.mark.parametrize("kind", ["payments", "vendors"])
async def test_lost_trust_is_raised_with_nothing_open_and_once_it_is_back_all_are_made(
    trusted: BillClient, controls: Controls, kind: str
) -> None:
    wanted = await MAKE[kind](trusted)
    controls.fault("distrust", "POST", wanted.path).forget()
    with pytest.raises(UntrustedSessionError):
        await wanted.once(trusted)
    assert (controls.sent("POST"), controls.acted()) == ([wanted.send], [])
    assert await wanted.notes(trusted) == [["", "BDC_1361"]] * 3
    assert await wanted.states(trusted) == [["SENDING", "NOT_SENT"]] * 3
    await pass_mfa(trusted)
    assert made(await wanted.once(trusted)) == [True, True, True]
    assert controls.sent("POST", wanted.path) == [wanted.send] * 2


async def test_trust_that_is_lost_between_two_requests_loses_nothing(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted, 4)
    controls.fault("error", "POST", PAYMENTS, **REFUSED).fault("distrust", "POST", PAYMENTS, nth=3)
    controls.forget()
    with pytest.raises(UntrustedSessionError):
        await wanted.once(trusted)
    await pass_mfa(trusted)
    results = await wanted.once(trusted)
    assert made(results) == [False, False, True, True]
    assert len(controls.acted()) == len([call for call in controls.acted() if "mfa" in call]) + 2
