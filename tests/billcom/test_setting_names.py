"""A misspelt `BILL_` name is refused, whoever reads it: it would set nothing, and mean no limit at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from billcom import Settings
from billcom.doctor import report
from billcom.emulator import LocalBill
from billcom.errors import SettingsError
from billcom.settings import StateSettings, check_names


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("BILL_MAX_AMUONT", "BILL_MAX_AMUONT is not a setting: did you mean BILL_MAX_AMOUNT?"),
        ("bill_max_totl", "bill_max_totl is not a setting: did you mean BILL_MAX_TOTAL?"),
        ("BILL_JOURNAL_ULR", "BILL_JOURNAL_ULR is not a setting: did you mean BILL_JOURNAL_URL?"),
        ("BILL_XYZZY", "BILL_XYZZY is not a setting: remove it; .env.example lists all settings"),
    ],
)
def test_unknown_name_is_refused_and_the_near_one_named(
    name: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "very-secret")
    for load in (Settings.load, StateSettings.load, check_names):
        with pytest.raises(SettingsError) as caught:
            load()
        assert str(caught.value) == says


def test_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "PREFECT_API_URL=x\nexport BILL_MAX_AMUONT=very-secret\nBILL_MAX_TOTAL=5\n"
    )
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert str(caught.value) == "BILL_MAX_AMUONT in .env is not a setting: did you mean BILL_MAX_AMOUNT?"


def test_unknown_name_stands_beside_what_it_leaves_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "sandbox")
    monkeypatch.setenv("BILL_USERNMAE", "ann")
    with pytest.raises(SettingsError) as caught:
        Settings.load(password="p", organization_id="008", dev_key="k")
    assert str(caught.value) == (
        "BILL_USERNMAE is not a setting: did you mean BILL_USERNAME?; "
        "BILL_USERNAME is missing: set it for environment sandbox"
    )


def test_names_in_any_case_and_those_of_registering_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("bill_max_amount", "5.00")
    monkeypatch.setenv("BILL_NOTIFY_URL", "json://127.0.0.1/")
    monkeypatch.setenv("BILLCOM_HOME", "/app")
    assert str(Settings.load().max_amount) == "5.00"


def test_what_the_local_bill_prints_is_known(local_bill: LocalBill, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in local_bill.credentials.items():
        monkeypatch.setenv(f"BILL_{name.upper()}", value)
    assert Settings.load().base_url == local_bill.base_url


@pytest.mark.anyio
async def test_doctor_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_MAX_AMUONT", "5.00")
    said: list[str] = []
    assert not await report(said.append)
    assert (
        "PROBLEM      environment      BILL_MAX_AMUONT is not a setting: did you mean BILL_MAX_AMOUNT?"
        in said
    )
