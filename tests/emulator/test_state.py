"""What survives a restart of the local BILL: everything its clients and its controls can see."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from billcom.emulator import LocalBill
from tests.emulator.caller import Caller
from tests.emulator.conftest import MONDAY


@contextmanager
def serving(file: Path, clock: str | None = None) -> Iterator[Caller]:
    """A local BILL on a state file, and the demo user, not signed in."""
    with (
        LocalBill(state=file, clock=clock) as served,
        Caller(served.base_url, served.credentials) as caller,
    ):
        yield caller


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A state file, not there yet."""
    return tmp_path / "bill.json"


def resumed(caller: Caller, before: Caller) -> Caller:
    """Go on with the session another caller had."""
    caller.headers.update(
        {name: before.headers[name] for name in ("sessionId", "devKey") if name in before.headers}
    )
    return caller


def test_a_client_goes_on_where_it_was(file: Path) -> None:
    with serving(file, MONDAY) as first:
        first.sign_in()
        first.step_up()
        payment = first.pay(first.new_bill())
        first.local("PUT", "/rules", {"text_budget": 4})
        first.local("POST", "/faults", {"action": "error", "path": "/v3/customers", "code": "BDC_1111"})
        seen = first.rows("/v3/vendors"), first.rows("/v3/bills"), first.rows("/v3/payments")
        asked = first.local("GET", "/requests")
        texts = first.local("GET", "/phone")
    with serving(file, MONDAY) as second:
        resumed(second, first)
        assert second.local("GET", "/requests") == asked
        assert second.local("GET", "/phone") == texts
        assert (second.rows("/v3/vendors"), second.rows("/v3/bills"), second.rows("/v3/payments")) == seen
        assert second.local("GET", "/rules")["text_budget"] == 4
        assert second.get("/v3/customers").json()[0]["code"] == "BDC_1111"
        assert second.pay(second.new_bill(number="202599"))["status"] == "SCHEDULED"  # trusted still
        second.go_to("2026-11-30T15:00:00+00:00")
        paid = second.read(f"/v3/payments/{payment['id']}")
        assert (paid["singleStatus"], paid["status"]) == ("CLEARED", "PAID")
        assert second.read(f"/v3/bills/{payment['billId']}")["paymentStatus"] == "PAID"


def test_a_late_act_is_done_after_a_restart(file: Path) -> None:
    with serving(file, MONDAY) as first:
        first.sign_in()
        first.local("POST", "/faults", {"action": "act_late", "path": "/v3/vendors", "seconds": 600})
        with pytest.raises(Exception, match="disconnected"):
            first.new_vendor()
    with serving(file, MONDAY) as second:
        resumed(second, first)
        assert second.rows("/v3/vendors") == []
        second.advance(minutes=11)
        assert len(second.rows("/v3/vendors")) == 1
        (late,) = [row for row in second.local("GET", "/requests")["requests"] if row["late"]]
        assert (late["method"], late["path"], late["acted"]) == ("POST", "/v3/vendors", True)


def test_time_has_gone_on_meanwhile(file: Path) -> None:
    with serving(file) as first:
        first.go_to("2030-01-07T15:00:00+00:00")
    state = json.loads(file.read_text())
    state["saved"] = state["saved"].replace(state["saved"][:4], str(int(state["saved"][:4]) - 1))
    file.write_text(json.dumps(state))
    with serving(file) as second:
        now = datetime.fromisoformat(second.local("GET", "/clock")["now"])
        assert (now.year, now.month) == (2031, 1)


def test_a_reset_is_kept_too(file: Path) -> None:
    with serving(file, MONDAY) as first:
        first.sign_in()
        first.new_vendor()
        first.local("POST", "/reset")
    with serving(file, MONDAY) as second:
        second.sign_in()
        assert second.rows("/v3/vendors") == []


def test_the_file_is_for_its_owner_alone(file: Path) -> None:
    with serving(file, MONDAY) as first:
        first.sign_in()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "can't be read: restore it, or remove it"),
        ("[]", "can't be read: restore it, or remove it"),
    ],
)
def test_a_damaged_file_is_named_and_left_alone(file: Path, content: str, says: str) -> None:
    file.write_text(content)
    with pytest.raises(ValueError, match=says):
        LocalBill(state=file)
    assert file.read_text() == content


def test_a_file_of_another_version_is_named_and_left_alone(file: Path) -> None:
    with serving(file, MONDAY) as first:
        first.sign_in()
    other = file.read_text().replace('"version":1', '"version":2', 1)
    file.write_text(other)
    with pytest.raises(ValueError, match="is of version 2, this local BILL's is 1"):
        LocalBill(state=file)
    assert file.read_text() == other


def test_a_second_local_bill_on_the_same_file_is_refused(file: Path) -> None:
    with serving(file, MONDAY), pytest.raises(ValueError, match="is another local BILL's"):
        LocalBill(state=file)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file or directory: choose a folder"):
        LocalBill(state=tmp_path / "none" / "bill.json")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_told_to_stop_has_kept_everything(file: Path, how: signal.Signals) -> None:
    command = [
        sys.executable,
        "-m",
        "billcom.emulator",
        "--port",
        "0",
        "--clock",
        MONDAY,
        "--state",
        str(file),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    with Caller(said["base_url"], said) as caller:
        caller.sign_in()
        vendor = caller.new_vendor()
    process.send_signal(how)
    assert process.wait(timeout=20) == 0
    process.stdout.close()
    with serving(file, MONDAY) as second:
        second.sign_in()
        assert [row["id"] for row in second.rows("/v3/vendors")] == [vendor["id"]]
