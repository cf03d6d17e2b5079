"""`billcom approver`, as a person types it: what it prints, and how it says no."""

import pytest
from pyotp import parse_uri

from billcom import Settings
from billcom.approvers import Approvers
from billcom.cli import app
from tests.billcom.conftest import NewSettings

NOBODY = "Nobody is enrolled: approvals are recorded under the name that is typed, without proof.\n"


@pytest.fixture(autouse=True)
def settings(new_settings: NewSettings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the command reads: the local organization, and the test's state folder."""
    settings = new_settings()
    monkeypatch.setenv("BILL_STATE_DIR", str(settings.state_path))
    return settings


def command(*arguments: str) -> int:
    """Type a command; return its exit status."""
    with pytest.raises(SystemExit) as caught:
        app(["approver", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_enrolment_prints_the_address_once(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("add", "Ann Lee") == 0
    said, complaint = capsys.readouterr()
    uri, advice = said.splitlines()
    assert uri.startswith("otpauth://totp/billcom%2000801LOCALDEMO000001:Ann%20Lee?secret=")
    assert advice == (
        "Enter it in an authenticator app, as a QR code or by its secret. It is not shown again: keep no copy."
    )
    assert complaint == ""
    assert Approvers(settings).names() == ["Ann Lee"]
    assert command("list") == 0
    assert capsys.readouterr() == ("Ann Lee\n", "")


def test_a_second_enrolment_needs_to_be_meant(capsys: pytest.CaptureFixture[str]) -> None:
    command("add", "Ann Lee")
    first = parse_uri(capsys.readouterr().out.splitlines()[0])
    assert command("add", "ann lee") == 1
    assert capsys.readouterr() == (
        "",
        "billcom approver add: ann lee is an approver already: --replace gives a new seed, and the codes of the old "
        "one end\n",
    )
    assert command("add", "Ann Lee", "--replace") == 0
    assert parse_uri(capsys.readouterr().out.splitlines()[0]).secret != first.secret


def test_the_list_is_one_name_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("list") == 0
    assert capsys.readouterr() == ("", NOBODY)
    for name in ("Bob", "Ann Lee"):
        command("add", name)
    capsys.readouterr()
    assert command("list") == 0
    assert capsys.readouterr() == ("Ann Lee\nBob\n", "")


def test_removing_the_last_one_says_what_that_means(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Bob", "Ann Lee"):
        command("add", name)
    capsys.readouterr()
    assert command("remove", "Ann Lee") == 0
    assert capsys.readouterr() == ("", "")
    assert command("remove", "bob") == 0
    assert capsys.readouterr() == ("", NOBODY)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["remove", "Eve"], "'Eve' is no approver of this organization: billcom approver list shows who is"),
        (["add", "request"], "'request' is no person's name: give one of 1 to 60 characters"),
        (["add", "x\ny\x1b"], "'x y\\x1b' is no person's name: give one of 1 to 60 characters"),
    ],
    ids=["unknown", "reserved", "unprintable"],
)
def test_what_cannot_be_done_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], settings: Settings, arguments: list[str], problem: str
) -> None:
    assert command(*arguments) == 1
    assert capsys.readouterr() == ("", f"billcom approver {arguments[0]}: {problem}\n")
    assert Approvers(settings).names() == []


def test_wrong_settings_are_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "mars")
    assert command("list") == 1
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint.startswith("billcom approver list: BILL_ENVIRONMENT: 'mars' is not an environment")
    assert complaint.count("\n") == 1
