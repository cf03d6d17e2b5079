"""Writes that BILL refuses: what it said no to, and what it put off; against the local BILL at its least helpful."""

from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import (
    ConcurrencyLimitError,
    DuplicateError,
    HourlyLimitError,
    RejectedError,
    SessionExpiredError,
    UntrustedSessionError,
)
from billcom.models.vendor import Vendor
from tests.billcom.build import make_bill, make_customer, make_invoice, make_vendor, new_invoice, new_vendor
from tests.billcom.conftest import NewClient, Waits
from tests.billcom.controls import Controls
from tests.billcom.writes import PAYMENTS, VENDORS, invoice, payment, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

# Nobody has the name: asked for by name, then for one like it among those in use and those archived.
LOOK = ["GET /v3/vendors"] * 2
SEND = "POST /v3/vendors"


@pytest.mark.parametrize(
    ("code", "status", "kind", "note"),
    [
        ("BDC_1119", 400, RejectedError, "400 BDC_1119"),
        ("BDC_1205", 404, RejectedError, "404 BDC_1205"),
        ("BDC_1171", 422, DuplicateError, "422 BDC_1171"),
    ],
)
async def test_a_refusal_is_raised_noted_and_not_repeated(
    bill: BillClient, controls: Controls, code: str, status: int, kind: type[Exception], note: str
) -> None:
    controls.fault("error", "POST", VENDORS, code=code, status=status, times=9)
    wanted = vendor(bill)
    with pytest.raises(kind, match=code):
        await wanted.once()
    assert controls.sent("POST") == [SEND]
    assert [(row.state, row.note) for row in await wanted.rows()] == [("SENDING", ""), ("REJECTED", note)]


async def test_after_a_refusal_it_may_be_sent_with_other_content(
    bill: BillClient, controls: Controls
) -> None:
    customer = await make_customer(bill)
    controls.fault("error", "POST", "/v3/invoices", code="BDC_1119", status=400)
    wanted = invoice(bill, customer.id)
    with pytest.raises(RejectedError):
        await wanted.once()
    other = invoice(bill, customer.id, price="20.00")
    assert (await other.once()).record.total_amount == 40
    assert await other.states() == ["SENDING", "REJECTED", "SENDING", "DONE"]


async def test_an_expired_session_starts_again_from_the_look(bill: BillClient, controls: Controls) -> None:
    controls.fault("sign_out", "POST", VENDORS)
    wanted = vendor(bill)
    assert (await wanted.once()).made is True
    assert controls.sent() == [*LOOK, SEND] * 2
    assert controls.sign_ins() == 2
    assert await wanted.states() == ["SENDING", "NOT_SENT", "SENDING", "DONE"]


async def test_what_somebody_made_meanwhile_is_adopted_after_an_expired_session(
    bill: BillClient, controls: Controls
) -> None:
    async def send() -> Vendor:
        await make_vendor(bill)
        controls.advance(minutes=1).fault("sign_out", "POST", VENDORS)
        return await bill.vendors.create(new_vendor())

    outcome = await vendor(bill).sending(send).once()
    assert outcome.made is False
    assert controls.acted() == [SEND]


async def test_a_session_that_stays_invalid_is_raised(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1109", status=401, times=9)
    wanted = vendor(bill)
    with pytest.raises(SessionExpiredError):
        await wanted.once()
    assert (controls.sent("POST"), controls.acted()) == ([SEND] * 2, [])
    assert await wanted.states() == ["SENDING", "NOT_SENT"] * 2


async def test_lost_trust_is_raised_and_nothing_is_open(trusted: BillClient, controls: Controls) -> None:
    wanted = await payment(trusted, await make_bill(trusted))
    controls.fault("distrust", "POST", PAYMENTS).forget()
    with pytest.raises(UntrustedSessionError):
        await wanted.once()
    assert (controls.sent("POST"), controls.acted()) == (["POST /v3/payments"], [])
    assert [(row.state, row.note) for row in await wanted.rows()] == [
        ("SENDING", ""),
        ("NOT_SENT", "BDC_1361"),
    ]


async def test_too_many_at_once_back_off_and_start_again_from_the_look(
    bill: BillClient, controls: Controls, waits: Waits
) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1322", status=422, times=2)
    wanted = vendor(bill)
    assert (await wanted.once()).made is True
    assert controls.sent() == [*LOOK, SEND] * 3
    assert len(waits) == 2 and 0.25 <= waits[0] <= 0.75 and 0.5 <= waits[1] <= 1.5
    assert await wanted.states() == ["SENDING", "NOT_SENT"] * 2 + ["SENDING", "DONE"]


async def test_too_many_at_once_for_too_long_are_raised(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1322", status=422, times=99)
    wanted = vendor(bill)
    with pytest.raises(ConcurrencyLimitError):
        await wanted.once()
    assert (len(controls.sent("POST")), controls.acted()) == (8, [])
    assert await wanted.states() == ["SENDING", "NOT_SENT"] * 8


async def test_the_hour_s_end_is_said(bill: BillClient, controls: Controls, waits: Waits) -> None:
    controls.fault("error", "POST", VENDORS, code="BDC_1144", status=422, times=9)
    wanted = vendor(bill)
    with pytest.raises(HourlyLimitError, match=r"BILL_WAIT_FOR_HOUR=true\. \(it is at 16:00 UTC\)"):
        await wanted.once()
    assert (controls.sent("POST"), waits) == ([SEND], [])
    assert await wanted.states() == ["SENDING", "NOT_SENT"]


@pytest.mark.parametrize(("now", "seconds"), [("15:48:00", 720), ("15:00:30", 3570)])
async def test_the_hour_is_waited_for_where_that_is_allowed(
    bill: BillClient, new_client: NewClient, controls: Controls, waits: Waits, now: str, seconds: int
) -> None:
    patient = await new_client(wait_for_hour=True, now=f"2026-11-23T{now}+00:00")
    controls.fault("error", "POST", VENDORS, code="BDC_1144", status=422)
    wanted = vendor(patient)
    assert (await wanted.once()).made is True
    assert len(waits) == 1 and seconds - 5 <= waits[0] <= seconds + 5
    assert controls.acted() == [SEND]
    assert await wanted.states() == ["SENDING", "NOT_SENT", "SENDING", "DONE"]


async def test_a_number_that_appears_between_look_and_send_is_adopted_as_found(
    bill: BillClient, controls: Controls
) -> None:
    controls.rules("permissive", duplicate_invoice_number="refuse")
    customer = await make_customer(bill)
    somebodys: list[str] = []

    async def send() -> Any:
        somebodys.append((await make_invoice(bill, customer_id=customer.id)).id)
        controls.advance(minutes=1)
        return await bill.invoices.create(new_invoice(customer.id))

    wanted = invoice(bill, customer.id).sending(send)
    outcome = await wanted.once()
    assert (outcome.record.id, outcome.made) == (somebodys[0], False)
    assert await wanted.states() == ["SENDING", "REJECTED", "DONE"]


async def test_a_number_that_another_record_has_is_raised(bill: BillClient, controls: Controls) -> None:
    controls.rules("permissive", duplicate_invoice_number="refuse")
    first = await make_invoice(bill)
    other = await make_customer(bill, name="Other")
    wanted = invoice(bill, other.id)
    with pytest.raises(DuplicateError, match="Duplicate invoice number: 202502"):
        await wanted.once()
    assert controls.acted().count("POST /v3/invoices") == 1
    assert first.customer_id != other.id
    assert await wanted.states() == ["SENDING", "REJECTED"]
