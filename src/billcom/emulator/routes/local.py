"""Owns the control API's general part: reset, clock, inboxes, journal, faults, rules, organizations."""

from typing import cast

from billcom.emulator.clock import iso, parse_instant
from billcom.emulator.errors import bad_shape, not_found
from billcom.emulator.form import Form
from billcom.emulator.records.users import ROLES, User
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json
from billcom.emulator.world import ORGANIZATION_ID

MOST_ORGANIZATIONS = 1_000

routes = Routes()


@routes.add("GET", "/_local/health")
def get_health(call: Call) -> Answer:
    """Answer that the local BILL is up, and its time."""
    return Answer(200, {"status": "ok", "now": iso(call.now)})


@routes.add("POST", "/_local/reset")
def reset(call: Call) -> Answer:
    """Return to the start: state, rules, faults, journal and clock. Ids are not used again."""
    call.world.reset()
    return Answer(200, {"status": "ok"})


@routes.add("GET", "/_local/clock")
def get_clock(call: Call) -> Answer:
    """Answer the local time."""
    return Answer(200, {"now": iso(call.now)})


@routes.add("PUT", "/_local/clock")
def set_clock(call: Call) -> Answer:
    """Set the time (`now`) or move it forward (`advance_seconds`); all that was due by then happens."""
    body = _object(call)
    if "now" in body:
        call.world.clock.set(parse_instant(str(body["now"])))
    elif "advance_seconds" in body:
        call.world.clock.advance(float(body["advance_seconds"]))
    else:
        raise bad_shape("give now or advance_seconds")
    now = call.world.clock.now()
    call.world.settle(now)
    return Answer(200, {"now": iso(now)})


@routes.add("GET", "/_local/phone")
def list_texts(call: Call) -> Answer:
    """List the texts sent, oldest first, whose fields equal the query's."""
    return Answer(200, {"texts": _matching(call, [text.wire() for text in call.world.sessions.texts])})


@routes.add("GET", "/_local/mail")
def list_mail(call: Call) -> Answer:
    """List the mails sent, oldest first, whose fields equal the query's."""
    return Answer(200, {"mail": _matching(call, [mail.wire() for mail in call.world.mail])})


@routes.add("GET", "/_local/requests")
def list_requests(call: Call) -> Answer:
    """List the journal, oldest first, with the most requests in flight at once per organization."""
    return Answer(200, call.world.requests.wire(call.query))


@routes.add("DELETE", "/_local/requests")
def clear_requests(call: Call) -> Answer:
    """Empty the journal and forget the peaks."""
    call.world.requests.clear()
    return Answer(204)


@routes.add("GET", "/_local/faults")
def list_faults(call: Call) -> Answer:
    """List the faults in force and how many requests matched each."""
    return Answer(200, {"faults": call.world.faults.wire()})


@routes.add("POST", "/_local/faults")
def add_fault(call: Call) -> Answer:
    """Put a fault in force."""
    return Answer(201, call.world.faults.add(call.body).wire())


@routes.add("DELETE", "/_local/faults")
def clear_faults(call: Call) -> Answer:
    """Take all faults out of force."""
    call.world.faults.clear()
    return Answer(204)


@routes.add("DELETE", "/_local/faults/{id}")
def remove_fault(call: Call) -> Answer:
    """Take one fault out of force."""
    if not call.world.faults.remove(call.params["id"]):
        raise not_found("Fault", call.params["id"])
    return Answer(204)


@routes.add("GET", "/_local/rules")
def get_rules(call: Call) -> Answer:
    """Answer every rule with its value."""
    return Answer(200, call.world.rules.values())


@routes.add("PUT", "/_local/rules")
def set_rules(call: Call) -> Answer:
    """Set the rules named, after a `preset` when one is named; answer them all."""
    values = _object(call)
    preset = values.pop("preset", None)
    rules = call.world.rules
    before = rules.values()
    try:
        if preset is not None:
            rules.preset(str(preset))
        rules.update(values)
    except ValueError:
        rules.update(before)
        raise
    return Answer(200, rules.values())


@routes.add("POST", "/_local/organizations")
def create_organization(call: Call) -> Answer:
    """Make an organization like the demo one, with its own user and dev key; answer the credentials.

    With a `count`, make so many, and answer them all; with a `dev_key`, they share that developer key.
    """
    form = Form({} if call.body is None else call.body, strict=True)
    role, dev_key, count = form.choice("role", ROLES), form.text("dev_key"), form.number("count")
    if count is not None and not (1 <= count <= MOST_ORGANIZATIONS and count == int(count)):
        form.problem("count", f"must be a whole number from 1 to {MOST_ORGANIZATIONS}")
    form.check()
    users = [call.world.new_organization(dev_key) for _ in range(int(count or 1))]
    for user in users:
        user.role = role or user.role
    made = [_credentials(user) for user in users]
    return Answer(201, made[0] if count is None else {"organizations": made})


@routes.add("POST", "/_local/users")
def create_user(call: Call) -> Answer:
    """Make another user, an APPROVER unless a `role` is named; answer the credentials and the user's id.

    Of the demo organization unless an `organization_id` is named.
    """
    form = Form({} if call.body is None else call.body, strict=True)
    role = form.choice("role", ROLES) or "APPROVER"
    organization_id = form.text("organization_id") or ORGANIZATION_ID
    full_name = form.text("full_name")
    form.check()
    organization = call.world.organizations.get(organization_id)
    if organization is None:
        raise not_found("Organization", organization_id)
    user = call.world.add_user(organization, role, full_name)
    return Answer(201, {**_credentials(user), "user_id": user.id})


def _credentials(user: User) -> Json:
    """Return what a user signs in with."""
    return {
        "username": user.username,
        "password": user.password,
        "organization_id": user.organization_id,
        "dev_key": user.dev_key,
    }


def _object(call: Call) -> Json:
    """Return the body, which must be a JSON object."""
    body = call.body
    if not isinstance(body, dict):
        raise bad_shape("request body: must be a JSON object")
    return dict(cast(Json, body))


def _matching(call: Call, rows: list[Json]) -> list[Json]:
    """Return the rows whose fields equal the query's."""
    return [row for row in rows if all(str(row.get(name)) == value for name, value in call.query.items())]
