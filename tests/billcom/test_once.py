"""Writes that must not repeat, against the local BILL at its least helpful."""

import pytest

from billcom import BillClient
from billcom.errors import (
    DuplicateError,
    OutcomeUnknownError,
    RejectedError,
    SessionExpiredError,
    UnavailableError,
)
from billcom.lookup.vendors import find_vendor
from billcom.models.invoice import Invoice
from billcom.models.vendor import Vendor
from billcom.once import Outcome, once
from tests.billcom.build import (
    make_customer,
    make_invoice,
    make_vendor,
    new_invoice,
    new_vendor,
    vendor_input,
)
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

# Nobody has the name: asked for by name, then for one like it among those in use and those archived.
LOOK = ["GET /v3/vendors"] * 3


async def vendor_once(bill: BillClient) -> Outcome[Vendor]:
    """Make a vendor unless it is there."""
    return await once(
        bill,
        "vendor",
        look=lambda: find_vendor(bill, vendor_input()),
        send=lambda: bill.vendors.create(new_vendor()),
    )


async def count(bill: BillClient) -> int:
    """Return how many vendors BILL holds."""
    return len([row async for row in bill.vendors.list()])


async def test_it_looks_then_sends(bill: BillClient, controls: Controls) -> None:
    outcome = await vendor_once(bill)
    assert outcome.made is True
    assert controls.sent() == [*LOOK, "POST /v3/vendors"]
    assert await count(bill) == 1


async def test_what_is_there_is_adopted_and_nothing_is_sent(bill: BillClient, controls: Controls) -> None:
    first = await make_vendor(bill)
    controls.forget()
    outcome = await vendor_once(bill)
    assert (outcome.record.id, outcome.made) == (first.id, False)
    assert controls.sent() == ["GET /v3/vendors", f"GET /v3/vendors/{first.id}"]


async def test_a_second_time_makes_nothing(bill: BillClient) -> None:
    first, second = await vendor_once(bill), await vendor_once(bill)
    assert first.record.id == second.record.id
    assert (first.made, second.made) == (True, False)
    assert await count(bill) == 1


@pytest.mark.parametrize(
    "fault",
    [{"action": "act_then_drop"}, {"action": "html_500", "acted": True}],
    ids=["dropped", "html"],
)
async def test_a_record_whose_answer_was_lost_is_adopted(
    bill: BillClient, controls: Controls, fault: dict[str, object]
) -> None:
    controls.fault(method="POST", path="/v3/vendors", times=9, **fault)  # pyright: ignore[reportArgumentType]
    outcome = await vendor_once(bill)
    assert outcome.made is True
    assert controls.sent("POST") == ["POST /v3/vendors"]
    assert [row.id async for row in bill.vendors.list()] == [outcome.record.id]


@pytest.mark.parametrize("action", ["refuse", "html_500"])
async def test_an_unknown_outcome_is_never_sent_again(
    bill: BillClient, controls: Controls, action: str
) -> None:
    controls.fault(action, "POST", "/v3/vendors", times=9)
    with pytest.raises(OutcomeUnknownError, match="look for the record before anything else"):
        await vendor_once(bill)
    assert controls.sent() == [*LOOK, "POST /v3/vendors", *LOOK]
    assert await count(bill) == 0


async def test_a_record_that_appears_late_is_found_by_the_next_run(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("act_late", "POST", "/v3/vendors", seconds=60)
    with pytest.raises(OutcomeUnknownError):
        await vendor_once(bill)
    assert await count(bill) == 0
    controls.advance(minutes=2)
    assert (await vendor_once(bill)).made is False
    assert await count(bill) == 1
    assert controls.sent("POST") == ["POST /v3/vendors"] * 2  # the second is the late row of the first


async def test_a_record_that_lists_do_not_show_yet_is_not_sent_again(
    bill: BillClient, controls: Controls
) -> None:
    controls.rules("permissive").fault("act_then_drop", "POST", "/v3/vendors")
    with pytest.raises(OutcomeUnknownError):
        await vendor_once(bill)
    assert controls.sent("POST") == ["POST /v3/vendors"]
    controls.advance(minutes=1)
    assert (await vendor_once(bill)).made is False
    assert await count(bill) == 1


async def test_an_expired_session_starts_again_from_the_look(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", "/v3/vendors", code="BDC_1109", status=401)
    outcome = await vendor_once(bill)
    assert outcome.made is True
    assert controls.sent() == [*LOOK, "POST /v3/vendors"] * 2
    assert controls.sign_ins() == 2
    assert await count(bill) == 1


async def test_what_somebody_made_meanwhile_is_adopted_after_an_expired_session(
    bill: BillClient, controls: Controls
) -> None:
    async def send() -> Vendor:
        await make_vendor(bill)
        controls.fault("error", "POST", "/v3/vendors", code="BDC_1109", status=401)
        return await bill.vendors.create(new_vendor())

    outcome = await once(bill, "vendor", look=lambda: find_vendor(bill, vendor_input()), send=send)
    assert outcome.made is False
    assert await count(bill) == 1


async def test_a_session_that_stays_invalid_is_raised(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", "/v3/vendors", code="BDC_1109", status=401, times=9)
    with pytest.raises(SessionExpiredError):
        await vendor_once(bill)
    assert controls.sent("POST") == ["POST /v3/vendors"] * 2
    assert controls.acted() == []


async def test_a_refusal_is_raised_and_not_repeated(bill: BillClient, controls: Controls) -> None:
    controls.fault("error", "POST", "/v3/vendors", code="BDC_1119", status=400, times=9)
    with pytest.raises(RejectedError):
        await vendor_once(bill)
    assert controls.sent() == [*LOOK, "POST /v3/vendors"]


async def test_without_a_look_nothing_is_sent(bill: BillClient, controls: Controls) -> None:
    controls.fault("html_500", "GET", "/v3/vendors", times=9)
    with pytest.raises(UnavailableError):
        await vendor_once(bill)
    assert controls.sent("POST") == []


async def test_what_appears_between_look_and_send_is_adopted_as_found(bill: BillClient) -> None:
    customer = await make_customer(bill)
    somebodys: list[Invoice] = []

    async def look() -> Invoice | None:
        return somebodys[0] if somebodys else None

    async def send() -> Invoice:
        somebodys.append(await make_invoice(bill, customer_id=customer.id))
        return await bill.invoices.create(new_invoice(customer.id))

    outcome = await once(bill, "vendor", look=look, send=send)
    assert (outcome.record, outcome.made) == (somebodys[0], False)


async def test_a_number_that_is_taken_by_another_record_is_raised(bill: BillClient) -> None:
    first = await make_invoice(bill)

    async def look() -> Invoice | None:
        return None

    with pytest.raises(DuplicateError, match="Duplicate invoice number: 202502"):
        await once(
            bill,
            "invoice",
            look=look,
            send=lambda: bill.invoices.create(new_invoice(first.customer_id or "")),
        )
    assert [row.id async for row in bill.invoices.list()] == [first.id]
