"""What machines that work for one organization have to have in common."""

from __future__ import annotations

import pytest

from billcom import Settings
from billcom.errors import SettingsError

SHARED = {
    "several_machines": True,
    "journal_url": "postgresql+asyncpg://billcom@database/billcom",
    "session_key": "kTQSsgNnKRhVo-dxBQWxhzN3yY8wJ3dTn3yQeQ4mY9w=",
}


def test_a_journal_on_postgresql_is_shared_and_a_file_is_not() -> None:
    assert Settings.load(**SHARED).journal_is_shared
    assert not Settings.load().journal_is_shared
    assert not Settings.load(journal_url="sqlite+aiosqlite:///journal.db").journal_is_shared


def test_every_thing_they_do_not_share_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(several_machines=True, single_machine=True)
    assert str(caught.value) == (
        "BILL_SINGLE_MACHINE and BILL_SEVERAL_MACHINES contradict each other: remove one of the two; "
        "BILL_JOURNAL_URL names no PostgreSQL, and BILL_SEVERAL_MACHINES is true: each machine would keep a journal of "
        "its own, and two could pay one bill; write postgresql+asyncpg://user:password@host/database; "
        "BILL_SESSION_KEY is missing, and BILL_SEVERAL_MACHINES is true: what one machine encrypts, the others have to "
        'read; make one with python -c "from cryptography.fernet import Fernet; '
        'print(Fernet.generate_key().decode())", and give all of them the same'
    )


@pytest.mark.parametrize(
    ("without", "names"),
    [("journal_url", "BILL_JOURNAL_URL names no PostgreSQL"), ("session_key", "BILL_SESSION_KEY is missing")],
)
def test_a_machine_that_lacks_one_of_them_is_refused(without: str, names: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(**{name: value for name, value in SHARED.items() if name != without})
    assert names in str(caught.value)


def test_production_on_several_machines_is_told_of_its_journal_once() -> None:
    real = {"username": "ann", "password": "pass-word", "organization_id": "008", "dev_key": "dev-key"}
    with pytest.raises(SettingsError) as caught:
        Settings.load(
            environment="production", allow_production=True, **real, **(SHARED | {"journal_url": ""})
        )
    assert str(caught.value).count("BILL_JOURNAL_URL") == 1
