"""Owns the customer endpoints but for bank accounts."""

from billcom.emulator.lists import Filter, Listing, answer_list, common_filters, common_sorts
from billcom.emulator.money import dollars
from billcom.emulator.reading.customers import patch_customer, read_customer
from billcom.emulator.records.customers import Customer
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json

routes = Routes()

# Source: BILL docs, Filterable fields, which list `address.country` and `paymentStatus` for customers too.
LISTING = Listing[Customer](
    filters={
        **common_filters(Customer),
        "name": Filter("eq,sw", lambda customer: customer.name),
        "accountType": Filter("eq,ne,in,nin", lambda customer: customer.account_type),
        "address.country": Filter(
            "eq,ne", lambda customer: customer.billing_address and customer.billing_address.country
        ),
        "invoiceCurrency": Filter("eq,ne,in,nin", lambda customer: customer.invoice_currency),
        "paymentStatus": Filter("eq,ne,in,nin", lambda customer: None),
        "email": Filter("eq", lambda customer: customer.email, confirmed=False),
        "accountNumber": Filter("eq", lambda customer: customer.account_number, confirmed=False),
        "companyName": Filter("eq", lambda customer: customer.company_name, confirmed=False),
    },
    sorts={
        **common_sorts(Customer),
        "name": lambda customer: customer.name,
        "companyName": lambda customer: customer.company_name,
        "email": lambda customer: customer.email,
        "phone": lambda customer: customer.phone,
        "fax": lambda customer: customer.fax,
        "description": lambda customer: customer.description,
        "invoiceCurrency": lambda customer: customer.invoice_currency,
    },
)


@routes.add("GET", "/v3/customers")
def list_customers(call: Call) -> Answer:
    """List customers; rows leave the balance out, as list rows can be thinner than the record."""
    return answer_list(call, call.organization.customers.values(), LISTING, Customer.wire)


@routes.add("POST", "/v3/customers")
def create_customer(call: Call) -> Answer:
    """Create a customer. Unverified: that a name used before is accepted."""
    form = call.form()
    customer = read_customer(form, call.now)
    form.check()
    call.organization.customers[customer.id] = customer
    return Answer(201, _wire(call, customer))


@routes.add("GET", "/v3/customers/{customerId}")
def get_customer(call: Call) -> Answer:
    """Answer a customer with its balance."""
    return Answer(200, _wire(call, _customer(call)))


@routes.add("PATCH", "/v3/customers/{customerId}")
def update_customer(call: Call) -> Answer:
    """Change the fields named."""
    customer = _customer(call)
    form = call.form()
    changes = patch_customer(form, customer)
    form.check()
    for name, value in changes.items():
        setattr(customer, name, value)
    customer.updated = call.now
    return Answer(200, _wire(call, customer))


@routes.add("POST", "/v3/customers/{customerId}/archive")
def archive_customer(call: Call) -> Answer:
    """Archive a customer; repeating it changes nothing."""
    customer = _customer(call)
    customer.archive(True, call.now)
    return Answer(200, _wire(call, customer))


@routes.add("POST", "/v3/customers/{customerId}/restore")
def restore_customer(call: Call) -> Answer:
    """Put a customer back into use; repeating it changes nothing."""
    customer = _customer(call)
    customer.archive(False, call.now)
    return Answer(200, _wire(call, customer))


@routes.add("POST", "/v3/customers/{customerId}/charge-authorization")
def authorize_charge(call: Call) -> Answer:
    """Note whether the customer agreed to be charged."""
    customer = _customer(call)
    form = call.form()
    authorized = form.flag("authorizedToCharge", required=True)
    form.check()
    customer.authorized_to_charge = bool(authorized)
    customer.updated = call.now
    return Answer(200, {"authorizedToCharge": customer.authorized_to_charge})


def _customer(call: Call) -> Customer:
    """Return the customer the path names."""
    return call.organization.customer(call.params["customerId"])


def _wire(call: Call, customer: Customer) -> Json:
    """Return the customer with what it owes the organization."""
    invoices = call.organization.invoices.values()
    due = sum(row.due_amount for row in invoices if row.customer_id == customer.id and not row.archived)
    return {**customer.wire(), "balance": {"amount": dollars(due)}}
