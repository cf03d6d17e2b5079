"""A postal address, as vendors and customers carry it."""

from __future__ import annotations

from billcom.models.base import Record, RequestBody


class NewAddress(RequestBody):
    """An address to send. `country` is ISO alpha-2 (`US`); BILL refuses `USA`."""

    line1: str
    line2: str | None = None
    city: str
    state_or_province: str | None = None
    zip_or_postal_code: str
    country: str = "US"


class Address(Record):
    """An address BILL answers."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state_or_province: str | None = None
    zip_or_postal_code: str | None = None
    country: str | None = None
    country_name: str | None = None
