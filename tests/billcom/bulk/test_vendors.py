"""Vendors that were sent together and not answered for: which of what BILL then lists are ours."""

from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.journal import State
from tests.billcom.build import make_vendor, new_vendor
from tests.billcom.bulk.many import errors, ids, made, vendors, vendors_of
from tests.billcom.controls import Controls

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]


async def given_up(bill: BillClient, *theirs: dict[str, Any], **ours: Any) -> dict[str, Any]:
    """Return what comes of `Vendor 01` and `Vendor 02`, once claimed and not sent, where BILL has others."""
    for vendor in theirs:
        await make_vendor(bill, **vendor)
    wanted = vendors(2, **ours)
    await wanted.note(bill, State.SENDING, State.NOT_SENT)
    await bill.pause(60)
    return await wanted.once(bill)


async def test_what_is_there_by_now_is_adopted_and_the_other_made(bill: BillClient) -> None:
    results = await given_up(bill, {"name": "Vendor 01"})
    assert made(results) == [False, True]
    rows = (await vendors(2).rows(bill))["vendor 01"]
    assert [(row.state.value, row.note) for row in rows][-1] == ("DONE", "found at BILL")


async def test_what_is_adopted_is_read_in_full(bill: BillClient, controls: Controls) -> None:
    results = await given_up(bill, {"name": "Vendor 01"})
    assert f"GET /v3/vendors/{ids(results)['vendor 01']}" in controls.sent()
    assert results["vendor 01"].record.model_extra["balance"]["amount"] == 0  # a list's row has none


async def test_both_halves_of_the_list_are_asked_once_for_all(bill: BillClient, controls: Controls) -> None:
    await given_up(bill)
    assert controls.sent() == ["GET /v3/vendors", "GET /v3/vendors", "POST /v3/vendors/bulk"]
    assert ["archived%3Aeq%3Afalse" in row["query"] for row in controls.journal()[:2]] == [True, False]


async def test_two_of_one_name_are_for_a_person(bill: BillClient) -> None:
    results = await given_up(bill, {"name": "Vendor 01"}, {"name": "Vendor 01"})
    ((subject, case),) = errors(results).items()
    assert isinstance(case, CaseError) and "several vendors are named 'Vendor 01'" in str(case)
    assert (subject, case.identity, case.sequence) == ("vendor 01", "vendor vendor 01", 2)
    assert made(results) == [True]


@pytest.mark.parametrize(
    ("theirs", "ours", "why"),
    [
        ({"name": "VENDOR  01", "email": "a@b.example"}, {"email": "c@d.example"}, "has email 'a@b.example'"),
        ({"name": "Vendor 01", "email": "a@b.example"}, {"email": "c@d.example"}, "has email 'a@b.example'"),
    ],
    ids=["name", "e-mail"],
)
async def test_what_contradicts_is_a_conflict_and_closes_nothing(
    bill: BillClient, theirs: dict[str, str], ours: dict[str, str], why: str
) -> None:
    results = await given_up(bill, theirs, **ours)
    ((subject, error),) = errors(results).items()
    assert subject == "vendor 01" and type(error) is ConflictError and why in str(error)
    assert (await vendors(2).states(bill))[0] == ["SENDING", "NOT_SENT"]
    assert made(results) == [True]


async def test_an_archived_one_is_a_conflict(bill: BillClient) -> None:
    archived = await make_vendor(bill, name="Vendor 01")
    await bill.vendors.archive(archived.id)
    results = await given_up(bill)
    assert f"vendor 'Vendor 01' is archived at BILL ({archived.id})" in str(errors(results)["vendor 01"])


async def test_one_that_bill_makes_after_it_was_made_again_is_reported(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("act_late", "POST", "/v3/vendors/bulk", seconds=600)
    assert made(await vendors(2).once(bill)) == [True, True]
    controls.advance(minutes=20)
    cases = errors(await vendors(2).once(bill))
    assert [type(case) for case in cases.values()] == [CaseError] * 2
    assert "several vendors are named 'Vendor 01'" in str(cases["vendor 01"])


async def test_a_name_in_other_letters_is_the_same_vendor(bill: BillClient, controls: Controls) -> None:
    first = await vendors_of([new_vendor(name="Happy Music")]).once(bill)
    again = await vendors_of([new_vendor(name="HAPPY music")]).once(bill)
    assert ids(again) == ids(first)
    assert controls.sent("POST") == ["POST /v3/vendors/bulk"]
