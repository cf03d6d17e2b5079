"""`billcom doctor`: each line when all is well, and when it is not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from billcom import Settings, client
from billcom.doctor import compare_clocks, compare_with_header, report
from billcom.emulator import LocalBill
from billcom.enroll import enroll
from billcom.readiness import Verdict
from billcom.remembered_device import RememberedDevices
from tests.billcom.conftest import MONDAY, NewSettings
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

UNCHECKED = "mend what is above first"


@pytest.fixture(autouse=True)
def no_backing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat a read at once."""
    monkeypatch.setattr(client, "_BACKOFF_SECONDS", 0)


@pytest.fixture
def state(controls: Controls, local_bill: LocalBill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with the organization's credentials; its state directory."""
    use(monkeypatch, controls.credentials)
    monkeypatch.setenv("BILL_BASE_URL", local_bill.base_url)
    monkeypatch.setenv("BILL_NOW", MONDAY)
    monkeypatch.setenv("BILL_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def use(monkeypatch: pytest.MonkeyPatch, credentials: dict[str, str]) -> None:
    """Put credentials into the environment."""
    for name, value in credentials.items():
        monkeypatch.setenv(f"BILL_{name.upper()}", value)


async def remember(controls: Controls) -> str:
    """Have the local BILL remember this machine; return the secret of it."""

    def read_code() -> SecretStr:
        return SecretStr(controls.get("/phone").json()["texts"][-1]["code"])

    device = await enroll(Settings.load(), read_code, lambda _: None)
    return device.remember_me_id.get_secret_value()


async def lines() -> tuple[dict[str, tuple[str, str]], bool]:
    """Return verdict and text by the name of the check (its last line), and whether a payment could be made."""
    said: list[str] = []
    able = await report(said.append)
    assert said[-1].startswith("A payment could be made now." if able else "A payment could not be made now")
    found = {line[13:28].strip(): (line[:11].strip(), line[30:]) for line in said[:-1]}
    assert all("\n" not in line for line in said)
    return found, able


async def test_all_is_well(state: Path, controls: Controls) -> None:
    secret = await remember(controls)
    said: list[str] = []
    assert await report(said.append)
    verified, pending = [row["id"] for row in banks(controls)]
    user = controls.credentials
    assert said[:3] == [
        f"ok           credentials      user {user['username']}, organization {user['organization_id']}; "
        "password and key are set",
        f"ok           environment      local, at {Settings.load().base_url}",
        f"ok           state directory  {state}, for its owner alone",
    ]
    assert said[3] == "ok           journal          0 rows, head none; nothing is open"
    assert said[4] == "ok           stop switch      the journal stops no money"
    assert said[5].startswith("ok           session          BILL signed user 006")
    assert said[6].startswith(
        "ok           MFA trust        trusted by the device of the state directory, until "
    )
    assert said[6].endswith(" UTC; 29 days left")
    assert said[7:10] == [
        f"ok           role             {user['username']} may pay online",
        f"ok           funding account  {verified} Local Bank can pay (the default)",
        f"note         funding account  {pending} Local Bank can't pay: it is PENDING, not VERIFIED",
    ]
    assert said[10].endswith(" s from the local BILL's clock") and said[10].startswith(
        "ok           clock   "
    )
    assert said[11:] == ["A payment could be made now."]
    everything = "\n".join(said)
    for hidden in (secret, user["password"], user["dev_key"]):
        assert hidden not in everything
    assert [call for call in controls.acted() if not call.startswith("POST /v3/mfa/")] == []


def banks(controls: Controls) -> list[dict[str, str]]:
    """Return the organization's bank accounts, the verified one first."""
    headers = signed_in(controls)
    rows = controls.get(_bill(controls, "/v3/funding-accounts/banks"), headers=headers).json()["results"]
    return sorted(rows, key=lambda row: row["status"], reverse=True)


def _bill(controls: Controls, path: str) -> str:
    return str(controls.base_url).replace("/_local/", "/connect") + path


def signed_in(controls: Controls) -> dict[str, str]:
    """Return the headers of a session of its own."""
    given = controls.credentials
    body = {
        "username": given["username"],
        "password": given["password"],
        "organizationId": given["organization_id"],
        "devKey": given["dev_key"],
    }
    session = controls.post(_bill(controls, "/v3/login"), json=body).json()["sessionId"]
    return {"sessionId": session, "devKey": given["dev_key"]}


async def test_missing_credentials_are_named_and_the_rest_waits(
    state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "sandbox")
    for name in ("BASE_URL", "NOW", "PASSWORD", "DEV_KEY"):
        monkeypatch.delenv(f"BILL_{name}")
    found, able = await lines()
    assert not able
    assert found["credentials"] == (
        "PROBLEM",
        "BILL_PASSWORD, BILL_DEV_KEY missing: set them in the environment or in .env",
    )
    for name in ("environment", "session", "MFA trust", "role", "funding account", "clock"):
        assert found[name] == ("not checked", UNCHECKED)
    assert found["state directory"][0] == "ok"
    assert controls.sign_ins() == 0


async def test_an_environment_that_contradicts_itself(
    state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "production")
    found, able = await lines()
    assert not able
    assert found["environment"][0] == "PROBLEM"
    assert "set BILL_ALLOW_PRODUCTION=true as well" in found["environment"][1]
    assert found["credentials"] == ("not checked", "mend the environment first")
    assert found["session"] == ("not checked", UNCHECKED)
    assert controls.sign_ins() == 0


async def test_a_refused_sign_in(state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_PASSWORD", "wrong-password")
    found, able = await lines()
    assert not able
    verdict, text = found["session"]
    assert verdict == "PROBLEM" and "401 BDC_1101" in text and "Check BILL_USERNAME, BILL_PASSWORD" in text
    assert "wrong-password" not in text
    assert found["MFA trust"] == found["clock"] == ("not checked", UNCHECKED)
    assert controls.sign_ins() == 1


async def test_a_bill_that_is_not_there(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_BASE_URL", "http://127.0.0.1:9/connect")
    found, able = await lines()
    assert not able
    assert found["session"] == (
        "PROBLEM",
        "POST /v3/login: http://127.0.0.1:9/connect can't be reached. Check BILL_BASE_URL and the network; nothing "
        "was sent.",
    )


async def test_no_remembered_device(state: Path, controls: Controls) -> None:
    found, able = await lines()
    assert not able
    assert found["MFA trust"] == (
        "PROBLEM",
        "the next payment would wait for a texted code: no device is remembered. To mend it run the enroll-mfa flow "
        "with the same credentials (or, for the environment's, billcom mfa enroll on this machine), and type the code "
        "BILL texts",
    )
    assert found["role"][0] == found["funding account"][0].replace("note", "ok") == "ok"
    assert controls.sent("POST", "/v3/mfa/challenge") == []


async def test_a_device_bill_forgot(state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch) -> None:
    await remember(controls)
    controls.advance(days=31)
    monkeypatch.setenv("BILL_NOW", "2026-12-23T14:00:00+00:00")
    found, able = await lines()
    assert not able
    assert found["MFA trust"][0] == "PROBLEM"
    assert "BILL accepts the device of the state directory no longer" in found["MFA trust"][1]


async def test_a_device_that_expires_soon_is_a_warning(
    state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(controls)
    controls.advance(days=20)
    monkeypatch.setenv("BILL_NOW", "2026-12-13T15:00:00+00:00")
    found, able = await lines()
    assert able
    assert found["MFA trust"][0] == "warning"
    assert "only 9 days left: run the enroll-mfa flow" in found["MFA trust"][1]


async def test_a_device_of_the_environment(
    state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await remember(controls)
    monkeypatch.setenv("BILL_STATE_DIR", "elsewhere")
    monkeypatch.setenv("BILL_DEVICE", "billcom")
    monkeypatch.setenv("BILL_REMEMBER_ME_ID", secret)
    found, able = await lines()
    assert able
    assert found["MFA trust"] == (
        "ok",
        "trusted by BILL_REMEMBER_ME_ID, whose age is not known here: BILL forgets it 30 days after it was handed out",
    )


async def test_a_role_that_may_not_pay(
    state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = controls.post("/organizations", json={"role": "CLERK"}).json()
    use(monkeypatch, clerk)
    await remember(controls)
    found, able = await lines()
    assert not able
    assert found["role"] == (
        "PROBLEM",
        f"{clerk['username']} may not pay at BILL: an administrator gives the role of a payer, or finishes the "
        "organization's bank set-up",
    )
    assert found["MFA trust"][0] == "ok"


async def test_no_account_that_can_pay(state: Path, controls: Controls) -> None:
    await remember(controls)
    verified, _ = banks(controls)
    path = _bill(controls, f"/v3/funding-accounts/banks/{verified['id']}/archive")
    assert controls.post(path, headers=signed_in(controls)).status_code == 200
    said: list[str] = []
    assert not await report(said.append)
    assert f"note         funding account  {verified['id']} Local Bank can't pay: it is archived" in said
    assert any(
        line.startswith("PROBLEM      funding account  none of them can pay: in BILL add a") for line in said
    )


async def test_others_can_look_into_the_state_directory(state: Path, controls: Controls) -> None:
    await remember(controls)
    state.chmod(0o750)
    found, able = await lines()
    assert not able
    assert found["state directory"] == (
        "PROBLEM",
        f"others on this machine can look into {state}, which holds keys: chmod 700 {state}",
    )


async def test_a_state_directory_that_is_a_file(state: Path) -> None:
    state.write_text("")
    found, able = await lines()
    assert not able
    assert found["state directory"] == (
        "PROBLEM",
        f"{state} is no folder this user can write: mend its owner, or set BILL_STATE_DIR",
    )
    assert found["session"][0] == "PROBLEM" and str(state) in found["session"][1]


async def test_whatever_is_made_in_the_state_directory_is_its_owners_alone(
    state: Path, controls: Controls
) -> None:
    await remember(controls)
    modes = {path: path.stat().st_mode & 0o077 for path in (state, *state.rglob("*"))}
    assert {path: mode for path, mode in modes.items() if mode} == {}


async def test_a_check_that_bill_does_not_answer(state: Path, controls: Controls) -> None:
    await remember(controls)
    controls.fault("html_500", "GET", "/v3/funding-accounts/permissions", times=4)
    found, able = await lines()
    assert not able
    assert found["role"][0] == "PROBLEM" and "no proper answer" in found["role"][1]
    assert found["clock"][0] == "ok"


@pytest.mark.parametrize(
    ("now", "verdict", "text", "stops"),
    [
        ("2026-11-23T15:04:00+00:00", "ok", "240 s from BILL", False),
        (
            "2026-11-23T15:30:00+00:00",
            "warning",
            "1,800 s ahead of BILL: set this machine's clock, or",
            False,
        ),
        ("2026-11-23T14:30:00+00:00", "warning", "1,800 s behind BILL: set this machine's clock, or", False),
        ("2026-11-24T15:00:00+00:00", "PROBLEM", "process dates would be wrong", True),
    ],
)
async def test_two_clocks(new_settings: NewSettings, now: str, verdict: str, text: str, stops: bool) -> None:
    told = datetime(2026, 11, 23, 15, tzinfo=UTC)
    found = compare_clocks(new_settings(now=now), told, "BILL")
    assert (found.verdict.value, found.stops_payment) == (verdict, stops)
    assert text in found.text


async def test_outside_the_local_environment_the_http_date_is_compared(new_settings: NewSettings) -> None:
    settings = new_settings(now=MONDAY)
    found = compare_with_header(settings, "Mon, 23 Nov 2026 15:00:02 GMT")
    assert found.verdict is Verdict.GOOD and found.text.endswith(
        " s from the HTTP Date of BILL's last answer"
    )
    assert compare_with_header(settings, "").verdict is Verdict.UNCHECKED


async def test_the_clock_of_the_local_bill_is_compared(state: Path, controls: Controls) -> None:
    await remember(controls)
    controls.advance(minutes=30)
    found, able = await lines()
    assert able
    assert found["clock"][0] == "warning" and "behind the local BILL's clock" in found["clock"][1]


async def test_a_device_under_another_key(
    state: Path, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(controls)
    monkeypatch.setenv("BILL_SESSION_KEY", "kTQSsgNnKRhVo-dxBQWxhzN3yY8wJ3dTn3yQeQ4mY9w=")
    found, able = await lines()
    assert not able
    assert "the device of the state directory can't be read: BILL_SESSION_KEY" in found["MFA trust"][1]
    assert (await RememberedDevices(Settings.load()).known()).devices == ()
