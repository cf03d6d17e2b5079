"""Owns the chart of accounts endpoints."""

import random
from datetime import datetime

from billcom.emulator import ids
from billcom.emulator.form import Form, read_bulk
from billcom.emulator.lists import Filter, Listing, answer_list, common_filters, common_sorts
from billcom.emulator.records.chart_of_accounts import ChartOfAccount
from billcom.emulator.routing import Answer, Call, Routes

BULK_ACCOUNTS = 50  # Source: BILL API reference
PATH = "/v3/classifications/chart-of-accounts"

routes = Routes()

_COMMON = common_filters(ChartOfAccount)

# Source: BILL's collection (id:eq); BILL docs, Sortable fields.
LISTING = Listing[ChartOfAccount](
    filters={
        "id": Filter("eq", lambda account: account.id),
        **{
            name: Filter(_COMMON[name].operators, _COMMON[name].read, _COMMON[name].parse, confirmed=False)
            for name in ("archived", "createdTime", "updatedTime")
        },
    },
    sorts={
        **common_sorts(ChartOfAccount),
        "name": lambda account: account.name,
        "description": lambda account: account.description,
    },
)


@routes.add("GET", PATH)
def list_accounts(call: Call) -> Answer:
    """List the chart of accounts."""
    return answer_list(call, call.organization.chart_of_accounts.values(), LISTING, ChartOfAccount.wire)


@routes.add("POST", PATH)
def create_account(call: Call) -> Answer:
    """Create an account. Unverified: that a name or number used before is accepted."""
    form = call.form()
    account = _read(form, call.now)
    form.check()
    call.organization.chart_of_accounts[account.id] = account
    return Answer(201, account.wire())


@routes.add("POST", f"{PATH}/bulk")
def create_accounts(call: Call) -> Answer:
    """Create up to 50 accounts, all or none; they are answered in any order."""
    form, items = read_bulk(call.body, BULK_ACCOUNTS, "accounts", strict=call.strict)
    accounts = [_read(item, call.now) for item in items]
    form.check()
    call.organization.chart_of_accounts |= {account.id: account for account in accounts}
    random.shuffle(accounts)
    return Answer(201, {"chartOfAccounts": [account.wire() for account in accounts]})


def _read(form: Form, now: datetime) -> ChartOfAccount:
    """Return a new account. Unverified: that the name is required, and that any type is taken."""
    kind = form.form("account")
    return ChartOfAccount(
        id=ids.new_id(ids.CHART_OF_ACCOUNT),
        created=now,
        updated=now,
        name=form.text("name", required=True) or "",
        description=form.text("description"),
        account_type=kind.text("type") if kind else None,
        account_number=kind.text("number") if kind else None,
    )


@routes.add("GET", f"{PATH}/{{id}}")
def get_account(call: Call) -> Answer:
    """Answer an account."""
    return Answer(200, _account(call).wire())


@routes.add("POST", f"{PATH}/{{id}}/archive")
def archive_account(call: Call) -> Answer:
    """Archive an account; repeating it changes nothing."""
    account = _account(call)
    account.archive(True, call.now)
    return Answer(200, account.wire())


@routes.add("POST", f"{PATH}/{{id}}/restore")
def restore_account(call: Call) -> Answer:
    """Put an account back into use; repeating it changes nothing."""
    account = _account(call)
    account.archive(False, call.now)
    return Answer(200, account.wire())


def _account(call: Call) -> ChartOfAccount:
    """Return the account the path names."""
    return call.organization.chart_of_account(call.params["id"])
