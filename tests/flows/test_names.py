"""Who is paid or charged: the name at BILL decides, on every path, however it is spelled."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billcom.errors import CaseError, ConflictError, SheetError
from billcom.inputs import CasePolicy, CodeSource, CustomerInput, VendorInput
from billcom.settings import Settings
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from tasks.payments import pay_bill
from tasks.received_payments import charge_invoice
from tasks.session import connect
from tests.flows.collecting import CHARGED, folders_below, made, send, with_customer, with_invoice
from tests.flows.payment_sheets import (
    VENDOR,
    counts,
    pay,
    pay_failing,
    put,
    reasons,
    row,
    statuses,
    vendor_by_hand,
)
from tests.organization import Organization
from tests.samples import account, bill, charge, customer, invoice, payment, run, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

CLOSED = "Happy Music (closed, do not use)"
ONLY = {"Vendor": "Happy Music"}


def rename(organization: Organization, noun: str, record_id: str, name: str) -> None:
    """Rename a vendor or customer in BILL's own pages."""
    organization.record("PATCH", f"{noun}/{record_id}", {"name": name})


def vendor_ids_paid(organization: Organization) -> list[str]:
    """Return whom BILL's payments pay."""
    return sorted(paid["vendorId"] for paid in organization.records("payments"))


async def test_sheet_whose_vendor_was_renamed_pays_neither_until_the_id_says_which(
    organization: Organization,
) -> None:
    await pay(put(row()))
    (old,) = [held["id"] for held in organization.records("vendors")]
    rename(organization, "vendors", old, CLOSED)
    new = vendor_by_hand(organization, number="99998888")
    put(row("INV-2", vendor=ONLY))
    stopped = await pay_failing()
    assert statuses(stopped) == ["conflict"]
    for known in (old, CLOSED, new):
        assert known in reasons(stopped)[0]
    assert vendor_ids_paid(organization) == [old]
    put(row("INV-2", vendor=ONLY, BILL_vendor_ID=new))
    assert statuses(await pay()) == ["done"]
    assert vendor_ids_paid(organization) == sorted([old, new])


async def test_sheet_whose_vendor_was_renamed_makes_no_second_vendor(organization: Organization) -> None:
    await pay(put(row()))
    rename(organization, "vendors", organization.records("vendors")[0]["id"], CLOSED)
    put(row("INV-2"))
    assert "and no other vendor has the name" in reasons(await pay_failing())[0]
    assert counts(organization) == [1, 1, 1]
    put(row("INV-2", vendor={"Vendor": CLOSED}))
    assert statuses(await pay()) == ["done"]


async def test_ap_workflow_whose_vendor_was_renamed_pays_neither_until_the_id_says_which(
    organization: Organization,
) -> None:
    given: dict[str, Any] = {"bank_account": account(), "payment": payment(), "on_case": CasePolicy.STOP}
    given |= {"code_from": CodeSource.LOCAL_PHONE}
    first = await run(ap_workflow, given | {"vendor": vendor(), "bill": bill()})
    rename(organization, "vendors", first.vendor_id, CLOSED)
    new = vendor_by_hand(organization, vendor().name)
    next_bill = given | {"bill": bill(invoice_number="INV-2")}
    with pytest.raises(CaseError) as caught:
        await run(ap_workflow, next_bill | {"vendor": vendor()})
    for known in (first.vendor_id, CLOSED, new):
        assert known in str(caught.value)
    assert vendor_ids_paid(organization) == [first.vendor_id]
    second = await run(ap_workflow, next_bill | {"vendor": vendor(id=new)})
    assert second.vendor_id == new


async def test_sheet_whose_customer_was_renamed_charges_neither_until_the_id_says_which(
    organization: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folders_below(tmp_path, monkeypatch)
    await send(folder, CHARGED)
    (old,) = [held["id"] for held in organization.records("customers")]
    rename(organization, "customers", old, "Closed")
    new = with_customer(organization, CHARGED["Customer"])
    following = {**CHARGED, "Invoice number": "AR-2"}
    only = (await send(folder, following)).lines[0]
    assert only.status == "conflict"
    for known in (old, "Closed", new):
        assert known in only.reason
    assert made(organization) == [2, 1, 1]
    by_id = {**following, "BILL customer ID": new, "E-mail": "pay@harbor.example"}
    assert [line.status for line in (await send(folder, by_id)).lines] == ["done"]
    charged = [paid["customerId"] for paid in organization.records("receivable-payments")]
    assert sorted(charged) == sorted([old, new])


async def test_ar_workflow_whose_customer_was_renamed_charges_neither(organization: Organization) -> None:
    given: dict[str, Any] = {"bank_account": account(), "charge": charge(), "on_case": CasePolicy.STOP}
    first = await run(ar_workflow, given | {"customer": customer(), "invoice": invoice()})
    rename(organization, "customers", first.customer_id, "Closed")
    new = with_customer(organization, customer().name)
    with pytest.raises(CaseError) as caught:
        await run(ar_workflow, given | {"customer": customer(), "invoice": invoice(invoice_number="AR-2")})
    for known in (first.customer_id, "Closed", new):
        assert known in str(caught.value)
    assert made(organization) == [2, 1, 1]


async def test_vendor_renamed_before_its_payment_is_not_paid(organization: Organization) -> None:
    vendor_id = vendor_by_hand(organization)
    put(row(vendor=ONLY))
    first = await pay()
    (line,) = first.lines
    organization.record("POST", f"payments/{line.record_id}/cancel")
    paid = account().to_new_bank_account(), first.funding_account_id, date(2026, 11, 24)
    async with await connect(Settings.load()) as client:
        seen = await client.bills.get(line.document_id)
        rename(organization, "vendors", vendor_id, CLOSED)
        with pytest.raises(ConflictError, match=r"do not use\).{2}at BILL by now, 'Happy Music' was planned"):
            await pay_bill(client, seen, line.amount, "Happy Music", *paid, label="again")
    assert organization.writes().count("POST /v3/payments") == 0


async def test_customer_renamed_before_its_charge_is_not_charged(organization: Organization) -> None:
    customer_id = with_customer(organization, "Harbor School", "99998888")
    invoice_id = with_invoice(organization, customer_id, "7")
    to = customer_id, "Harbor School", "bac1", date(2026, 11, 24)
    async with await connect(Settings.load()) as client:
        seen = await client.invoices.get(invoice_id)
        rename(organization, "customers", customer_id, "Closed")
        with pytest.raises(
            ConflictError, match="is named 'Closed' at BILL by now, 'Harbor School' was planned"
        ):
            await charge_invoice(client, seen, Decimal(50), *to)
    assert organization.records("receivable-payments") == []


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("Caf\u00e9 Lumi\u00e8re", unicodedata.normalize("NFD", "Caf\u00e9 Lumi\u00e8re")),
        ("Lakeside Piano Tuning", "\uff2cakeside Piano\u00a0Tuning"),
        ("O'Brien Music", "O\u2019Brien  Music"),
        ("O'Brien Music", "o`BRIEN music"),
    ],
)
async def test_bill_of_a_vendor_spelled_otherwise_is_paid_once(
    organization: Organization, first: str, again: str
) -> None:
    assert statuses(await pay(put(row(vendor=VENDOR | {"Vendor": first})))) == ["done"]
    put(row(vendor=VENDOR | {"Vendor": again}), name="again.csv")
    assert statuses(await pay("again.csv")) == ["done before"]
    assert counts(organization) == [1, 1, 1]


@pytest.mark.parametrize("sign", "\u200b\u034f\ufe0f\u3164")
async def test_sheet_with_an_invisible_character_in_a_name_is_refused(
    organization: Organization, sign: str
) -> None:
    put(row(vendor=VENDOR | {"Vendor": f"Happy{sign} Music"}))
    with pytest.raises(SheetError, match=rf"holds the invisible character U\+{ord(sign):04X}: type it again"):
        await pay()
    assert organization.writes() == []


async def test_invisible_characters_of_a_description_are_removed(organization: Organization) -> None:
    put(row(Description="Two\u200b violins\ufe0f", Memo="Thank\u3164 you"))
    assert statuses(await pay()) == ["done"]
    (held,) = organization.records("bills")
    assert held["billLineItems"][0]["description"] == "Two violins"
    assert organization.records("payments")[0]["description"] == "Thank you"


@pytest.mark.parametrize("sign", "\u200b\u034f\ufe0f\u3164\u202e\n")
def test_form_with_an_invisible_character_in_a_name_is_refused(sign: str) -> None:
    refused = rf"holds the invisible character U\+{ord(sign):04X}: type it again"
    with pytest.raises(ValueError, match=refused):
        VendorInput.model_validate({**vendor().model_dump(), "name": f"Happy{sign} Music"})
    with pytest.raises(ValueError, match=refused):
        CustomerInput.model_validate({**customer().model_dump(), "name": f"Happy{sign} Music"})
    with pytest.raises(ValueError, match=refused):
        bill(invoice_number=f"INV{sign}-1")
    assert bill(description="a\u200b\u3164b").description == "ab"
