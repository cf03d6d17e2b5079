"""Running the local BILL: in a thread, and as a command of its own."""

import json
import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

from billcom.emulator import LocalBill, serve
from tests.emulator.caller import Caller

COMMAND = [sys.executable, "-m", "billcom.emulator"]


def start(*options: str) -> tuple[subprocess.Popen[str], Any]:
    """Start the command on a free port and return it with the line it prints."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*COMMAND, "--port", "0", *options], **pipes)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_one_line_and_leaves_quietly_on_a_signal(number: signal.Signals) -> None:
    process, ready = start(
        "--clock", "2026-11-23T15:00:00", "--mfa-token", "123456", "--rule", "overpayment=accept"
    )
    assert ready["base_url"].endswith("/connect") and ready["webhook_base_url"].endswith("/connect-events")
    assert (ready["username"], ready["password"]) == ("demo@example.com", "local-only")
    assert ready["organization_id"] == "00801LOCALDEMO000001" and ready["dev_key"] == "01LOCALDEVKEY0000001"
    with Caller(ready["base_url"], ready) as caller:
        caller.sign_in()
        caller.step_up()
        assert caller.texted_code() == "123456"
        assert caller.local("GET", "/rules")["overpayment"] == "accept"
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_permissive_rules_leave_a_run_able_to_start() -> None:
    with (
        LocalBill(permissive=True) as local_bill,
        Caller(local_bill.base_url, local_bill.credentials) as caller,
    ):
        assert caller.local("GET", "/rules")["list_delay_ms"] == 3000
        caller.sign_in()
        assert caller.verified_bank()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": {"colour": "red"}}, "unknown rule 'colour'"),
        ({"clock": "noon"}, "noon"),
    ],
)
def test_a_wrong_option_is_one_clear_line(
    options: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(port=0, **options) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and message in printed.err and printed.err.count("\n") == 1


def test_a_port_in_use_is_one_clear_line(local_bill: LocalBill, capsys: pytest.CaptureFixture[str]) -> None:
    port = httpx.URL(local_bill.base_url).port or 0
    assert serve(port=port) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}" in printed.err


def test_a_port_in_use_is_an_error_in_process(local_bill: LocalBill) -> None:
    port = httpx.URL(local_bill.base_url).port
    with pytest.raises(OSError, match="cannot listen"):
        LocalBill(port=port or 0).start()


def test_the_world_is_at_hand_in_process(local_bill: LocalBill, bill: Caller) -> None:
    vendor = bill.new_vendor()
    organization = local_bill.world.organizations[local_bill.credentials["organization_id"]]
    assert organization.vendors[vendor["id"]].name == "Happy Music"


def test_stop_frees_the_port() -> None:
    local_bill = LocalBill().start()
    port = httpx.URL(local_bill.base_url).port
    local_bill.stop()
    with LocalBill(port=port or 0) as again:
        assert httpx.URL(again.base_url).port == port
