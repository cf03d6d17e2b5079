"""How a call goes out and comes back: lost answers, repeats, sessions, exact numbers, secrets."""

import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from billcom import BillClient, Settings
from billcom.emulator import LocalBill
from billcom.errors import (
    BillError,
    ConcurrencyLimitError,
    OutcomeUnknownError,
    SessionExpiredError,
    SettingsError,
    UnavailableError,
)
from billcom.local import count_requests
from tests.billcom.build import DEVICE, bank_account, make_vendor, new_vendor, pass_mfa
from tests.billcom.conftest import NewSettings, Waits
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

IMPATIENT_SECONDS = 0.15

# What happens to a request, and whether BILL did it all the same.
LOST: dict[str, tuple[dict[str, Any], bool]] = {
    "refused": ({"action": "refuse"}, False),
    "done, then dropped": ({"action": "act_then_drop"}, True),
    "html 502": ({"action": "html_500"}, False),
    "html 503, done": ({"action": "html_500", "status": 503, "acted": True}, True),
    "html 403": ({"action": "html_500", "status": 403}, False),
    "html 404, done": ({"action": "html_500", "status": 404, "acted": True}, True),
    "BILL's own 500": ({"action": "error", "code": "BDC_1001", "status": 500}, False),
    "too late": ({"action": "delay", "seconds": 0.4}, True),
}


@pytest.fixture
async def impatient(bill: BillClient, waits: Waits) -> AsyncIterator[BillClient]:
    """A client that waits a moment for an answer, on the session of the other."""
    async with BillClient(
        bill.settings, sessions=bill.sessions, timeout_seconds=IMPATIENT_SECONDS, sleep=waits
    ) as client:
        yield client


@pytest.mark.parametrize("how", LOST)
async def test_a_write_without_a_proper_answer_has_no_known_outcome(
    bill: BillClient, impatient: BillClient, controls: Controls, waits: Waits, how: str
) -> None:
    fault, acted = LOST[how]
    await bill.sessions.current()
    controls.fault(method="POST", path="/v3/vendors", times=9, **fault)
    with pytest.raises(OutcomeUnknownError, match="look for the record before anything else") as caught:
        await impatient.vendors.create(new_vendor())
    assert str(caught.value).startswith("POST /v3/vendors: no proper answer (")
    assert controls.sent() == ["POST /v3/vendors"]
    assert controls.acted() == (["POST /v3/vendors"] if acted else [])
    assert len([row async for row in bill.vendors.list()]) == acted
    assert waits == []


@pytest.mark.parametrize("how", LOST)
async def test_a_read_without_a_proper_answer_is_repeated(
    bill: BillClient, impatient: BillClient, controls: Controls, waits: Waits, how: str
) -> None:
    vendor = await make_vendor(bill)
    controls.fault(method="GET", path="/v3/vendors/*", times=2, **LOST[how][0])
    assert (await impatient.vendors.get(vendor.id)).id == vendor.id
    assert controls.sent("GET") == [f"GET /v3/vendors/{vendor.id}"] * 3
    assert 0.25 <= waits[0] <= 0.75
    assert 0.5 <= waits[1] <= 1.5


@pytest.mark.parametrize("how", LOST)
async def test_a_read_that_is_never_answered_is_given_up(
    bill: BillClient, impatient: BillClient, controls: Controls, waits: Waits, how: str
) -> None:
    vendor = await make_vendor(bill)
    controls.fault(method="GET", path="/v3/vendors/*", times=9, **LOST[how][0])
    with pytest.raises(UnavailableError, match="Nothing is lost by trying again later"):
        await impatient.vendors.get(vendor.id)
    assert controls.sent("GET") == [f"GET /v3/vendors/{vendor.id}"] * 4
    assert len(waits) == 3 and waits[2] >= 1


async def test_a_write_that_is_safe_to_repeat_says_so(bill: BillClient, controls: Controls) -> None:
    vendor = await make_vendor(bill)
    controls.fault("act_then_drop", "POST", "*/archive").forget()
    with pytest.raises(UnavailableError, match="Nothing is lost by trying again later"):
        await bill.vendors.archive(vendor.id)
    assert (await bill.vendors.archive(vendor.id)).archived is True


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def test_when_bill_cannot_be_reached_nothing_was_sent(
    settings: Settings, bill: BillClient, waits: Waits
) -> None:
    nowhere = settings.model_copy(update={"base_url": f"http://127.0.0.1:{free_port()}/connect"})
    async with BillClient(nowhere, sessions=bill.sessions, sleep=waits) as client:
        for call in (client.vendors.get("0091"), client.vendors.create(new_vendor())):
            waits.clear()
            with pytest.raises(UnavailableError, match=r"can't be reached\..*nothing was sent"):
                await call
            assert len(waits) == 3


async def test_a_write_that_was_never_sent_is_repeated(new_settings: NewSettings) -> None:
    port = free_port()
    late = LocalBill(port=port)

    async def start(_seconds: float) -> None:
        late.start()

    settings = new_settings(base_url=f"http://127.0.0.1:{port}/connect")
    try:
        async with BillClient(settings, sleep=start) as client:
            made = await client.vendors.create(new_vendor())
            assert [row.id async for row in client.vendors.list()] == [made.id]
            assert await count_requests(client) == 3
    finally:
        late.stop()


async def test_too_many_reads_at_once_back_off_and_go_on(
    bill: BillClient, controls: Controls, waits: Waits
) -> None:
    vendor = await make_vendor(bill)
    controls.fault("error", "GET", code="BDC_1322", status=422, times=3)
    assert (await bill.vendors.get(vendor.id)).id == vendor.id
    assert len(controls.sent("GET")) == 4
    assert len(waits) == 3


async def test_too_many_reads_at_once_for_too_long_are_raised(
    bill: BillClient, controls: Controls, waits: Waits
) -> None:
    controls.fault("error", "GET", code="BDC_1322", status=422, times=9)
    with pytest.raises(ConcurrencyLimitError, match="Wait some seconds"):
        await bill.vendors.get("0091")
    assert len(controls.sent()) == 4
    assert len(waits) == 3


@pytest.mark.parametrize("code", ["BDC_1144", "BDC_1361", "BDC_1145", "BDC_1205"])
async def test_other_refusals_of_a_read_are_raised_at_once(
    bill: BillClient, controls: Controls, waits: Waits, code: str
) -> None:
    controls.fault("error", "GET", code=code, status=422, times=9)
    with pytest.raises(BillError, match=code):
        await bill.vendors.get("0091")
    assert controls.sent() == ["GET /v3/vendors/0091"]
    assert (controls.sign_ins(), waits) == (1, [])


async def test_an_expired_session_is_renewed_once_for_a_read(bill: BillClient, controls: Controls) -> None:
    vendor = await make_vendor(bill)
    controls.advance(minutes=36)
    assert (await bill.vendors.get(vendor.id)).id == vendor.id
    assert controls.sent("GET") == [f"GET /v3/vendors/{vendor.id}"] * 2
    assert controls.sign_ins() == 2


async def test_a_session_that_stays_invalid_is_renewed_once_only(
    bill: BillClient, controls: Controls, waits: Waits
) -> None:
    controls.fault("error", "GET", code="BDC_1109", status=401, times=9)
    with pytest.raises(SessionExpiredError):
        await bill.vendors.get("0091")
    assert len(controls.sent()) == 2
    assert (controls.sign_ins(), waits) == (2, [])


async def test_an_expired_session_of_a_write_is_raised(bill: BillClient, controls: Controls) -> None:
    await bill.sessions.current()
    controls.advance(minutes=36)
    with pytest.raises(SessionExpiredError, match="BDC_1109"):
        await bill.vendors.create(new_vendor())
    assert controls.sent() == ["POST /v3/vendors"]
    assert (controls.acted(), controls.sign_ins()) == ([], 1)


async def test_a_sign_in_without_an_answer_means_that_a_write_was_not_sent(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("act_then_drop", "POST", "/v3/login")
    with pytest.raises(UnavailableError, match="POST /v3/login"):
        await bill.vendors.create(new_vendor())
    assert controls.sent() == []


async def test_secrets_are_in_no_log_text_or_error(
    bill: BillClient, controls: Controls, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await pass_mfa(bill)
    session = await bill.sessions.current()
    account = bank_account(account_number="98765432109")
    vendor = await bill.vendors.create(new_vendor(payment_information=None))
    added = await bill.vendors.create_bank_account(vendor.id, account)
    controls.fault("act_then_drop", "POST", "/v3/vendors").advance(minutes=36)
    shown = [repr(item) for item in (bill.settings, session, account, added, vendor, bill.sessions)]
    for call in (bill.vendors.create(new_vendor()), bill.vendors.create(new_vendor())):
        with pytest.raises(BillError) as caught:
            await call
        shown += [str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
    shown += [record.getMessage() for record in caplog.records]
    secrets = [
        bill.settings.password.get_secret_value(),
        bill.settings.dev_key.get_secret_value(),
        session.session_id.get_secret_value(),
        "98765432109",
        "074000010",
    ]
    assert [secret for secret in secrets if any(secret in text for text in shown)] == []
    assert "POST /v3/vendors 201" in [r.getMessage() for r in caplog.records if r.name == "billcom"]
    assert DEVICE not in " ".join(record.getMessage() for record in caplog.records)


async def test_the_local_controls_are_of_the_local_bill_alone(new_settings: NewSettings) -> None:
    sandbox = new_settings(
        environment="sandbox", username="ann", password="p", organization_id="008", dev_key="d"
    )
    async with BillClient(sandbox) as client:
        with pytest.raises(SettingsError, match="BILL_ENVIRONMENT is sandbox: /_local/phone is of the local"):
            await client.local("GET", "/_local/phone")


async def test_what_is_no_json_has_no_place_in_a_request(bill: BillClient, controls: Controls) -> None:
    with pytest.raises(TypeError, match="set has no place in a request body"):
        await bill.request("POST", "/v3/vendors", body={"name": {"a", "b"}})
    assert controls.sent() == []
