"""One local BILL for the whole run, back at its start for every test; time stands at a Monday morning."""

from collections.abc import Iterator

import pytest

from billcom.emulator import LocalBill
from tests.emulator.approvals import second_user
from tests.emulator.caller import Caller

# 09:00 in Chicago on Monday 23 November 2026; Thursday the 26th is Thanksgiving.
MONDAY = "2026-11-23T15:00:00+00:00"


@pytest.fixture(scope="session")
def local_bill() -> Iterator[LocalBill]:
    """A running local BILL."""
    with LocalBill(clock=MONDAY) as local_bill:
        yield local_bill


@pytest.fixture
def stranger(local_bill: LocalBill) -> Iterator[Caller]:
    """Someone who has not signed in, at a local BILL that was just reset."""
    with Caller(local_bill.base_url, local_bill.credentials) as caller:
        caller.local("POST", "/reset")
        yield caller


@pytest.fixture
def bill(stranger: Caller) -> Caller:
    """The demo user, signed in through an untrusted session."""
    stranger.sign_in()
    return stranger


@pytest.fixture
def trusted(bill: Caller) -> Caller:
    """The demo user, signed in and past MFA."""
    bill.step_up()
    return bill


@pytest.fixture
def approver(bill: Caller) -> Iterator[Caller]:
    """A second user of the demo organization, an approver, signed in."""
    with second_user(bill) as caller:
        yield caller
