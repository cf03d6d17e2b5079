"""The bills of a sheet paid together: planned, made, paid once, and told."""

from __future__ import annotations

import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from prefect import flow
from prefect.client.schemas.objects import StateType

from billcom.errors import InputError
from billcom.journal import Journal
from billcom.runs.lines import Status, Total
from billcom.settings import Settings
from flows.payment_runs import pay_bills
from flows.run_reports import RESULT, publish
from tests.flows.payment_sheets import (
    TOGETHER,
    artifact,
    counts,
    outputs,
    paid_amounts,
    pay,
    pay_failing,
    put,
    row,
    statuses,
    three,
)
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def test_a_run_is_dry_unless_told_and_leaves_its_plan(organization: Organization) -> None:
    run = await pay_bills(put(*three()))
    assert organization.writes() == []
    assert organization.requests("POST", "/v3/mfa/challenge") == []
    assert (run.name, run.dry_run, statuses(run)) == ("june", True, ["planned"] * 3)
    assert run.total == Total(3, Decimal("600.00"))
    (plan,) = outputs()
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert plan.name == "june-plan-20261123-100000.xlsx"
    assert load_workbook(plan).sheetnames == ["Summary", "Lines", "Chart data"]
    told = str((await artifact("payment-run")).data)
    assert told.startswith("# Payment run june\n\n**Dry run: nothing was written to BILL.**")
    assert f"Fingerprint `{run.fingerprint}`" in told
    assert str(plan) in told


async def test_vendors_bills_and_payments_go_out_together(organization: Organization) -> None:
    run = await pay(put(*three()))
    assert organization.writes() == TOGETHER
    assert counts(organization) == [2, 3, 3]
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]
    assert statuses(run) == ["done"] * 3
    assert {line.record_id for line in run.lines} == {made["id"] for made in organization.records("payments")}
    assert [(line.party_is, line.document_is, line.record_status) for line in run.lines] == [
        ("new", "new", "SCHEDULED")
    ] * 3
    assert [path.name.split("-2026")[0] for path in outputs()] == ["june-plan", "june-result"]


async def test_the_same_sheet_again_resaved_renamed_or_reordered_sends_nothing(
    organization: Organization,
) -> None:
    first = await pay(put(*three()))
    again = await pay()
    assert statuses(again) == ["done"] * 3  # of this very run, by its name
    put(*three(), name="june again.xlsx")
    resaved = await pay("june again.xlsx")
    assert (resaved.name, statuses(resaved)) == ("june again", ["done before"] * 3)
    put(*reversed(three()), name="turned.csv")
    turned = await pay("turned.csv")
    assert organization.writes() == TOGETHER
    assert {run.fingerprint for run in (first, again, resaved, turned)} == {first.fingerprint}
    assert [line.record_id for line in turned.lines] == [line.record_id for line in reversed(first.lines)]


async def test_an_edited_amount_is_a_conflict_and_a_new_row_is_paid(organization: Organization) -> None:
    await pay(put(*three()))
    put(row(amount="100.01"), *three()[1:], row("WINTER", "5.00"))
    run = await pay_failing()
    assert statuses(run) == ["conflict", "done", "done", "done"]
    assert "with amount 100.00 and date 2026-11-20, the request says 100.01" in run.lines[0].reason
    assert paid_amounts(organization) == [Decimal(5), Decimal(100), Decimal(200), Decimal(300)]


async def test_a_refused_line_takes_no_other_with_it_and_is_paid_later(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pay(put(row("EARLIER", "1.00")))
    friday = "2026-11-27T15:00:00+00:00"
    monkeypatch.setenv("BILL_NOW", friday)
    organization.control("PUT", "/clock", {"now": friday})
    organization.rule(new_vendor_bank_days=2)
    put(*three())
    run = await pay_failing()
    assert statuses(run) == ["done", "failed", "done"]
    assert "BDC_1402 Please select a payment processing date two business days out" in run.lines[1].reason
    assert (run.total_of(Status.DONE), run.total) == (
        Total(2, Decimal("400.00")),
        Total(3, Decimal("600.00")),
    )
    assert paid_amounts(organization) == [Decimal(1), Decimal(100), Decimal(300)]
    assert load_workbook(outputs("result")[-1])["Needs you"]["A2"].value == "june.csv row 3"
    organization.rule(new_vendor_bank_days=0)
    assert statuses(await pay()) == ["done"] * 3
    assert paid_amounts(organization) == [Decimal(1), Decimal(100), Decimal(200), Decimal(300)]


async def test_a_failed_run_says_how_much_needs_a_person_and_what_is_first(
    organization: Organization,
) -> None:
    put(row(), row("TODAY", "7.00", Process_date="2026-11-29"))
    state: Any = await pay(return_state=True)
    assert state.type is StateType.FAILED
    assert str(state.message).startswith(
        "1 of 2 lines need you, USD 7.00; 1 are done, USD 100.00. The first: june.csv row 3, Happy Music TODAY: "
        "process date 2026-11-29 is a Sunday"
    )


async def test_where_no_plan_can_be_left_nothing_is_made(organization: Organization) -> None:
    put(*three())
    Path("output").touch()
    with pytest.raises(
        InputError, match=r"BILL_OUTPUT_DIR '.*output': can't be written \(.*make it writable"
    ):
        await pay()
    assert organization.writes() == []


async def test_a_result_is_told_even_where_its_workbook_cant_be_left(organization: Organization) -> None:
    run = await pay_bills(put(*three()))
    paid = replace(run, dry_run=False, lines=tuple(replace(line, status=Status.DONE) for line in run.lines))
    settings = Settings.load(output_dir=Path("input", "june.csv"))

    @flow
    async def telling() -> str:
        return await publish(paid, settings, Journal(settings), RESULT, "payment-run")

    assert await telling() == ""
    assert "3 paid USD 600.00" in str((await artifact("payment-run")).description)
    assert organization.writes() == []
