"""What was sent alone and is asked for with others, and the other way round."""

import pytest

from billcom import BillClient
from billcom.errors import (
    BillError,
)
from tests.billcom.bulk.many import (
    PAYMENTS,
    made,
    make_bills,
    payments_of,
)
from tests.billcom.controls import Controls
from tests.billcom.journals import pay_once

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]


async def test_a_payment_that_was_sent_with_others_is_found_by_who_asks_for_it_alone(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 2)
    controls.fault("act_late", "POST", PAYMENTS, seconds=600)
    await (await payments_of(trusted, paid)).once(trusted)
    controls.advance(minutes=20).forget()
    outcome = await pay_once(trusted, paid[0])
    assert outcome.made is False
    assert controls.sent("POST") == []


async def test_a_payment_that_was_sent_alone_is_found_by_who_asks_for_many(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 2)
    controls.fault("act_late", "POST", "/v3/payments", seconds=600)
    with pytest.raises(BillError):
        await pay_once(trusted, paid[0])
    controls.advance(minutes=20).forget()
    results = await (await payments_of(trusted, paid)).once(trusted)
    assert sorted(made(results)) == [False, True]
    assert controls.sent("POST") == ["POST /v3/payments/bulk"]
    assert (await trusted.bills.get(paid[0].id)).scheduled_amount == 10
