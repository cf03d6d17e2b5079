"""Owns amounts: integer US cents inside, JSON numbers of dollars on the wire."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_LIMIT_DOLLARS = Decimal(10) ** 12


def parse_decimal(value: object) -> Decimal | None:
    """Return a JSON number, or a numeric string as some callers send, as Decimal; None for the rest."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _LIMIT_DOLLARS else None


def cents(dollars: Decimal) -> int | None:
    """Return dollars as integer cents; None when they hold more than two decimals."""
    scaled = dollars * 100
    return int(scaled) if scaled == scaled.to_integral_value() else None


def line_cents(quantity: Decimal, price_cents: int) -> int:
    """Return quantity times price in cents, half a cent rounded up."""
    return int((quantity * price_cents).quantize(Decimal(1), ROUND_HALF_UP))


def dollars(amount_cents: int) -> float:
    """Return cents as the JSON number of dollars to send; exact to the cent below 10**12 dollars."""
    return amount_cents / 100
