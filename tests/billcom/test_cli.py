"""The `billcom` command, as a person starts it."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from billcom.cli import app
from billcom.emulator import LocalBill
from tests.billcom.controls import Controls

BILLCOM = [sys.executable, "-c", "from billcom.cli import main; main()"]
START = [*BILLCOM, "emulator", "--port", "0"]
ENROLL = [*BILLCOM, "mfa", "enroll"]
DEADLINE_SECONDS = 30


@contextmanager
def emulator(*arguments: str) -> Any:
    """Start the local BILL by the command; give its process and the line it prints."""
    with subprocess.Popen([*START, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_the_emulator_says_where_it_is_and_leaves_quietly() -> None:
    rules = ("--rule", "text_budget=9", "--rule", "overpayment=accept")
    with emulator(*rules, "--clock", "2026-11-23T15:00:00+00:00", "--mfa-token", "123456") as (process, said):
        assert set(said) >= {"base_url", "username", "password", "organization_id", "dev_key"}
        local = said["base_url"].removesuffix("/connect") + "/_local"
        assert httpx.get(f"{local}/health").json()["now"].startswith("2026-11-23T15:00:")
        values = httpx.get(f"{local}/rules").json()
        assert (values["text_budget"], values["overpayment"]) == (9, "accept")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_permissive_in_one_word() -> None:
    with emulator("--permissive") as (_, said):
        local = said["base_url"].removesuffix("/connect") + "/_local"
        values = httpx.get(f"{local}/rules").json()
        assert (values["overpayment"], values["list_delay_ms"]) == ("accept", 3000)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--rule", "overpayment"], "billcom emulator: --rule 'overpayment' is not NAME=VALUE"),
        (["--rule", "unheard=of"], "local BILL: unknown rule 'unheard'"),
        (["--clock", "yesterday"], "local BILL: "),
    ],
    ids=["rule without a value", "unknown rule", "clock"],
)
def test_what_cannot_be_started_exits_1_with_one_line(
    capfd: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        app(["emulator", "--port", "0", *arguments])
    assert caught.value.code == 1
    said, complaint = capfd.readouterr()
    assert said == ""
    assert complaint.startswith(problem) and complaint.count("\n") == 1


@pytest.fixture
def organization(
    controls: Controls, local_bill: LocalBill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Controls:
    """The local BILL's controls; the environment holds what a person would have set."""
    for name, value in controls.credentials.items():
        monkeypatch.setenv(f"BILL_{name.upper()}", value)
    monkeypatch.setenv("BILL_BASE_URL", local_bill.base_url)
    monkeypatch.setenv("BILL_NOW", "2026-11-23T15:00:00+00:00")
    monkeypatch.setenv("BILL_STATE_DIR", str(tmp_path / "state"))
    return controls


def texts(controls: Controls) -> list[str]:
    """Return the codes texted so far."""
    return [text["code"] for text in controls.get("/phone").json()["texts"]]


def next_code(controls: Controls, number: int) -> str:
    """Wait for that many codes to be texted; return the last."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(found := texts(controls)) < number:
        assert time.monotonic() < deadline, "no code was texted"
        time.sleep(0.02)
    return found[-1]


def another(code: str) -> str:
    """Return a code that is not this one."""
    return "000000" if code != "000000" else "111111"


def run(*arguments: str) -> int:
    """Run a command in this process; return its exit status."""
    with pytest.raises(SystemExit) as caught:
        app(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@contextmanager
def enrolling() -> Any:
    """Start an enrolment whose standard input is a pipe."""
    pipe = subprocess.PIPE
    with subprocess.Popen(ENROLL, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def type_in(process: Any, code: str) -> None:
    """Type a code and Enter."""
    process.stdin.write(f"{code}\n")
    process.stdin.flush()


def test_doctor_before_and_after_enrolling(organization: Controls, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("doctor") == 1
    assert "no device is remembered" in capfd.readouterr().out
    with enrolling() as process:
        code = next_code(organization, 1)
        type_in(process, another(code))
        type_in(process, next_code(organization, 2))
        said, complaint = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, complaint) == (0, "")
    assert "attempt 1 of 3" in said and "attempt 2 of 3" in said
    assert "BILL refused the code: BDC_9010 The two-step code does not match." in said
    assert said.splitlines()[-1].startswith("BILL remembers this machine until 2026-12-23 15:0")
    assert not any(code in said for code in texts(organization))
    assert run("doctor") == 0
    said, complaint = capfd.readouterr()
    assert (said.splitlines()[-1], complaint) == ("A payment could be made now.", "")


def test_three_wrong_codes_end_an_enrolment_with_one_line(organization: Controls, tmp_path: Path) -> None:
    with enrolling() as process:
        for number in (1, 2, 3):
            type_in(process, another(next_code(organization, number)))
        _, complaint = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 1
    assert complaint == (
        "billcom mfa enroll: BILL accepted none of 3 codes. Check whose phone BILL texts, wait ten minutes, try again\n"
    )
    assert len(texts(organization)) == 3
    assert not (tmp_path / "state" / "devices").exists()


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "code: none was given; nothing was handed in. Run it again"),
        ("12\n", "code: type the 6 digits of the text message; nothing was handed in. Run it again"),
    ],
    ids=["nothing", "no code"],
)
def test_an_enrolment_without_a_code_says_so(
    organization: Controls,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    typed: str,
    problem: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert run("mfa", "enroll") == 1
    assert capfd.readouterr().err == f"billcom mfa enroll: {problem}\n"
    assert organization.sent("POST", "/v3/mfa/challenge/validate") == []


def test_beyond_the_texts_of_a_minute_an_enrolment_says_so(
    organization: Controls, capfd: pytest.CaptureFixture[str]
) -> None:
    organization.rules(text_budget=0)
    assert run("mfa", "enroll") == 1
    assert capfd.readouterr().err == (
        "billcom mfa enroll: BILL texted no code (422 BDC_9011 Max number of texts per minute reached: 0). It texts at "
        "most five a minute: wait a minute, then try again\n"
    )


def test_a_refused_sign_in_ends_an_enrolment(
    organization: Controls, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BILL_PASSWORD", "wrong-password")
    assert run("mfa", "enroll") == 1
    complaint = capfd.readouterr().err
    assert complaint.startswith("billcom mfa enroll: POST /v3/login: 401 BDC_1101")
    assert complaint.count("\n") == 1 and "wrong-password" not in complaint
    assert texts(organization) == []


@contextmanager
def at_a_terminal() -> Any:
    """Start an enrolment at a terminal; give the process and the terminal's other end."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            ENROLL, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            try:
                yield process, ours
            finally:
                process.kill()
    finally:
        os.close(ours)


def read_until(terminal: int, text: str) -> str:
    """Return what the terminal shows up to a text; to the end when that never comes."""
    shown = ""
    while text not in shown:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the other end is closed
            return shown
    return shown


def test_the_terminal_asks_again_for_what_is_no_code_and_shows_none(organization: Controls) -> None:
    with at_a_terminal() as (process, terminal):
        shown = read_until(terminal, "Code: ")
        os.write(terminal, b"12\n")
        shown += read_until(terminal, "Code: ")
        os.write(terminal, f"{next_code(organization, 1)}\n".encode())
        shown += read_until(terminal, "UTC.")
        assert process.wait(DEADLINE_SECONDS) == 0
    assert "That is not 6 digits." in shown
    assert texts(organization)[0] not in shown and len(texts(organization)) == 1


def test_ctrl_c_leaves_the_terminal_without_a_traceback(organization: Controls) -> None:
    with at_a_terminal() as (process, terminal):
        read_until(terminal, "Code: ")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 130
        assert "Traceback" not in read_until(terminal, "\0")
