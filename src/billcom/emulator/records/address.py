"""Owns postal addresses of vendors and customers."""

from dataclasses import dataclass

from billcom.emulator.form import Form
from billcom.emulator.wire import Json, present

COUNTRY_NAMES = {
    "US": "United States",
    "CA": "Canada",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "MX": "Mexico",
}


@dataclass
class Address:
    """A mailing, billing or shipping address."""

    line1: str
    city: str
    zip_or_postal_code: str
    country: str
    line2: str | None = None
    state_or_province: str | None = None

    def wire(self) -> Json:
        """Return the address as BILL answers it."""
        return present(
            {
                "line1": self.line1,
                "line2": self.line2,
                "city": self.city,
                "stateOrProvince": self.state_or_province,
                "zipOrPostalCode": self.zip_or_postal_code,
                "country": self.country,
                "countryName": COUNTRY_NAMES.get(self.country),
            }
        )


def read_address(form: Form) -> Address:
    """Return a whole address; problems are left in the form."""
    return Address(
        line1=form.text("line1", required=True) or "",
        city=form.text("city", required=True) or "",
        zip_or_postal_code=form.text("zipOrPostalCode", required=True) or "",
        country=form.country("country", required=True) or "",
        line2=form.text("line2"),
        state_or_province=form.text("stateOrProvince"),
    )


def patch_address(form: Form, address: Address | None) -> Address:
    """Return the address with the fields named changed; a new one needs every required field."""
    if address is None:
        return read_address(form)
    return Address(
        line1=form.text("line1") or address.line1,
        city=form.text("city") or address.city,
        zip_or_postal_code=form.text("zipOrPostalCode") or address.zip_or_postal_code,
        country=form.country("country") or address.country,
        line2=form.text("line2") if form.has("line2") else address.line2,
        state_or_province=(
            form.text("stateOrProvince") if form.has("stateOrProvince") else address.state_or_province
        ),
    )
