"""Bytes on the wire that the local BILL never sends, or can't show: exact numbers, odd answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, OutcomeUnknownError, RejectedError, SignInError, UnavailableError
from billcom.models.payment import FundingAccountReference, NewPayment
from tests.billcom.build import OneSession, bank_account, new_bill, new_vendor
from tests.billcom.conftest import NewSettings, Waits
from tests.billcom.raw import CLOSE, Raw, answer, answering

pytestmark = pytest.mark.anyio

ODD: dict[str, bytes] = {
    "nothing": CLOSE,
    "html": answer(200, "<html></html>", "text/html"),
    "html that says 201": answer(201, "<html></html>", "text/html"),
    "an object that says 400": answer(400, '{"message": "bad gateway rule"}'),
    "an empty 404": answer(404),
    "an empty array that says 422": answer(422, "[]"),
    "an array of text that says 400": answer(400, '["no"]'),
    "a redirect": answer(302, headers="Location: http://127.0.0.1:1/elsewhere\r\n"),
    "half of it": b'HTTP/1.1 201 X\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"id": "0091", "na',
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "a record without its id": answer(201, '{"name": "Happy Music"}'),
    "nothing in a success": answer(201),
    "null": answer(200, "null"),
    "a list": answer(200, "[]"),
}


@asynccontextmanager
async def talking(
    new_settings: NewSettings, waits: Waits, *answers: bytes
) -> AsyncIterator[tuple[BillClient, Raw]]:
    async with answering(*answers) as raw:
        settings = new_settings(base_url=raw.base_url)
        async with BillClient(settings, sessions=OneSession(), sleep=waits) as client:
            yield client, raw


@pytest.mark.parametrize("odd", ODD)
async def test_a_write_answered_oddly_has_no_known_outcome_and_is_sent_once(
    new_settings: NewSettings, waits: Waits, odd: str
) -> None:
    async with talking(new_settings, waits, ODD[odd]) as (client, raw):
        with pytest.raises(OutcomeUnknownError, match="look for the record"):
            await client.vendors.create(new_vendor())
    assert len(raw.requests) == 1


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd not in ("nothing in a success", "null", "a list")])
async def test_a_read_answered_oddly_is_unavailable(
    new_settings: NewSettings, waits: Waits, odd: str
) -> None:
    async with talking(new_settings, waits, ODD[odd]) as (client, raw):
        with pytest.raises(UnavailableError):
            await client.vendors.get("0091")
    assert len(raw.requests) == (1 if odd == "a record without its id" else 4)


@pytest.mark.parametrize(
    "body",
    [
        '[{"code": "BDC_1205", "message": "Not found", "params": {}}]',
        '[{"code": "BDC_1205", "message": "Not found", "params": [{"name": "id", "additional": {}}]}]',
        '[{"code": "BDC_1205", "message": "Not found", "newField": [1], "severity": "NEW"}]',
    ],
    ids=["object", "array", "unknown"],
)
async def test_the_params_of_an_error_come_in_any_shape(
    new_settings: NewSettings, waits: Waits, body: str
) -> None:
    async with talking(new_settings, waits, answer(404, body)) as (client, _):
        with pytest.raises(NotFoundError, match="BDC_1205 Not found") as caught:
            await client.vendors.get("0091")
    assert caught.value.status == 404


async def test_a_refusal_without_a_code_names_its_fields(new_settings: NewSettings, waits: Waits) -> None:
    body = '[{"message": "address: must not be null"}, {"message": "name: must not be blank"}]'
    async with talking(new_settings, waits, answer(400, body)) as (client, _):
        with pytest.raises(RejectedError) as caught:
            await client.vendors.create(new_vendor())
    assert (caught.value.code, caught.value.message) == ("", "address: must not be null")
    assert "400 address: must not be null; name: must not be blank." in str(caught.value)


async def test_unknown_fields_and_values_are_kept(new_settings: NewSettings, waits: Waits) -> None:
    body = """{"id": "stp1", "status": "TELEPORTED", "singleStatus": "BEAMED", "brandNew": {"deep": [1.10]},
               "amount": 5, "fundingAccount": {"type": "MOON_BANK", "crater": 9}}"""
    async with talking(new_settings, waits, answer(200, body)) as (client, _):
        payment = await client.payments.get("stp1")
    assert (payment.status, payment.single_status, payment.is_live) == ("TELEPORTED", "BEAMED", True)
    assert payment.model_extra == {"brandNew": {"deep": [Decimal("1.10")]}}
    assert payment.funding_account is not None and payment.funding_account.type == "MOON_BANK"
    assert payment.process_date is None


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        ("0.10", "0.10"),
        ("0.1", "0.1"),
        ("1234567.89", "1234567.89"),
        ("999999999.99", "999999999.99"),
        ("90071992547409.93", "90071992547409.93"),
        ("149", "149"),
        ('"100"', "100"),
    ],
)
async def test_a_number_is_read_digit_by_digit(
    new_settings: NewSettings, waits: Waits, number: str, amount: str
) -> None:
    body = f'{{"id": "00n1", "vendorId": "0091", "amount": {number}}}'
    async with talking(new_settings, waits, answer(200, body)) as (client, _):
        read = (await client.bills.get("00n1")).amount
    assert isinstance(read, Decimal) and str(read) == amount


async def test_numbers_that_are_read_add_up(new_settings: NewSettings, waits: Waits) -> None:
    body = """{"id": "00n1", "vendorId": "0091", "amount": 0.3, "dueAmount": 0.3, "scheduledAmount": 0.1,
               "billLineItems": [{"amount": 0.1}, {"amount": 0.2}]}"""
    async with talking(new_settings, waits, answer(200, body)) as (client, _):
        got = await client.bills.get("00n1")
    assert sum(line.amount or 0 for line in got.bill_line_items) == got.amount
    assert got.open_amount == Decimal("0.2")


@pytest.mark.parametrize(
    ("amount", "number"),
    [
        (Decimal("0.10"), b"0.10"),
        (Decimal("1234567.89"), b"1234567.89"),
        (Decimal("0.1") + Decimal("0.2"), b"0.3"),
        (Decimal("999999999.99"), b"999999999.99"),
    ],
)
async def test_a_number_is_sent_digit_by_digit(
    new_settings: NewSettings, waits: Waits, amount: Decimal, number: bytes
) -> None:
    payment = NewPayment(bill_id="00n1", amount=amount, funding_account=FundingAccountReference(id="bac1"))
    async with talking(new_settings, waits, answer(201, '{"id": "stp1"}')) as (client, raw):
        await client.payments.create(payment)
    assert b'"amount": ' + number + b"," in raw.bodies[0]


async def test_a_bill_goes_out_with_bills_own_names_and_nothing_unset(
    new_settings: NewSettings, waits: Waits
) -> None:
    made = answer(201, '{"id": "00n1", "vendorId": "0091"}')
    async with talking(new_settings, waits, made) as (client, raw):
        await client.bills.create(new_bill("0091", "149.00", due_date=date(2026, 12, 31)))
    assert b"\r\nContent-Type: application/json\r\n" in raw.requests[0]
    assert raw.bodies == [
        b'{"vendorId": "0091", "dueDate": "2026-12-31", "billLineItems": [{"amount": 149.00, "description": '
        b'"Audio interface"}], "invoice": {"invoiceNumber": "202501", "invoiceDate": "2026-11-20"}}'
    ]


async def test_session_and_developer_key_go_along(new_settings: NewSettings, waits: Waits) -> None:
    async with talking(new_settings, waits, answer(200, '{"organizationId": "008", "userId": "006"}')) as (
        client,
        raw,
    ):
        await client.authentication.session_details()
    head = raw.requests[0].decode().split("\r\n")
    assert head[0] == "GET /connect/v3/login/session HTTP/1.1"
    assert {"sessionId: made-up", "devKey: 01LOCALDEVKEY0000001"} <= set(head)


@pytest.mark.parametrize("last", ["", ', "nextPage": ""', ', "nextPage": null'])
async def test_an_empty_page_that_names_a_next_one_goes_on(
    new_settings: NewSettings, waits: Waits, last: str
) -> None:
    pages = [
        answer(200, '{"results": [{"id": "0091", "name": "One"}], "nextPage": "p1"}'),
        answer(200, '{"results": [], "nextPage": "p2"}'),
        answer(200, f'{{"results": [{{"id": "0092", "name": "Two"}}]{last}}}'),
    ]
    async with talking(new_settings, waits, *pages) as (client, raw):
        assert [row.id async for row in client.vendors.list()] == ["0091", "0092"]
    asked = [request.split()[1] for request in raw.requests]
    assert asked == [
        b"/connect/v3/vendors?max=100",
        b"/connect/v3/vendors?max=100&page=p1",
        b"/connect/v3/vendors?max=100&page=p2",
    ]


async def test_pages_that_go_in_a_circle_are_no_list(new_settings: NewSettings, waits: Waits) -> None:
    page = answer(200, '{"results": [], "nextPage": "p1"}')
    async with talking(new_settings, waits, page, page) as (client, _):
        with pytest.raises(UnavailableError, match="pages go in a circle"):
            assert [row async for row in client.vendors.list()] == []


async def test_an_answer_without_rows_is_no_empty_list(new_settings: NewSettings, waits: Waits) -> None:
    async with talking(new_settings, waits, answer(200, '{"status": "maintenance"}')) as (client, _):
        with pytest.raises(UnavailableError, match=r"not what this version knows \(results\)"):
            assert [row async for row in client.vendors.list()] == []


async def test_a_secret_that_bill_repeats_is_not_shown(new_settings: NewSettings, waits: Waits) -> None:
    body = '[{"code": "BDC_1119", "message": "accountNumber: invalid value 111222333"}]'
    async with talking(new_settings, waits, answer(400, body)) as (client, _):
        with pytest.raises(RejectedError, match="invalid value …") as caught:
            await client.vendors.create_bank_account("0091", bank_account())
    assert "111222333" not in f"{caught.value} {caught.value.entries}"


async def test_a_sign_in_answered_without_a_session_is_unavailable(
    new_settings: NewSettings, waits: Waits
) -> None:
    async with (
        answering(answer(200, '{"organizationId": "008"}')) as raw,
        BillClient(new_settings(base_url=raw.base_url), sleep=waits) as client,
    ):
        with pytest.raises(UnavailableError, match="the answer holds no session"):
            await client.authentication.sign_in()
    assert len(raw.requests) == 1


async def test_a_locked_organization_is_not_signed_in_to_again(
    new_settings: NewSettings, waits: Waits
) -> None:
    body = '[{"code": "BDC_1107", "message": "Organization is locked out."}]'
    async with (
        answering(answer(423, body)) as raw,
        BillClient(new_settings(base_url=raw.base_url), sleep=waits) as client,
    ):
        with pytest.raises(SignInError, match="BDC_1107 Organization is locked out"):
            await client.vendors.get("0091")
    assert len(raw.requests) == 1
