"""The two halves of every list of BILL's: records in use, and archived ones."""

from __future__ import annotations

from billcom.query import Filter

ACTIVE = Filter("archived", "eq", False)
ARCHIVED = Filter("archived", "eq", True)
"""Whether a list shows archived rows by default is not documented: each half is asked for by name."""
