"""The endpoints: one module per noun. `BILL` holds BILL's paths, `LOCAL` the control API."""

from billcom.emulator.routes import (
    authentication,
    bill_approvals,
    bills,
    chart_of_accounts,
    customer_bank_accounts,
    customers,
    funding_accounts,
    health,
    invoices,
    local,
    local_records,
    mfa,
    payment_steps,
    payments,
    received_payments,
    recorded_payments,
    vendors,
)
from billcom.emulator.routing import Routes

BILL = Routes(
    [
        authentication.routes,
        mfa.routes,
        vendors.routes,
        bills.routes,
        bill_approvals.routes,
        chart_of_accounts.routes,
        payments.routes,
        payment_steps.routes,
        funding_accounts.routes,
        customers.routes,
        customer_bank_accounts.routes,
        invoices.routes,
        received_payments.routes,
        recorded_payments.routes,
        health.routes,
    ]
)
LOCAL = Routes([local.routes, local_records.routes])
