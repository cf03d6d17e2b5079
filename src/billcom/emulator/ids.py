"""Owns identifiers: random, 20 characters, opened by the prefix BILL gives each kind of record."""

import secrets
import string

LENGTH = 20
_ALPHABET = string.ascii_uppercase + string.digits

ORGANIZATION = "008"
USER = "006"
VENDOR = "009"
BILL = "00n"
PAYMENT = "stp"
BANK_ACCOUNT = "bac"
CUSTOMER = "0cu"
CUSTOMER_BANK_ACCOUNT = "cba"
INVOICE = "00e"
RECEIVED_PAYMENT = "0rp"
CHART_OF_ACCOUNT = "0ca"
# Unverified: no source shows the prefixes of these.
BANK_ACCOUNT_USER = "bau"
BILL_LINE_ITEM = "bli"
INVOICE_LINE_ITEM = "ili"
BILL_PAYMENT = "blp"
VOID_INFO = "vdi"


def new_id(prefix: str) -> str:
    """Return a fresh id: the prefix, then random characters up to 20 in all."""
    return prefix + random_text(LENGTH - len(prefix))


def random_text(length: int) -> str:
    """Return `length` random capital letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def random_digits(length: int) -> str:
    """Return `length` random digits: an MFA code, a confirmation number."""
    return "".join(secrets.choice(string.digits) for _ in range(length))


def session_id() -> str:
    """Return a fresh, unguessable session id."""
    return secrets.token_urlsafe(48)
