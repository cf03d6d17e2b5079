"""Owns sign-in, session details and sign-out."""

from billcom.emulator import codes
from billcom.emulator.errors import refuse
from billcom.emulator.form import Form
from billcom.emulator.records.users import LONGEST_DEVICE, User
from billcom.emulator.routing import Answer, Call, Routes

routes = Routes()


@routes.add("POST", "/v3/login", public=True)
def login(call: Call) -> Answer:
    """Start a session; it is trusted when a live remembered device is named. A stale one is no error."""
    form = call.form()
    username = form.text("username", required=True)
    password = form.text("password", required=True)
    organization_id = form.text("organizationId", required=True) or ""
    dev_key = form.text("devKey", required=True)
    remember_me_id, device = _read_remembered(form)
    form.check()
    user = _authenticate(call, username, password, organization_id, dev_key)
    trusted = bool(remember_me_id and device and user.knows(remember_me_id, device, call.now))
    organization = call.world.organizations[organization_id]
    session = call.world.sessions.open(organization, user, call.now, trusted=trusted)
    return Answer(
        200,
        {
            "organizationId": organization_id,
            "sessionId": session.id,
            "trusted": trusted,
            "userId": user.id,
        },
    )


def _read_remembered(form: Form) -> tuple[str | None, str | None]:
    """Return the remembered device, of which both parts are named or neither."""
    remember_me_id = form.text("rememberMeId")
    device = form.text("device", longest=LONGEST_DEVICE)
    for name, other in (("rememberMeId", "device"), ("device", "rememberMeId")):
        if form.has(name) and not form.has(other):
            form.problem(other, "must not be null")
    return remember_me_id, device


def _authenticate(
    call: Call, username: str | None, password: str | None, organization_id: str, dev_key: str | None
) -> User:
    """Return the user signing in; raise the refusal of the first thing that does not match."""
    if dev_key not in call.world.dev_keys:
        raise refuse(codes.WRONG_DEV_KEY, "Developer key is invalid.", 401)
    user = call.world.users.get(username or "")
    if user is None or user.password != password:
        raise refuse(codes.WRONG_USER_OR_PASSWORD, "User name and/or password do not match.", 401)
    if user.organization_id != organization_id:
        raise refuse(codes.INVALID_ORGANIZATION, "Invalid organization id.", 400)
    if user.dev_key != dev_key:
        raise refuse(codes.WRONG_DEV_KEY, "Developer key is invalid.", 401)
    return user


@routes.add("GET", "/v3/login/session")
def get_session(call: Call) -> Answer:
    """Answer whom the session belongs to and where MFA stands."""
    if call.session.trusted:
        status = "COMPLETE"
    else:
        status = "CHALLENGE" if call.user.phones else "SETUP"
    return Answer(
        200,
        {
            "organizationId": call.organization.id,
            "userId": call.user.id,
            "mfaStatus": status,
            "mfaBypass": False,
        },
    )


@routes.add("POST", "/v3/logout")
def logout(call: Call) -> Answer:
    """End the session."""
    call.world.sessions.close(call.session)
    return Answer(200)
