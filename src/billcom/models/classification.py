"""Classifications: under which accounts, departments and the like a bill's line is booked."""

from __future__ import annotations

from billcom.models.base import Record, RequestBody


class NewClassifications(RequestBody):
    """Ids to book a line under. Source: BILL v3 Postman collection, bill line items."""

    chart_of_account_id: str | None = None
    accounting_class_id: str | None = None
    department_id: str | None = None
    employee_id: str | None = None
    job_id: str | None = None
    location_id: str | None = None
    item_id: str | None = None
    customer_id: str | None = None


class Classifications(Record):
    """Ids a line is booked under."""

    chart_of_account_id: str | None = None
    accounting_class_id: str | None = None
    department_id: str | None = None
    employee_id: str | None = None
    job_id: str | None = None
    location_id: str | None = None
    item_id: str | None = None
    customer_id: str | None = None
