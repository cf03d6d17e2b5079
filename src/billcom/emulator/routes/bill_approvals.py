"""Owns the bill approval endpoints: policies, approving and denying, and what waits for the user."""

from billcom.emulator import codes, ids
from billcom.emulator.approving import (
    ACTIONS,
    AMOUNT,
    OPERATORS,
    VENDOR,
    act,
    check_turn,
    waits_for,
)
from billcom.emulator.errors import not_found, refuse
from billcom.emulator.form import Form, read_bulk
from billcom.emulator.money import dollars, parse_decimal
from billcom.emulator.organization import Organization
from billcom.emulator.records.bill_approvals import ApprovalPolicy, PolicyRule
from billcom.emulator.records.bills import Bill
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json

PATH = "/v3/bill-approvals"
GROUP = "agp"

routes = Routes()


# BILL's collection and its docs name different paths for it.
@routes.add("POST", f"{PATH}/policies")
@routes.add("POST", PATH)
def create_policy(call: Call) -> Answer:
    """Create a policy; it applies to bills made from now on. Unverified: that a name used before is accepted."""
    _need_role(call)
    # Source: BILL API reference, update bill approval policy: the organization's id, a dash, and a unique id.
    policy_id = f"{call.organization.id}-{ids.random_text(ids.LENGTH)}"
    policy = _read_policy(
        call,
        ApprovalPolicy(id=policy_id, created=call.now, updated=call.now, name="", rules=[], approver_ids=[]),
    )
    call.organization.approval_policies[policy.id] = policy
    return Answer(201, _wire(call.organization, policy))


@routes.add("GET", f"{PATH}/policies")
def list_policies(call: Call) -> Answer:
    """Answer the policies as a bare array, oldest first."""
    _need_role(call)
    organization = call.organization
    return Answer(200, [_wire(organization, policy) for policy in organization.approval_policies.values()])


@routes.add("PUT", f"{PATH}/policies/{{policyId}}")
def replace_policy(call: Call) -> Answer:
    """Replace a policy. Unverified: that bills keep the approvers they have."""
    _need_role(call)
    policy = call.organization.approval_policy(call.params["policyId"])
    replaced = _read_policy(call, policy)
    call.organization.approval_policies[policy.id] = replaced
    return Answer(200, _wire(call.organization, replaced))


@routes.add("DELETE", f"{PATH}/policies/{{policyId}}")
def delete_policy(call: Call) -> Answer:
    """Delete a policy for good. Unverified: that bills keep the approvers they have."""
    _need_role(call)
    policy = call.organization.approval_policy(call.params["policyId"])
    del call.organization.approval_policies[policy.id]
    return Answer(200, {"status": "SUCCESS"})


@routes.add("POST", f"{PATH}/actions")
def act_on_bills(call: Call) -> Answer:
    """Approve or deny bills, all or none. Unverified: all or none; each bill once in a request."""
    _need_role(call)
    form, items = read_bulk(call.body, None, "actions", strict=call.strict)
    asked: dict[str, str] = {}
    for item in items:
        bill_id = item.text("billId", required=True) or ""
        if bill_id in asked:
            item.problem("billId", "is named twice")
        asked[bill_id] = item.choice("action", ACTIONS, required=True) or ""
        item.text("comment")
    form.check()
    bills = [call.organization.bill(bill_id) for bill_id in asked]
    for bill in bills:
        check_turn(bill, call.user)
    for bill in bills:
        act(bill, asked[bill.id], call.now)
    return Answer(200, {"status": "SUCCESS"})


@routes.add("GET", f"{PATH}/pending-user-approvals")
def list_pending(call: Call) -> Answer:
    """Answer the bills that wait for the user. Unverified: that those whose turn is later see them later."""
    _need_role(call)
    bills = [bill for bill in call.organization.bills.values() if waits_for(bill, call.user)]
    return Answer(200, {"bills": [_pending(bill) for bill in bills]})


def _pending(bill: Bill) -> Json:
    """Return a bill as the list of what waits shows it."""
    return {
        "billId": bill.id,
        "vendorId": bill.vendor_id,
        "amount": dollars(bill.amount),
        "dueDate": bill.due_date.isoformat(),
    }


def _need_role(call: Call) -> None:
    """Raise 403 unless the user's role may use bill approvals. Unverified: the code and the status."""
    if not call.user.may_approve:
        raise refuse(codes.PERMISSION_REFUSED, "The user's role has no permission for bill approvals.", 403)


def _read_policy(call: Call, before: ApprovalPolicy) -> ApprovalPolicy:
    """Return the policy a request asks for, under the id of `before`; raise when an approver can't be one."""
    form = call.form()
    name = form.text("policyName", required=True) or ""
    rules = [_read_rule(item) for item in form.forms("rules", required=True) or []]
    approvers = form.texts("approvers", required=True) or []
    form.check()
    for user_id in approvers:
        _check_approver(call.organization, user_id)
    return ApprovalPolicy(
        id=before.id, created=before.created, updated=call.now, name=name, rules=rules, approver_ids=approvers
    )


def _read_rule(form: Form) -> PolicyRule:
    """Return one rule. Unverified: that a rule on the amount takes one value."""
    key = form.choice("key", tuple(OPERATORS), required=True) or ""
    operator = form.choice("op", OPERATORS[key], required=True) if key else form.text("op")
    values = form.texts("values", required=True) or []
    if key == AMOUNT and (len(values) > 1 or any(parse_decimal(value) is None for value in values)):
        form.problem("values", "must be one amount")
    return PolicyRule(key, operator or "", tuple(values))


def _check_approver(organization: Organization, user_id: str) -> None:
    """Raise unless the id is of a user whose role may approve. Groups come from BILL's web pages: none here."""
    user = organization.users.get(user_id)
    if user is None:
        raise not_found("Approval group" if user_id.startswith(GROUP) else "User", user_id)
    if not user.may_approve:
        raise refuse(codes.USER_CANNOT_APPROVE, f"The role of user {user_id} cannot approve bills.")


def _wire(organization: Organization, policy: ApprovalPolicy) -> Json:
    """Return the policy as BILL answers it. Unverified: the status' word, and what displayName shows."""
    users = [organization.users[user_id] for user_id in policy.approver_ids]
    return {
        "id": policy.id,
        "policyName": policy.name,
        "status": "ACTIVE",
        "rules": [
            {
                "key": rule.key,
                "op": rule.operator,
                "values": [
                    {"value": value, "displayName": _display_name(organization, rule.key, value)}
                    for value in rule.values
                ],
            }
            for rule in policy.rules
        ],
        "approvers": {
            "users": [{"userId": user.id, "fullName": user.full_name} for user in users],
            "groups": [],
        },
    }


def _display_name(organization: Organization, key: str, value: str) -> str:
    """Return the name of the record a value is the id of, else the value."""
    records = {VENDOR: organization.vendors, "CHART_OF_ACCOUNT_ID": organization.chart_of_accounts}
    record = records.get(key, {}).get(value)
    return record.name if record else value
