"""Owns multi-factor authentication: phones, challenges, remembered devices, and trusting a session."""

from billcom.emulator import codes, ids
from billcom.emulator.errors import refuse
from billcom.emulator.records.users import LONGEST_DEVICE, Phone
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.sessions import Challenge

routes = Routes()


@routes.add("POST", "/v3/mfa/challenge")
def generate_challenge(call: Call) -> Answer:
    """Text a code to the user's phone."""
    form = call.form()
    form.flag("useBackup")
    form.check()
    if call.user.phone is None:
        raise refuse(codes.NO_PHONE, "The user has no phone; set up MFA first.")
    return Answer(200, {"challengeId": _send_code(call, call.user.phone).id})


@routes.add("POST", "/v3/mfa/challenge/validate")
def validate_challenge(call: Call) -> Answer:
    """Take a code, of a challenge asked for in any session; remember the device when asked to.

    Unverified: that this alone leaves the session untrusted; the rule validate_trusts_session changes it.
    """
    form = call.form()
    challenge_id = form.text("challengeId", required=True) or ""
    code = form.text("token", required=True) or ""
    remember = bool(form.flag("rememberMe"))
    device = form.text("device", longest=LONGEST_DEVICE, required=remember)
    form.text("machineName")
    form.check()
    call.world.sessions.answer(challenge_id, code, call.user, call.now)
    if call.world.rules.flag("validate_trusts_session"):
        call.session.trusted = True
    if not remember or device is None:
        return Answer(200, {})
    remember_me_id = ids.random_text(40)
    call.user.remember(remember_me_id, device, call.now)
    return Answer(200, {"rememberMeId": remember_me_id})


@routes.add("POST", "/v3/mfa/step-up")
def step_up(call: Call) -> Answer:
    """Trust the session when the remembered device is live; a dead one answers `trusted: false`, no error."""
    form = call.form()
    remember_me_id = form.text("rememberMeId", required=True) or ""
    device = form.text("device", required=True, longest=LONGEST_DEVICE) or ""
    form.check()
    trusted = call.user.knows(remember_me_id, device, call.now)
    call.session.trusted = call.session.trusted or trusted
    return Answer(200, {"trusted": trusted})


@routes.add("GET", "/v3/mfa/phones")
def list_phones(call: Call) -> Answer:
    """List the user's phones."""
    return Answer(200, {"results": [phone.wire() for phone in call.user.phones]})


@routes.add("POST", "/v3/mfa/setup")
def set_up_phone(call: Call) -> Answer:
    """Text a code to a new phone. Unverified: which fields are required."""
    form = call.form()
    number = form.text("phone", required=True) or ""
    form.choice("type", ("TEXT",))
    primary = bool(form.flag("primary"))
    form.check()
    return Answer(200, {"setupId": _send_code(call, Phone(number, primary)).id})


@routes.add("POST", "/v3/mfa/setup/validate")
@routes.add("POST", "/v3/mfa/validate")
def validate_phone(call: Call) -> Answer:
    """Add the phone whose code is answered. BILL's collection and docs name two paths: both are served."""
    form = call.form()
    setup_id = form.text("setupId", required=True) or ""
    form.choice("type", ("TEXT",), required=True)
    code = form.text("token", required=True) or ""
    form.check()
    phone = call.world.sessions.answer(setup_id, code, call.user, call.now).phone
    if phone.primary:
        for other in call.user.phones:
            other.primary = False
    if phone not in call.user.phones:
        call.user.phones.append(phone)
    return Answer(200, {"status": "SUCCESS"})


def _send_code(call: Call, phone: Phone) -> Challenge:
    """Text a code, within the budget of texts."""
    budget = call.world.rules.number("text_budget")
    return call.world.sessions.send_code(call.user, phone, call.now, budget=budget)
