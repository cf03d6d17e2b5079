"""The journal's stop switch: what it halts, for whom, from when on, and what survives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billcom import BillClient, Settings
from billcom.errors import JournalError, StoppedError
from billcom.intent import Kind
from billcom.journal import Journal, State
from billcom.stop_switch import Stop, StopSwitch
from tests.billcom.conftest import NewSettings
from tests.billcom.journals import URL as JOURNAL_URL
from tests.billcom.journals import claim, drop_tables, note, settings_below, sql

pytestmark = pytest.mark.anyio

BILLCOM = [sys.executable, "-c", "from billcom.cli import main; main()"]


@pytest.fixture
async def new(tmp_path: Path) -> NewSettings:
    """Settings whose journal is new."""
    await drop_tables(JOURNAL_URL)
    return settings_below(tmp_path)


def command(settings: Settings, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `billcom` as a person does who knows of no organization: with the journal's place alone."""
    own = {"BILL_STATE_DIR": str(settings.state_path), "BILL_JOURNAL_URL": JOURNAL_URL}
    return subprocess.run(
        [*BILLCOM, *arguments],
        env=os.environ | own | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.CHARGE])
@pytest.mark.parametrize("label", ["", "second part"])
async def test_stopped_money_is_not_claimed(new: NewSettings, kind: Kind, label: str) -> None:
    settings = new()
    await StopSwitch(settings).stop("fraud at the bank", "Ann")
    journal = Journal(settings)
    with pytest.raises(StoppedError) as caught:
        await claim(journal, kind=kind, label=label)
    (row,) = await StopSwitch(settings).entries()
    assert str(caught.value) == (
        f"all money is stopped by Ann since {row.at:%Y-%m-%d %H:%M} UTC: fraud at the bank. Nothing was sent. To go "
        "on: billcom resume, then run again"
    )
    assert await journal.entries() == []


async def test_stop_lets_everything_but_money_go_on(new: NewSettings) -> None:
    settings = new()
    await StopSwitch(settings).stop("fraud", "Ann")
    assert (await claim(Journal(settings), kind=Kind.VENDOR)).state is State.SENDING


async def test_stop_holds_for_every_organization_of_the_journal(new: NewSettings) -> None:
    settings = new()
    await StopSwitch(settings).stop("fraud", "Ann")
    for other in (new(organization_id="008OTHER"), new(base_url="http://127.0.0.1:9/connect")):
        with pytest.raises(StoppedError):
            await claim(Journal(other))


async def test_stop_takes_effect_at_the_next_claim_and_a_claimed_payment_is_recorded(
    new: NewSettings,
) -> None:
    settings = new()
    journal = Journal(settings)
    first = await claim(journal, "00n1")
    await StopSwitch(settings).stop("fraud", "Ann")
    assert (await note(journal, first, State.DONE, "stp1")).state is State.DONE
    with pytest.raises(StoppedError):
        await claim(journal, "00n2")


async def test_refused_payment_is_not_claimed_again_while_stopped(new: NewSettings) -> None:
    settings = new()
    journal = Journal(settings)
    refused = await note(journal, await claim(journal), State.REJECTED)
    await StopSwitch(settings).stop("fraud", "Ann")
    with pytest.raises(StoppedError):
        await claim(journal, after=refused)


async def test_resume_lets_money_move_and_both_are_kept(new: NewSettings) -> None:
    settings = new()
    switch = StopSwitch(settings)
    await switch.stop("fraud", "Ann")
    resumed = await switch.resume("the bank called", "Ben")
    assert resumed is not None and (resumed.by, resumed.reason) == ("Ann", "fraud")
    assert (await claim(Journal(settings))).state is State.SENDING
    assert [(row.state, row.note, row.details["by"]) for row in await switch.entries()] == [
        (State.REJECTED, "fraud", "Ann"),
        (State.RELEASED, "the bank called", "Ben"),
    ]
    assert await switch.resume("", "Ben") is None
    assert len(await switch.entries()) == 2


async def test_second_stop_leaves_the_first(new: NewSettings) -> None:
    switch = StopSwitch(new())
    assert await switch.stop("fraud", "Ann") is None
    first = await switch.read()
    assert await switch.stop("me too", "Ben") == first == await switch.read()
    assert len(await switch.entries()) == 1


async def test_stop_whose_rows_are_lost_still_stops_until_resumed(new: NewSettings) -> None:
    settings = new()
    switch = StopSwitch(settings)
    await switch.stop("fraud", "Ann")
    await switch.read()
    await sql(settings, "DELETE FROM entries")
    assert await switch.read() == Stop(
        "", "rows of the stop switch are missing from the journal, as after a restore", None
    )
    with pytest.raises(
        StoppedError, match="all money is stopped because rows of the stop switch are missing"
    ):
        await claim(Journal(settings))
    await switch.resume("looked at it", "Ben")
    assert await switch.read() is None
    assert (await claim(Journal(settings))).state is State.SENDING


async def test_stop_that_can_not_be_read_stops(new: NewSettings) -> None:
    settings = new()
    await StopSwitch(settings).stop("fraud", "Ann")
    await sql(settings, "UPDATE entries SET state = 'PERHAPS'")
    with pytest.raises(JournalError, match=r"row 1 of the stop switch can't be read .* so no money moves"):
        await claim(Journal(settings))


async def test_what_a_client_is_told_before_money_is_asked_before_each_claim(new: NewSettings) -> None:
    asked: list[str] = []

    async def before_money() -> None:
        asked.append("asked")
        if len(asked) > 1:
            raise StoppedError("all money is stopped")

    async with BillClient(new(), before_money=before_money) as client:
        await claim(client.journal, "vendor", kind=Kind.VENDOR)
        await claim(client.journal, "00n1")
        with pytest.raises(StoppedError):
            await claim(client.journal, "00n2")
        assert [row.identity.subject for row in await client.journal.entries()] == ["vendor", "00n1"]


async def test_commands_stop_show_and_resume(new: NewSettings) -> None:
    settings = new()
    user = {"LOGNAME": "ann"}
    first = command(settings, "stop", "fraud", "at the bank", **user)
    assert (first.returncode, first.stderr) == (0, "")
    assert (
        first.stdout.startswith("All money is stopped, by ann on ")
        and ": fraud at the bank.\n" in first.stdout
    )
    again = command(settings, "stop", **user)
    assert again.stdout.startswith("All money was stopped already, by ann on ")
    with pytest.raises(StoppedError, match="fraud at the bank"):
        await claim(Journal(settings))
    shown = command(settings, "journal", "show", "all money")
    assert "stop all money, 1: REJECTED" in shown.stdout and "by: ann on " in shown.stdout
    resumed = command(settings, "resume", "--by", "Ben")
    assert resumed.stdout.startswith("Money may move again. It was stopped by ann on ")
    assert (await claim(Journal(settings))).state is State.SENDING
    assert "does not stop money" in command(settings, "resume").stdout


async def test_stop_names_a_misspelt_setting_instead_of_stopping_another_journal(new: NewSettings) -> None:
    done = command(new(), "stop", "fraud", BILL_JOURNAL_ULR="postgresql+asyncpg://db/billcom")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "billcom: BILL_JOURNAL_ULR is not a setting: did you mean BILL_JOURNAL_URL?\n"
