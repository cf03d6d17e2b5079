"""A typed client for BILL's v3 API (accounts payable and receivable), and a local BILL to run it against."""

from billcom.client import BillClient
from billcom.errors import BillError
from billcom.settings import Environment, Settings

__all__ = ["BillClient", "BillError", "Environment", "Settings"]
