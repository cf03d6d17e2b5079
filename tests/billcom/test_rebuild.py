"""A journal written anew from what BILL holds: nothing moves meanwhile, nothing that was open is forgotten."""

from pathlib import Path

import pytest

from billcom import BillClient
from billcom.errors import CapError, JournalError
from billcom.intent import Kind
from billcom.journal import Journal, State
from billcom.journal_rows import row_of
from billcom.lookup.received_payments import charge_description, charge_intent
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.once import once
from billcom.rebuild import rebuild
from tests.billcom.build import make_bill, make_invoice, new_charge, pay
from tests.billcom.conftest import NewSettings, Waits
from tests.billcom.controls import Controls
from tests.billcom.journals import (
    URL,
    claim,
    done,
    drop_tables,
    lose,
    pay_once,
    rebuilt,
    settings_below,
    sql,
    standing,
    vendor_once,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def empty_server() -> None:
    await drop_tables(URL)


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    return settings_below(tmp_path)


async def charge_once(bill: BillClient, invoice: Invoice) -> ReceivedPayment:
    """Charge the invoice unless it is charged."""
    charge = await new_charge(bill, invoice, description=charge_description(bill, invoice, ""))
    intent = charge_intent(bill, invoice)
    return (await once(bill, intent, send=lambda: bill.received_payments.charge(charge))).record


async def test_a_lost_journal_finds_the_payments_and_charges_again(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid)).record
    charge = await charge_once(trusted, await make_invoice(trusted))
    await pay(trusted, await make_bill(trusted, number="by hand"))
    await lose(trusted.settings)
    said = await rebuilt(trusted)
    assert await standing(trusted) == [
        (charge.invoice_payments[0].invoice_id, "DONE", charge.id),
        (paid.id, "DONE", payment.id),
    ]
    assert said.about("found")[1] == f"payment {paid.id} is {payment.id}, 149.00, SCHEDULED"


async def test_what_was_found_is_not_paid_again_and_the_next_bill_is(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bill(trusted)
    first = await pay_once(trusted, paid)
    await lose(trusted.settings)
    await rebuilt(trusted)
    controls.forget()
    again = await pay_once(trusted, paid)
    assert (again.record.id, again.made) == (first.record.id, False)
    assert controls.sent("POST") == []
    assert (await pay_once(trusted, await make_bill(trusted, number="next"))).made is True


async def test_the_row_of_a_payment_says_when_it_is_processed(trusted: BillClient) -> None:
    """What is read again before its process date needs it."""
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid)).record
    await lose(trusted.settings)
    await rebuilt(trusted)
    row = (await trusted.journal.of_subject(Kind.PAYMENT, paid.id))[""]
    assert row.content == {"amount": "149.00"}
    assert row.details == {"vendor_id": paid.vendor_id, "process_date": str(payment.process_date)}


async def test_a_journal_cut_short_keeps_what_was_open(trusted: BillClient, controls: Controls) -> None:
    paid, lost, open_bill = [await make_bill(trusted, number=n) for n in ("1", "2", "3")]
    await pay_once(trusted, paid)
    attempt = await claim(trusted.journal, open_bill.id, state=State.UNKNOWN, details={"settled": "true"})
    await pay_once(trusted, lost)
    await sql(trusted.settings, "DELETE FROM entries WHERE position > 3")
    said = await rebuilt(trusted)
    kept = await trusted.journal.last(attempt.identity)
    assert kept is not None and (kept.state, kept.details) == (State.UNKNOWN, {"settled": "true"})
    assert [row[1] for row in await standing(trusted)] == ["DONE", "UNKNOWN", "DONE"]
    assert said.about("open") == [f"{attempt.identity}, UNKNOWN since {attempt.at:%Y-%m-%d %H:%M} UTC"]
    controls.forget()
    with pytest.raises(Exception, match="it may still act"):
        await pay_once(trusted, open_bill)
    assert controls.sent("POST") == []


async def test_an_open_attempt_that_is_at_bill_is_adopted(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid)).record
    await sql(trusted.settings, "DELETE FROM entries WHERE state = 'DONE'")
    said = await rebuilt(trusted)
    assert await standing(trusted) == [(paid.id, "DONE", payment.id)]
    assert said.about("open") == []


async def test_a_payment_that_bill_shows_only_the_second_time_is_found(
    trusted: BillClient, controls: Controls, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = await make_bill(trusted)
    controls.rules(list_delay_ms=60_000)
    payment = (await pay_once(trusted, paid)).record
    await lose(trusted.settings)

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        controls.advance(minutes=seconds / 60)

    monkeypatch.setattr(trusted, "pause", pause)
    await rebuilt(trusted)
    assert waits == [90.0]
    assert await standing(trusted) == [(paid.id, "DONE", payment.id)]


async def test_what_bill_has_no_more_is_dropped_one_by_one(trusted: BillClient) -> None:
    """As after a local BILL was started anew."""
    journal = trusted.journal
    await done(journal, "00n1", "stp1")
    await done(journal, "happy music", "0091", kind=Kind.VENDOR)
    open_row = await claim(journal, "00n2")
    said = await rebuilt(trusted)
    assert said.about("dropped") == [
        "payment 00n1, BILL has no stp1 any more",
        "vendor happy music, BILL has no 0091 any more",
    ]
    assert await standing(trusted) == [("00n2", "SENDING", "")]
    assert await journal.last(open_row.identity) is not None


async def test_what_bill_has_still_stays(trusted: BillClient) -> None:
    vendor = (await vendor_once(trusted)).record
    rejected = await claim(trusted.journal, "00n9", state=State.REJECTED)
    said = await rebuilt(trusted)
    assert await standing(trusted) == [("happy music", "DONE", vendor.id), ("00n9", "REJECTED", "")]
    assert said.about("dropped") == []
    assert (await trusted.journal.last(rejected.identity)) is not None


async def test_a_labelled_payment_is_known_by_the_label_of_the_old_rows(trusted: BillClient) -> None:
    first, second = await make_bill(trusted, number="1"), await make_bill(trusted, number="2")
    one = (await pay_once(trusted, first, "again")).record
    two = (await pay_once(trusted, second, "again")).record
    await sql(trusted.settings, "DELETE FROM entries WHERE position > 2")
    await rebuilt(trusted)
    rows = await trusted.journal.standing()
    assert [(r.identity.label, r.record_id) for r in rows if r.identity.kind == Kind.PAYMENT] == [
        ("again", one.id),
        ("again", two.id),
    ]


async def test_a_payment_under_a_label_nobody_knows_is_named(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid, "again")).record
    await lose(trusted.settings)
    said = await rebuilt(trusted)
    (line,) = said.about("perhaps ours, under a label this journal doesn't know")
    assert line.startswith(f"payment {payment.id} of {paid.id}, SCHEDULED, transaction number ")
    assert await standing(trusted) == []


async def test_a_bill_that_is_paid_twice_is_named(trusted: BillClient, controls: Controls) -> None:
    controls.rules(overpayment="accept")
    paid = await make_bill(trusted)
    one = (await pay_once(trusted, paid)).record
    two = await pay(trusted, paid, transaction_number=one.transaction_number)
    await lose(trusted.settings)
    said = await rebuilt(trusted)
    ids = ", ".join(sorted((one.id, two.id)))
    assert said.about("twice") == [f"payment {paid.id} is at BILL as {ids}: cancel or void one now"]


async def test_an_altered_row_of_money_opens_it_unless_bill_shows_it(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid)).record
    await claim(trusted.journal, "00n1", state=State.REJECTED)
    await claim(trusted.journal, "00n2", state=State.REJECTED)
    await sql(
        trusted.settings,
        f"UPDATE entries SET record_id = 'stpOTHER' WHERE state = 'DONE' AND subject = '{paid.id}'",
        "UPDATE entries SET note = 'altered' WHERE subject = '00n1'",
    )
    said = await rebuilt(trusted)
    assert await standing(trusted) == [
        ("00n2", "REJECTED", ""),
        (paid.id, "DONE", payment.id),
        ("00n1", "UNKNOWN", ""),
    ]
    assert said.about("altered") == [
        f"row 2 (payment {paid.id}) is not what was written",
        "row 3 (payment 00n1) is not what was written",
    ]


async def test_an_altered_row_of_no_money_is_dropped_and_looked_for_again(trusted: BillClient) -> None:
    vendor = (await vendor_once(trusted)).record
    await sql(trusted.settings, "UPDATE entries SET record_id = '009OTHER' WHERE state = 'DONE'")
    said = await rebuilt(trusted)
    assert len(said.about("dropped")) == 1
    again = await vendor_once(trusted)
    assert (again.record.id, again.made) == (vendor.id, False)


@pytest.mark.parametrize("column", ["content", "state", "at"])
async def test_a_row_that_cannot_be_read_leaves_its_payment_open(trusted: BillClient, column: str) -> None:
    await claim(trusted.journal, "00n1", state=State.REJECTED)
    await sql(trusted.settings, f"UPDATE entries SET {column} = 'nonsense'")
    await rebuilt(trusted)
    assert await standing(trusted) == [("00n1", "UNKNOWN", "")]


async def test_the_rows_there_were_are_kept_for_their_owner_alone(trusted: BillClient) -> None:
    before = [await done(trusted.journal, "00n1", "stp1")]
    rows = [row_of(row)["digest"] for row in await trusted.journal.entries()]
    said = await rebuilt(trusted)
    (kept,) = trusted.settings.state_path.glob("journal-*.jsonl")
    assert f"2 rows are kept in {kept}" in said
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [row_of(row)["digest"] in kept.read_text() for row in before] == [True]
    assert [digest in kept.read_text() for digest in rows] == [True, True]


async def test_what_was_paid_today_counts_for_todays_total(
    trusted: BillClient, new_settings: NewSettings, controls: Controls
) -> None:
    now = controls.get("/clock").json()["now"]
    values = {"base_url": trusted.settings.base_url, **controls.credentials}
    settings = new_settings(**values, now=now, max_total="200.00")
    async with BillClient(settings, sessions=trusted.sessions) as bill:
        await pay_once(bill, await make_bill(bill, number="1"))
        await lose(settings)
        await rebuild(bill, print, settle_seconds=0)
        with pytest.raises(CapError, match=r"on top of today's 149\.00"):
            await pay_once(bill, await make_bill(bill, number="2"))


async def test_a_first_journal_of_real_money_begins_with_a_rebuild(
    bill: BillClient, new_settings: NewSettings
) -> None:
    production = {
        "environment": "production",
        "allow_production": True,
        "single_machine": True,
        "base_url": "",
    }
    given = {"username": "ada@example.com", "password": "secret", "organization_id": "008A", "dev_key": "01A"}
    journal = Journal(new_settings(**production, **given))
    with pytest.raises(
        JournalError, match=r"can't be told from a lost one. Run billcom journal rebuild once"
    ):
        await journal.head()
    with pytest.raises(JournalError, match="no money moves before"):
        await claim(journal)
    mark, _rows = await journal.begin_rebuild()
    await journal.finish_rebuild(mark, [], "nothing of ours")
    assert (await journal.head()).length > 0
    await claim(journal)
