"""The folder a run finds its flows in: entered, or named as what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from billcom import checkout
from billcom.errors import SettingsError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder a worker starts a run in; left again afterwards."""
    monkeypatch.chdir(tmp_path)


def test_folder_with_flows_is_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "checkout"
    (home / "flows").mkdir(parents=True)
    monkeypatch.setenv("BILLCOM_HOME", str(home))
    assert checkout.enter() == {"directory": str(home)}
    assert Path.cwd() == home


@pytest.mark.parametrize("value", [None, "", "  "])
def test_missing_variable_is_named_with_a_remedy(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BILLCOM_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("BILLCOM_HOME", value)
    with pytest.raises(SettingsError) as caught:
        checkout.enter()
    assert str(caught.value) == (
        "BILLCOM_HOME is not set where this worker runs: start the worker with make worker, which sets it, or set it "
        "to the folder that holds flows/; then retry the run"
    )


def test_folder_without_flows_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCOM_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"BILLCOM_HOME '.*' holds no folder flows/: start the worker"):
        checkout.enter()
