"""Approvers prove who they are by a code that is good once; their seeds are the state directory's secret."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pyotp import parse_uri
from pyotp.totp import TOTP

from billcom import Settings
from billcom.approvers import Approvers
from billcom.errors import ApprovalError, SettingsError
from billcom.locks import try_lock
from tests.billcom.conftest import NewSettings

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)
KEY = Fernet.generate_key().decode()

WRONG = "the code of Ann Lee is wrong: type the one the app shows now, and check the phone's clock (%s tries left)"
USED = "this code of Ann Lee was used before, or a newer one was: wait for the app's next one"


@pytest.fixture
def settings(new_settings: NewSettings) -> Settings:
    """Settings of one organization."""
    return new_settings()


@pytest.fixture
async def phone(settings: Settings) -> TOTP:
    """The authenticator app of Ann Lee, who is enrolled."""
    return app(await Approvers(settings).add("Ann Lee"))


def app(uri: str) -> TOTP:
    """Enter an address in an authenticator app."""
    read = parse_uri(uri)
    assert isinstance(read, TOTP)
    return read


def wrong_code(phone: TOTP, now: datetime = NOON) -> str:
    """Return six digits that the app shows at no time near."""
    shown = {phone.at(now + number * STEP) for number in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in shown)


async def refusal(settings: Settings, name: str, code: str, now: datetime = NOON) -> str:
    """Return why a code is refused, as a process started anew says it."""
    with pytest.raises(ApprovalError) as caught:
        await Approvers(settings).verify(name, code, now)
    return str(caught.value)


async def test_nobody_is_enrolled_at_first(settings: Settings) -> None:
    assert Approvers(settings).names() == []
    assert not settings.state_path.exists()


async def test_an_authenticator_app_takes_what_enrolment_gives(settings: Settings) -> None:
    phone = app(await Approvers(settings).add("  Ann   Lee "))
    assert (phone.name, phone.issuer) == ("Ann Lee", "billcom 00801LOCALDEMO000001")
    assert (phone.digits, phone.interval, len(phone.byte_secret())) == (6, 30, 20)
    await Approvers(settings).verify("ann  LEE", phone.at(NOON), NOON)


async def test_names_are_listed_in_their_order(settings: Settings) -> None:
    for name in ("carl", "Bob", "Ann Lee"):
        await Approvers(settings).add(name)
    assert Approvers(settings).names() == ["Ann Lee", "Bob", "carl"]
    assert Approvers(settings).known("ANN LEE") == "Ann Lee"


@pytest.mark.parametrize("name", ["", "  ", "Request", "x" * 61, "Ann\x1b[31m"])
async def test_what_is_no_name_is_not_enrolled(settings: Settings, name: str) -> None:
    with pytest.raises(ApprovalError, match="is no person's name: give one of 1 to 60 characters"):
        await Approvers(settings).add(name)
    assert Approvers(settings).names() == []


async def test_who_is_enrolled_keeps_the_seed_unless_it_is_replaced(settings: Settings, phone: TOTP) -> None:
    with pytest.raises(ApprovalError) as caught:
        await Approvers(settings).add("ann lee")
    assert str(caught.value) == (
        "ann lee is an approver already: --replace gives a new seed, and the codes of the old one end"
    )
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)


async def test_a_new_seed_ends_the_codes_of_the_old_one_and_touches_nobody_else(
    settings: Settings, phone: TOTP
) -> None:
    other = app(await Approvers(settings).add("Bob"))
    await Approvers(settings).verify("Bob", other.at(NOON), NOON)
    new = app(await Approvers(settings).add("Ann Lee", replace=True))
    assert Approvers(settings).names() == ["Ann Lee", "Bob"]
    assert await refusal(settings, "Ann Lee", phone.at(NOON)) == WRONG % 4
    await Approvers(settings).verify("Ann Lee", new.at(NOON), NOON)
    assert "was used before" in await refusal(settings, "Bob", other.at(NOON))


async def test_who_was_removed_is_unknown(settings: Settings, phone: TOTP) -> None:
    await Approvers(settings).add("Bob")
    await Approvers(settings).remove("ANN lee")
    assert Approvers(settings).names() == ["Bob"]
    unknown = "'Ann Lee' is no approver of this organization: billcom approver list shows who is"
    assert await refusal(settings, "Ann Lee", phone.at(NOON)) == unknown
    with pytest.raises(ApprovalError) as caught:
        await Approvers(settings).remove("Ann Lee")
    assert str(caught.value) == unknown


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_phone_may_be_one_step_early_or_late(settings: Settings, phone: TOTP, steps: int) -> None:
    await Approvers(settings).verify("Ann Lee", phone.at(NOON + steps * STEP), NOON)


@pytest.mark.parametrize("steps", [-2, 2])
async def test_a_phone_two_steps_off_is_wrong(settings: Settings, phone: TOTP, steps: int) -> None:
    assert await refusal(settings, "Ann Lee", phone.at(NOON + steps * STEP)) == WRONG % 4


async def test_a_code_is_good_once_in_every_process(settings: Settings, phone: TOTP) -> None:
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)
    assert await refusal(settings, "Ann Lee", phone.at(NOON)) == USED
    assert await refusal(settings, "Ann Lee", phone.at(NOON), NOON + STEP) == USED


async def test_a_code_older_than_the_last_one_is_refused(settings: Settings, phone: TOTP) -> None:
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)
    assert await refusal(settings, "Ann Lee", phone.at(NOON - STEP)) == USED
    await Approvers(settings).verify("Ann Lee", phone.at(NOON + STEP), NOON)


async def test_of_one_code_typed_twice_at_once_one_counts(settings: Settings, phone: TOTP) -> None:
    twice = [Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON) for _ in range(2)]
    ends = await asyncio.gather(*twice, return_exceptions=True)
    assert sorted(str(end) for end in ends) == ["None", USED]


async def test_a_code_waits_for_who_holds_the_file(settings: Settings, phone: TOTP) -> None:
    held = try_lock(settings.state_path / "locks" / settings.organization_key / "approvers")
    assert held is not None
    waiting = asyncio.create_task(Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON))
    await asyncio.sleep(0)
    assert not waiting.done()
    os.close(held)
    await waiting


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"])
async def test_what_is_no_code_is_said_and_not_counted(settings: Settings, phone: TOTP, code: str) -> None:
    for _ in range(6):
        assert await refusal(settings, "Ann Lee", code) == (
            "a code has 6 digits: type what the authenticator app of Ann Lee shows now"
        )
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)


async def test_blanks_in_a_code_do_not_count(settings: Settings, phone: TOTP) -> None:
    code = phone.at(NOON)
    await Approvers(settings).verify("Ann Lee", f" {code[:3]} {code[3:]} ", NOON)


async def test_five_wrong_codes_in_a_row_lock_an_approver_out(settings: Settings, phone: TOTP) -> None:
    other = app(await Approvers(settings).add("Bob"))
    wrong = wrong_code(phone)
    said = [await refusal(settings, "Ann Lee", wrong) for _ in range(5)]
    assert said == [
        *(WRONG % left for left in (4, 3, 2, 1)),
        "the code of Ann Lee is wrong, the 5th in a row: try again after 2026-11-23 12:15 UTC",
    ]
    late = NOON + timedelta(minutes=15) - timedelta(seconds=1)
    for now in (NOON, late):
        assert await refusal(settings, "Ann Lee", phone.at(now), now) == (
            "Ann Lee is locked out after 5 wrong codes: try again after 2026-11-23 12:15 UTC"
        )
    await Approvers(settings).verify("Bob", other.at(NOON), NOON)
    await Approvers(settings).verify("Ann Lee", phone.at(late), NOON + timedelta(minutes=15))


async def test_after_a_lockout_five_more_may_be_wrong(settings: Settings, phone: TOTP) -> None:
    for _ in range(5):
        await refusal(settings, "Ann Lee", wrong_code(phone))
    later = NOON + timedelta(minutes=15)
    assert await refusal(settings, "Ann Lee", wrong_code(phone, later), later) == WRONG % 4
    await Approvers(settings).verify("Ann Lee", phone.at(later), later)


async def test_a_right_code_ends_the_row_of_wrong_ones(settings: Settings, phone: TOTP) -> None:
    for _ in range(4):
        await refusal(settings, "Ann Lee", wrong_code(phone))
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)
    assert await refusal(settings, "Ann Lee", wrong_code(phone)) == WRONG % 4


async def test_a_used_code_is_no_guess(settings: Settings, phone: TOTP) -> None:
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)
    assert {await refusal(settings, "Ann Lee", phone.at(NOON)) for _ in range(6)} == {USED}


async def test_seeds_lie_encrypted_for_their_owner_alone(settings: Settings, phone: TOTP) -> None:
    (path,) = (settings.state_path / "approvers").iterdir()
    assert path.name == settings.organization_key
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    files = [path for path in settings.state_path.rglob("*") if path.is_file()]
    assert [path for path in files if phone.secret.encode() in path.read_bytes()] == []
    assert [path for path in files if b"Ann Lee" in path.read_bytes()] == []


async def test_no_refusal_shows_seed_or_code(settings: Settings, phone: TOTP) -> None:
    codes = [wrong_code(phone), phone.at(NOON), "98765", "１２３４５６"]
    await Approvers(settings).verify("Ann Lee", phone.at(NOON), NOON)
    said = [await refusal(settings, name, code) for name in ("Ann Lee", "Eve") for code in codes]
    assert [secret for secret in (*codes, phone.secret) if secret in " ".join(said)] == []


async def test_each_organization_has_approvers_of_its_own(new_settings: NewSettings, phone: TOTP) -> None:
    other = new_settings(organization_id="00801OTHER")
    assert Approvers(other).names() == []
    await Approvers(other).add("Bob")
    assert Approvers(new_settings()).names() == ["Ann Lee"]


async def test_under_another_key_nobody_is_taken_for_unenrolled(
    new_settings: NewSettings, settings: Settings, phone: TOTP
) -> None:
    (path,) = (settings.state_path / "approvers").iterdir()
    before = path.read_bytes()
    stranger = Approvers(new_settings(session_key=KEY))
    problem = "restore the key, or remove the file and add each approver again"
    with pytest.raises(SettingsError, match=problem):
        stranger.names()
    with pytest.raises(SettingsError, match=problem):
        await stranger.add("Eve")
    with pytest.raises(SettingsError, match=problem):
        await stranger.verify("Ann Lee", phone.at(NOON), NOON)
    assert path.read_bytes() == before
