"""Owns the endpoints of customers' bank accounts, which charges are drawn on."""

from billcom.emulator import codes
from billcom.emulator.errors import refuse
from billcom.emulator.lists import Listing, answer_list
from billcom.emulator.organization import find
from billcom.emulator.reading.customers import OWNER_TYPES, read_bank_account
from billcom.emulator.records.customers import Customer, CustomerBankAccount
from billcom.emulator.routing import Answer, Call, Routes

PATH = "/v3/customers/{customerId}/bank-accounts"

# No source shows a filter or a sort of this list.
LISTING = Listing[CustomerBankAccount](filters={})

routes = Routes()


@routes.add("GET", PATH)
def list_bank_accounts(call: Call) -> Answer:
    """List a customer's bank accounts."""
    return answer_list(call, _customer(call).bank_accounts.values(), LISTING, CustomerBankAccount.wire)


@routes.add("POST", PATH)
def create_bank_account(call: Call) -> Answer:
    """Give a customer a bank account; the customer's billing address must be known before."""
    customer = _customer(call)
    form = call.form()
    verified = call.world.rules.choice("customer_bank_verification") == "immediate"
    account = read_bank_account(form, call.now, verified=verified)
    form.check()
    if customer.billing_address is None:
        message = "The customer needs a billing address before a bank account can be created."
        raise refuse(codes.CUSTOMER_WITHOUT_BILLING_ADDRESS, message)
    customer.bank_accounts[account.id] = account
    return Answer(201, account.wire())


@routes.add("GET", PATH + "/{bankAccountId}")
def get_bank_account(call: Call) -> Answer:
    """Answer a customer's bank account."""
    return Answer(200, _account(call).wire())


@routes.add("PATCH", PATH + "/{bankAccountId}")
def update_bank_account(call: Call) -> Answer:
    """Change the nickname or the owner type; nothing else can be."""
    account = _account(call)
    form = call.form()
    for name in ("nameOnAccount", "routingNumber", "accountNumber", "type"):
        if form.has(name):
            form.problem(name, "cannot be changed")
    nickname, owner_type = form.text("nickname"), form.choice("ownerType", OWNER_TYPES)
    form.check()
    account.nickname = nickname or account.nickname
    account.owner_type = owner_type or account.owner_type
    account.updated = call.now
    return Answer(200, account.wire())


@routes.add("POST", PATH + "/{bankAccountId}/archive")
def archive_bank_account(call: Call) -> Answer:
    """Archive a customer's bank account; there is no way back."""
    account = _account(call)
    account.archive(True, call.now)
    return Answer(200, account.wire())


def _customer(call: Call) -> Customer:
    """Return the customer the path names; raise 403 when BILL did not switch the feature on."""
    if call.world.rules.choice("customer_bank_feature") == "off":
        message = "Current user or organization does not have valid permissions."
        raise refuse(codes.CUSTOMER_BANK_FEATURE_OFF, message, 403)
    return call.organization.customer(call.params["customerId"])


def _account(call: Call) -> CustomerBankAccount:
    """Return the bank account the path names."""
    return find(_customer(call).bank_accounts, call.params["bankAccountId"], "Customer bank account")
