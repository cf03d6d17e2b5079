"""The `billcom` command, as a person starts it."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from billcom.cli import app

START = [sys.executable, "-c", "from billcom.cli import main; main()", "emulator", "--port", "0"]


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
