"""Owns the funding account endpoints: the organization's banks, who may pay from them, and permissions."""

from billcom.emulator import codes, ids
from billcom.emulator.errors import not_found, refuse
from billcom.emulator.form import Form
from billcom.emulator.lists import Filter, Listing, answer_list, common_sorts
from billcom.emulator.organization import find
from billcom.emulator.reading.vendors import BANK_ACCOUNT_TYPES
from billcom.emulator.records.funding_accounts import (
    SANDBOX_DEPOSIT_CENTS,
    WRONG_DEPOSITS_ALLOWED,
    BankAccount,
    BankAccountUser,
)
from billcom.emulator.routing import Answer, Call, Routes

LONGEST_BANK_NAME = 100  # Source: BILL API reference
OWNER_TYPES = ("BUSINESS", "PERSONAL")
CARD_USER_STATUSES = ("VERIFIED", "NOMINATED")

routes = Routes()

# Source: BILL docs, BILL AP workflow (status); BILL's collection (bankAccountId, which is the id).
BANKS = Listing[BankAccount](
    filters={
        "status": Filter("eq", lambda account: account.status),
        "bankAccountId": Filter("eq", lambda account: account.id),
    },
    sorts={
        **common_sorts(BankAccount),
        "nameOnAccount": lambda account: account.name_on_account,
        "bankName": lambda account: account.bank_name,
        "accessToAdmins": lambda account: account.access_to_admins,
    },
)
USERS = Listing[BankAccountUser](
    filters={"id": Filter("eq", lambda right: right.id)},
    sorts={"archived": lambda right: right.archived},
)


@routes.add("GET", "/v3/funding-accounts/banks")
def list_banks(call: Call) -> Answer:
    """List the organization's bank accounts; being listed does not mean the user may pay from one."""
    return answer_list(call, call.organization.bank_accounts.values(), BANKS, BankAccount.wire)


@routes.add("POST", "/v3/funding-accounts/banks")
def create_bank(call: Call) -> Answer:
    """Add a bank account, PENDING until its test deposit is verified; needs a trusted administrator."""
    call.need_trust()
    if call.user.role != "ADMINISTRATOR":
        raise refuse(codes.PERMISSION_REFUSED, "Only an administrator can add a bank account.", 403)
    form = call.form()
    account = BankAccount(
        id=ids.new_id(ids.BANK_ACCOUNT),
        created=call.now,
        updated=call.now,
        name_on_account=form.text("nameOnAccount", required=True) or "",
        routing_number=form.routing_number("routingNumber", required=True) or "",
        account_number=form.text("accountNumber", required=True) or "",
        type=form.choice("type", BANK_ACCOUNT_TYPES, required=True) or "",
        owner_type=form.choice("ownerType", OWNER_TYPES, required=True) or "",
        bank_name=form.text("bankName", required=True, longest=LONGEST_BANK_NAME) or "",
        created_by=call.user.id,
        access_to_admins=bool(form.flag("accessToAdmins")),
        chart_of_account_id=form.text("chartOfAccountId"),
    )
    form.check()
    call.organization.bank_accounts[account.id] = account
    _add_user(call, account, call.user.id)
    return Answer(201, account.wire())


@routes.add("GET", "/v3/funding-accounts/banks/users")
def list_bank_users(call: Call) -> Answer:
    """List who may pay from which account; `currentUser=true` keeps to the user signed in."""
    rights = list(call.organization.bank_account_users.values())
    if call.query.get("currentUser") == "true":
        rights = [right for right in rights if right.user_id == call.user.id]
    return answer_list(call, rights, USERS, BankAccountUser.wire)


@routes.add("POST", "/v3/funding-accounts/banks/users/nominate")
def nominate_bank_user(call: Call) -> Answer:
    """Nominate a user for a VERIFIED account; an identity check by e-mail makes the nomination VERIFIED."""
    form = call.form()
    account_id = form.text("bankAccountId", required=True) or ""
    user_id = form.text("userId", required=True) or ""
    form.check()
    account = call.organization.bank_account(account_id)
    if user_id not in call.organization.users:
        raise not_found("User", user_id)
    _need_usable(account)
    right = _add_user(call, account, user_id)
    to = [call.organization.users[user_id].username]
    call.world.send_mail(call.now, to, "Verify your identity", "nomination", right.id, call.organization.id)
    return Answer(200, {"status": right.verification_status})


@routes.add("POST", "/v3/funding-accounts/banks/users/{bankAccountUserId}/archive")
def archive_bank_user(call: Call) -> Answer:
    """Take a user's right to pay from an account away."""
    right = find(call.organization.bank_account_users, call.params["bankAccountUserId"], "Bank account user")
    right.archive(True, call.now)
    return Answer(200, right.wire())


@routes.add("GET", "/v3/funding-accounts/banks/{bankAccountId}")
def get_bank(call: Call) -> Answer:
    """Answer a bank account."""
    return Answer(200, _bank(call).wire())


@routes.add("PATCH", "/v3/funding-accounts/banks/{bankAccountId}")
def update_bank(call: Call) -> Answer:
    """Change a VERIFIED account; its numbers and type can't be changed. Unverified: which fields can."""
    account = _bank(call)
    form = call.form()
    for name in ("routingNumber", "accountNumber", "type"):
        if form.has(name):
            form.problem(name, "cannot be changed")
    name_on_account = form.text("nameOnAccount")
    owner_type = form.choice("ownerType", OWNER_TYPES)
    bank_name = form.text("bankName", longest=LONGEST_BANK_NAME)
    access = form.flag("accessToAdmins")
    chart_of_account_id = form.text("chartOfAccountId")
    form.check()
    _need_usable(account)
    account.name_on_account = name_on_account or account.name_on_account
    account.owner_type = owner_type or account.owner_type
    account.bank_name = bank_name or account.bank_name
    account.access_to_admins = account.access_to_admins if access is None else access
    account.chart_of_account_id = chart_of_account_id or account.chart_of_account_id
    account.updated = call.now
    return Answer(200, account.wire())


@routes.add("POST", "/v3/funding-accounts/banks/{bankAccountId}/archive")
def archive_bank(call: Call) -> Answer:
    """Archive a VERIFIED account."""
    account = _bank(call)
    if not account.archived:
        _need_usable(account)
    account.archive(True, call.now)
    return Answer(200, account.wire())


@routes.add("POST", "/v3/funding-accounts/banks/{bankAccountId}/verify")
def verify_bank(call: Call) -> Answer:
    """Compare the test deposit; the third wrong amount makes the account INVALID for good."""
    account = _bank(call)
    form = call.form()
    deposit = form.cents("depositAmount", required=True)
    form.check()
    if account.status != "PENDING":
        raise refuse(codes.BANK_ACCOUNT_NOT_PENDING, "The bank account is not waiting for verification.")
    if deposit == SANDBOX_DEPOSIT_CENTS:
        call.organization.verify(account, call.now)
        return Answer(200, {"verified": True})
    account.wrong_deposits += 1
    if account.wrong_deposits >= WRONG_DEPOSITS_ALLOWED:
        account.status, account.updated = "INVALID", call.now
    return Answer(200, {"verified": False})


@routes.add("GET", "/v3/funding-accounts/cards")
def list_cards(call: Call) -> Answer:
    """Answer no cards: an organization has none here."""
    form = Form(dict(call.query))
    form.choice("cardUserStatus", CARD_USER_STATUSES, required=True)
    form.check()
    return Answer(200, {"cards": []})


@routes.add("GET", "/v3/funding-accounts/cards/users")
def list_card_users(call: Call) -> Answer:
    """Answer no card users."""
    del call
    return Answer(200, {"results": []})


@routes.add("GET", "/v3/funding-accounts/ap-cards")
def list_ap_cards(call: Call) -> Answer:
    """Answer no AP cards, as a bare array."""
    del call
    return Answer(200, [])


@routes.add("GET", "/v3/funding-accounts/permissions")
def get_permissions(call: Call) -> Answer:
    """Answer what the organization and the user may pay with."""
    card = {"payByCard": False, "fundingEnabled": False, "amexAllowed": False}
    organization = {"card": card, "wallet": {"fundingEnabled": False}}
    return Answer(200, {"organization": organization, "user": {"payOnline": call.user.may_pay}})


def _bank(call: Call) -> BankAccount:
    """Return the bank account the path names."""
    return call.organization.bank_account(call.params["bankAccountId"])


def _need_usable(account: BankAccount) -> None:
    """Raise unless the account is VERIFIED and not archived."""
    if not account.usable:
        raise refuse(codes.BANK_ACCOUNT_NOT_VERIFIED, "The bank account is not verified.")


def _add_user(call: Call, account: BankAccount, user_id: str) -> BankAccountUser:
    """Store a user's right to an account, NOMINATED."""
    right = BankAccountUser(
        id=ids.new_id(ids.BANK_ACCOUNT_USER),
        created=call.now,
        updated=call.now,
        bank_account_id=account.id,
        user_id=user_id,
    )
    call.organization.bank_account_users[right.id] = right
    return right
