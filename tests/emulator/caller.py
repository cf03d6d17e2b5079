"""Owns how tests talk to the local BILL over HTTP, and small builders of requests with defaults."""

from typing import Any, Self

import httpx

Json = Any
DEVICE = "test laptop"
ADDRESS = {"line1": "123 Main Street", "city": "San Jose", "zipOrPostalCode": "95002", "country": "US"}
BANK = {"nameOnAccount": "Happy Music", "accountNumber": "111222333", "routingNumber": "074000010"}
CUSTOMER_BANK = {**BANK, "type": "CHECKING", "ownerType": "BUSINESS"}


def vendor_body(**changes: Json) -> Json:
    """Return a vendor that can be paid by ACH."""
    payment = {"payeeName": "Happy Music", "bankAccount": BANK}
    body = {"name": "Happy Music", "address": ADDRESS, "email": "pay@music.example"}
    return {**body, "paymentInformation": payment, **changes}


def bill_body(vendor_id: str, amount: Json = 149, number: str = "202501", **changes: Json) -> Json:
    """Return a bill of one line."""
    body = {
        "vendorId": vendor_id,
        "dueDate": "2026-12-31",
        "invoice": {"invoiceNumber": number, "invoiceDate": "2026-11-20"},
        "billLineItems": [{"amount": amount, "description": "USB audio interface"}],
    }
    return {**body, **changes}


def customer_body(**changes: Json) -> Json:
    """Return a customer with a billing address."""
    return {"name": "Paperless Band", "email": "band@band.example", "billingAddress": ADDRESS, **changes}


def invoice_body(customer_id: str, number: str = "202502", **changes: Json) -> Json:
    """Return an invoice of 29.98 dollars."""
    lines = [{"quantity": 2, "price": 14.99, "description": "Drum sticks"}]
    return {"customer": {"id": customer_id}, "invoiceNumber": number, "invoiceLineItems": lines, **changes}


class Caller(httpx.Client):
    """An HTTP client of BILL's paths that can sign in, and reach the control API."""

    def __init__(self, base_url: str, credentials: dict[str, str]) -> None:
        # There is no TLS here, and loading certificates for each test is slow.
        super().__init__(base_url=base_url, timeout=10, verify=False)
        self.credentials = credentials

    def local(self, method: str, path: str, body: Json = None, /, **query: Json) -> Json:
        """Call the control API and return its JSON."""
        url = str(self.base_url).replace("/connect/", "/_local") + path
        answer = self.request(method, url, json=body, params=query)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def login_body(self, **changes: Json) -> Json:
        """Return the sign-in request of these credentials."""
        known = self.credentials
        return {
            "username": known["username"],
            "password": known["password"],
            "organizationId": known["organization_id"],
            "devKey": known["dev_key"],
            **changes,
        }

    def sign_in(self, **changes: Json) -> Json:
        """Sign in and use the session from now on."""
        session = self.created("/v3/login", self.login_body(**changes), 200)
        self.headers.update({"sessionId": session["sessionId"], "devKey": self.credentials["dev_key"]})
        return session

    def remember_device(self) -> str:
        """Answer a challenge and return the remembered device's id."""
        challenge_id = self.created("/v3/mfa/challenge", {}, 200)["challengeId"]
        answer = {"challengeId": challenge_id, "token": self.texted_code(), "rememberMe": True}
        return self.created("/v3/mfa/challenge/validate", {**answer, "device": DEVICE}, 200)["rememberMeId"]

    def texted_code(self) -> str:
        """Return the code of the last text."""
        return self.local("GET", "/phone")["texts"][-1]["code"]

    def step_up(self) -> None:
        """Trust the session."""
        body = {"rememberMeId": self.remember_device(), "device": DEVICE}
        assert self.created("/v3/mfa/step-up", body, 200) == {"trusted": True}

    def created(self, path: str, body: Json = None, status: int = 201) -> Json:
        """Post and return the JSON of a success."""
        answer = self.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def read(self, path: str, **query: Json) -> Json:
        """Get and return the JSON of a success."""
        answer = self.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path: str, **query: Json) -> list[Json]:
        """Return the results of a list."""
        return self.read(path, **query)["results"]

    def new_vendor(self, **changes: Json) -> Json:
        """Create a vendor."""
        return self.created("/v3/vendors", vendor_body(**changes))

    def new_bill(self, amount: Json = 149, vendor_id: str | None = None, **changes: Json) -> Json:
        """Create a bill, of a new vendor unless one is named."""
        return self.created("/v3/bills", bill_body(vendor_id or self.new_vendor()["id"], amount, **changes))

    def verified_bank(self) -> str:
        """Return the id of the seeded account that can pay."""
        return self.rows("/v3/funding-accounts/banks", filters='status:eq:"VERIFIED"')[0]["id"]

    def payment_body(self, bill: Json, **changes: Json) -> Json:
        """Return a payment of a bill's whole amount from the seeded account."""
        account = {"type": "BANK_ACCOUNT", "id": self.verified_bank()}
        body = {"billId": bill["id"], "amount": bill["amount"], "fundingAccount": account}
        return {**body, "processingOptions": {}, **changes}

    def pay(self, bill: Json, **changes: Json) -> Json:
        """Pay a bill."""
        return self.created("/v3/payments", self.payment_body(bill, **changes))

    def new_customer(self, **changes: Json) -> Json:
        """Create a customer."""
        return self.created("/v3/customers", customer_body(**changes))

    def new_invoice(self, customer_id: str | None = None, **changes: Json) -> Json:
        """Create an invoice, of a new customer unless one is named."""
        return self.created("/v3/invoices", invoice_body(customer_id or self.new_customer()["id"], **changes))

    def chargeable(self) -> tuple[Json, Json]:
        """Return an invoice, and the charge that would collect it from a customer who agreed to it."""
        customer_id = self.new_customer()["id"]
        path = f"/v3/customers/{customer_id}"
        account = self.created(f"{path}/bank-accounts", CUSTOMER_BANK)
        self.created(f"{path}/charge-authorization", {"authorizedToCharge": True}, 200)
        invoice = self.new_invoice(customer_id)
        charge = {
            "customerId": customer_id,
            "fundingAccount": {"type": "BANK_ACCOUNT", "id": account["id"]},
            "invoicePayments": [{"invoiceId": invoice["id"], "amount": 29.98}],
        }
        return invoice, charge

    def advance(self, **duration: float) -> None:
        """Move the clock forward by minutes, hours or days."""
        seconds = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
        total = sum(amount * seconds[unit] for unit, amount in duration.items())
        self.local("PUT", "/clock", {"advance_seconds": total})

    def go_to(self, instant: str) -> Self:
        """Set the clock, keeping the session alive by signing in anew, trusted."""
        self.local("PUT", "/clock", {"now": instant})
        self.sign_in()
        self.step_up()
        return self

    def state(self) -> Json:
        """Return everything that can be listed, to tell that nothing changed."""
        paths = ("vendors", "bills", "payments", "customers", "invoices", "receivable-payments")
        return {path: self.rows(f"/v3/{path}", max=100) for path in paths}


def refused(answer: httpx.Response, status: int, code: str | None, message: str) -> None:
    """Assert that an answer is BILL's bare array with this status and, in its first entry, code and message."""
    assert answer.status_code == status, answer.text
    first = answer.json()[0]
    assert first.get("code") == code
    assert message in first["message"]
    assert set(first) >= {"timestamp", "severity", "category", "message", "params"}
