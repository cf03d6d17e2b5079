"""Owns reading of request bodies: a form takes fields one by one and reports every problem at once."""

import json
import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, cast

from stdnum.us import rtn

from billcom.emulator import codes
from billcom.emulator.errors import BillError, Problem, bad_shape
from billcom.emulator.money import cents, parse_decimal

_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Form:
    """One JSON object of a request. Readers return None for what is absent or wrong; `check` then raises.

    `strict` makes `check` refuse fields nobody read. Forms made by `form` and `forms` report to their parent.
    """

    def __init__(self, body: object, *, strict: bool = False) -> None:
        if not isinstance(body, dict):
            raise bad_shape("request body: must be a JSON object")
        self._fields = cast(dict[str, Any], body)
        self._strict = strict
        self._path = ""
        self._read: set[str] = set()
        self._family: list[Form] = [self]
        self._problems: list[Problem] = []

    def has(self, name: str) -> bool:
        """Return whether the request names the field, null included."""
        self._read.add(name)
        return name in self._fields

    def problem(self, name: str, message: str, code: str | None = None) -> None:
        """Record what is wrong with a field, under its dotted path."""
        self._problems.append(Problem(f"{self._path}{name}: {message}", code))

    def check(self) -> None:
        """Raise the 400 that lists every problem found so far; do nothing when there is none."""
        for form in self._family if self._strict else ():
            for name in form._fields.keys() - form._read:
                form.problem(name, "unknown field")
        if self._problems:
            raise BillError(400, self._problems)

    def raw(self, name: str, *, required: bool = False) -> Any:
        """Return the field as parsed from JSON."""
        self._read.add(name)
        value = self._fields.get(name)
        if value is None and required:
            self.problem(name, "must not be null")
        return value

    def text(self, name: str, *, required: bool = False, longest: int | None = None) -> str | None:
        """Return a string; a required one must not be blank, and none may pass `longest` (BDC_1143)."""
        value = self.raw(name, required=required)
        if value is None:
            return None
        if not isinstance(value, str):
            self.problem(name, "must be a string")
        elif required and not value.strip():
            self.problem(name, "must not be blank")
        elif longest is not None and len(value) > longest:
            self.problem(name, f"must be at most {longest} characters", codes.INVALID_ENTITY)
        else:
            return value
        return None

    def choice(self, name: str, values: Collection[str], *, required: bool = False) -> str | None:
        """Return one of `values`."""
        value = self.text(name, required=required)
        if value is not None and value not in values:
            self.problem(name, f"must be one of {', '.join(values)}")
            return None
        return value

    def flag(self, name: str, *, required: bool = False) -> bool | None:
        """Return a boolean."""
        value = self.raw(name, required=required)
        if value in ("true", "false"):  # as BILL's own collection writes useBackup
            return value == "true"
        if value is not None and not isinstance(value, bool):
            self.problem(name, "must be true or false")
            return None
        return value

    def day(self, name: str, *, required: bool = False) -> date | None:
        """Return a date written yyyy-MM-dd."""
        value = self.raw(name, required=required)
        if value is None:
            return None
        try:
            if isinstance(value, str) and _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.problem(name, "must be a date written yyyy-MM-dd")
        return None

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        """Return a number, also one sent as a string."""
        value = self.raw(name, required=required)
        number = parse_decimal(value)
        if value is not None and number is None:
            self.problem(name, "must be a number")
        return number

    def cents(self, name: str, *, required: bool = False) -> int | None:
        """Return dollars as cents; more than two decimals is refused."""
        number = self.number(name, required=required)
        if number is None:
            return None
        amount = cents(number)
        if amount is None:
            self.problem(name, "must have at most two decimals")
        return amount

    def country(self, name: str, *, required: bool = False) -> str | None:
        """Return an ISO 3166-1 alpha-2 country code."""
        value = self.text(name, required=required)
        if value is not None and not _COUNTRY.fullmatch(value):
            self.problem(name, "must be an ISO 3166-1 alpha-2 country code")
            return None
        return value

    def routing_number(self, name: str, *, required: bool = False) -> str | None:
        """Return a US bank routing number whose check digit is right."""
        value = self.text(name, required=required)
        if value is not None and not rtn.is_valid(value):
            self.problem(name, "must be a valid routing number")
            return None
        return value

    def form(self, name: str, *, required: bool = False) -> "Form | None":
        """Return a nested object as a form of its own."""
        value = self.raw(name, required=required)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.problem(name, "must be an object")
            return None
        return self._child(cast(dict[str, Any], value), f"{name}.")

    def texts(self, name: str, *, required: bool = False) -> list[str] | None:
        """Return an array of strings, none of them blank; a required one must not be empty."""
        value = self.raw(name, required=required)
        if value is None:
            return None
        if not isinstance(value, list):
            self.problem(name, "must be an array")
            return None
        items = cast(list[Any], value)
        if required and not items:
            self.problem(name, "must not be empty")
        for index, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                self.problem(f"{name}[{index}]", "must be a string that is not blank")
        return [item for item in items if isinstance(item, str)]

    def forms(self, name: str, *, required: bool = False) -> "list[Form] | None":
        """Return an array of objects as forms; a required one must not be empty."""
        value = self.raw(name, required=required)
        if value is None:
            return None
        if not isinstance(value, list):
            self.problem(name, "must be an array")
            return None
        items = cast(list[Any], value)
        if required and not items:
            self.problem(name, "must not be empty")
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                self.problem(f"{name}[{index}]", "must be an object")
                return None
        return [self._child(item, f"{name}[{index}].") for index, item in enumerate(items)]

    def _child(self, fields: dict[str, Any], path: str) -> "Form":
        """Return a form that reports into this one."""
        child = Form(fields)
        child._path = self._path + path
        child._problems = self._problems
        child._family = self._family
        self._family.append(child)
        return child


def read_bulk(body: object, limit: int | None, kind: str, *, strict: bool) -> "tuple[Form, list[Form]]":
    """Return a form to check, and the forms of a bulk request's array; raise when longer than a `limit`."""
    if not isinstance(body, list) or not body:
        raise bad_shape("request body: must be a JSON array that is not empty")
    items = cast(list[Any], body)
    if limit is not None and len(items) > limit:
        raise too_many(kind, limit)
    form = Form({"": items}, strict=strict)
    return form, form.forms("") or []


def too_many(kind: str, limit: int) -> BillError:
    """Return the refusal of a bulk request with more records than BILL takes."""
    return bad_shape(f"At most {limit} {kind} can be sent in one bulk request", codes.TOO_MANY_RECORDS)


def parse_body(body: bytes) -> object:
    """Return a JSON body with Decimals, None when empty; raise 400 BDC_1122 when it can't be read."""
    if not body.strip():
        return None
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise bad_shape("Request JSON could not be parsed.", codes.UNPARSEABLE_JSON) from error


def _refuse_constant(name: str) -> float:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(name)
