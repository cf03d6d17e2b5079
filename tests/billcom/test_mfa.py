"""What makes a session trusted, against the local BILL."""

import pytest
from pydantic import SecretStr

from billcom import BillClient
from billcom.errors import MfaError, RejectedError
from billcom.local import texted_code
from billcom.models.mfa import ChallengeAnswer, StepUp
from tests.billcom.build import DEVICE, pass_mfa, remember_device
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def answered(bill: BillClient, token: str | None = None, **more: object) -> ChallengeAnswer:
    """Ask for a challenge and return its answer, right unless a code is given."""
    challenge_id = (await bill.mfa.challenge()).challenge_id
    code = SecretStr(token) if token else await texted_code(bill, challenge_id)
    return ChallengeAnswer.model_validate({"challenge_id": challenge_id, "token": code, **more})


async def test_a_challenge_texts_six_digits(bill: BillClient) -> None:
    challenge = await bill.mfa.challenge()
    code = (await texted_code(bill, challenge.challenge_id)).get_secret_value()
    assert len(code) == 6 and code.isdigit()


async def test_a_code_alone_neither_trusts_nor_remembers(bill: BillClient) -> None:
    remembered = await bill.mfa.validate(await answered(bill))
    assert remembered.remember_me_id is None
    assert (await bill.authentication.session_details()).mfa_status == "CHALLENGE"


async def test_stepping_up_with_a_remembered_device_trusts_the_session(bill: BillClient) -> None:
    await pass_mfa(bill)
    assert (await bill.authentication.session_details()).mfa_status == "COMPLETE"


async def test_a_device_is_forgotten_after_thirty_days(bill: BillClient, controls: Controls) -> None:
    remember_me_id = await remember_device(bill)
    controls.advance(days=31)
    await bill.sessions.renewed(await bill.sessions.current())
    assert (await bill.mfa.step_up(StepUp(remember_me_id=remember_me_id, device=DEVICE))).trusted is False
    assert (await bill.authentication.session_details()).mfa_status == "CHALLENGE"


async def test_a_wrong_code_is_refused_and_can_be_mended(bill: BillClient) -> None:
    answer = await answered(bill, remember_me=True, device=DEVICE)
    right = answer.token.get_secret_value()
    wrong = "000000" if right != "000000" else "111111"
    with pytest.raises(RejectedError, match="The two-step code does not match") as caught:
        await bill.mfa.validate(answer.model_copy(update={"token": SecretStr(wrong)}))
    assert (caught.value.status, caught.value.code) == (400, "BDC_9010")
    assert (await bill.mfa.validate(answer)).remember_me_id is not None


async def test_an_expired_code_asks_for_a_new_one(bill: BillClient, controls: Controls) -> None:
    answer = await answered(bill)
    controls.advance(minutes=6)
    with pytest.raises(MfaError, match="Ask for a new code") as caught:
        await bill.mfa.validate(answer)
    assert (caught.value.status, caught.value.code) == (400, "BDC_1356")


async def test_too_many_wrong_codes_say_wait(bill: BillClient) -> None:
    answer = await answered(bill, token="wrong")
    for _ in range(5):
        with pytest.raises(RejectedError, match="does not match"):
            await bill.mfa.validate(answer)
    with pytest.raises(MfaError, match="wait 10 minutes") as caught:
        await bill.mfa.validate(answer)
    assert caught.value.code == "BDC_1358"


async def test_phones_show_their_last_four_digits_alone(bill: BillClient) -> None:
    (phone,) = await bill.mfa.phones()
    assert (phone.last4digits, phone.primary) == ("0100", True)


async def test_the_code_never_shows(bill: BillClient) -> None:
    answer = await answered(bill, token="314159")
    assert "314159" not in repr(answer) + str(answer)


async def test_no_code_is_texted_for_an_unknown_challenge(bill: BillClient) -> None:
    with pytest.raises(Exception, match="texted no code for challenge nothing: ask for a new one"):
        await texted_code(bill, "nothing")
