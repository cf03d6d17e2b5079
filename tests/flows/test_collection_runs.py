"""Sending the invoices of a sheet, and charging them: once, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from billcom.errors import ApprovalError, SheetError
from billcom.inputs import CodeSource
from billcom.runs.lines import RunKind
from billcom.tables.samples import sample_xlsx
from flows.collection_runs import send_invoices
from tests.billcom.tables.sheets import BANK, INVOICE, as_csv
from tests.flows.collecting import (
    CHARGE,
    CHARGED,
    MORE,
    PERMISSIVE,
    SENT,
    folders_below,
    made,
    mailed,
    send,
    statuses,
    with_customer,
)
from tests.organization import Organization

MOST_READS = 34
"""To survey an empty BILL, look for each of 13 records before it is made, and read the charged invoices again."""

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


@pytest.fixture(autouse=True)
def input_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return folders_below(tmp_path, monkeypatch)


async def test_the_sample_sheet_end_to_end(organization: Organization, input_folder: Path) -> None:
    (input_folder / "november.xlsx").write_bytes(sample_xlsx(RunKind.COLLECTION))
    run = await cast("Any", send_invoices)("november.xlsx", dry_run=False)
    assert [
        (line.number, line.status, str(line.amount), str(line.day), line.record_status) for line in run.lines
    ] == [
        ("AR-3001", "done", "577.50", "2026-11-24", "SCHEDULED"),
        ("AR-3002", "done", "328.60", "2026-11-24", "SCHEDULED"),
        ("AR-3003", "done", "640.00", "None", ""),
        ("AR-3004", "done", "150.00", "2026-11-24", "SCHEDULED"),
        ("AR-3005", "done", "18.90", "None", ""),
    ]
    assert len(organization.writes()) == 3 + 2 + 5 + 2 + 2 + 3
    assert len(organization.requests("GET")) <= MOST_READS
    charges = organization.records("receivable-payments")
    assert sorted(charge["amount"] for charge in charges) == [150.0, 328.6, 577.5]
    assert sorted(mailed(organization)) == ["Invoice AR-3002", "Invoice AR-3003"]
    left = sorted(path.name.split("-2026")[0] for path in (input_folder.parent / "output").iterdir())
    assert left == ["november-plan", "november-result"]


async def test_a_dry_run_writes_nothing(organization: Organization, input_folder: Path) -> None:
    run = await send(input_folder, {**CHARGED, "Send e-mail": "yes"}, dry_run=True)
    assert (statuses(run), run.dry_run) == ([("AR-2001", "planned")], True)
    assert organization.writes() == []
    assert mailed(organization) == []


async def test_the_same_sheet_again_makes_emails_and_charges_nothing(
    organization: Organization, input_folder: Path
) -> None:
    organization.rule(**PERMISSIVE)
    rows = ({**CHARGED, "Send e-mail": "yes"}, {**INVOICE, "Invoice number": "X-9", "Price": "1.00"})
    first = await send(input_folder, *rows)
    before = organization.writes()
    second = await send(input_folder, *rows)
    third = await send(input_folder, *rows, name="a later run")
    assert organization.writes() == before
    assert statuses(first) == statuses(second) == [("AR-2001", "done"), ("X-9", "done")]
    assert statuses(third) == [("AR-2001", "done before"), ("X-9", "done before")]
    assert [line.record_id for line in third.lines] == [first.lines[0].record_id, ""]
    assert len(mailed(organization)) == 1
    assert len({run.fingerprint for run in (first, second, third)}) == 1


async def test_an_invoice_that_two_lines_share_is_made_and_emailed_once(
    organization: Organization, input_folder: Path
) -> None:
    shared = {**CHARGED, "Send e-mail": "yes"}
    sent = {**shared, "Label": "copy", "Charge": "", "Authorization on file": ""}
    run = await send(input_folder, shared, sent)
    assert [line.status.value for line in run.lines] == ["done", "done"]
    assert made(organization) == [1, 1, 1]
    assert mailed(organization) == ["Invoice AR-2001"]


async def test_a_changed_amount_conflicts_and_changes_nothing(
    organization: Organization, input_folder: Path
) -> None:
    await send(input_folder, CHARGED)
    before = organization.writes()
    run = await send(input_folder, {**CHARGED, "Price": "97.25"})
    assert organization.writes() == before
    assert statuses(run) == [("AR-2001", "conflict")]
    assert "with 96.25, the sheet says 97.25" in run.lines[0].reason


async def test_lines_of_a_new_customer_make_it_and_its_bank_account_once(
    organization: Organization, input_folder: Path
) -> None:
    organization.rule(**PERMISSIVE)
    more = [{**MORE, "Invoice number": f"B-{10 * n}", "Price": f"{n}5.00"} for n in range(1, 9)]
    run = await send(input_folder, CHARGED, *more)
    assert {line.status.value for line in run.lines} == {"done"}
    assert made(organization) == [1, 9, 9]
    assert len(organization.records(f"customers/{run.lines[0].party_id}/bank-accounts")) == 1
    stated = [write for write in organization.writes() if write.endswith("charge-authorization")]
    assert len(stated) == 1


async def test_a_line_that_is_refused_takes_no_other_with_it(
    organization: Organization, input_folder: Path
) -> None:
    organization.fault(
        "POST", "/v3/invoices", "error", status=422, code="BDC_9001", message="No.", nth=1, times=1
    )
    harbor = {**CHARGED, "Customer": "Harbor Dance Company", "Invoice number": "H-5"}
    run = await send(input_folder, CHARGED, harbor)
    failed = [line for line in run.lines if line.status == "failed"]
    assert sorted(line.status.value for line in run.lines) == ["done", "failed"]
    assert ("BDC_9001" in failed[0].reason, failed[0].record_id) == (True, "")
    assert made(organization) == [2, 1, 1]
    again = await send(input_folder, CHARGED, harbor)
    assert statuses(again) == [("AR-2001", "done"), ("H-5", "done")]
    assert made(organization) == [2, 2, 2]


async def test_a_conflict_stops_its_line_alone(organization: Organization, input_folder: Path) -> None:
    with_customer(organization, "Harbor Dance Company")
    run = await send(input_folder, CHARGED, {**MORE, "Customer": "Harbor Dance Company"})
    assert statuses(run) == [("AR-2001", "done"), ("B-77", "conflict")]
    assert "has no bank account at BILL" in run.lines[1].reason


@pytest.mark.parametrize("path", ["/v3/customers", "/v3/invoices", "/v3/receivable-payments"])
async def test_a_lost_answer_makes_nothing_twice(
    organization: Organization, input_folder: Path, path: str
) -> None:
    organization.rule(**PERMISSIVE)
    organization.fault("POST", path, "act_then_drop")
    run = await send(input_folder, CHARGED, MORE)
    assert statuses(run) == [("AR-2001", "done"), ("B-77", "done")]
    assert made(organization) == [1, 2, 2]


async def test_a_charge_without_an_answer_is_open_and_never_sent_again(
    organization: Organization, input_folder: Path
) -> None:
    organization.fault("POST", "/v3/receivable-payments", "refuse")
    run = await send(input_folder, CHARGED)
    assert statuses(run) == [("AR-2001", "open")]
    again = await send(input_folder, CHARGED)
    assert statuses(again) == [("AR-2001", "open")]
    assert organization.writes().count("POST /v3/receivable-payments") == 1


async def test_a_charge_that_appears_after_the_run_is_adopted_by_the_next(
    organization: Organization, input_folder: Path
) -> None:
    organization.fault("POST", "/v3/receivable-payments", "act_late", seconds=60)
    assert statuses(await send(input_folder, CHARGED)) == [("AR-2001", "open")]
    organization.control("PUT", "/clock", {"advance_seconds": 61})
    run = await send(input_folder, CHARGED)
    (charge,) = organization.records("receivable-payments")
    assert [(line.status.value, line.record_id) for line in run.lines] == [("done", charge["id"])]


async def test_an_email_without_an_answer_is_not_sent_again_and_nobody_is_charged(
    organization: Organization, input_folder: Path
) -> None:
    organization.fault("POST", "/v3/invoices/*/email", "act_then_drop")
    run = await send(input_folder, {**CHARGED, "Send e-mail": "yes"})
    assert statuses(run) == [("AR-2001", "failed")]
    assert run.lines[0].reason.startswith(
        "the invoice was made, and may not have been e-mailed: e-mail it in BILL"
    )
    assert made(organization) == [1, 1, 0]
    again = await send(input_folder, {**CHARGED, "Send e-mail": "yes"})
    assert [(line.status.value, line.reason) for line in again.lines] == [
        ("done", "not e-mailed now: BILL had the invoice already")
    ]
    assert mailed(organization) == ["Invoice AR-2001"]


async def test_without_the_bank_account_feature_invoices_are_sent_and_charges_are_not(
    organization: Organization, input_folder: Path
) -> None:
    with_customer(organization, "Cedar Grove School")
    organization.rule(customer_bank_feature="off")
    sent = {**INVOICE, "Invoice number": "X-9", "Price": "1.00"}
    run = await send(input_folder, {**INVOICE, **BANK, **CHARGE}, sent)
    assert statuses(run) == [("AR-2001", "conflict"), ("X-9", "done")]
    assert "switched on by BILL on request" in run.lines[0].reason
    assert made(organization) == [1, 1, 0]


async def test_the_charges_note_their_run_in_the_journal(
    organization: Organization, input_folder: Path
) -> None:
    first = await send(input_folder, CHARGED, name="first")
    second = await send(input_folder, CHARGED, MORE, name="second")
    assert statuses(first) == [("AR-2001", "done")]
    assert statuses(second) == [("AR-2001", "done before"), ("B-77", "done")]
    assert statuses(await send(input_folder, CHARGED, MORE, name="second")) == statuses(second)


async def test_a_problem_in_the_sheet_does_nothing_at_all(
    organization: Organization, input_folder: Path
) -> None:
    (input_folder / "dues.csv").write_bytes(as_csv(CHARGED, {**MORE, "Authorization on file": ""}))
    with pytest.raises(SheetError, match="signed authorization"):
        await cast("Any", send_invoices)("dues.csv", dry_run=False)
    assert organization.requests() == []


async def test_charges_over_the_limit_wait_for_approval_and_invoices_only_sent_do_not(
    organization: Organization, input_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_APPROVAL_AMOUNT", "50.00")
    sent = await send(input_folder, {**SENT, "Invoice number": "X-9", "Price": "900.00"})
    assert statuses(sent) == [("X-9", "done")]
    before = organization.writes()
    with pytest.raises(ApprovalError, match="needs 1 more to approve it"):
        await send(input_folder, CHARGED)
    assert organization.writes() == before
    plan = await send(input_folder, CHARGED, dry_run=True)
    run = await send(input_folder, CHARGED, approve=plan.fingerprint, approver="Ann")
    assert statuses(run) == [("AR-2001", "done")]


async def test_a_charge_over_the_cap_is_held(
    organization: Organization, input_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_MAX_AMOUNT", "50.00")
    run = await send(input_folder, CHARGED, {**INVOICE, "Invoice number": "X-9", "Price": "900.00"})
    assert statuses(run) == [("AR-2001", "held"), ("X-9", "done")]
    assert made(organization) == [1, 1, 0]


async def test_where_charges_need_a_code_one_is_asked_for_all_of_them(
    organization: Organization, input_folder: Path
) -> None:
    organization.rule(charge_needs_mfa=True)
    more = {**MORE, "Invoice number": "C-500", "Price": "30.00"}
    run = await send(input_folder, CHARGED, MORE, more, code_from=CodeSource.LOCAL_PHONE)
    assert statuses(run) == [("AR-2001", "done"), ("B-77", "done"), ("C-500", "done")]
    assert len(organization.control("GET", "/phone")["texts"]) == 1
    assert made(organization) == [1, 3, 3]
