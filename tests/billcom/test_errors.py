"""Which error each of BILL's refusals becomes, what its text says, and what it never says."""

import pytest

from billcom import BillClient, BillError
from billcom.errors import (
    ApiError,
    ConcurrencyLimitError,
    DuplicateError,
    ErrorEntry,
    FundingError,
    HourlyLimitError,
    InputError,
    MfaError,
    NotFoundError,
    NotPermittedError,
    Problem,
    RejectedError,
    SessionExpiredError,
    SignInError,
    UntrustedSessionError,
    error_from,
    read_entries,
)
from tests.billcom.build import new_vendor
from tests.billcom.controls import Controls

BY_CODE: list[tuple[str, int, type[ApiError]]] = [
    ("BDC_1001", 400, RejectedError),
    ("BDC_1002", 400, RejectedError),
    ("BDC_1101", 401, SignInError),
    ("BDC_1102", 401, SignInError),
    ("BDC_1103", 403, SignInError),
    ("BDC_1104", 403, SignInError),
    ("BDC_1106", 403, SignInError),
    ("BDC_1107", 423, SignInError),
    ("BDC_1109", 401, SessionExpiredError),
    ("BDC_1110", 401, SignInError),
    ("BDC_1111", 401, SignInError),
    ("BDC_1113", 401, SignInError),
    ("BDC_1119", 400, RejectedError),
    ("BDC_1120", 404, NotFoundError),
    ("BDC_1121", 404, RejectedError),
    ("BDC_1123", 400, SignInError),
    ("BDC_1143", 400, RejectedError),
    ("BDC_1144", 422, HourlyLimitError),
    ("BDC_1145", 403, NotPermittedError),
    ("BDC_1150", 422, NotPermittedError),
    ("BDC_1151", 422, FundingError),
    ("BDC_1152", 422, RejectedError),
    ("BDC_1171", 422, DuplicateError),
    ("BDC_1205", 404, NotFoundError),
    ("BDC_1322", 422, ConcurrencyLimitError),
    ("BDC_1356", 400, MfaError),
    ("BDC_1358", 400, MfaError),
    ("BDC_1361", 403, UntrustedSessionError),
    ("BDC_1374", 400, MfaError),
    ("BDC_1402", 400, RejectedError),
    ("BDC_9999", 418, RejectedError),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("code", "status", "kind"), BY_CODE, ids=[code for code, _, _ in BY_CODE])
async def test_a_refusal_becomes_the_error_of_its_code(
    bill: BillClient, controls: Controls, code: str, status: int, kind: type[ApiError]
) -> None:
    controls.fault("error", "POST", "/v3/vendors", code=code, status=status, message="No.", times=9)
    with pytest.raises(ApiError) as caught:
        await bill.vendors.create(new_vendor())
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (status, code, "No.")
    assert (error.method, error.path) == ("POST", "/v3/vendors")
    hour = " (it is at 16:00 UTC)" if kind is HourlyLimitError else ""
    assert str(error) == f"POST /v3/vendors: {status} {code} No. {kind.advice}{hour}"
    assert controls.sent() == ["POST /v3/vendors"]
    assert controls.acted() == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 423, 429])
def test_the_code_decides_and_never_the_status(status: int) -> None:
    entries = [ErrorEntry("BDC_1171", "Duplicate")]
    assert type(error_from(status, entries, "POST", "/v3/bills")) is DuplicateError


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (["BDC_1152", "BDC_1109"], SessionExpiredError),
        (["BDC_1171", "BDC_1322"], ConcurrencyLimitError),
        (["BDC_1109", "BDC_1144"], HourlyLimitError),
        (["BDC_1205", "BDC_1361"], UntrustedSessionError),
        (["BDC_1152", "BDC_1151"], FundingError),
        (["", "BDC_1171"], DuplicateError),
        ([""], RejectedError),
    ],
)
def test_what_stops_everything_goes_before_what_stops_one_record(
    codes: list[str], kind: type[ApiError]
) -> None:
    entries = [ErrorEntry(code, f"message {number}") for number, code in enumerate(codes)]
    error = error_from(422, entries, "POST", "/v3/payments")
    assert type(error) is kind
    assert error.code == next((code for code in codes if code), "")
    assert error.message == "message 0"


def test_missing_permission_is_known_by_its_message() -> None:
    message = "Current user or organization does not have valid permissions."
    assert type(error_from(403, [ErrorEntry("BDC_9023", message)], "GET", "/")) is NotPermittedError


def test_a_reason_that_is_given_twice_is_said_once() -> None:
    entry = ErrorEntry("BDC_1152", "Invalid Process Date")
    prefixed = ErrorEntry("BDC_1152", "00n1 : Invalid Process Date")
    error = error_from(422, [entry, entry, prefixed], "POST", "/v3/payments")
    assert str(error) == (
        "POST /v3/payments: 422 BDC_1152 Invalid Process Date; BDC_1152 00n1 : Invalid Process Date. "
        "Correct the named field or record, then run again."
    )


@pytest.mark.parametrize(
    ("body", "entries"),
    [
        ([{"code": "BDC_1", "message": "m", "params": {}}], [ErrorEntry("BDC_1", "m")]),
        ([{"code": "BDC_1", "message": "m", "params": [{"name": "n"}]}], [ErrorEntry("BDC_1", "m")]),
        ([{"message": "address: must not be null"}], [ErrorEntry("", "address: must not be null")]),
        ([{"code": "BDC_1"}], [ErrorEntry("BDC_1", "")]),
        ([{"code": None, "message": None}, {"code": 7, "message": "m"}], [ErrorEntry("7", "m")]),
        ([{"severity": "ERROR"}], []),
        (["text", 3, None], []),
        ([], []),
        ({"code": "BDC_1", "message": "m"}, []),
        ("text", []),
        (None, []),
    ],
)
def test_only_bills_own_array_counts_as_its_refusal(body: object, entries: list[ErrorEntry]) -> None:
    assert list(read_entries(body)) == entries


def test_every_error_is_a_bill_error_and_ends_in_what_to_do() -> None:
    def kinds(of: type[BaseException]) -> list[type[BaseException]]:
        return [of, *(sub for kind in of.__subclasses__() for sub in kinds(kind))]

    api_kinds = [kind for kind in kinds(ApiError) if issubclass(kind, ApiError)]
    assert len(api_kinds) == 12
    advices = {kind.advice for kind in api_kinds}
    assert len(advices) == len(api_kinds)
    assert all(advice.endswith(".") for advice in advices)


def test_all_problems_of_an_input_are_said_at_once() -> None:
    error = InputError([Problem("bill.amount", "0.001", "round it"), Problem("bank.number", "", "give it")])
    assert str(error) == "bill.amount '0.001': round it; bank.number: give it"


def test_an_error_says_what_stands_at_bill() -> None:
    error = BillError("Stopped.")
    assert str(error) == "Stopped."
    error.made = ("vendor 0091", "bill 00n1")
    assert str(error) == (
        "Stopped. Made at BILL before it stopped: vendor 0091, bill 00n1; run again with the same input to "
        "go on."
    )
