"""What is kept on disk is encrypted: the vault and its key, and the remembered device."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from billcom import Settings
from billcom.errors import SettingsError
from billcom.remembered_device import RememberedDevice, RememberedDevices
from billcom.vault import Vault, write_private
from tests.billcom.conftest import NewSettings

pytestmark = pytest.mark.anyio

KEY = Fernet.generate_key().decode()
OTHER_KEY = Fernet.generate_key().decode()
NOW = "2026-11-23T15:00:00+00:00"


def files_below(folder: Path) -> list[Path]:
    """Return every file of a folder and those below."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def alive(settings: Settings) -> list[RememberedDevice]:
    """Return the devices that a sign-in with these settings may use."""
    return (await RememberedDevices(settings).known()).alive(settings)


@pytest.mark.parametrize("key", [KEY, ""], ids=["key of the settings", "key file"])
def test_what_was_encrypted_can_be_read_again(new_settings: NewSettings, key: str) -> None:
    token = Vault(new_settings(session_key=key)).encrypt(b"secret")
    assert b"secret" not in token
    assert Vault(new_settings(session_key=key)).decrypt(token) == b"secret"


@pytest.mark.parametrize("writer", [lambda: OTHER_KEY, lambda: ""], ids=["another key", "the key file's key"])
def test_another_key_says_what_to_do(new_settings: NewSettings, writer: Callable[[], str]) -> None:
    token = Vault(new_settings(session_key=writer())).encrypt(b"secret")
    with pytest.raises(SettingsError, match="restore the key, or sign in and enrol the device again"):
        Vault(new_settings(session_key=KEY)).decrypt(token)


@pytest.mark.parametrize("token", [b"", b"not a token", b"gAAAAA"])
def test_what_is_no_token_is_refused_like_another_key(new_settings: NewSettings, token: bytes) -> None:
    with pytest.raises(SettingsError, match="is not the key this was encrypted with"):
        Vault(new_settings(session_key=KEY)).decrypt(token)


@pytest.mark.parametrize("key", ["short", "x" * 44, "schlüssel"])
def test_what_is_no_key_is_refused_without_showing_it(new_settings: NewSettings, key: str) -> None:
    with pytest.raises(SettingsError, match="BILL_SESSION_KEY: is not a Fernet key: make one with") as caught:
        new_settings(session_key=key)
    assert key not in str(caught.value)


def test_the_key_file_is_made_once_and_is_the_owners_alone(new_settings: NewSettings, tmp_path: Path) -> None:
    settings = new_settings()
    Vault(settings).encrypt(b"secret")
    path = tmp_path / "state" / "session.key"
    key = path.read_bytes()
    Vault(settings).encrypt(b"secret")
    assert path.read_bytes() == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert files_below(tmp_path) == [path]


def test_a_key_of_the_settings_is_written_nowhere(new_settings: NewSettings, tmp_path: Path) -> None:
    Vault(new_settings(session_key=KEY)).encrypt(b"secret")
    assert files_below(tmp_path) == []


def test_a_private_file_replaces_the_one_before_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_private(path, b"a longer text")
    write_private(path, b"short")
    assert path.read_bytes() == b"short"
    assert path.stat().st_mode & 0o777 == 0o600
    assert files_below(tmp_path) == [path]


async def test_a_remembered_device_is_kept_encrypted_for_thirty_days(
    new_settings: NewSettings, tmp_path: Path
) -> None:
    settings = new_settings(now=NOW)
    made = await RememberedDevices(settings).save(SecretStr("remember-me"))
    assert made.device == "billcom"
    assert made.expires is not None
    assert abs(made.expires - settings.clock.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert await alive(settings) == [made]
    assert not any(b"remember-me" in path.read_bytes() for path in files_below(tmp_path))
    assert "remember-me" not in f"{made!r} {made} {await RememberedDevices(settings).known()!r}"


@pytest.mark.parametrize(
    ("now", "is_known"), [("2026-12-23T14:50:00+00:00", True), ("2026-12-23T15:10:00+00:00", False)]
)
async def test_a_device_past_its_thirty_days_is_not_used(
    new_settings: NewSettings, now: str, is_known: bool
) -> None:
    await RememberedDevices(new_settings(now=NOW)).save(SecretStr("remember-me"))
    assert bool(await alive(new_settings(now=now))) is is_known


async def test_no_device_is_remembered_at_first(new_settings: NewSettings) -> None:
    assert await alive(new_settings()) == []


async def test_a_device_under_another_key_counts_as_none(new_settings: NewSettings) -> None:
    await RememberedDevices(new_settings(session_key=KEY)).save(SecretStr("remember-me"))
    known = await RememberedDevices(new_settings(session_key=OTHER_KEY)).known()
    assert known.devices == ()
    (reason,) = known.unreadable
    assert reason.startswith("the device of the state directory can't be read: BILL_SESSION_KEY")


async def test_each_sign_in_has_a_device_of_its_own(new_settings: NewSettings) -> None:
    await RememberedDevices(new_settings(username="ann")).save(SecretStr("remember-me"))
    assert await alive(new_settings(username="bob")) == []


async def test_the_device_kept_last_goes_before_the_one_of_the_settings(new_settings: NewSettings) -> None:
    await RememberedDevices(new_settings()).save(SecretStr("kept"))
    settings: Settings = new_settings(device="laptop", remember_me_id="given")
    known = [(d.device, d.remember_me_id.get_secret_value()) for d in await alive(settings)]
    assert known == [("billcom", "kept"), ("laptop", "given")]
