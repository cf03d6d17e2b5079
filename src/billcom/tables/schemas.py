"""Both kinds of sheet by the kind of run they are for."""

from __future__ import annotations

from billcom.runs.lines import RunKind
from billcom.tables.collection_columns import COLLECTION_RUN
from billcom.tables.columns import Schema
from billcom.tables.payment_columns import PAYMENT_RUN

SCHEMAS: dict[RunKind, Schema] = {RunKind.PAYMENT: PAYMENT_RUN, RunKind.COLLECTION: COLLECTION_RUN}
