"""The local BILL: a stateful emulator of BILL v3's accounts-payable and accounts-receivable API.

It is code of its own and imports nothing of the client. `LocalBill` serves it from a thread, `serve` in the
foreground.
"""

from billcom.emulator.server import LocalBill, serve

__all__ = ["LocalBill", "serve"]
