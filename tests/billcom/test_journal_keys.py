"""Rows that version 0.1.0 wrote, whose subjects and labels are normalized otherwise, are found and go on."""

from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import ConflictError
from billcom.intent import CHUNK, Intent, Kind, Outcome
from billcom.journal import Entry, State
from billcom.lookup.bills import bill_intent
from billcom.lookup.payments import payment_intent
from billcom.models.payment import Payment
from billcom.once import find, once
from billcom.reference import transaction_number
from tests.billcom.build import make_bill, make_vendor, pay, wanted_vendor
from tests.billcom.controls import Controls
from tests.billcom.journals import claim, note

pytestmark = pytest.mark.anyio

CURLY, COMPOSED, DECOMPOSED = "O\u2019Brien Music", "Caf\u00e9", "Cafe\u0301"


def old_subject(text: str) -> str:
    """Return what version 0.1.0 made of a name, number or label in the journal."""
    return " ".join(text.split()).casefold()


async def written(client: BillClient, kind: Kind, subject: str, record_id: str, label: str = "") -> Entry:
    """Append that a record was made, as version 0.1.0 did."""
    return await note(
        client.journal, await claim(client.journal, subject, kind=kind, label=label), State.DONE, record_id
    )


@pytest.mark.parametrize(
    ("old", "now"),
    [(CURLY, "O'BRIEN  Music"), (DECOMPOSED, COMPOSED), ("Co\u00f6p\u2014North", "coo\u0308p-north")],
)
async def test_vendor_of_an_older_row_is_found_under_any_spelling(
    bill: BillClient, controls: Controls, old: str, now: str
) -> None:
    made = await make_vendor(bill, name=old)
    row = await written(bill, Kind.VENDOR, old_subject(old), made.id)
    assert await bill.journal.of_subject(Kind.VENDOR, now) == {"": row}
    found = await find(bill, wanted_vendor(bill, name=now))
    assert found is not None and found.id == made.id
    assert controls.sent("POST", "/v3/vendors") == ["POST /v3/vendors"]


async def test_open_older_row_holds_up_a_new_one_and_goes_on_under_its_identity(bill: BillClient) -> None:
    claimed = await claim(bill.journal, old_subject(CURLY), kind=Kind.VENDOR)
    made = await make_vendor(bill, name=CURLY)
    found = await find(bill, wanted_vendor(bill, name="O'Brien Music"))
    assert found is not None and found.id == made.id
    (last,) = await bill.journal.standing()
    assert (last.identity, last.sequence, last.state) == (claimed.identity, 2, State.DONE)


async def test_bill_of_an_older_row_is_not_made_again(bill: BillClient, controls: Controls) -> None:
    number = "RE\u2013\uff17"
    made = await make_bill(bill, number=number)
    await written(bill, Kind.BILL, f"{made.vendor_id} 2026-11-20 {old_subject(number)}", made.id)
    await bill.bills.archive(made.id)
    intent = bill_intent(bill, made.vendor_id, "re-7", date(2026, 11, 20), Decimal("149.00"))
    with pytest.raises(ConflictError, match="is archived"):
        await find(bill, intent)


async def labelled(client: BillClient, label: str) -> tuple[Intent[Payment], Outcome[Payment]]:
    """Pay the one bill there is under a label, unless it is paid under it."""
    (held,) = [row async for row in client.bills.list()]
    intent = payment_intent(client, await client.bills.get(held.id), label, {"vendor_id": held.vendor_id})

    async def send() -> Payment:
        return await pay(client, held, transaction_number="NEW")

    return intent, await once(client, intent, send=send)


@pytest.mark.parametrize("label", ["First Half", "first half", "FIRST  Half", "\uff26irst Half"])
async def test_payment_under_a_label_is_found_under_every_spelling_of_it(
    trusted: BillClient, controls: Controls, label: str
) -> None:
    settings = trusted.settings
    made = await make_bill(trusted)
    reference = transaction_number(settings.base_url, settings.organization_id, made.id, "First Half")
    paid = await pay(trusted, made, transaction_number=reference)
    await written(trusted, Kind.PAYMENT, made.id, paid.id, "First Half")
    assert (await labelled(trusted, label))[1].record.id == paid.id
    assert controls.sent("POST", "/v3/payments") == ["POST /v3/payments"]


@pytest.mark.parametrize("label", ["First Half", "first half"])
async def test_open_older_payment_is_found_by_its_older_reference(
    trusted: BillClient, controls: Controls, label: str
) -> None:
    settings = trusted.settings
    made = await make_bill(trusted)
    reference = transaction_number(settings.base_url, settings.organization_id, made.id, "First Half")
    paid = await pay(trusted, made, transaction_number=reference)
    await claim(trusted.journal, made.id, label="First Half", amount="149.00")
    intent, outcome = await labelled(trusted, label)
    assert (intent.label, outcome.record.id) == ("first half", paid.id)
    (last,) = [row for row in await trusted.journal.standing() if row.identity.kind == Kind.PAYMENT]
    assert (last.identity.label, last.state, CHUNK in last.details) == ("First Half", State.DONE, False)
    assert controls.sent("POST", "/v3/payments") == ["POST /v3/payments"]
