"""Bad input: one clear error that names field, value and remedy, and not one write at BILL."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError

from billcom.errors import ConflictError, InputError, SettingsError, SignInError
from billcom.inputs import CodeSource
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from tests.organization import Organization
from tests.samples import ACCOUNT_NUMBER, ADDRESS, account, charge, customer, invoice, run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

VENDOR = {"name": "Happy Music", "address": ADDRESS}
BILL = {
    "invoice_number": "INV-1001",
    "amount": "1250.00",
    "invoice_date": "2026-11-20",
    "due_date": "2026-12-20",
}


async def pay(**changes: Any) -> None:
    """Run the AP workflow with parameters as the API takes them."""
    given = {
        "vendor": VENDOR,
        "bank_account": account(),
        "bill": BILL,
        "code_from": CodeSource.LOCAL_PHONE,
    }
    await run(ap_workflow, given | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vendor": {"name": "Happy Music"}}, r"vendor\.address: Field required"),
        ({"vendor": VENDOR | {"email": "nobody"}}, r"vendor\.email: .*'nobody' is not an e-mail address"),
        (
            {"vendor": VENDOR | {"address": ADDRESS | {"country": "USA"}}},
            r"address\.country: .*'USA' is not a country code: two capital letters",
        ),
        ({"bill": BILL | {"amount": "0"}}, r"bill\.amount: .*0 is not above zero"),
        ({"bill": BILL | {"amount": "-5.00"}}, r"bill\.amount: .*-5\.00 is not above zero"),
        ({"bill": BILL | {"amount": "12.345"}}, r"bill\.amount: .*12\.345 has more than two decimals"),
        ({"bill": BILL | {"amount": "1,234.50"}}, r"bill\.amount: .*'1,234\.50' is not an amount"),
        ({"bill": BILL | {"amount": 12.34}}, r"bill\.amount: .*12\.34 is not an exact amount: give text"),
        (
            {"bill": BILL | {"invoice_number": "INV-2026-11-22-0000001"}},
            r"bill\.invoice_number: .*'INV-2026-11-22-0000001' has 22 characters, BILL takes 21",
        ),
        (
            {"bill": BILL | {"due_date": "soon"}},
            r"bill\.due_date: .*'soon' is not a date: write it as 2026-12-31",
        ),
        ({"payment": {"memo": "x" * 71}}, r"payment\.memo: .*has 71 characters, BILL takes 70"),
    ],
)
async def test_a_parameter_that_is_wrong_in_itself_is_named(
    organization: Organization, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterTypeError, match=message):
        await pay(**changes)
    assert organization.requests() == []


@pytest.mark.parametrize(
    ("process_date", "message"),
    [
        ("2026-11-29", r"process_date '2026-11-29': is a Sunday, .* the next one is 2026-11-30"),
        ("2026-11-26", r"process_date '2026-11-26': is a Thursday, not a US banking day.* 2026-11-27"),
        ("2026-11-20", r"'2026-11-20': is not after today \(2026-11-23\): .* possible day is 2026-11-24"),
        ("2026-11-23", r"'2026-11-23': is not after today"),
        ("2028-11-24", r"'2028-11-24': is more than 366 days ahead: check the year"),
    ],
)
async def test_a_day_on_which_funds_cant_leave_is_named_with_the_next_one(
    organization: Organization, process_date: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        await pay(payment={"process_date": process_date})
    assert organization.writes() == []


async def test_a_due_date_before_the_invoice_date_is_named(organization: Organization) -> None:
    with pytest.raises(InputError, match=r"bill\.due_date '2026-11-01': lies before the invoice date"):
        await pay(bill=BILL | {"due_date": "2026-11-01"})
    assert organization.requests() == []


async def test_a_routing_number_whose_check_digit_is_wrong_is_named_by_its_last_four(
    organization: Organization,
) -> None:
    with pytest.raises(InputError, match=r"routing_number.*: routing number …0011 is not valid") as caught:
        await pay(bank_account=account(routing_number="074000011"))
    assert "074000011" not in str(caught.value)
    assert organization.requests() == []


async def test_an_account_number_that_is_no_number_is_never_shown(organization: Organization) -> None:
    with pytest.raises(InputError, match="account_number") as caught:
        await pay(bank_account=account(account_number="12345678901234567890"))
    assert "12345678901234567890" not in str(caught.value)
    assert organization.requests() == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BILL_ENVIRONMENT", "prod", r"'prod' is not an environment: use one of local, sandbox, production"),
        ("BILL_ENVIRONMENT", "production", "BILL_ALLOW_PRODUCTION=true"),
        ("BILL_ENVIRONMENT", "sandbox", "is on this machine, BILL_ENVIRONMENT is sandbox"),
        ("BILL_BASE_URL", "https://gateway.prod.bill.com/connect", "belongs to production"),
        ("BILL_DEVICE", "laptop", "BILL_DEVICE and BILL_REMEMBER_ME_ID go together"),
        ("BILL_TIME_ZONE", "Mars/Olympus", "'Mars/Olympus' is not a time zone"),
    ],
)
async def test_settings_that_are_unknown_or_contradict_are_named(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message):
        await pay()
    assert organization.requests() == []


async def test_every_missing_setting_is_named_at_once(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "sandbox")
    for name in ("BASE_URL", "USERNAME", "PASSWORD", "ORGANIZATION_ID", "DEV_KEY", "NOW"):
        monkeypatch.delenv(f"BILL_{name}")
    with pytest.raises(SettingsError) as caught:
        await pay()
    for name in ("USERNAME", "PASSWORD", "ORGANIZATION_ID", "DEV_KEY"):
        assert f"BILL_{name} is missing: set it for environment sandbox" in str(caught.value)
    assert organization.requests() == []


async def test_a_credentials_block_that_does_not_exist_is_named(organization: Organization) -> None:
    with pytest.raises(SettingsError, match="credentials 'nowhere': there is no BILL credentials block"):
        await pay(credentials="nowhere")
    assert organization.requests() == []


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("BILL_PASSWORD", "not-the-password", "BDC_1101"),
        ("BILL_ORGANIZATION_ID", "00899999999999999999", "BDC_1123"),
        # BILL calls the developer key invalid when it belongs to the other environment.
        ("BILL_DEV_KEY", "01SANDBOXKEY00000001", "BDC_1102"),
    ],
)
async def test_credentials_bill_refuses_are_tried_once_and_explained(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SignInError, match=code) as caught:
        await pay()
    assert "when the credentials are of the other environment: check BILL_ENVIRONMENT" in str(caught.value)
    assert organization.credentials["password"] not in str(caught.value)
    if variable != "BILL_ORGANIZATION_ID":
        assert value not in str(caught.value)
    else:
        assert f"organization {value}" in str(caught.value)
    rows = organization.control("GET", "/requests")["requests"]
    assert [(row["method"], row["path"]) for row in rows] == [("POST", "/v3/login")]


async def test_without_a_verified_funding_account_the_way_to_one_is_told(organization: Organization) -> None:
    for bank in organization.records("funding-accounts/banks"):
        if bank["status"] == "VERIFIED":
            organization.record("POST", f"funding-accounts/banks/{bank['id']}/archive")
    before = organization.writes()
    with pytest.raises(ConflictError) as caught:
        await pay()
    text = str(caught.value)
    assert "no funding account can pay" in text
    assert "is PENDING, not VERIFIED" in text
    assert "0.50 in BILL's sandbox" in text and "nominate this user" in text
    assert organization.writes() == before


async def test_a_charge_without_the_customers_authorization_is_refused(organization: Organization) -> None:
    with pytest.raises(InputError, match=r"authorization_on_file 'false': .*signed authorization"):
        await ar_workflow(customer(), account(), invoice(), charge(authorization_on_file=False))
    assert organization.requests() == []


async def test_a_bank_number_typed_into_a_parameter_is_refused(organization: Organization) -> None:
    typed = {
        "name_on_account": "Happy Music",
        "routing_number": "074000010",
        "account_number": ACCOUNT_NUMBER,
    }
    with pytest.raises(ParameterTypeError, match=r"bank_account: .*pick a BILL bank account block") as caught:
        await pay(bank_account=typed)
    assert ACCOUNT_NUMBER not in str(caught.value)
    assert organization.requests() == []


async def test_an_invoice_that_comes_to_nothing_is_refused(organization: Organization) -> None:
    nothing = {"lines": [{"quantity": "0.001", "price": "1.00"}]}
    with pytest.raises(ValueError, match=r"the lines come to 0\.00: an invoice needs at least 0\.01"):
        invoice(**nothing)
    assert organization.requests() == []


async def test_a_payment_date_on_a_bank_holiday_is_refused_before_anything_is_written(
    organization: Organization,
) -> None:
    with pytest.raises(InputError, match=r"charge\.payment_date '2026-12-25': is a Friday, not a US banking"):
        await ar_workflow(customer(), account(), invoice(), charge(payment_date="2026-12-25"))
    assert organization.writes() == []
