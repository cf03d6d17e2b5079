"""Which BILL is spoken to, and every way in which settings can contradict each other."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from billcom import Environment, Settings
from billcom.errors import SettingsError

REAL = {"username": "ann", "password": "pass-word", "organization_id": "008", "dev_key": "dev-key"}
SESSION_KEY = "kTQSsgNnKRhVo-dxBQWxhzN3yY8wJ3dTn3yQeQ4mY9w="
SECRETS = ("pass-word", "dev-key", "remember-me", SESSION_KEY)


def test_without_settings_the_local_bill_is_meant() -> None:
    settings = Settings.load()
    assert settings.environment is Environment.LOCAL
    assert settings.base_url == "http://127.0.0.1:8118/connect"
    assert (settings.username, settings.organization_id) == ("demo@example.com", "00801LOCALDEMO000001")
    assert settings.password.get_secret_value() == "local-only"
    assert settings.dev_key.get_secret_value() == "01LOCALDEVKEY0000001"


@pytest.mark.parametrize(
    ("values", "base_url"),
    [
        ({"environment": "sandbox"}, "https://gateway.stage.bill.com/connect"),
        (
            {"environment": "production", "allow_production": True, "single_machine": True},
            "https://gateway.prod.bill.com/connect",
        ),
    ],
    ids=["sandbox", "production"],
)
def test_each_environment_has_its_address(values: dict[str, Any], base_url: str) -> None:
    assert Settings.load(**REAL, **values).base_url == base_url


def test_the_environment_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "sandbox")
    for name, value in REAL.items():
        monkeypatch.setenv(f"BILL_{name.upper()}", value)
    settings = Settings.load()
    assert settings.environment is Environment.SANDBOX
    assert (settings.username, settings.dev_key.get_secret_value()) == ("ann", "dev-key")


def test_what_is_given_goes_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ("BILL_USERNAME", "BILL_ORGANIZATION_ID", "BILL_TIME_ZONE")
    (tmp_path / ".env").write_text("\n".join(f"{name}=UTC" for name in names))
    monkeypatch.setenv("BILL_USERNAME", "variable")
    monkeypatch.setenv("BILL_ORGANIZATION_ID", "variable")
    settings = Settings.load(username="given")
    assert (settings.username, settings.organization_id, settings.time_zone) == ("given", "variable", "UTC")


def test_empty_variables_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENVIRONMENT", "BASE_URL", "USERNAME", "PASSWORD", "DEV_KEY", "ORGANIZATION_ID"):
        monkeypatch.setenv(f"BILL_{name}", "")
    monkeypatch.delenv("BILL_ENVIRONMENT")
    assert Settings.load().username == "demo@example.com"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"environment": "prod"}, "'prod' is not an environment: use one of local, sandbox, production"),
        (
            {"environment": "production", "single_machine": True},
            "BILL_ENVIRONMENT=production moves real money: set BILL_ALLOW_PRODUCTION=true as well, or use "
            "sandbox or local",
        ),
        (
            {"environment": "sandbox", "base_url": "https://gateway.prod.bill.com/connect"},
            "BILL_BASE_URL https://gateway.prod.bill.com/connect belongs to production, BILL_ENVIRONMENT is "
            "sandbox: change one of the two",
        ),
        (
            {
                "environment": "production",
                "allow_production": True,
                "single_machine": True,
                "base_url": "https://gateway.stage.bill.com/connect",
            },
            "BILL_BASE_URL https://gateway.stage.bill.com/connect belongs to sandbox, BILL_ENVIRONMENT is "
            "production: change one of the two",
        ),
        (
            {"base_url": "https://gateway.prod.bill.com/connect"},
            "BILL_BASE_URL https://gateway.prod.bill.com/connect belongs to production, BILL_ENVIRONMENT is "
            "local: change one of the two; BILL_BASE_URL https://gateway.prod.bill.com/connect is not on this "
            "machine, BILL_ENVIRONMENT is local: set BILL_ENVIRONMENT, or remove BILL_BASE_URL",
        ),
        (
            {"base_url": "https://bill.example/connect"},
            "BILL_BASE_URL https://bill.example/connect is not on this machine, BILL_ENVIRONMENT is local: set "
            "BILL_ENVIRONMENT, or remove BILL_BASE_URL",
        ),
        (
            {"environment": "sandbox", "base_url": "http://127.0.0.1:8118/connect"},
            "BILL_BASE_URL http://127.0.0.1:8118/connect is on this machine, BILL_ENVIRONMENT is sandbox: set "
            "BILL_ENVIRONMENT=local",
        ),
        (
            {"environment": "sandbox", "base_url": "http://bill.example/connect"},
            "BILL_BASE_URL http://bill.example/connect sends credentials in clear: use https",
        ),
        (
            {"base_url": "bill.example"},
            "BILL_BASE_URL 'bill.example' is not an http(s) address: correct or remove it",
        ),
        ({"device": "laptop"}, "BILL_DEVICE and BILL_REMEMBER_ME_ID go together: set both or neither"),
        (
            {"remember_me_id": "remember-me"},
            "BILL_DEVICE and BILL_REMEMBER_ME_ID go together: set both or neither",
        ),
        (
            {"environment": "sandbox", "now": "2026-11-23T15:00:00+00:00"},
            "BILL_NOW sets the clock of the local environment only: remove it",
        ),
        (
            {"now": "2026-11-23T15:00:00"},
            "BILL_NOW 2026-11-23T15:00:00 has no offset: write 2026-11-23T15:00:00+00:00",
        ),
        (
            {"environment": "sandbox", "settle_seconds": "59"},
            "BILL_SETTLE_SECONDS 59 is less than twice BILL_TIMEOUT_SECONDS: a request may be under way still when "
            "it is taken for lost; set at least 60",
        ),
        (
            {"environment": "sandbox", "timeout_seconds": "9"},
            "BILL_TIMEOUT_SECONDS 9 is too short for BILL: set at least 10",
        ),
        (
            {"settle_seconds": "-1"},
            "BILL_SETTLE_SECONDS: Input should be greater than or equal to 0",
        ),
        ({"settle_seconds": "nan"}, "BILL_SETTLE_SECONDS: Input should be a finite number"),
        ({"timeout_seconds": "0"}, "BILL_TIMEOUT_SECONDS: Input should be greater than 0"),
        (
            {"resend_after_minutes": "14"},
            "BILL_RESEND_AFTER_MINUTES: Input should be greater than or equal to 15",
        ),
        ({"max_amount": "0"}, "BILL_MAX_AMOUNT: 0 is not above zero: give what is to be paid or charged"),
        (
            {"max_total": "1,000"},
            "BILL_MAX_TOTAL: '1,000' is not an amount: write digits and a point, such as 1250.00",
        ),
        (
            {"max_total": "10.005"},
            "BILL_MAX_TOTAL: 10.005 has more than two decimals: round it to cents",
        ),
        (
            {"approval_amount": "5000", "second_approval_amount": "4999.99"},
            "BILL_SECOND_APPROVAL_AMOUNT 4,999.99 is less than BILL_APPROVAL_AMOUNT 5,000.00: raise it, or remove one "
            "of the two",
        ),
        (
            {"approval_amount": "0"},
            "BILL_APPROVAL_AMOUNT: 0 is not above zero: give what is to be paid or charged",
        ),
        ({"approval_count": "-1"}, "BILL_APPROVAL_COUNT: Input should be greater than or equal to 0"),
        ({"approval_days": "0"}, "BILL_APPROVAL_DAYS: Input should be greater than 0"),
        ({"approval_days": "366"}, "BILL_APPROVAL_DAYS: Input should be less than or equal to 365"),
        (
            {"max_vendor_total": "1e3"},
            "BILL_MAX_VENDOR_TOTAL: '1e3' is not an amount: write digits and a point, such as 1250.00",
        ),
        (
            {"time_zone": "Mars/Base"},
            "BILL_TIME_ZONE: 'Mars/Base' is not a time zone: use a name such as America/New_York",
        ),
    ],
)
def test_a_contradiction_is_named_with_what_to_do(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(**REAL, **values)
    message = str(caught.value).removeprefix("BILL_ENVIRONMENT: ")
    assert message == problem


NO_SERVER = (
    "BILL_JOURNAL_URL names no PostgreSQL, so that only this machine keeps the journal: set it, or, when no other "
    "machine ever pays for this organization, BILL_SINGLE_MACHINE=true"
)


@pytest.mark.parametrize("url", ["", "sqlite+aiosqlite:////var/journal.db"])
def test_production_wants_a_journal_for_all_machines_or_one_machine(url: str) -> None:
    production = {**REAL, "environment": "production", "allow_production": True, "journal_url": url}
    with pytest.raises(SettingsError) as caught:
        Settings.load(**production)
    assert str(caught.value).removeprefix("BILL_ENVIRONMENT: ") == NO_SERVER
    assert Settings.load(**production, single_machine=True).single_machine is True


def test_production_takes_a_server_for_its_journal() -> None:
    url = "postgresql+asyncpg://ann:pass-word@db.example/billcom"
    settings = Settings.load(**REAL, environment="production", allow_production=True, journal_url=url)
    assert settings.journal_url.get_secret_value() == url


@pytest.mark.parametrize("environment", ["local", "sandbox"])
def test_elsewhere_the_journal_may_be_a_file(environment: str) -> None:
    assert Settings.load(**REAL, environment=environment).journal_url.get_secret_value() == ""


def test_the_local_bill_may_be_settled_at_once() -> None:
    settings = Settings.load(settle_seconds="0", timeout_seconds="0.5")
    assert (settings.settle_seconds, settings.timeout_seconds) == (0, 0.5)


def test_what_a_person_decides_is_decided_by_a_person_unless_set() -> None:
    settings = Settings.load()
    assert (settings.resend_after_minutes, settings.wait_for_hour) == (None, False)
    assert (settings.max_amount, settings.max_total) == (None, None)
    assert settings.settle_seconds == 90


def test_caps_and_times_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "MAX_AMOUNT": "25000",
        "MAX_TOTAL": "100000.00",
        "SETTLE_SECONDS": "120",
        "TIMEOUT_SECONDS": "40",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"BILL_{name}", value)
    settings = Settings.load()
    assert (settings.max_amount, settings.max_total) == (Decimal("25000.00"), Decimal("100000.00"))
    assert (settings.settle_seconds, settings.timeout_seconds) == (120, 40)


def test_nothing_is_approved_by_people_unless_set() -> None:
    settings = Settings.load()
    assert (settings.approval_amount, settings.approval_count, settings.second_approval_amount) == (None,) * 3
    assert (settings.approval_days, settings.max_vendor_total) == (3.0, None)


def test_limits_of_approval_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "APPROVAL_AMOUNT": "5000",
        "SECOND_APPROVAL_AMOUNT": "5000.00",
        "APPROVAL_COUNT": "0",
        "APPROVAL_DAYS": "0.5",
        "MAX_VENDOR_TOTAL": "700",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"BILL_{name}", value)
    settings = Settings.load()
    assert (settings.approval_amount, settings.second_approval_amount) == (Decimal("5000.00"),) * 2
    assert (settings.approval_count, settings.approval_days) == (0, 0.5)
    assert settings.max_vendor_total == Decimal("700.00")


def test_sheets_lie_where_a_run_works_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings.load().input_dir, Settings.load().output_dir) == (Path("input"), Path("output"))
    monkeypatch.setenv("BILL_INPUT_DIR", "~/sheets")
    monkeypatch.setenv("BILL_OUTPUT_DIR", "done")
    settings = Settings.load()
    assert (settings.input_dir, settings.output_dir) == (Path.home() / "sheets", Path("done"))


def test_the_example_names_every_setting() -> None:
    lines = (Path(__file__).resolve().parents[2] / ".env.example").read_text().splitlines()
    named = {line.removeprefix("# ").partition("=")[0] for line in lines if "BILL_" in line}
    assert {f"BILL_{name.upper()}" for name in Settings.model_fields} <= named


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environment="sandbox", device="laptop")
    assert str(caught.value) == (
        "BILL_USERNAME is missing: set it for environment sandbox; "
        "BILL_ORGANIZATION_ID is missing: set it for environment sandbox; "
        "BILL_PASSWORD is missing: set it for environment sandbox; "
        "BILL_DEV_KEY is missing: set it for environment sandbox; "
        "BILL_DEVICE and BILL_REMEMBER_ME_ID go together: set both or neither"
    )


def test_the_local_credentials_are_for_the_local_bill_alone() -> None:
    with pytest.raises(SettingsError, match="BILL_PASSWORD is missing: set it for environment production"):
        Settings.load(environment="production", allow_production=True)


def test_allowing_production_alone_does_not_mean_it() -> None:
    assert Settings.load(allow_production=True).environment is Environment.LOCAL


def test_secrets_never_show() -> None:
    secrets = {"remember_me_id": "remember-me", "session_key": SESSION_KEY, "device": "laptop"}
    url = "postgresql+asyncpg://ann:pass-word@db.example/billcom"
    settings = Settings.load(**REAL, **secrets, journal_url=url)
    shown = f"{settings!r} {settings!s} {settings.model_dump()} {settings.model_dump_json()}"
    assert [secret for secret in SECRETS if secret in shown] == []
    assert "ann" in shown


def test_secrets_never_show_in_what_is_wrong() -> None:
    secrets = {"remember_me_id": "remember-me", "session_key": SESSION_KEY}
    with pytest.raises(SettingsError) as caught:
        Settings.load(**REAL, **secrets, environment="production", now="yesterday")
    with pytest.raises(ValidationError) as raw:
        Settings(**REAL, **secrets, environment="production")  # pyright: ignore[reportArgumentType]
    shown = f"{caught.value!r} {caught.value} {raw.value!r} {raw.value}"
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_a_slash_at_the_end_of_the_address_makes_no_difference(slashes: str) -> None:
    plain = Settings.load()
    settings = Settings.load(base_url=f"http://127.0.0.1:8118/connect{slashes}")
    assert (settings.base_url, settings.identity) == (plain.base_url, plain.identity)


def test_each_sign_in_has_an_identity_of_its_own() -> None:
    one = Settings.load(environment="sandbox", **REAL)
    changes = [{"username": "bob"}, {"organization_id": "0082"}, {"dev_key": "other"}]
    others = {Settings.load(environment="sandbox", **(REAL | change)).identity for change in changes}
    assert one.identity == Settings.load(environment="sandbox", **REAL).identity
    assert len(others | {one.identity}) == 4
    assert one.identity == Settings.load(environment="sandbox", **(REAL | {"password": "new"})).identity


def test_the_clock_can_be_set_for_the_local_bill() -> None:
    settings = Settings.load(now="2026-11-24T04:00:00+00:00")
    assert settings.clock.today() == date(2026, 11, 23)
    assert Settings.load(now="2026-11-24T04:00:00+00:00", time_zone="UTC").clock.today() == date(2026, 11, 24)


def test_the_state_folder_may_be_below_the_users_own() -> None:
    assert Settings.load(state_dir="~/bill").state_path == Path.home() / "bill"
