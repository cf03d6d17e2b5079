"""BILL_MAX_AMOUNT and BILL_MAX_TOTAL: what counts, for which day, and over several processes."""

from pathlib import Path

import pytest

from billcom.errors import CapError
from billcom.intent import Kind
from billcom.journal import Journal, NewEntry, State
from tests.billcom.conftest import NewSettings
from tests.billcom.journals import (
    URL,
    claim,
    done,
    drop_tables,
    note,
    settings_below,
    states,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def empty_server() -> None:
    await drop_tables(URL)


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    return settings_below(tmp_path)


@pytest.fixture
def journal(new_settings: NewSettings) -> Journal:
    """A journal that is empty."""
    return Journal(new_settings(), run="run-1")


async def test_a_payment_above_the_cap_is_not_claimed(new_settings: NewSettings) -> None:
    journal = Journal(new_settings(max_amount="100.00"))
    await claim(journal, "00n1", "100.00")
    with pytest.raises(CapError, match=r"100\.01 is more than BILL_MAX_AMOUNT 100\.00"):
        await claim(journal, "00n2", "100.01")
    assert states(await journal.entries()) == [("00n1", "SENDING", "")]


async def test_a_bill_above_the_cap_may_be_made(new_settings: NewSettings) -> None:
    journal = Journal(new_settings(max_amount="100.00", max_total="100.00"))
    assert (await claim(journal, "a", "5000.00", kind=Kind.BILL)).position == 1


async def test_payments_and_charges_of_a_day_stay_below_the_total(new_settings: NewSettings) -> None:
    journal = Journal(new_settings(max_total="100.00"))
    await done(journal, "00n1", amount="60.00")
    await claim(journal, "00e1", "40.00", kind=Kind.CHARGE)
    with pytest.raises(
        CapError, match=r"0\.01 on top of today's 100\.00 is more than BILL_MAX_TOTAL 100\.00"
    ):
        await claim(journal, "00n3", "0.01")


async def test_claims_made_together_count_together(new_settings: NewSettings) -> None:
    journal = Journal(new_settings(max_total="100.00"))
    rows = [
        NewEntry(journal.identity(Kind.PAYMENT, subject), None, State.SENDING, {"amount": "60.00"})
        for subject in ("00n1", "00n2")
    ]
    with pytest.raises(CapError, match=r"120\.00 on top of today's 0\.00"):
        await journal.append(*rows)


@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_SENT, State.RELEASED])
async def test_what_was_not_paid_does_not_count(new_settings: NewSettings, state: State) -> None:
    journal = Journal(new_settings(max_total="100.00"))
    refused = await note(journal, await claim(journal, "00n1", "100.00"), state)
    await claim(journal, "00n1", "100.00", after=refused)
    with pytest.raises(CapError):
        await claim(journal, "00n2", "0.01")


async def test_what_may_have_been_paid_counts(new_settings: NewSettings) -> None:
    journal = Journal(new_settings(max_total="100.00"))
    await note(journal, await claim(journal, "00n1", "100.00"), State.UNKNOWN)
    with pytest.raises(CapError):
        await claim(journal, "00n2", "0.01")


async def test_what_was_found_at_bill_does_not_count(new_settings: NewSettings) -> None:
    journal = Journal(new_settings(max_total="100.00"))
    await claim(journal, "00n1", "100.00", state=State.DONE, record_id="stp1")
    assert (await claim(journal, "00n2", "100.00")).position == 2


async def test_each_day_where_the_business_is_has_its_own_total(new_settings: NewSettings) -> None:
    """New York, whose midnight is at five in the morning UTC."""
    late = Journal(new_settings(max_total="100.00", now="2026-11-24T04:58:00+00:00"))
    await claim(late, "00n1", "100.00")
    with pytest.raises(CapError):
        await claim(late, "00n2", "100.00")
    early = Journal(new_settings(max_total="100.00", now="2026-11-24T05:01:00+00:00"))
    assert (await claim(early, "00n2", "100.00")).position == 2
